"""The calendar of the city: how busy each day is."""

from __future__ import annotations

from datetime import date

import numpy as np

from hengjian.city.frames import Array
from hengjian.city.plan import Plan
from hengjian.kernel.dates import day_date, day_number

_SPRING_FESTIVAL = (day_number(date(2026, 2, 15)), day_number(date(2026, 2, 24)))
_NATIONAL_DAY = (day_number(date(2026, 10, 1)), day_number(date(2026, 10, 8)))


def day_weights(plan: Plan, kind: str) -> Array:
    """Share of the year's events on each day of the period; kind is `visit`, `stay` or `purchase`."""
    days = np.arange(plan.first, plan.last)
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday; Monday = 0
    week = {
        "visit": (1.25, 1.15, 1.1, 1.05, 1.05, 0.8, 0.6),
        "stay": (1.3, 1.2, 1.15, 1.05, 0.95, 0.7, 0.65),
        "purchase": (1, 1, 1, 1, 1.05, 1.1, 1),
    }[kind]
    weight = np.array(week)[weekday] * (1 + 0.22 * np.cos((days - day_number(date(2026, 1, 10))) * 2 * np.pi / 365))
    for start, end, share in ((*_SPRING_FESTIVAL, 0.45), (*_NATIONAL_DAY, 0.7)):
        weight[(days >= start) & (days < end)] *= share
    return np.asarray(weight / weight.sum())


def draw_days(plan: Plan, rng: np.random.Generator, kind: str, n: int) -> Array:
    """n day numbers by season."""
    edges = np.cumsum(day_weights(plan, kind))
    return np.minimum(plan.first + np.searchsorted(edges, rng.random(n)), plan.last - 1).astype(np.int32)


def is_winter(days: Array) -> Array:
    """November to March."""
    low, high = int(days.min(initial=0)), int(days.max(initial=0))
    winter = np.array([day_date(d).month in (11, 12, 1, 2, 3) for d in range(low, high + 1)])
    return np.asarray(winter[days - low])
