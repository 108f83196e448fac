from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.apps.workdays.calendar import Calendar
from hengjian.apps.workdays.deadlines import SHANGHAI, Standstill, due, workdays_left

PLAIN = Calendar()


def _d(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("starts_on", "length", "unit", "ends_on"),
    [
        ("2026-11-24", 1, "wd", "2026-11-25"),  # day one is the day after
        ("2026-11-27", 1, "wd", "2026-11-30"),  # Friday → Monday
        ("2026-11-28", 1, "wd", "2026-11-30"),  # a start on a Saturday
        ("2026-09-30", 1, "wd", "2026-10-08"),  # over National Day
        ("2026-09-30", 3, "wd", "2026-10-10"),  # the third is the Saturday one works
        ("2026-09-19", 1, "wd", "2026-09-20"),  # a Sunday one works
        ("2026-09-30", 7, "cd", "2026-10-08"),  # the last day is the last of the holiday: moved
        ("2026-09-30", 1, "cd", "2026-10-08"),  # the first day of the holiday
        ("2026-09-30", 10, "cd", "2026-10-10"),  # a Saturday one works: stays
        ("2026-10-01", 10, "cd", "2026-10-12"),  # a Sunday: moved
        ("2026-09-18", 2, "cd", "2026-09-20"),  # a Sunday one works: stays
        ("2026-09-24", 1, "cd", "2026-09-28"),  # Mid-Autumn, a Friday, with the weekend
        ("2024-02-28", 1, "wd", "2024-02-29"),  # leap day
        ("2024-02-28", 1, "cd", "2024-02-29"),
        ("2024-02-29", 366, "cd", "2025-03-03"),  # 1 March 2025 is a Saturday
        ("2023-02-28", 1, "cd", "2023-03-01"),
        ("2025-12-31", 1, "wd", "2026-01-04"),  # New Year's bridge: the Sunday one works
        ("2026-02-13", 2, "wd", "2026-02-24"),  # the Saturday before, then nine days of Spring Festival
        ("2026-04-03", 2, "cd", "2026-04-07"),  # Qingming on a Sunday, Monday free in its stead
    ],
)
def test_due_day(starts_on, length, unit, ends_on):
    end = due(PLAIN, _d(starts_on), length, unit)
    assert end is not None and (end.day, end.is_provisional) == (_d(ends_on), False)
    assert end.at == datetime.combine(_d(ends_on), datetime.min.time(), SHANGHAI).replace(hour=17)


def test_a_year_nobody_announced_is_provisional():
    """Over New Year into a Spring Festival whose bridges are unknown: statutory days count as free, the date is provisional."""
    into = due(PLAIN, _d("2098-12-20"), 20, "wd")
    assert into is not None and into.is_provisional
    known = Calendar(announced=frozenset({2098, 2099}))
    assert (again := due(known, _d("2098-12-20"), 20, "wd")) and again.day == into.day and not again.is_provisional


def test_spring_festival_of_an_unannounced_year_counts_the_statutory_days():
    """2035: New Year's Eve is Wednesday 7 February, the Saturday is made up on Monday. Bridges, once announced, move the date."""
    before = _d("2035-02-06")
    guessed = due(PLAIN, before, 1, "wd")
    assert guessed is not None and guessed.is_provisional and guessed.day == _d("2035-02-13")
    bridges = {_d("2035-02-11"): True, _d("2035-02-13"): False, _d("2035-02-14"): False}
    told = due(Calendar(bridges, frozenset({2035})), before, 2, "wd")
    assert told is not None and (told.day, told.is_provisional) == (_d("2035-02-15"), False)


def test_only_days_on_the_way_make_it_provisional():
    assert due(PLAIN, _d("2026-12-30"), 1, "wd").is_provisional is False  # 31 December
    announced_2026_only = Calendar({}, frozenset())
    last = due(announced_2026_only, _d("2026-12-31"), 1, "wd")
    assert last is not None and last.day.year == 2027
    assert last.is_provisional is not PLAIN.is_announced(2027)


def test_a_clock_that_starts_on_new_years_eve_does_not_ask_for_the_old_year():
    calendar = Calendar(announced=frozenset({2099}))
    assert due(calendar, _d("2098-12-31"), 5, "wd").is_provisional is False


def test_a_stop_over_a_weekend_takes_off_no_workday():
    stop = [Standstill(_d("2026-11-28"), _d("2026-11-30"))]
    assert due(PLAIN, _d("2026-11-24"), 5, "wd", stop) == due(PLAIN, _d("2026-11-24"), 5, "wd")
    in_days = due(PLAIN, _d("2026-11-24"), 8, "cd", stop)
    assert in_days is not None and in_days.day == _d("2026-12-04")  # two calendar days later than 2 December


