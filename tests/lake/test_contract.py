"""The contract of a load, code by code: the row just inside is taken, the row just outside is refused or flagged, none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hengjian.lake.ingest.reasons import FILE, REASONS, REFUSED
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import open_lake

from .contract import CASES, Case, clean
from .folder import DEFAULTS, load, make_folder, query, row

FILES: dict[str, tuple[bytes, bytes]] = {
    "F01": ("psn_no,gend,insutype,insu_admdvs,psn_name\nP8,1,310,990100,甲\n".encode("gb18030"), b"psn_no,gend,insutype,insu_admdvs\nP8,1,310,\xff\xff\n"),
    "F02": (b"psn_no,gend,insutype,insu_admdvs\nP8,1,310,990100\n", b"psn_no,gend,insutype\nP8,1,310\n"),
    "F03": (b"psn_no,gend,insutype,insu_admdvs,a,a\nP8,1,310,990100,,\n", b"psn_no,gend,insutype,insu_admdvs,gend\nP8,1,310,990100,1\n"),
}  # fmt: skip
"""Bytes of a second file of persons: one that is read and one that is refused."""


def registered(lake: Path, register: str) -> list[tuple[Any, ...]]:
    """(table, line, code, column, value) of a register."""
    version = open_lake(lake)
    if not version.rows(register):
        return []
    return query(version, "SELECT tab, line, code, COALESCE(col, ''), COALESCE(val, '') FROM {" + register + "} ORDER BY ALL")


@pytest.mark.parametrize("case", CASES, ids=[f"{c.key}-{c.table}-{c.column}-{n}" for n, c in enumerate(CASES)])
def test_the_row_inside_is_taken_and_the_row_outside_is_named(tmp_path: Path, case: Case) -> None:
    lake, rows = tmp_path / "lake", case.rows()
    report = load(make_folder(tmp_path / "in", **(dict(case.more) | {case.table: rows})), lake)
    reason, last = REASONS[case.key], len(rows) + 1
    rejects = registered(lake, "rejects")
    warnings = [w for w in registered(lake, "load_warnings") if w[0] == case.table and (w[1] == last or not case.odd)]
    named = (case.table, last, reason.code, case.column, case.value)
    found = rejects if reason.level == REFUSED else warnings
    assert [f[:4] for f in found] == [named[:4]], (rejects, warnings)
    if TABLES[case.table][case.column].personal:
        assert case.value not in found[0][4]
    else:
        assert found[0][4] == case.value
    assert (warnings if reason.level == REFUSED else rejects) == []
    counts = report.tables[case.table]
    refused = int(reason.level == REFUSED)
    assert counts == {"read": len(rows), "taken": len(rows) - refused, "replaced": 0, "rejected": refused, "duplicate": 0}
    assert open_lake(lake).rows(case.table) == len(rows) - refused + report.placeholders.get(case.table, 0)
    ((told, advice),) = query(
        lake,
        f"SELECT reason, advice FROM {{{'rejects' if refused else 'load_warnings'}}} WHERE tab = '{case.table}' AND line = {last}",
    )
    assert told == reason.title and advice == reason.advice  # fmt: skip


def test_the_greatest_product_of_two_cells_costs_its_row_only(tmp_path: Path) -> None:
    huge = {"cnt": "999999999999", "pric": "9999999999", "det_item_fee_sumamt": "99999999999999"}
    report = load(
        make_folder(tmp_path / "in", fee_line=[row("fee_line"), row("fee_line", feedetl_sn="2", **huge)]), tmp_path / "lake"
    )
    assert report.tables["fee_line"]["taken"] == 1
    assert query(tmp_path / "lake", "SELECT code, others FROM {rejects}") == [
        ("L06", "L18 cnt；L18 pric；L19 det_item_fee_sumamt")
    ]


def test_the_dearest_price_and_the_greatest_stock_reach_the_rules_exactly(tmp_path: Path) -> None:
    fee = row(
        "fee_line", pric="1999999.999999", cnt="-5", det_item_fee_sumamt="-10000000", inscp_scp_amt="-10000000", feedetl_sn="2"
    )
    fee_lines = [fee | {"feedetl_sn": "1", "cnt": "5", "det_item_fee_sumamt": "10000000", "inscp_scp_amt": "10000000"}, fee]
    stock = [clean("stock_change", cnt="999999999999.9999")]
    load(make_folder(tmp_path / "in", fee_line=fee_lines, stock_change=stock), tmp_path / "lake")
    assert query(tmp_path / "lake", "SELECT DISTINCT pric_e6 FROM {rule_fee_line}") == [(1_999_999_999_999,)]
    assert query(tmp_path / "lake", "SELECT dlt_e4 FROM {rule_stock_change}") == [(9_999_999_999_999_999,)]


@pytest.mark.parametrize("code", FILES)
def test_a_file_is_read_or_refused_alone(tmp_path: Path, code: str) -> None:
    inside, outside = FILES[code]
    folder = make_folder(tmp_path / "in")
    (folder / "person_b.csv").write_bytes(inside)
    (folder / "person_c.csv").write_bytes(outside)
    report = load(folder, tmp_path / "lake")
    assert [(f["file"], f["code"]) for f in report.refused_files] == [("person_c.csv", code)]
    assert report.tables["person"]["taken"] == 2


def test_an_empty_file_is_refused_a_file_without_rows_is_not(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    (folder / "person_b.csv").write_bytes(b"psn_no,gend,insutype,insu_admdvs\n")
    (folder / "person_c.csv").write_bytes(b"")
    report = load(folder, tmp_path / "lake")
    assert [(f["file"], f["code"]) for f in report.refused_files] == [("person_c.csv", "F03")]


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    (folder / "person_c.parquet").write_bytes(b"PAR1")
    assert [(f["file"], f["code"]) for f in load(folder, tmp_path / "lake").refused_files] == [("person_c.parquet", "F05")]


@pytest.mark.parametrize("bad", ["P8,1,310\n", "P8,1,310,990100,1\n", 'P8,1,310,"990100\n'], ids=["few", "many", "quote"])
def test_a_line_without_its_fields_is_refused_and_the_next_is_read(tmp_path: Path, bad: str) -> None:
    folder = make_folder(tmp_path / "in", person=[])
    head, good = "psn_no,gend,insutype,insu_admdvs\n", "P1,1,310,990100\n"
    (folder / "person.csv").write_text(head + bad + good, encoding="utf-8")
    report = load(folder, tmp_path / "lake")
    ((tab, line, code, _, value),) = registered(tmp_path / "lake", "rejects")
    assert (tab, line, code) == ("person", 2, "F04") and "P8" not in value.replace(bad.strip(), "")
    assert report.tables["person"] == {"read": 2, "taken": 1, "replaced": 0, "rejected": 1, "duplicate": 0}


def test_an_identical_row_is_a_duplicate_and_no_reject(tmp_path: Path) -> None:
    report = load(make_folder(tmp_path / "in", fee_line=[row("fee_line")] * 2), tmp_path / "lake")
    assert report.tables["fee_line"] == {"read": 2, "taken": 1, "replaced": 0, "rejected": 0, "duplicate": 1}
    assert registered(tmp_path / "lake", "rejects") == registered(tmp_path / "lake", "load_warnings") == []


def test_the_same_key_in_a_later_load_replaces(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "a"), tmp_path / "lake")
    report = load(make_folder(tmp_path / "b", fee_line=[row("fee_line", rxno="R")]), tmp_path / "lake")
    assert report.tables["fee_line"] == {"read": 1, "taken": 0, "replaced": 1, "rejected": 0, "duplicate": 0}


def test_a_person_refused_leaves_a_placeholder_behind(tmp_path: Path) -> None:
    report = load(make_folder(tmp_path / "in", person=[row("person", brdy="2026-13-01")]), tmp_path / "lake")
    assert report.placeholders["person"] == 1
    assert [w[:4] for w in registered(tmp_path / "lake", "load_warnings")] == [("encounter", 2, "K01", "psn_no")]
    assert query(tmp_path / "lake", "SELECT psn_no, gend, brdy, insu_admdvs FROM {person}") == [("P1", "9", None, "990100")]


def test_children_of_a_refused_encounter_are_refused(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "in", encounter=[row("encounter", begntime="x")]), tmp_path / "lake")
    assert {r[:3] for r in registered(tmp_path / "lake", "rejects")} == {
        ("encounter", 2, "T03"), ("settlement", 2, "K03"), ("diagnosis", 2, "K03"), ("fee_line", 2, "K03"),
    }  # fmt: skip


def test_a_value_of_no_code_table_is_taken_flagged_and_listed_for_the_value_map(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    fee = [row("fee_line", feedetl_sn=str(n), chrgitm_lv=level) for n, level in enumerate(("01", "甲", "甲", "特"))]
    report = load(make_folder(tmp_path / "in", fee_line=fee), lake)
    assert report.clean and report.tables["fee_line"]["taken"] == 4
    assert query(lake, "SELECT chrgitm_lv FROM {fee_line} ORDER BY feedetl_sn") == [("01",), ("甲",), ("甲",), ("特",)]
    flagged = [w for w in registered(lake, "load_warnings") if w[0] == "fee_line"]
    assert flagged == [("fee_line", n, "C01", "chrgitm_lv", v) for n, v in ((3, "甲"), (4, "甲"), (5, "特"))]
    assert query(lake, "SELECT tab, col, val, rows FROM {unmapped_values} ORDER BY val") == [
        ("fee_line", "chrgitm_lv", "特", 1), ("fee_line", "chrgitm_lv", "甲", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "cells", [{"certno": ""}, {"certno": "990102********0000"}, {"psn_cert_type": "03"}, {"psn_cert_type": ""}]
)
def test_only_whole_numbers_of_identity_cards_are_held_to_their_check_digit(tmp_path: Path, cells: dict[str, str]) -> None:
    wrong = {"psn_cert_type": "01", "certno": "990102198001010000"}
    load(make_folder(tmp_path / "in", person=[row("person", **(wrong | cells))]), tmp_path / "lake")
    assert [w for w in registered(tmp_path / "lake", "load_warnings") if w[2] == "C05"] == []


def test_every_reason_has_a_case() -> None:
    with_files = {*FILES, "F04", "F05"}
    of_messages = {key for key in REASONS if key.startswith("M")}  # see tests/lake/wire
    assert {c.key for c in CASES} | with_files | of_messages == set(REASONS)
    assert {key for key, r in REASONS.items() if r.level == FILE} <= with_files
    assert {c.table for c in CASES} >= set(DEFAULTS) and clean("person") == row("person")
