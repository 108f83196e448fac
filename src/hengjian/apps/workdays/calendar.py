"""Is a day a workday? What the office set by hand stands before the announced calendar; years nobody has announced are provisional (暂定)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import holidays

SATURDAY = 5


class Kind(NamedTuple):
    """A day's kind as the announced calendar has it: whether one works, and the holiday's name (empty on an ordinary day)."""

    is_workday: bool
    name: str


@lru_cache(maxsize=64)
def _known(year: int) -> tuple[Mapping[date, str], frozenset[date], bool]:
    """Holidays of a year, the weekend days one works in it, and whether the package carries its announced adjustments (调休)."""
    china = holidays.country_holidays("CN", years=(year - 1, year, year + 1), language="zh_CN")
    worked = frozenset(d for d in china.weekend_workdays if d.year == year)
    free = {d: name for d, name in china.items() if d.year == year}
    return MappingProxyType(free), worked, bool(worked)


def computed(day: date) -> Kind:
    """The kind of a day before the office's own table: announced holidays and adjustments, else the statutory ones, else the weekend."""
    free, worked, _ = _known(day.year)
    if day in free:
        return Kind(False, free[day])
    if day in worked:
        return Kind(True, "调休上班")
    return Kind(day.weekday() < SATURDAY, "")


def is_carried(year: int) -> bool:
    """Whether the `holidays` package carries the State Council's adjustments of the year. Every notice since 2001 moved some weekend."""
    return _known(year)[2]


@dataclass(frozen=True)
class Calendar:
    """The calendar of one office at one moment: `by_hand` are the days of its table, `announced` the years it entered."""

    by_hand: Mapping[date, bool] = field(default_factory=dict)
    announced: frozenset[int] = frozenset()

    def is_workday(self, day: date) -> bool:
        return self.by_hand[day] if day in self.by_hand else computed(day).is_workday

    def is_announced(self, year: int) -> bool:
        return year in self.announced or is_carried(year)

    def next_workday(self, day: date) -> date:
        """The day itself if one works on it, else the next on which one does."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def workdays_between(self, after: date, until: date) -> int:
        """Workdays later than `after`, up to and with `until`; negative when `until` is the earlier."""
        if until < after:
            return -self.workdays_between(until, after)
        return sum(self.is_workday(after + timedelta(days=n)) for n in range(1, (until - after).days + 1))
