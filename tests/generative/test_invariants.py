"""What must not change a finding: other people, the order of rows, and, for rules that judge one encounter, other encounters."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.rulebook import load_rulebook

from ..conftest import LONG
from .court import findings
from .lakes import packed, small_lake, united

BOOK = load_rulebook()
DRAWS = 300 if LONG else 20
SCOPE = {r.rule_id: BOOK.families[r.family].scope if r.family else "person" for r in BOOK.rules.values()}
PERSONAL = [r for r in BOOK.rules.values() if SCOPE[r.rule_id] == "person" and r.status != "retired"]
ALONE = [r for r in PERSONAL if r.family in ("limit", "price", "valid") or (r.family == "diagnosis" and not r.params)]
"""Rules that see one encounter and nothing else."""
EVERYBODY = [r for r in BOOK.rules.values() if r.status != "retired"]


@pytest.fixture(scope="module")
def crowd():
    lake = packed(BOOK, seed=7, lakes=60)
    return lake, findings(BOOK, PERSONAL, lake)


def of_person(lake, persons):
    """The lake without anybody else."""
    visits = {e["mdtrt_id"] for e in lake["encounter"] if e["psn_no"] in persons}
    return of_encounters(lake, visits) | {"person": [p for p in lake["person"] if p["psn_no"] in persons]}


def of_encounters(lake, visits):
    return {
        table: [r for r in rows if "mdtrt_id" not in r or r["mdtrt_id"] in visits] if table != "person" else rows
        for table, rows in lake.items()
    }


def test_adding_strangers_changes_nobodys_findings(crowd):
    lake, found = crowd
    persons = sorted({f["psn_no"] for f in found.values()})
    assert len(persons) > 20
    for psn_no in random.Random(1).sample(persons, 15):
        alone = findings(BOOK, PERSONAL, of_person(lake, {psn_no}))
        assert alone == {n: f for n, f in found.items() if f["psn_no"] == psn_no}


def test_the_order_of_rows_changes_nothing(crowd):
    lake, found = crowd
    for seed in (1, 2):
        assert findings(BOOK, PERSONAL, lake, shuffle=seed) == found


def test_an_encounter_alone_is_judged_as_in_the_archive(crowd):
    lake, _ = crowd
    found = findings(BOOK, ALONE, lake)
    visits = sorted({f["mdtrt_id"] for f in found.values()})
    assert len(visits) > 20
    for mdtrt_id in random.Random(2).sample(visits, 15):
        alone = findings(BOOK, ALONE, of_encounters(lake, {mdtrt_id}))
        assert alone == {n: f for n, f in found.items() if f["mdtrt_id"] == mdtrt_id}


@settings(max_examples=DRAWS)
@given(st.data(), st.integers(0, 1000))
def test_strangers_and_order_never_matter(data, seed):
    mine = small_lake(BOOK, lambda values: data.draw(st.sampled_from(values)), 1)
    stranger = small_lake(BOOK, random.Random(seed).choice, 2)
    found = findings(BOOK, PERSONAL, mine)
    both = findings(BOOK, PERSONAL, united(mine, stranger), shuffle=seed)
    known = {p["psn_no"] for p in mine["person"]}
    assert {n: f for n, f in both.items() if f["psn_no"] in known} == found


def test_the_order_of_rows_does_not_matter_to_whole_texts_either():
    lake = packed(BOOK, seed=3, lakes=80)
    assert findings(BOOK, EVERYBODY, lake, shuffle=5) == findings(BOOK, EVERYBODY, lake)
