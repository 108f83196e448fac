"""Days and instants as integers, and half-open periods.

A day is the number of days since 1970-01-01, an instant the number of civil seconds since then (China time, no zone).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

EPOCH = date(1970, 1, 1)
_EPOCH_INSTANT = datetime(1970, 1, 1)  # noqa: DTZ001 - civil time has no zone
OPEN_DAY = (date(9999, 12, 31) - EPOCH).days + 1
"""The day number that stands for "no end": 9999-12-31 + 1. Rules see it instead of NULL."""


def day_number(day: date) -> int:
    """Date to day number."""
    return (day - EPOCH).days


def day_date(number: int) -> date:
    """Day number to date."""
    return EPOCH + timedelta(days=number)


def second_number(instant: datetime) -> int:
    """Civil instant (without zone) to second number."""
    return int((instant - _EPOCH_INSTANT).total_seconds())


def second_instant(number: int) -> datetime:
    """Second number to civil instant."""
    return _EPOCH_INSTANT + timedelta(seconds=number)


@dataclass(frozen=True, order=True)
class Period:
    """Half-open `[start, end)` in day numbers; `OPEN_DAY` as end means open."""

    start: int
    end: int = OPEN_DAY

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"empty period: {self.start} to {self.end}")

    def __contains__(self, day: int) -> bool:
        return self.start <= day < self.end

    def meet(self, other: Period) -> Period | None:
        """The common part, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None
