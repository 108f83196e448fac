"""Every rule's own examples, on every engine it runs on: what must be found is found, with its amounts; everything else is spared."""

import json
from dataclasses import replace

import pytest

from hengjian.engine.examples import SUBJECTS, Court, differences, false_remarks, run_example
from hengjian.rulebook import load_rulebook

BOOK = load_rulebook()
CASES = [
    pytest.param(rule, example, id=f"{rule.rule_id}-{i}")
    for rule in BOOK.rules.values()
    for i, example in enumerate(rule.examples)
]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_an_example_finds_exactly_what_it_says(rule, example):
    court = Court(BOOK, rule, example)
    try:
        for engine in ("duckdb", "sqlite"):
            if engine in BOOK.engines(rule):
                assert differences(example, court.judge(engine)) == [], engine
    finally:
        court.close()


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_spark_finds_the_same(rule, example, spark, tmp_path):
    if "spark" in BOOK.engines(rule):
        assert differences(example, run_example(BOOK, rule, example, "spark", tmp_path)) == []


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_each_remark_beside_a_row_is_true(rule, example):
    assert false_remarks(rule, example) == []
    if example.finds and example.marks["命中"]:
        assert false_remarks(rule, replace(example, finds=[])) or rule.grain not in SUBJECTS


@pytest.mark.parametrize("rule", BOOK.rules.values(), ids=lambda r: r.rule_id)
def test_each_rule_shows_guilty_and_innocent_at_its_edges(rule):
    assert sum(e.marks["命中"] for e in rule.examples) >= 2
    assert sum(e.marks["放过"] for e in rule.examples) >= 3


@pytest.mark.parametrize(("rule", "example"), [c for c in CASES if c.values[0].family != "statistic"])
def test_a_finding_says_everything_a_hearing_asks_for(rule, example):
    found = run_example(BOOK, rule, example)
    assert found or not example.finds
    for finding in found:
        assert finding["message"] and "{" not in finding["message"]
        assert finding["law"] and finding["knowledge_ref"] and len(finding["rule_fingerprint"]) == 64
        assert finding["amount_fund"] <= finding["amount_inscope"] <= finding["amount_total"]
        assert json.loads(finding["evidence"])["exempt_checked"]
