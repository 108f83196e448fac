"""One figure of a statistic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

FEWEST, ENOUGH = 3, 8
"""Institutions of a level and kind from which on a picture says something, and from which on a tenth of them does."""
LEVELS = {3: "三级", 2: "二级", 1: "一级"}
KINDS = {"A": "医院", "C": "卫生院、社区", "D": "诊所", "G": "妇幼保健院"}


@dataclass(frozen=True)
class Indicator:
    """One figure of an institution in a month. `numerator` and `denominator` in `unit`; `percentile`: of a hundred other peers those with
    a smaller share."""

    code: str
    month: date
    level: int | None
    kind: str
    unit: str
    numerator: Decimal
    denominator: Decimal
    share: Decimal
    peers: int
    place: int
    percentile: int | None
    median: Decimal
    p90: Decimal

    @property
    def group(self) -> tuple[int | None, str]:
        """With whom it is compared."""
        return self.level, self.kind

    @property
    def is_high(self) -> bool:
        """Whether nine of ten peers have less; said only among enough of them."""
        return self.peers >= ENOUGH and self.share > self.p90

    @property
    def level_name(self) -> str:
        return LEVELS.get(self.level or 0, "等级不明")

    @property
    def kind_name(self) -> str:
        return KINDS.get(self.kind, self.kind or "类别不明")
