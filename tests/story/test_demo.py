"""The main job from one end to the other: a year of claims in, a list of violations out, each with its rows, law and arithmetic."""

from __future__ import annotations

import csv
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from hengjian.engine.backends import duckdb as backend
from hengjian.engine.finding import FINDING_SCHEMA
from hengjian.engine.run import run_audit
from hengjian.lake.ingest import load_folder
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook

from ..lake.folder import NOW, query, row, write_csv
from .conftest import Demo, hengjian

JUDGING = [r for r in load_rulebook().active if r.certainty != "indicator"]
"""Rules that open findings."""
RECORDS = {
    "diagnosis_sex",
    "diagnosis_age",
    "operation_sex",
    "operation_diagnosis_mismatch",
    "operation_record_fault",
    "late_upload",
    "no_main_diagnosis",
    "unsupported_diagnosis",
    "settlement_detail_mismatch",
}
"""Rules about what a record says, in which no money need be in question."""


def findings(out: Path) -> list[dict[str, Any]]:
    """Findings of an audit folder."""
    return pq.read_table(out / "findings.parquet").to_pylist()


def audit(lake: Path, out: Path) -> list[dict[str, Any]]:
    """Judge the current version of a lake."""
    run_audit(open_lake(lake), load_rulebook(), out, now=NOW)
    return findings(out)


def test_it_says_what_was_done_and_what_next(demo: Demo) -> None:
    for words in ("造城", "加载", "审计", "每秒", "精确率", "召回率", "report.html", "下一步", "hengjian show"):
        assert words in demo.said
    for rule in JUDGING:
        assert rule.title in demo.said


def test_all_that_was_promised_is_there(demo: Demo) -> None:
    for name in ("report.html", "findings.xlsx", "findings.parquet", "rules.csv", "audit.json", "score.json"):
        assert (demo.out / name).stat().st_size > 0
    written = pq.read_schema(demo.out / "findings.parquet")
    assert (written.names, written.types) == (FINDING_SCHEMA.names, FINDING_SCHEMA.types)
    ids = [f["finding_id"] for f in findings(demo.out)]
    assert ids == sorted(set(ids))


def test_every_theme_is_found_and_nobody_else_is_accused(demo: Demo) -> None:
    themes = json.loads((demo.out / "score.json").read_text(encoding="utf-8"))["themes"]
    assert {t["rule_id"] for t in themes if t["certainty"] != "indicator"} == {r.rule_id for r in JUDGING}
    assert len(themes) == len(load_rulebook().active)
    certain = [t for t in themes if t["certainty"] == "certain"]
    assert len(certain) >= 3
    for theme in (t for t in themes if t["certainty"] != "indicator"):
        assert theme["guilty"] >= 3 and theme["innocent"] >= 3, theme
        floor = (1.0, 1.0) if theme["certainty"] == "certain" else (0.80, 0.95)
        assert theme["precision"] >= floor[0] and theme["recall"] >= floor[1], theme


def test_a_finding_can_be_defended(demo: Demo) -> None:
    book = load_rulebook()
    for finding in findings(demo.out):
        assert finding["message"] and "{" not in finding["message"]
        assert finding["law"] and finding["rule_fingerprint"] == book.fingerprint(book.rules[finding["rule_id"]])
        assert finding["amount_total"] >= finding["amount_inscope"] >= finding["amount_fund"] >= 0
        evidence = json.loads(finding["evidence"])
        assert finding["amount_inscope"] > 0 or finding["rule_id"] in RECORDS
        if finding["grain"] == "institution":
            assert finding["fixmedins_code"] and not finding["psn_no"]
        else:
            assert evidence["encounters"] and finding["psn_no"] in evidence["persons"]
        assert finding["observed"] is not None or evidence["values"]["attribute"]


def test_the_rows_behind_a_finding_are_in_the_lake(demo: Demo) -> None:
    wanted = {(line["mdtrt_id"], line["feedetl_sn"]) for f in findings(demo.out) for line in json.loads(f["evidence"])["lines"]}
    held = {tuple(r) for r in query(demo.lake, "SELECT mdtrt_id, feedetl_sn FROM {fee_line}")}
    assert wanted and wanted <= held


