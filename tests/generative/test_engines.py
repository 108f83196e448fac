"""Engines agree on generated lakes: the same findings, to the fen, the sentence and the evidence; and every rule fires."""

import secrets
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.rulebook import load_rulebook

from ..conftest import LONG
from .court import LakeCourt
from .excused import NO_HITS
from .lakes import packed, small_lake

BOOK = load_rulebook()
DRAWS = 300 if LONG else 20
RULES = [r for r in BOOK.rules.values() if r.status != "retired"]
LAKES = 1_000


@pytest.fixture(scope="module")
def archive():
    """A packed lake, judged by DuckDB."""
    court = LakeCourt(BOOK, RULES, packed(BOOK, seed=20_261_125, lakes=LAKES))
    yield court, court.judge()
    court.con.close()


def test_every_rule_fires_on_the_packed_lake(archive, record_property):
    hits = Counter(row["rule_id"] for row in archive[1].values())
    for rule in RULES:
        record_property(rule.rule_id, hits[rule.rule_id])
    silent = {r.rule_id for r in RULES if not hits[r.rule_id]}
    assert silent == set(NO_HITS)


def test_sqlite_finds_the_same(archive):
    court, found = archive
    assert_same(court.judge("sqlite"), found)


def test_spark_finds_the_same(archive, spark, tmp_path):
    court, found = archive
    assert_same(court.judge("spark", tmp_path), found)


def assert_same(other, found):
    assert len(found) > 500
    assert sorted(other) == sorted(found)
    for number, row in found.items():
        assert other[number] == row, row["rule_id"]


@settings(max_examples=DRAWS)
@given(st.data())
def test_drawn_lakes_agree_too(data):
    lake = small_lake(BOOK, lambda values: data.draw(st.sampled_from(values)))
    court = LakeCourt(BOOK, RULES, lake)
    try:
        assert court.judge("sqlite") == court.judge()
    finally:
        court.con.close()


@pytest.mark.long
@pytest.mark.parametrize("nth", range(20))
def test_many_packed_lakes_agree(nth, record_property):
    seed = secrets.randbits(32)  # a fresh one each time
    record_property("seed", seed)
    court = LakeCourt(BOOK, RULES, packed(BOOK, seed=seed, lakes=LAKES))
    try:
        assert_same(court.judge("sqlite"), court.judge())
    except AssertionError as error:
        raise AssertionError(f"packed lake of seed {seed}") from error
    finally:
        court.con.close()
