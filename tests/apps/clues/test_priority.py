from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengjian.apps.clues.priority import Facts, priority

DAY = date(2026, 11, 24)
PLAIN = Facts("audit", Decimal(0), "suspected", "policy", DAY - timedelta(days=800), DAY)


def test_without_anything_telling_it_is_only_suspected():
    assert priority(PLAIN) == (8, [{"why": "可疑：须逐条核对", "points": 8}])


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        ({"amount_fund": Decimal("999.99")}, 13, "基金支付 999.99 元"),
        ({"amount_fund": Decimal("1000.00")}, 18, "基金支付 1,000.00 元"),
        ({"amount_fund": Decimal("500000")}, 48, "基金支付 500,000.00 元"),
        ({"certainty": "certain"}, 20, "违规：依据和知识点都有官方出处"),
        ({"category": "fraud"}, 18, "反欺诈规则"),
        ({"acts_to": DAY - timedelta(days=92)}, 18, "行为在三个月内，痕迹还新"),
        ({"acts_to": DAY - timedelta(days=93)}, 13, "行为在一年内"),
        ({"upheld_before": 10}, 15, "这家机构此前有 10 条疑点认定成立"),
        ({"rule_decided": 20, "rule_overturned": 7}, 0, "这条规则已决定 20 条，7 条不成立"),
        ({"rule_decided": 20, "rule_overturned": 3}, 0, "这条规则已决定 20 条，3 条不成立"),
        ({"source": "superior", "certainty": ""}, 60, "外来线索先办"),
        ({"source": "tip", "certainty": ""}, 50, "外来线索先办"),
    ],
)
def test_each_reason_has_its_points(change, points, words):
    total, why = priority(replace(PLAIN, **change))
    assert total == points and words in [part["why"] for part in why]


def test_a_rule_judged_seldom_is_not_held_against_its_findings():
    assert priority(replace(PLAIN, rule_decided=19, rule_overturned=19)) == priority(PLAIN)


facts = st.builds(
    Facts,
    source=st.sampled_from(["audit", "superior", "tip", "other"]),
    amount_fund=st.decimals(0, 10**7, places=2),
    certainty=st.sampled_from(["certain", "suspected", ""]),
    category=st.sampled_from(["policy", "fraud", ""]),
    acts_to=st.none() | st.dates(DAY - timedelta(days=900), DAY),
    found_on=st.just(DAY),
    upheld_before=st.integers(0, 200),
    rule_decided=st.integers(0, 60),
    rule_overturned=st.integers(0, 20),
)


@given(facts)
def test_it_stays_between_0_and_100_and_is_the_sum_of_its_reasons(given_facts):
    total, why = priority(given_facts)
    assert 0 <= total <= 100
    assert total == max(0, min(100, sum(part["points"] for part in why)))


@given(facts, st.decimals(0, 10**6, places=2))
def test_more_money_is_never_less_urgent(given_facts, more):
    richer = replace(given_facts, amount_fund=given_facts.amount_fund + more)
    assert priority(richer)[0] >= priority(given_facts)[0]
