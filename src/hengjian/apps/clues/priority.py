"""How urgent a clue is, 0–100, each point with its reason. Pure: the same facts give the same points on any day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

MONEY = tuple((Decimal(floor), points) for floor, points in
              ((500_000, 40), (100_000, 34), (50_000, 28), (10_000, 22), (5_000, 16), (1_000, 10), (1, 5)))  # fmt: skip
"""Yuan paid by the fund, from which so many points."""
SOURCES = {"superior": 60, "patrol": 55, "state_audit": 55, "tip": 50, "petition": 45, "department": 45, "other": 30}
"""What came from outside is looked at first; points by source."""
CERTAIN, SUSPECTED = 20, 8
FRAUD = 10
FRESH = ((92, 10), (366, 5))
"""Days between the last act and the day the clue was found, up to which so many points: traces fade."""
UPHELD = ((100, 10), (10, 7), (1, 4))
"""Earlier findings of the institution that were upheld, from which so many points."""
JUDGED_ENOUGH = 20
"""Below so many decided findings a rule's overturn rate says nothing."""
OVERTURNED = ((30, -15), (10, -8))
"""Percent of a rule's decided findings that did not stand, above which so many points."""


@dataclass(frozen=True)
class Facts:
    """What the priority looks at."""

    source: str
    amount_fund: Decimal
    certainty: str
    category: str
    acts_to: date | None
    found_on: date
    upheld_before: int = 0
    rule_decided: int = 0
    rule_overturned: int = 0


def priority(facts: Facts) -> tuple[int, list[dict[str, Any]]]:
    """Points, and their parts as {why, points}, most telling first."""
    parts: list[tuple[str, int]] = []
    if facts.source in SOURCES:
        parts.append(("外来线索先办", SOURCES[facts.source]))
    if points := next((p for floor, p in MONEY if facts.amount_fund >= floor), 0):
        parts.append((f"基金支付 {facts.amount_fund:,.2f} 元", points))
    if facts.certainty:
        certain = facts.certainty == "certain"
        parts.append(("违规：依据和知识点都有官方出处" if certain else "可疑：须逐条核对", CERTAIN if certain else SUSPECTED))
    if facts.category == "fraud":
        parts.append(("反欺诈规则", FRAUD))
    if facts.acts_to is not None:
        age = (facts.found_on - facts.acts_to).days
        if points := next((p for limit, p in FRESH if age <= limit), 0):
            parts.append(("行为在三个月内，痕迹还新" if points == FRESH[0][1] else "行为在一年内", points))
    if points := next((p for floor, p in UPHELD if facts.upheld_before >= floor), 0):
        parts.append((f"这家机构此前有 {facts.upheld_before} 条疑点认定成立", points))
    if facts.rule_decided >= JUDGED_ENOUGH:
        rate = 100 * facts.rule_overturned / facts.rule_decided
        if points := next((p for floor, p in OVERTURNED if rate > floor), 0):
            parts.append((f"这条规则已决定 {facts.rule_decided} 条，{facts.rule_overturned} 条不成立", points))
    total = max(0, min(100, sum(points for _, points in parts)))
    return total, [{"why": why, "points": points} for why, points in parts]
