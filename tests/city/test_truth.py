"""What is planted, and that nothing else is: truth points at rows that exist and cost the fund money, ordinary people are innocent."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from hengjian.city.plant import THEMES as PLANTED
from hengjian.city.stock import THEMES as BOOK_THEMES

from .conftest import PLAN, City

BOOKS = {theme.name for theme in BOOK_THEMES.values()}
THEMES = (*PLANTED, *BOOK_THEMES.values())
PARTLY = {
    "duplicate_drug_group",
    "tcm_incompatible",
    "surgery_incision_discount",
    "service_price_ceiling",
    "drug_interaction",
    "drug_days_limit",
    "drug_supply_limit",
    "tcm_slice_daily_max",
}
"""Themes of lines of which only a part, or only one of two, is in question."""
PRESCRIPTIONS = {"too_many_drugs", "tcm_slice_kinds"}
"""Themes of visits of which one prescription is in question."""
COUNTS = {"frequent_visits", "frequent_purchases", "frequent_stays"}
"""Themes of how often somebody came: no single money is in question, and not every one of the visits named was paid by the fund."""
RECORDS = COUNTS | {
    "diagnosis_age",
    "diagnosis_sex",
    "operation_sex",
    "operation_diagnosis_mismatch",
    "late_upload",
    "no_main_diagnosis",
    "operation_record_fault",
    "unsupported_diagnosis",
}
"""Themes of what a record says: no money is in question, though the fund paid for the encounter."""
NET = """SELECT o.mdtrt_id || '/' || o.feedetl_sn, o.fee_ocur_time::DATE::VARCHAR, o.psn_no, o.fixmedins_code,
                o.det_item_fee_sumamt + COALESCE(r.amount, 0), o.inscp_scp_amt + COALESCE(r.inscp, 0)
         FROM fee_line AS o
         LEFT JOIN (SELECT mdtrt_id, init_feedetl_sn AS feedetl_sn, SUM(det_item_fee_sumamt) AS amount, SUM(inscp_scp_amt) AS inscp
                    FROM fee_line WHERE init_feedetl_sn IS NOT NULL GROUP BY 1, 2) AS r USING (mdtrt_id, feedetl_sn)
         WHERE o.cnt > 0 AND o.psn_no IN (FROM planted)"""


def parts(cell: str) -> list[str]:
    """The alternatives of a cell."""
    return [part for part in cell.split(";") if part]


@pytest.fixture(scope="module")
def lines(city: City) -> dict[str, tuple[Any, ...]]:
    """Lines of planted persons less their refunds: day, person, institution, amount, in scope."""
    return {line: rest for line, *rest in city.ask(NET)}  # type: ignore[misc]


@pytest.fixture(scope="module")
def stays(city: City) -> dict[str, tuple[Any, ...]]:
    """Encounters of planted persons: person, institution, first and last day, amount, in scope."""
    sql = """SELECT e.mdtrt_id, e.psn_no, e.fixmedins_code, begntime::DATE::VARCHAR, COALESCE(endtime, begntime)::DATE::VARCHAR,
                    SUM(s.medfee_sumamt), SUM(s.inscp_scp_amt)
             FROM encounter AS e JOIN settlement AS s USING (mdtrt_id) WHERE e.psn_no IN (FROM planted) GROUP BY ALL"""
    return {visit: rest for visit, *rest in city.ask(sql)}  # type: ignore[misc]


def test_ordinary_people_are_innocent(city: City, judged: list[dict[str, Any]]) -> None:
    planted = {row["psn_no"] for row in city.rows("truth")} - {""}
    accused = {f["psn_no"] for f in judged if f["psn_no"]}
    assert len(planted) < 0.6 * PLAN.people  # there are many themes
    assert accused - planted == set(), [(f["rule_id"], f["message"]) for f in judged if f["psn_no"] in accused - planted]


def test_the_guilty_are_found_so_that_innocence_means_something(city: City, judged: list[dict[str, Any]]) -> None:
    guilty = {row["psn_no"] for row in city.rows("truth") if row["is_guilty"] == "1"} - {""}
    assert len(guilty & {f["psn_no"] for f in judged}) >= 0.95 * len(guilty)


def test_every_theme_has_guilty_and_innocent_variants(city: City) -> None:
    variants: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in city.rows("truth"):
        variants[(row["theme"], row["is_guilty"])].add(row["variant"])
    assert {theme for theme, _ in variants} == {theme.name for theme in THEMES} and len(THEMES) >= 9
    for theme in THEMES:
        guilty, innocent = variants[(theme.name, "1")], variants[(theme.name, "0")]
        assert len(guilty) >= 3 and len(innocent) >= 3 and not guilty & innocent, theme.name
        assert (guilty, innocent) == (set(theme.guilty), set(theme.innocent))


def test_every_fact_has_a_number_and_a_person_of_its_own(city: City) -> None:
    rows = city.rows("truth")
    assert [row["violation_id"] for row in rows] == [f"V{i:07d}" for i in range(1, len(rows) + 1)]
    mine = [row["psn_no"] or row["fixmedins_code"] for row in rows if row["psn_no"] or row["theme"] in BOOKS]
    assert len(set(mine)) == len(rows) >= 2 * 12 * len(PLANTED)


def test_truth_names_rows_that_exist_and_agree(
    city: City, lines: dict[str, tuple[Any, ...]], stays: dict[str, tuple[Any, ...]]
) -> None:
    for row in [row for row in city.rows("truth") if row["theme"] not in BOOKS]:
        visits, places = parts(row["mdtrt_id"]), parts(row["fixmedins_code"])
        assert visits and {stays[v][0] for v in visits} == {row["psn_no"]} and {stays[v][1] for v in visits} == set(places)
        assert row["window_start"] <= row["window_end"]
        for line in parts(row["feedetl_sn"]):
            day, person, place, *_ = lines[line]
            assert (person, line.split("/")[0] in visits, place in places) == (row["psn_no"], True, True)
            assert row["window_start"] <= day <= row["window_end"]
        if not row["feedetl_sn"]:
            days = [day for v in visits for day in stays[v][2:4]]
            assert (row["window_start"], row["window_end"]) == (min(days), max(days))


def test_every_guilty_fact_cost_the_fund_money(
    city: City, lines: dict[str, tuple[Any, ...]], stays: dict[str, tuple[Any, ...]]
) -> None:
    for row in [row for row in city.rows("truth") if row["is_guilty"] == "1" and row["psn_no"]]:
        named = parts(row["feedetl_sn"])
        held = [lines[line][3:] for line in named] or [stays[visit][4:] for visit in parts(row["mdtrt_id"])]
        if row["grain"] == "line":
            assert all(inscp > 0 for _, inscp in held), row
        assert sum(inscp for _, inscp in held) > 0, row
        if row["theme"] == "settlement_detail_mismatch":  # what was settled beyond the lines, if anything
            assert (Decimal(row["amount"]) > 0) == (row["variant"] != "lines_beyond"), row
            continue
        assert (row["amount"] in ("", "0.00")) == (row["theme"] in RECORDS), row
        if row["theme"] in RECORDS:
            continue
        amount = Decimal(row["amount"])
        if row["grain"] == "encounter":  # one of the stays named
            wholes = [whole for whole, _ in held]
            assert 0 < amount <= max(wholes) if row["theme"] in PRESCRIPTIONS else amount in wholes, row
        elif row["grain"] == "line":
            assert 0 < amount <= sum(whole for whole, _ in held), row
            if row["theme"] not in PARTLY:
                assert amount == sum(whole for whole, _ in held), row
        else:
            assert 0 < amount <= sum(whole for whole, _ in held), row


def test_what_was_given_back_or_paid_oneself_cost_the_fund_nothing(
    city: City, lines: dict[str, tuple[Any, ...]], stays: dict[str, tuple[Any, ...]]
) -> None:
    seen = set()
    for row in city.rows("truth"):
        if row["variant"] in ("refunded", "self_paid", "b_refunded", "b_self_paid") and row["theme"] not in COUNTS:
            held = [lines[line][4] for line in parts(row["feedetl_sn"])] or [stays[v][5] for v in parts(row["mdtrt_id"])]
            assert row["is_guilty"] == "0" and set(held) == {0}, row
            seen.add(row["theme"])
    assert len(seen) >= 6


def test_bad_rows_touch_nobody_planted(city: City) -> None:
    planted = {row["psn_no"] for row in city.rows("truth")} - {""}
    for name in ("fee_line", "encounter", "settlement"):
        text = (city.out / f"{name}-补传.csv").read_text(encoding="utf-8")
        assert text.count("\n") > 5 and not [p for p in planted if p in text], name
    assert city.summary.dirty > 50


def test_the_books_of_the_pharmacies_say_what_truth_says(city: City) -> None:
    """Had in the year = all that came in up to its end, less what was sold before it; claimed = in scope, less what came back."""
    books = city.rows("stock_change")
    signs = {"3503": 1, "3502": 1, "3504": -1, "3505": -1}
    claimed = {
        (place, code): n
        for place, code, n in city.ask(
            """SELECT fixmedins_code, med_list_codg, SUM(cnt)::INT FROM fee_line
               WHERE (fixmedins_code LIKE 'P%' OR list_type = '301') AND inscp_scp_amt <> 0 AND fee_ocur_time >= DATE '2026-01-01'
               GROUP BY ALL"""
        )
    }
    facts = [row for row in city.rows("truth") if row["theme"] in BOOKS]
    for theme in BOOK_THEMES.values():
        assert {row["variant"] for row in facts if row["theme"] == theme.name} == {*theme.guilty, *theme.innocent}
    seen = 0
    for place, code in claimed.keys() & {(b["fixmedins_code"], b["med_list_codg"]) for b in books}:
        mine = [b for b in books if (b["fixmedins_code"], b["med_list_codg"]) == (place, code)]
        had = sum(
            signs[b["infno"]] * int(float(b["cnt"]))
            for b in mine
            if not (b["infno"] == "3505" and b["stk_time"] >= "2026-01-01")
        )
        planted = [f for f in facts if f["fixmedins_code"] == place and code in f["note"]]
        guilty = bool(planted) and planted[0]["is_guilty"] == "1"
        seen += guilty
        assert (claimed[place, code] * 100 > had * 102) == guilty, (place, code, planted)
    assert seen == len([f for f in facts if f["is_guilty"] == "1"])
