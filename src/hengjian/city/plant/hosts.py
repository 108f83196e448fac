"""What the drug themes share: where and when a drug is given, and how the look-alikes escape."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.encounters import DAY
from hengjian.city.plant.plot import Plot
from hengjian.kernel.dates import Period


def when(plot: Plot, valid: Period, variant: str, tail: int = 20) -> int:
    """The day of the act: the first day in force, the day before it, or any later day."""
    if variant == "first_day" and valid.start >= plot.plan.first + 8:
        return valid.start
    if variant == "day_before" and valid.start > plot.plan.first + 8:
        return (
            valid.start
            - 1
            - int(plot.rng.integers(0, min(20, valid.start - plot.plan.first - 8))) * int(plot.rng.integers(0, 2))
        )
    return plot.day(valid.start, valid.end - 1 if valid.end < plot.plan.last else None, tail)


def drug_host(plot: Plot, person: int, valid: Period, variant: str) -> tuple[int, int]:
    """An encounter for a drug line and the day of the line."""
    day = when(plot, valid, variant)
    if variant == "pharmacy":
        return plot.purchase(person, day), day
    if variant in ("stay", "discharge_diagnosis"):
        start = max(day - 2, plot.plan.first + 2)
        return plot.stay(person, start, 6), max(day, start + 1)
    return plot.visit(person, day), day


def elsewhere(plot: Plot, item: int, theme: str) -> str:
    """Other tables that name the item: their themes may rightly fire on the same line."""
    return ";".join(sorted(knowledge.tables_naming(plot.cat.items[item].code) - {theme}))


def give(plot: Plot, enc: int, item: int, day: int, variant: str, *, most: int = 3) -> int:
    """The line itself, of at most so many, refunded or self-paid where the variant says so."""
    begin = plot.begin(enc)
    sec = begin + 1200 if begin // DAY == day else day * DAY + 15 * 3600
    count = 2 if variant == "part_refunded" else int(plot.rng.integers(1, most + 1))
    back = {"part_refunded": 1, "refunded": count}.get(variant, 0)
    days = 0 if plot.cat.is_service[item] else 7
    return plot.line(enc, item, sec, cnt=count, own=variant == "self_paid", back=back, days=days)
