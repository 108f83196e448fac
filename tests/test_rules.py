"""Every rule's own examples: what must be found is found, with its amounts; everything else is spared."""

import json
from decimal import Decimal

import pytest

from hengjian.engine.examples import run_example
from hengjian.rulebook import load_rulebook

BOOK = load_rulebook()
CASES = [
    pytest.param(rule, example, id=f"{rule.rule_id}-{i}")
    for rule in BOOK.rules.values()
    for i, example in enumerate(rule.examples)
]


def _shown(finding, column):
    evidence = json.loads(finding["evidence"])
    if column == "other":
        others = [
            x.get("feedetl_sn") or x["mdtrt_id"] for x in evidence["lines"] + evidence["encounters"] if x["role"] == "对照"
        ]
        return others[0] if others else ""
    if column == "knowledge":
        return finding["knowledge_ref"].split(":")[1].split(" ")[0]
    return finding[column]


def _same(shown, wanted):
    return Decimal(str(shown)) == Decimal(wanted) if isinstance(shown, Decimal) else str(shown) == wanted


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_an_example_finds_exactly_what_it_says(rule, example):
    found = run_example(BOOK, rule, example)
    key = "feedetl_sn" if rule.grain == "line" else "mdtrt_id"
    assert sorted(f[key] for f in found) == sorted(w[key] for w in example.finds)
    by_key = {f[key]: f for f in found}
    for wanted in example.finds:
        for column, value in wanted.items():
            if column != "#":
                assert _same(_shown(by_key[wanted[key]], column), value), (wanted[key], column)


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_each_remark_beside_a_row_is_true(rule, example):
    key = "feedetl_sn" if rule.grain == "line" else "mdtrt_id"
    found = {w[key] for w in example.finds}
    for row in example.given["fee_line" if rule.grain == "line" else "encounter"]:
        if row["#"]:
            assert row["#"].startswith("命中" if row[key] in found else "放过"), row


@pytest.mark.parametrize("rule", BOOK.rules.values(), ids=lambda r: r.rule_id)
def test_each_rule_shows_guilty_and_innocent_at_its_edges(rule):
    assert sum(e.marks["命中"] for e in rule.examples) >= 2
    assert sum(e.marks["放过"] for e in rule.examples) >= 3


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_a_finding_says_everything_a_hearing_asks_for(rule, example):
    for finding in run_example(BOOK, rule, example):
        assert finding["message"] and "{" not in finding["message"]
        assert finding["law"] and finding["knowledge_ref"] and len(finding["rule_fingerprint"]) == 64
        assert finding["amount_fund"] <= finding["amount_inscope"] <= finding["amount_total"]
        assert json.loads(finding["evidence"])["exempt_checked"]
