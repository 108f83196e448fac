"""When is a period over? Pure functions: day one is the day after; stopped days do not count; the last day ends at 17:00 in Shanghai."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hengjian.apps.workdays.calendar import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLOSING = time(17, 0)
WORKDAYS, CALENDAR_DAYS = "wd", "cd"


@dataclass(frozen=True)
class Standstill:
    """Days that do not count: from the first day not counted to the first that counts again (None: it still stands)."""

    from_on: date
    to_on: date | None

    def holds(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or day < self.to_on)


@dataclass(frozen=True)
class Due:
    """The last day, and whether a day on the way lies in a year whose holidays are not announced."""

    day: date
    is_provisional: bool

    @property
    def at(self) -> datetime:
        """The instant the period ends."""
        return datetime.combine(self.day, CLOSING, SHANGHAI)


def due(calendar: Calendar, starts_on: date, length: int, unit: str, stops: Sequence[Standstill] = ()) -> Due | None:
    """The end of a period; None while it stands still.

    A period in calendar days whose last day is no workday moves to the next workday. Raises ValueError for a length under one day.
    """
    if length < 1 or unit not in (WORKDAYS, CALENDAR_DAYS):
        raise ValueError(f"a period of {length} {unit!r}")
    if any(s.to_on is None for s in stops):
        return None
    day, left = starts_on, length
    while left:
        day += timedelta(days=1)
        if not any(s.holds(day) for s in stops) and (unit == CALENDAR_DAYS or calendar.is_workday(day)):
            left -= 1
    while not calendar.is_workday(day) or any(s.holds(day) for s in stops):
        day += timedelta(days=1)
    walked = range((starts_on + timedelta(days=1)).year, day.year + 1)
    return Due(day, not all(calendar.is_announced(year) for year in walked))


def workdays_left(calendar: Calendar, due_at: datetime, at: datetime) -> int:
    """Workdays left after today, the due day with them: 0 on the last day, negative (at least −1) once it is over."""
    today, last = at.astimezone(SHANGHAI).date(), due_at.astimezone(SHANGHAI).date()
    if at <= due_at:
        return calendar.workdays_between(today, last)
    return min(-1, calendar.workdays_between(today, last))