def test_a_second_audit_gives_the_same_bytes(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit(demo.lake, tmp_path / "again")
    assert (tmp_path / "again" / "findings.parquet").read_bytes() == (demo.out / "findings.parquet").read_bytes()
    monkeypatch.setattr(backend, "LINES_AT_ONCE", 20_000)
    assert len(list(backend.batches(open_lake(demo.lake)))) > 5
    assert audit(demo.lake, tmp_path / "bits") == findings(demo.out)


def test_a_stranger_changes_nobodys_findings(demo: Demo, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(demo.lake, lake)
    stranger = {
        "psn_no": "STRANGER",
        "mdtrt_id": "STRANGER-1",
        "fixmedins_code": query(lake, "SELECT MIN(fixmedins_code) FROM {institution}")[0][0],
    }
    folder = tmp_path / "in"
    person = row("person") | {"psn_no": "STRANGER", "gend": "2"}
    write_csv(folder / "person.csv", [person])
    write_csv(folder / "encounter.csv", [row("encounter") | stranger])
    write_csv(folder / "settlement.csv", [row("settlement") | stranger | {"setl_id": "STRANGER-S"}])
    write_csv(folder / "fee_line.csv", [row("fee_line") | stranger | {"setl_id": "STRANGER-S"}])
    assert load_folder(folder, lake, now=NOW, keys=demo.out / "keys.json").clean
    before, after = findings(demo.out), audit(lake, tmp_path / "out")
    assert [f | {"data_version": "1"} for f in after] == before and {f["data_version"] for f in after} == {"2"}


def test_a_line_counts_once_in_the_total(demo: Demo) -> None:
    told = json.loads((demo.out / "audit.json").read_text(encoding="utf-8"))
    lines: dict[tuple[str, str], Decimal] = {}
    rest: dict[str, Decimal] = {}
    for f in findings(demo.out):
        if f["feedetl_sn"]:
            key = (f["mdtrt_id"], f["feedetl_sn"])
            lines[key] = max(lines.get(key, Decimal(0)), f["amount_fund"])
        else:
            rest[f["finding_id"]] = f["amount_fund"]
    assert Decimal(told["amount_fund"]) <= sum(lines.values()) + sum(rest.values())
    assert Decimal(told["amount_fund"]) > 0 and told["findings"] == len(findings(demo.out))


def test_what_was_refused_is_kept_and_the_counts_balance(demo: Demo) -> None:
    load = open_lake(demo.lake).load
    assert sum(t["rejected"] for t in load["tables"].values()) == query(demo.lake, "SELECT COUNT(*) FROM {rejects}")[0][0] > 0
    for name, counts in load["tables"].items():
        assert counts["read"] == counts["taken"] + counts["replaced"] + counts["rejected"] + counts["duplicate"]
        assert counts["taken"] + load["placeholders"].get(name, 0) == open_lake(demo.lake).rows(name)
    listed = demo.out / "rejects.csv"
    assert hengjian("lake", "rejects", "--lake", demo.lake, "--out", listed).returncode == 0
    with listed.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == open_lake(demo.lake).rows("rejects") and all(
        r["文件"] and r["行"] and r["原因"] and r["办法"] for r in rows
    )


def test_the_workbook_opens_in_another_program(demo: Demo) -> None:
    book = CalamineWorkbook.from_path(str(demo.out / "findings.xlsx"))
    cells = [cell for name in book.sheet_names for line in book.get_sheet_by_name(name).to_python() for cell in line]
    found = findings(demo.out)
    assert {f["finding_id"] for f in found} <= {str(c) for c in cells}


def test_one_finding_is_shown_as_a_card(demo: Demo) -> None:
    finding = findings(demo.out)[0]
    card = hengjian("show", finding["finding_id"][:16], "--out", demo.out)
    assert card.returncode == 0, card.stderr
    assert load_rulebook().rules[finding["rule_id"]].title in card.stdout
    told = json.loads(hengjian("show", finding["finding_id"], "--out", demo.out, "--json").stdout)
    assert finding["finding_id"] in json.dumps(told)
