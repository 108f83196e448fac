"""What only some people, places and kinds of care may have: planted to the day of the birthday, used lawfully by everybody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hengjian.city import knowledge
from hengjian.city.catalogue import catalogue
from hengjian.city.plant.ages import born_months_before, born_years_before
from hengjian.kernel.dates import day_date, day_number

from .conftest import City

FACTS = """SELECT t.variant, t.is_guilty = '1' AS guilty, l.med_list_codg AS code, l.fee_ocur_time::DATE AS day, p.brdy, p.gend, e.med_type,
                  e.onln_flag, e.fixmedins_code
           FROM truth AS t JOIN fee_line AS l ON l.mdtrt_id || '/' || l.feedetl_sn = t.feedetl_sn
           JOIN encounter AS e ON e.mdtrt_id = l.mdtrt_id JOIN person AS p ON p.psn_no = e.psn_no WHERE t.theme = '{}'"""


def completed_years(born: date, day: date) -> int:
    """Age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def row_of(table: str, code: str) -> knowledge.Fact:
    """The knowledge row that names an item."""
    return next(f for f in knowledge.facts(table) if code.startswith(f["code"]))


@pytest.mark.parametrize("table", ["drug_child_only", "service_child_only"])
def test_who_is_too_old_is_told_by_the_birthday(city: City, table: str) -> None:
    seen = set()
    for variant, guilty, code, day, born, *_ in city.ask(FACTS.format(table)):
        fact = row_of(table, code)
        seen.add(variant)
        if born is None:
            assert variant == "birth_unknown" and not guilty
            continue
        age = (day - born).days if fact["dim"] == "age_days" else completed_years(born, day)
        in_time = variant in ("day_before_birthday", "last_day_allowed", "child") or (
            variant == "born_too_early" and fact["dim"] != "age_days"  # weeks excuse a newborn, not a year
        )
        assert born <= day and (age <= int(fact["high"])) == in_time, variant
        if variant in ("birthday", "first_day_too_old"):
            assert age == int(fact["high"]) + 1
        if variant in ("day_before_birthday", "last_day_allowed"):
            tomorrow = day + timedelta(days=1)
            older = (tomorrow - born).days if fact["dim"] == "age_days" else completed_years(born, tomorrow)
            assert age == int(fact["high"]) and older == age + 1
    assert len(seen) >= 10


def test_who_is_too_young_is_told_by_the_birthday(city: City) -> None:
    for variant, guilty, code, day, born, *_ in city.ask(FACTS.format("drug_child_forbidden")):
        fact = row_of("drug_child_forbidden", code)
        if born is None:
            assert variant == "birth_unknown" and not guilty
            continue
        months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
        reached = (months if fact["dim"] == "age_months" else completed_years(born, day)) >= int(fact["low"])
        assert reached == (variant in ("birthday", "older")), variant


def test_levels_and_kinds_of_care_are_those_of_the_variant(city: City) -> None:
    levels = {p["fixmedins_code"]: p["hosp_lv"] for p in city.rows("institution")}
    assert [lv for code, lv in levels.items() if code[0] == "H"].count("") == 1  # one clinic is not rated
    for variant, guilty, code, *_, place in city.ask(FACTS.format("drug_hosp_level_limit")):
        enough = (
            levels[place] in ("", "02", "05") if row_of("drug_hosp_level_limit", code)["low"] == "2" else levels[place] == "02"
        )
        assert enough == (variant in ("level_itself", "level_unknown", "pharmacy", "elsewhere_that_day")), variant
        assert guilty <= (not enough)
    for variant, guilty, code, *_, kind, _, _ in city.ask(FACTS.format("drug_visit_type_limit")):
        refused = kind in row_of("drug_visit_type_limit", code)["value"].split("|")
        assert guilty <= refused and (variant in ("stay", "emergency", "day_surgery", "home_bed")) == (not refused), variant


def test_only_some_prescriptions_came_by_internet(city: City) -> None:
    for variant, guilty, _, _, _, _, _, online, _ in city.ask(FACTS.format("internet_excluded_drug")):
        assert guilty <= (online == "1")
        assert {"in_person": "0", "flag_not_sent": None}.get(variant, "1") == online
    lines = """SELECT DISTINCT med_chrgitm_type FROM fee_line JOIN encounter AS e USING (mdtrt_id)
               WHERE onln_flag = '1' AND e.psn_no NOT IN (FROM planted)"""
    assert {kind for (kind,) in city.ask(lines)} <= {
        "02",
        "09",
        "11",
    }  # a consultation and drugs: nobody is infused by internet
    flags = dict(city.ask("SELECT COALESCE(onln_flag, ''), COUNT(*) FROM encounter GROUP BY 1"))
    assert flags["0"] > 10_000 and 0 < flags["1"] < 500 and 0 < flags[""] < 50


def test_a_wrong_record_is_of_the_other_sex(city: City) -> None:
    for theme, sql in (
        ("diagnosis_sex", "SELECT mdtrt_id, diag_code AS code FROM diagnosis"),
        ("operation_sex", "SELECT mdtrt_id, oprn_oprt_code AS code FROM operation"),
    ):
        wanted = {f["code"]: f["value"] for f in knowledge.facts(theme)}
        rows = city.ask(
            f"""SELECT t.variant, t.is_guilty = '1', r.code, p.gend FROM truth AS t JOIN ({sql}) AS r USING (mdtrt_id)
                JOIN person AS p ON p.psn_no = t.psn_no WHERE t.theme = '{theme}'"""
        )
        assert {v for v, g, code, sex in rows if g and sex == {"1": "2", "2": "1"}.get(wanted.get(code, ""))} == {
            v for v, g, *_ in rows if g
        }
        assert all(sex == wanted.get(code, sex) for v, _, code, sex in rows if v == "right_sex")


def test_ordinary_people_use_limited_items_within_their_limits(city: City) -> None:
    """The limits are used, not avoided: children have children's drugs, wards ward drugs, mothers the newborn's care."""
    used = """SELECT l.med_list_codg, DATEDIFF('day', p.brdy, l.fee_ocur_time::DATE) / 365.25, e.med_type FROM fee_line AS l
              JOIN encounter AS e USING (mdtrt_id) JOIN person AS p ON p.psn_no = e.psn_no
              WHERE e.psn_no NOT IN (FROM planted) AND l.cnt > 0"""
    lines = city.ask(used)
    cat = catalogue()
    named = {i.code: knowledge.tables_naming(i.code) for i in cat.items}
    counts = {
        table: [(age, kind) for code, age, kind in lines if table in named[code]]
        for table in (
            "drug_child_only",
            "drug_visit_type_limit",
            "drug_hosp_level_limit",
            "service_child_only",
            "internet_excluded_drug",
        )
    }
    assert all(len(rows) >= 5 for rows in counts.values()), {t: len(r) for t, r in counts.items()}
    assert all(age is None or age < 13 for age, _ in counts["drug_child_only"])
    assert {kind for _, kind in counts["drug_visit_type_limit"]} <= {"21", "28"}
    assert {kind for _, kind in counts["service_child_only"]} == {"52"}


def test_birthdays_across_months_and_leap_years() -> None:
    day = day_number(date(2024, 2, 29))
    assert day_date(born_years_before(day, 18)) == date(2006, 2, 28)
    assert day_date(born_years_before(day, 4)) == date(2020, 2, 29)
    assert day_date(born_months_before(day_number(date(2026, 1, 28)), 49)) == date(2021, 12, 28)
