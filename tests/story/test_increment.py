"""A nightly increment: the findings of a full audit, what no longer holds withdrawn, and a full audit whenever that cannot be promised."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from hengjian.engine.increment import WITHDRAWN
from hengjian.engine.run import AuditResult, run_audit
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook

from ..lake.folder import load, query, write_csv
from .conftest import hengjian

NOW = datetime(2026, 11, 25, 3)
TABLES = ("encounter", "fee_line", "diagnosis", "settlement")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city") / "city"
    done = hengjian("city", "--people", "1500", "--seed", "11", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def audit(lake: Path, out: Path, **how: Any) -> AuditResult:
    return run_audit(open_lake(lake), load_rulebook(), out, now=NOW, **how)


def night(lake: Path, folder: Path, seed: int, findings: Path) -> Path:
    """Corrections of lines in question and of others, sent as the lake holds them with a cell changed."""
    luck = random.Random(seed)
    asked = [row for row in pq.read_table(findings).to_pylist() if row["feedetl_sn"]]
    named = [f"{row['mdtrt_id']}/{row['feedetl_sn']}" for row in luck.sample(asked, 8)]
    sql = "SELECT * EXCLUDE (bucket, load_no) FROM {fee_line} WHERE %s ORDER BY mdtrt_id, feedetl_sn"
    lines = rows(lake, sql % f"mdtrt_id || '/' || feedetl_sn IN {tuple(named)!r} AND cnt > 0")
    others = rows(lake, sql % f"cnt > 0 AND hash(feedetl_sn, {seed}) % 400 = 0")
    for line in lines:  # no longer paid by the fund: nothing is in question any more
        line["inscp_scp_amt"] = "0.00"
    for line in others:
        line["rxno"] = f"N{seed}"
    known = {(line["mdtrt_id"], line["feedetl_sn"]) for line in lines}
    write_csv(folder / "fee_line.csv", lines + [o for o in others if (o["mdtrt_id"], o["feedetl_sn"]) not in known])
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": "2026-10-31"}])
    return folder


def rows(lake: Path, sql: str) -> list[dict[str, str]]:
    version = open_lake(lake)
    names = [c for (c, *_) in query(version, f"DESCRIBE {sql}")]
    cells = query(version, f"SELECT COLUMNS(*)::VARCHAR FROM ({sql})")
    return [{n: v or "" for n, v in zip(names, row, strict=True)} for row in cells]


def ids(path: Path) -> set[str]:
    return set(pq.read_table(path, columns=["finding_id"])["finding_id"].to_pylist())


def test_nights_of_corrections_give_what_a_full_audit_gives(city: Path, tmp_path: Path) -> None:
    lake, out = tmp_path / "lake", tmp_path / "out"
    load(city, lake)
    audit(lake, out)
    everything = ids(out / "findings.parquet")
    for number in range(1, 4):
        load(night(lake, tmp_path / f"night-{number}", number, out / "findings.parquet"), lake)
        result = audit(lake, out, since="last")
        assert result.rejudged and result.rejudged < result.persons / 4 and not result.full_because
        full = audit(lake, tmp_path / f"full-{number}")
        assert (out / "findings.parquet").read_bytes() == (tmp_path / f"full-{number}" / "findings.parquet").read_bytes()
        assert full.findings == result.findings and full.amount_fund == result.amount_fund
    left, gone = ids(out / "findings.parquet"), ids(out / WITHDRAWN)
    assert gone and not left & gone and everything <= left | gone
    listed = pq.read_table(out / WITHDRAWN).to_pylist()
    assert {row["withdrawn_why"] for row in listed} == {"data"} and {row["withdrawn_version"] for row in listed} <= {
        "2",
        "3",
        "4",
    }


def test_a_finding_that_comes_back_is_withdrawn_no_more(city: Path, tmp_path: Path) -> None:
    lake, out = tmp_path / "lake", tmp_path / "out"
    load(city, lake)
    audit(lake, out)
    first = (out / "findings.parquet").read_bytes()
    before = rows(lake, "SELECT * EXCLUDE (bucket, load_no) FROM {fee_line} ORDER BY ALL")
    folder = night(lake, tmp_path / "night", 1, out / "findings.parquet")
    load(folder, lake)
    assert audit(lake, out, since="last").withdrawn
    write_csv(tmp_path / "back" / "fee_line.csv", before)
    write_csv(tmp_path / "back" / "manifest.csv", [{"key": "data_date", "value": "2026-10-31"}])
    load(tmp_path / "back", lake)
    assert audit(lake, out, since="last").withdrawn == 0 and ids(out / WITHDRAWN) == set()
    assert len(first) > 0 and ids(out / "findings.parquet") == ids_of(first, tmp_path)


def ids_of(content: bytes, folder: Path) -> set[str]:
    (folder / "first.parquet").write_bytes(content)
    return ids(folder / "first.parquet")


def test_whatever_is_in_doubt_is_audited_whole_and_says_why(city: Path, tmp_path: Path) -> None:
    lake, out = tmp_path / "lake", tmp_path / "out"
    load(city, lake)
    assert "以前的完整结果" in audit(lake, out, since="last").full_because
    assert audit(lake, out, since="last").rejudged == 0
    assert "规则或知识" in audit(lake, out, since="last", only=["film_overcharge"]).full_because
    audit(lake, out)
    (out / "findings.parquet").write_bytes(b"")
    assert "以前的完整结果" in audit(lake, out, since="1").full_because
    film = [{"med_list_codg": "F9", "exam_codg": "E9", "max_per_part": "1", "valid_from": "2020-01-01", "valid_to": ""}]
    write_csv(tmp_path / "film" / "knowledge" / "film_limit-more.csv", film)
    load(tmp_path / "film", lake)
    assert "随数据来的知识变了" in audit(lake, out, since="last").full_because


def test_a_hospital_that_changes_has_its_patients_judged_again(city: Path, tmp_path: Path) -> None:
    lake, out = tmp_path / "lake", tmp_path / "out"
    load(city, lake)
    audit(lake, out)
    hospital = rows(
        lake, "SELECT * EXCLUDE (stub) FROM {institution} WHERE hosp_lv IS NOT NULL ORDER BY fixmedins_code LIMIT 1"
    )
    hospital[0]["hosp_lv"] = "11" if hospital[0]["hosp_lv"] != "11" else "02"
    write_csv(tmp_path / "change" / "institution.csv", hospital)
    load(tmp_path / "change", lake)
    code = hospital[0]["fixmedins_code"]
    patients = query(lake, f"SELECT COUNT(DISTINCT psn_no) FROM {{encounter}} WHERE fixmedins_code = '{code}'")
    assert [(audit(lake, out, since="last").rejudged,)] == patients
    audit(lake, tmp_path / "full")
    assert (out / "findings.parquet").read_bytes() == (tmp_path / "full" / "findings.parquet").read_bytes()


def test_a_doctor_whose_right_changes_has_the_patients_judged_again(city: Path, tmp_path: Path) -> None:
    lake, out = tmp_path / "lake", tmp_path / "out"
    load(city, lake)
    audit(lake, out)
    asked = [row for row in pq.read_table(out / "findings.parquet").to_pylist() if row["rule_id"] == "antibiotic_level"]
    line = asked[0]["mdtrt_id"], asked[0]["feedetl_sn"]
    ((code,),) = query(lake, f"SELECT bilg_dr_codg FROM {{fee_line}} WHERE (mdtrt_id, feedetl_sn) = {line!r}")
    registered = rows(lake, f"SELECT * FROM {{practitioner}} WHERE prac_psn_code = '{code}'")
    write_csv(tmp_path / "change" / "practitioner.csv", [row | {"antb_lv": "3"} for row in registered])
    load(tmp_path / "change", lake)
    patients = query(lake, f"SELECT COUNT(DISTINCT psn_no) FROM {{fee_line}} WHERE bilg_dr_codg = '{code}'")
    assert [(audit(lake, out, since="last").rejudged,)] == patients
    assert asked[0]["finding_id"] not in ids(out / "findings.parquet")
    audit(lake, tmp_path / "full")
    assert (out / "findings.parquet").read_bytes() == (tmp_path / "full" / "findings.parquet").read_bytes()


@pytest.mark.parametrize(("since", "words"), [("昨天", "起点读不出"), ("99", "还没有第 99 版"), ("2026-13-01", "起点读不出")])
def test_a_start_that_means_nothing_is_a_sentence(city: Path, tmp_path: Path, since: str, words: str) -> None:
    lake = tmp_path / "lake"
    load(city, lake)
    with pytest.raises(InputError, match=words):
        audit(lake, tmp_path / "out", since=since)


def test_a_day_means_the_version_that_stood_before_it(city: Path, tmp_path: Path) -> None:
    lake, out = tmp_path / "lake", tmp_path / "out"
    load(city, lake)
    audit(lake, out)
    load(night(lake, tmp_path / "night", 5, out / "findings.parquet"), lake)
    made = open_lake(lake).created_at[:10]
    with duckdb.connect() as con:
        ((after,),) = con.execute("SELECT CAST(CAST(? AS DATE) + 1 AS VARCHAR)", [made]).fetchall()
    assert audit(lake, out, since=after).rejudged is not None
    audit(lake, tmp_path / "full")
    assert (out / "findings.parquet").read_bytes() == (tmp_path / "full" / "findings.parquet").read_bytes()
