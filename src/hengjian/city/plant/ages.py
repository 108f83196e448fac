"""Birthdays: the day of birth of somebody who reaches an age on a given day."""

from __future__ import annotations

from calendar import isleap
from datetime import date

from hengjian.kernel.dates import day_date, day_number


def born_years_before(day: int, years: int) -> int:
    """The day of birth of somebody who completes `years` on `day`."""
    on = day_date(day)
    if (on.month, on.day) == (2, 29) and not isleap(on.year - years):
        return day_number(date(on.year - years, 2, 28))
    return day_number(on.replace(year=on.year - years))


def born_months_before(day: int, months: int) -> int:
    """The day of birth of somebody who completes `months` on `day`, a day before the 29th."""
    on = day_date(day)
    total = on.year * 12 + on.month - 1 - months
    return day_number(date(total // 12, total % 12 + 1, on.day))


def plain_day(day: int) -> int:
    """The day, or the 28th of its month if it is later: every month has it."""
    return day - max(0, day_date(day).day - 28)
