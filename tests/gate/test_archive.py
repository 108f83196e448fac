"""Gate = archive: over the same rows both find the same (design §10)."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.gate.stages import running
from hengjian.rulebook import load_rulebook

from ..conftest import LONG
from ..generative.court import LakeCourt
from ..generative.lakes import packed, small_lake
from .benches import Bench, as_a_message_tells

BOOK = load_rulebook()
RULES = [r for r in BOOK.rules.values() if r.status in ("active", "shadow")]
STAGES = {"3101": "before", "3102": "during"}
RUNNING = running(BOOK, RULES)


def both(lake):
    court = LakeCourt(BOOK, RULES, lake)
    as_a_message_tells(court)
    return court, court.judge(), Bench(court, RUNNING)


def differences(court, archive, bench, infno):
    """Findings only one of them has, or has otherwise; and hits by rule."""
    runs = RUNNING[STAGES[infno]]
    ids = dict(court.con.execute("SELECT mdtrt_key, mdtrt_id FROM encounter").fetchall())
    expected = {n: f for n, f in archive.items() if f.get("rule_id") in runs and "finding_id" in f}
    by_visit = {}
    for number, finding in expected.items():
        by_visit.setdefault(finding["mdtrt_id"], set()).add(number)
    hits, wrong = Counter(), []
    for psn_key, mdtrt_key in bench.visits():
        found = bench.ask(psn_key, mdtrt_key, infno)
        hits.update(f.rule.rule_id for f in found)
        mine, theirs = {}, by_visit.get(ids[mdtrt_key], set())
        for f in found:
            mine[f.finding_id] = f
        for number in theirs - mine.keys():
            wrong.append(("archive only", expected[number]["rule_id"], expected[number]["message"]))
        for number, f in mine.items():
            if number not in theirs:
                wrong.append(("gate only", f.rule.rule_id, f.sentence))
                continue
            other = expected[number]
            mine_says = (f.amount_total, f.amount_inscope, f.certain, f.law, f.knowledge_ref)
            theirs_say = (
                int(other["amount_total"] * 100),
                int(other["amount_inscope"] * 100),
                other["certainty"] == "certain",
                other["law"],
                other["knowledge_ref"],
            )
            if mine_says != theirs_say:
                wrong.append(("otherwise", mine_says, theirs_say))
    return wrong, hits


@pytest.fixture(scope="module")
def packed_lake():
    court, archive, bench = both(packed(BOOK, seed=20_261_126, lakes=3_000 if LONG else 300))
    yield court, archive, bench
    court.con.close()


@pytest.mark.parametrize("infno", STAGES)
def test_the_gate_finds_what_the_archive_finds(packed_lake, infno, record_property):
    wrong, hits = differences(*packed_lake, infno)
    for rule_id, count in hits.items():
        record_property(rule_id, count)
    assert not wrong, (len(wrong), wrong[:10])
    assert sum(hits.values()) > 200


@settings(max_examples=100 if LONG else 15)
@given(st.data())
def test_drawn_lakes_agree_too(data):
    court, archive, bench = both(small_lake(BOOK, lambda values: data.draw(st.sampled_from(values))))
    try:
        for infno in STAGES:
            wrong, _ = differences(court, archive, bench, infno)
            assert not wrong, wrong[:5]
    finally:
        court.con.close()
