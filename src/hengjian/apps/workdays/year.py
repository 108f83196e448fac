"""A year as twelve months of days with their kinds: what the page draws."""

from __future__ import annotations

from calendar import Calendar as Weeks
from dataclasses import dataclass
from datetime import date

from hengjian.apps.workdays.calendar import SATURDAY, Calendar, computed
from hengjian.apps.workdays.models import Day

WORK, WEEKEND, HOLIDAY, MADE_UP = "work", "weekend", "holiday", "made-up"
WORDS = {WORK: "工作日", WEEKEND: "周末", HOLIDAY: "放假", MADE_UP: "调休上班"}


@dataclass(frozen=True)
class Box:
    """One day on the page: its kind, its name, and whether the office set it by hand."""

    day: date
    kind: str
    name: str
    by_hand: bool

    @property
    def says(self) -> str:
        """The day in words, for the tooltip and the screen reader."""
        return f"{self.day.month} 月 {self.day.day} 日，{WORDS[self.kind]}" + (f"，{self.name}" if self.name else "")


def months(year: int, calendar: Calendar, by_hand: dict[date, Day]) -> list[tuple[int, int, list[list[Box | None]]]]:
    """For each month: its number, its workdays, and its weeks from Monday; None stands for a day of a neighbouring month."""
    drawn = []
    for month in range(1, 13):
        weeks = [[_box(d, calendar, by_hand) if d.month == month else None for d in week] for week in _weeks(year, month)]
        works = sum(calendar.is_workday(b.day) for week in weeks for b in week if b)
        drawn.append((month, works, weeks))
    return drawn


def _weeks(year: int, month: int) -> list[list[date]]:
    return Weeks().monthdatescalendar(year, month)


def _box(day: date, calendar: Calendar, by_hand: dict[date, Day]) -> Box:
    told = by_hand.get(day)
    plain = day.weekday() < SATURDAY
    works = calendar.is_workday(day)
    kind = (WORK if plain else MADE_UP) if works else (HOLIDAY if plain or _is_named(day, told) else WEEKEND)
    return Box(day, kind, told.name if told else computed(day).name, told is not None)


def _is_named(day: date, told: Day | None) -> bool:
    return told is not None or bool(computed(day).name)
