"""People and places of the city: nobody is real, and together they look like a city."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import pairwise

from .conftest import PLAN, City

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
REGIONS = {"990102", "990103", "990104", "990121", "990122", "990181"}


def test_identity_numbers_belong_to_no_region_and_are_well_formed(city: City) -> None:
    people = city.ask("SELECT certno, brdy, gend, insu_admdvs FROM person")
    assert len(people) == PLAN.people
    for certno, born, sex, _ in people:
        assert re.fullmatch(r"99\d{15}[\dX]", certno)
        assert "10X98765432"[sum(int(d) * w for d, w in zip(certno, WEIGHTS, strict=False)) % 11] == certno[17], certno
        assert born is None or certno[6:14] == f"{born:%Y%m%d}"
        assert sex == "9" or int(certno[16]) % 2 == int(sex) % 2
        assert certno[:6] in REGIONS


def test_keys_are_unique_and_show_no_order(city: City) -> None:
    numbers = [n for (n,) in city.ask("SELECT psn_no FROM person")]
    assert len(set(numbers)) == len(numbers) and all(re.fullmatch(r"9901\d{16}", n) for n in numbers)
    assert sum(a < b for a, b in pairwise(numbers)) < 0.6 * len(numbers)
    for table, key in (("encounter", "mdtrt_id"), ("settlement", "setl_id"), ("fee_line", "(mdtrt_id, feedetl_sn)")):
        assert city.one(f"SELECT COUNT(*) - COUNT(DISTINCT {key}) FROM {table}") == 0, table


def test_every_region_is_invented(city: City) -> None:
    for table, column in (
        ("person", "insu_admdvs"), ("encounter", "insu_admdvs"), ("encounter", "mdtrtarea_admvs"), ("settlement", "insu_admdvs"),
        ("settlement", "mdtrtarea_admvs"), ("settlement", "clr_optins"),
    ):  # fmt: skip
        found = {code for (code,) in city.ask(f"SELECT DISTINCT {column} FROM {table}")}
        assert found and found <= REGIONS | {"990200"}, (table, column)
    places = city.rows("institution")
    assert {p["admdvs"] for p in places} <= REGIONS and all(p["fixmedins_name"].startswith("镜川市") for p in places)
    for place in places:
        assert re.fullmatch(r"[HP]99\d{9}", place["fixmedins_code"]) and place["fixmedins_code"][1:7] == place["admdvs"]
        assert (place["fixmedins_code"][0] == "P") == (place["fixmedins_type"] == "2")


def test_what_is_named_exists(city: City) -> None:
    for table, key, other in (
        ("encounter", "psn_no", "person"), ("settlement", "mdtrt_id", "encounter"), ("fee_line", "mdtrt_id", "encounter"),
        ("diagnosis", "mdtrt_id", "encounter"), ("fee_line", "setl_id", "settlement"), ("entitlement", "psn_no", "person"),
    ):  # fmt: skip
        assert city.one(f"SELECT COUNT(*) FROM {table} ANTI JOIN {other} USING ({key})") == 0, (table, key)
    for table in ("settlement", "fee_line", "diagnosis"):
        same = f"SELECT COUNT(*) FROM {table} AS t JOIN encounter AS e USING (mdtrt_id) WHERE t.psn_no <> e.psn_no"
        assert city.one(same) == 0, table
    codes = {p["fixmedins_code"] for p in city.rows("institution")}
    doctors = {(p["prac_psn_code"], p["fixmedins_code"]) for p in city.rows("practitioner")}
    for place, doctor in city.ask("SELECT DISTINCT fixmedins_code, atddr_no FROM encounter WHERE atddr_no IS NOT NULL"):
        assert place in codes and (doctor, place) in doctors


def test_ages_sexes_and_insurances_are_those_of_a_city(city: City) -> None:
    people = city.ask("SELECT brdy, gend, insutype, fmly_no FROM person WHERE brdy IS NOT NULL")
    ages = [(date(2026, 5, 1) - born).days / 365.25 for born, *_ in people]
    assert 0.12 <= sum(a < 18 for a in ages) / len(ages) <= 0.30 and 0.15 <= sum(a >= 60 for a in ages) / len(ages) <= 0.40
    assert max(ages) < 101 and min(ages) < 2
    sexes = Counter(sex for _, sex, *_ in people)
    assert 0.45 <= sexes["2"] / len(people) <= 0.55 and 0 < sexes["9"] / len(people) < 0.01
    assert 0.25 <= Counter(kind for _, _, kind, _ in people)["310"] / len(people) <= 0.50
    assert 2.0 <= len(people) / len({family for *_, family in people}) <= 3.2


def test_some_come_often_some_never_and_more_in_winter(city: City) -> None:
    visits = sorted((n for (n,) in city.ask("SELECT COUNT(*) FROM encounter GROUP BY psn_no")), reverse=True)
    assert 0.02 <= 1 - len(visits) / PLAN.people <= 0.25
    assert sum(visits[: len(visits) // 10]) / sum(visits) > 0.2
    airways = """SELECT COUNT(*) FILTER (WHERE MONTH(begntime) IN (12, 1, 2)), COUNT(*) FILTER (WHERE MONTH(begntime) IN (6, 7, 8))
                 FROM diagnosis JOIN encounter USING (mdtrt_id) WHERE diag_code LIKE 'J%' AND inout_diag_type = '1'"""
    winter, summer = city.ask(airways)[0]
    assert winter > 1.3 * summer > 100
    late = city.one("SELECT AVG((upld_time > begntime + INTERVAL 3 HOUR)::INT) FROM encounter WHERE med_type IN ('11', '41')")
    assert 0.002 <= late <= 0.009


MAIN = """SELECT diag_code, gend, DATEDIFF('year', brdy, begntime::DATE) AS age, med_type FROM diagnosis
          JOIN encounter USING (mdtrt_id) JOIN person ON person.psn_no = encounter.psn_no
          WHERE maindiag_flag = '1' AND inout_diag_type = '1' AND encounter.psn_no NOT IN (FROM planted)"""


def test_people_fall_ill_of_many_things_each_according_to_sex_and_age(city: City) -> None:
    for care, most, kinds in (("11", 0.25, 35), ("21", 0.25, 20)):
        counts = [n for (n,) in city.ask(f"SELECT COUNT(*) FROM ({MAIN}) WHERE med_type = '{care}' GROUP BY diag_code")]
        assert len(counts) >= kinds and max(counts) <= most * sum(counts), care
    sexes = {
        code: {sex for (sex,) in city.ask(f"SELECT DISTINCT gend FROM ({MAIN}) WHERE diag_code LIKE '{code}%'")}
        for code in ("N40", "N76")
    }
    assert sexes["N40"] - {"9"} == {"1"} and sexes["N76"] - {"9"} == {"2"}
    ages = {
        code: city.one(f"SELECT MEDIAN(age) FROM ({MAIN}) WHERE diag_code LIKE '{code}%'") for code in ("J06", "I10", "H26")
    }
    assert ages["J06"] < 30 < 50 < ages["I10"] and ages["H26"] > 60
