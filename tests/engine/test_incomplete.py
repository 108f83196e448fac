"""A rule that finds what is missing says nothing of a visit of which the load refused rows: the hospital may have sent what we could not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hengjian.engine.run import run_audit
from hengjian.engine.verify import Grounds, verify
from hengjian.kernel.errors import RulebookError
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook

from ..books import change, copy_rulebook
from ..lake.folder import NOW, load, make_folder, row, write_csv

BOOK = load_rulebook()
TOTAL, DAILY = "settlement_detail_mismatch", "service_daily_limit"
DAYS = {"med_list_codg": "001102000050000", "hilist_name": "住院诊查费", "cnt": "3", "pric": "20", "det_item_fee_sumamt": "60", "inscp_scp_amt": "60"}  # fmt: skip


def audit(tmp_path: Path, **more: Any) -> tuple[list[str], list[str], dict[str, Any]]:
    """Rules that found something, those that were left out, and what the audit says of itself."""
    out = tmp_path / "out"
    run_audit(open_lake(tmp_path / "lake"), BOOK, out, only=[TOTAL, DAILY], now=NOW, **more)
    found, spared = (pq.read_table(out / f"{n}.parquet").column("rule_id").to_pylist() for n in ("findings", "spared"))
    return sorted(found), sorted(spared), json.loads((out / "audit.json").read_text(encoding="utf-8"))


def send(tmp_path: Path, *lines: dict[str, Any], name: str = "in") -> None:
    load(make_folder(tmp_path / name, fee_line=[row("fee_line", **line) for line in lines]), tmp_path / "lake")


def test_what_is_missing_is_not_judged_while_a_row_of_the_visit_stands_refused(tmp_path: Path) -> None:
    unread = {"feedetl_sn": "2", "cnt": "两盒", "det_item_fee_sumamt": "40", "inscp_scp_amt": "40", "pric": "40"}
    send(tmp_path, DAYS, unread)
    found, spared, told = audit(tmp_path)
    assert (found, spared) == ([DAILY], [TOTAL]) and (told["spared"], told["incomplete"]) == (1, 1)
    (left,) = pq.read_table(tmp_path / "out" / "spared.parquet").to_pylist()
    assert "被拒收" in json.loads(left["evidence"])["exempt_checked"][0] and left["mdtrt_id"] == "M1"

    send(tmp_path, DAYS, unread | {"cnt": "1"}, name="right")  # corrected: the sums agree
    found, spared, told = audit(tmp_path, since="last")
    assert (found, spared, told["incomplete"], told["rejudged"]) == ([DAILY], [], 0, 1)


def test_a_sum_that_is_still_wrong_after_the_correction_is_found(tmp_path: Path) -> None:
    unread = {"feedetl_sn": "2", "cnt": "两盒", "det_item_fee_sumamt": "30", "inscp_scp_amt": "30", "pric": "30"}
    send(tmp_path, DAYS, unread)
    assert audit(tmp_path)[1] == [TOTAL]
    send(tmp_path, DAYS, unread | {"cnt": "1"}, name="right")
    assert audit(tmp_path, since="last")[:2] == ([DAILY, TOTAL], [])


def test_a_row_refused_later_silences_what_was_found_and_verify_says_that_the_data_changed(tmp_path: Path) -> None:
    send(tmp_path, DAYS)
    found, spared, _ = audit(tmp_path)
    assert (found, spared) == ([DAILY, TOTAL], [])
    then, findings = open_lake(tmp_path / "lake"), pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist()
    more = tmp_path / "more"
    write_csv(more / "fee_line.csv", [row("fee_line", feedetl_sn="9", fee_ocur_time="2026-02-30 09:00:00")])
    write_csv(more / "manifest.csv", [{"key": "data_date", "value": "2026-10-31"}])
    load(more, tmp_path / "lake")
    found, spared, told = audit(tmp_path, since="last")
    assert (found, spared, told["rejudged"], told["full_because"]) == ([DAILY], [TOTAL], 1, "")
    (gone,) = pq.read_table(tmp_path / "out" / "withdrawn.parquet").to_pylist()
    assert (gone["rule_id"], gone["withdrawn_why"]) == (TOTAL, "data")
    now = open_lake(tmp_path / "lake")
    verdicts = {
        f["rule_id"]: v
        for f, v in zip(findings, verify(findings, Grounds(BOOK, BOOK, then, then), Grounds(BOOK, BOOK, now, now)), strict=True)
    }
    assert (verdicts[DAILY].verdict, verdicts[TOTAL].verdict, verdicts[TOTAL].causes) == ("成立", "不再成立", ("data",))


def test_every_rule_that_asks_for_something_beside_says_so() -> None:
    asks = {r.rule_id for r in BOOK.rules.values() if r.settings.get("relation", "").startswith("requires")}
    assert asks and asks <= {r.rule_id for r in BOOK.rules.values() if r.needs_whole}
    for rule in BOOK.rules.values():
        assert rule.needs_whole is any("被拒收" in spare for spare in rule.spares), rule.rule_id


def test_the_flag_is_true_or_absent(tmp_path: Path) -> None:
    change(copy_rulebook(tmp_path) / "rules" / "management" / f"{TOTAL}.yml", "needs_whole: true", "needs_whole: 是")
    with pytest.raises(RulebookError, match="needs_whole"):
        load_rulebook(tmp_path)
