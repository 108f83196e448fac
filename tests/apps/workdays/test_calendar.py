from __future__ import annotations

from datetime import date, timedelta

import holidays
import pytest

from hengjian.apps.workdays.calendar import Calendar, computed, is_carried


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-09-20", True),  # a Sunday one works for National Day
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # Saturday
        ("2026-10-11", False),
        ("2026-02-14", True),  # Saturday before Spring Festival
        ("2026-02-23", False),
        ("2024-02-09", True),  # New Year's Eve of 2024: not free by the notice
        ("2025-01-28", False),  # New Year's Eve of 2025: free
        ("2028-02-29", True),
        ("2001-12-29", True),  # worked for New Year of 2002, a notice of the next year
    ],
)
def test_announced_days(day, works):
    assert computed(date.fromisoformat(day)).is_workday is works


def test_years_carried_are_those_the_package_holds_notices_of():
    """The constant is what was looked up in the notices; a newer package may carry more, never fewer."""
    assert all(is_carried(year) for year in range(2001, 2027))
    assert not is_carried(2000)
    newest = max(d.year for d in holidays.country_holidays("CN", years=range(2026, 2040)).weekend_workdays)
    assert [is_carried(y) for y in range(2026, 2040)] == [y <= newest for y in range(2026, 2040)]


def test_the_office_stands_before_the_computed_calendar():
    typhoon, sunday = date(2026, 9, 3), date(2026, 9, 6)
    calendar = Calendar({typhoon: False, sunday: True})
    assert not calendar.is_workday(typhoon) and calendar.is_workday(sunday)
    assert Calendar().is_workday(typhoon) and not Calendar().is_workday(sunday)


def test_a_year_the_office_announced_is_not_provisional():
    assert not Calendar().is_announced(2099)
    assert Calendar(announced=frozenset({2099})).is_announced(2099)


def test_workdays_between_is_antisymmetric_and_counts_the_last_day():
    calendar, thursday = Calendar(), date(2026, 9, 24)
    assert calendar.workdays_between(thursday, date(2026, 9, 28)) == 1  # Friday is Mid-Autumn
    assert calendar.workdays_between(date(2026, 9, 28), thursday) == -1
    assert calendar.workdays_between(thursday, thursday) == 0
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert calendar.workdays_between(date(2025, 12, 31), date(2026, 12, 31)) == sum(map(calendar.is_workday, year)) == 248
