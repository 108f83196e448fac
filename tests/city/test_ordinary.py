"""The ordinary year of 20,000 people: lawful by construction, as the city promises before any rule looks at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hengjian.city import Plan

from .conftest import City, built

GAP = 40
ORDINARY = "psn_no NOT IN (FROM planted)"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city large enough for rare things to happen, in two blocks, without bad rows."""
    with built(Plan(people=20_000, seed=20_261_101, dirt=0.0), tmp_path_factory.mktemp("town") / "made") as made:
        yield made


def test_stays_lie_forty_days_apart_except_a_planned_series(town: City) -> None:
    """Chemotherapy comes back every three weeks and is no split stay."""
    again = f"""SELECT mdtrt_id, DATEDIFF('day', LAG(endtime) OVER w, begntime) AS gap FROM encounter
                WHERE endtime IS NOT NULL AND {ORDINARY} WINDOW w AS (PARTITION BY psn_no ORDER BY begntime)"""
    chemo = f"""SELECT gap, LEFT(diag_code, 3) = 'Z51' FROM ({again})
                JOIN diagnosis USING (mdtrt_id) WHERE gap IS NOT NULL AND maindiag_flag = '1' AND inout_diag_type = '2'"""
    gaps = town.ask(chemo)
    assert len([g for g, series in gaps if not series]) > 50 and min(g for g, series in gaps if not series) >= GAP
    assert len([g for g, series in gaps if series]) > 50 and {g for g, series in gaps if series} <= set(range(15, 25))


def test_nobody_is_at_two_places_on_one_day(town: City) -> None:
    twice = f"""SELECT psn_no, begntime::DATE, med_type = '41' FROM encounter WHERE endtime IS NULL AND {ORDINARY}
                GROUP BY ALL HAVING COUNT(*) > 1 LIMIT 3"""
    assert town.ask(twice) == []


def test_nobody_visits_or_buys_while_in_hospital(town: City) -> None:
    inside = f"""SELECT v.mdtrt_id FROM encounter AS v JOIN encounter AS s USING (psn_no) WHERE v.endtime IS NULL AND s.endtime IS NOT NULL
                 AND v.begntime::DATE BETWEEN s.begntime::DATE AND s.endtime::DATE AND {ORDINARY} LIMIT 3"""
    assert town.one("SELECT COUNT(*) FROM encounter WHERE endtime IS NOT NULL") > 1_000 and town.ask(inside) == []


def test_nobody_is_treated_after_death(town: City) -> None:
    dead = {row["psn_no"]: row["begndate"] for row in town.rows("external_list") if row["list_kind"] == "death"}
    dead |= {p: d.isoformat() for p, d in town.ask("SELECT psn_no, die_date FROM person WHERE die_date IS NOT NULL")}
    last = dict(town.ask(f"SELECT psn_no, MAX(begntime)::DATE::VARCHAR FROM encounter WHERE {ORDINARY} GROUP BY 1"))
    both = dead.keys() & last.keys()
    assert len(both) > 100 and [p for p in both if last[p] > dead[p]] == []


def test_keys_are_unique_across_blocks(town: City) -> None:
    assert len(list(town.out.glob("fee_line-*.parquet"))) == 2
    for table, key in (("person", "psn_no"), ("encounter", "mdtrt_id"), ("settlement", "setl_id"), ("person", "certno")):
        assert town.one(f"SELECT COUNT(*) - COUNT(DISTINCT {key}) FROM {table}") == 0, (table, key)


def test_birthdays_are_spread_over_the_year(town: City) -> None:
    most = town.one("SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM person WHERE brdy IS NOT NULL GROUP BY brdy)")
    assert most <= 20  # of 20,000 people