def test_a_stop_on_the_days_a_period_was_moved_over():
    """Seven days end on the holiday's last day and move to 8 October; a stop from the 5th on lasts until the 20th."""
    end = due(PLAIN, _d("2026-09-30"), 7, "cd", [Standstill(_d("2026-10-05"), _d("2026-10-20"))])
    assert end is not None and end.day == _d("2026-10-22")  # days 5, 6, 7 are 20, 21, 22 October
    moved = due(PLAIN, _d("2026-09-30"), 1, "cd", [Standstill(_d("2026-10-05"), _d("2026-10-20"))])
    assert moved is not None and moved.day == _d("2026-10-20")


def test_it_stands_still_while_a_stop_is_open():
    assert due(PLAIN, _d("2026-11-24"), 5, "wd", [Standstill(_d("2026-11-26"), None)]) is None


@pytest.mark.parametrize(("length", "unit"), [(0, "wd"), (-3, "cd"), (1, "h")])
def test_nonsense_raises(length, unit):
    with pytest.raises(ValueError, match="period"):
        due(PLAIN, _d("2026-11-24"), length, unit)


@pytest.mark.parametrize(
    ("at", "left"),
    [
        ("2026-11-24T00:00", 3),
        ("2026-11-24T23:59", 3),
        ("2026-11-26T09:00", 1),
        ("2026-11-27T09:00", 0),
        ("2026-11-27T17:00", 0),  # the very instant is still in time
        ("2026-11-27T17:01", -1),  # over on the same day
        ("2026-11-28T10:00", -1),  # Saturday
        ("2026-11-30T10:00", -1),
        ("2026-12-01T10:00", -2),
    ],
)
def test_workdays_left(at, left):
    due_at = datetime(2026, 11, 27, 17, tzinfo=SHANGHAI)
    assert workdays_left(PLAIN, due_at, datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)) == left


def _naively(free: set[date], starts_on: date, length: int, unit: str, stops: list[tuple[date, date]]) -> date:
    """The same, told differently: list the days of four years, strike what does not count, take the nth; then the next open one."""
    days = [starts_on + timedelta(n) for n in range(1, 1500)]
    stood = {s + timedelta(n) for s, e in stops for n in range((e - s).days)}
    open_days = [d for d in days if d not in free and d not in stood]
    if unit == "wd":
        return open_days[length - 1]
    nth = [d for d in days if d not in stood][length - 1]
    return next(d for d in open_days if d >= nth)


@st.composite
def _cases(draw):
    starts_on = draw(st.dates(date(2024, 1, 1), date(2026, 6, 30)))
    stops = []
    at = starts_on
    for gap, lasts in draw(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 15)), max_size=3)):
        stops.append((at := at + timedelta(gap), at := at + timedelta(lasts)))
    by_hand = draw(st.dictionaries(st.integers(1, 60).map(lambda n: starts_on + timedelta(n)), st.booleans(), max_size=8))
    return starts_on, draw(st.integers(1, 60)), draw(st.sampled_from(["wd", "cd"])), stops, by_hand


NOTICES = {  # weekdays free and weekend days worked, copied from the State Council's notices of 2024 to 2026
    "free": """2024-01-01 2024-02-12 2024-02-13 2024-02-14 2024-02-15 2024-02-16 2024-04-04 2024-04-05 2024-05-01 2024-05-02 2024-05-03
        2024-06-10 2024-09-16 2024-09-17 2024-10-01 2024-10-02 2024-10-03 2024-10-04 2024-10-07 2025-01-01 2025-01-28 2025-01-29
        2025-01-30 2025-01-31 2025-02-03 2025-02-04 2025-04-04 2025-05-01 2025-05-02 2025-05-05 2025-06-02 2025-10-01 2025-10-02
        2025-10-03 2025-10-06 2025-10-07 2025-10-08 2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20
        2026-02-23 2026-04-06 2026-05-01 2026-05-04 2026-05-05 2026-06-19 2026-09-25 2026-10-01 2026-10-02 2026-10-05 2026-10-06
        2026-10-07""",
    "worked": """2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12 2025-01-26 2025-02-08 2025-04-27
        2025-09-28 2025-10-11 2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10""",
}


@settings(max_examples=150, deadline=None)
@given(_cases())
def test_agrees_with_a_naive_count(case):
    starts_on, length, unit, stops, by_hand = case
    weekends = {d for n in range(1100) if (d := date(2024, 1, 1) + timedelta(n)).isoweekday() > 5}
    free = weekends | {_d(t) for t in NOTICES["free"].split()}
    free -= {_d(t) for t in NOTICES["worked"].split()}
    free = (free | {d for d, works in by_hand.items() if not works}) - {d for d, works in by_hand.items() if works}
    end = due(Calendar(by_hand), starts_on, length, unit, [Standstill(*s) for s in stops])
    assert end is not None
    if end.day.year <= 2026:  # the notices copied end there
        assert end.day == _naively(free, starts_on, length, unit, stops)
        assert not end.is_provisional
