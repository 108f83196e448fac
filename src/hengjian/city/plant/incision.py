"""手术项目未按规定折价收费: a second operation through the same incision, charged in full. The discount is in question."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.knowledge import Fact
from hengjian.city.plant.demands import demands, facts
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "surgery_incision_discount",
    "R18",
    "GZ10000102002000",
    "line",
    ("both_in_full", "little_off", "dearer_second", "first_day"),
    ("half_price", "other_group", "other_day", "second_refunded", "second_self_paid", "day_before"),
)
_NEXT_PERCENT = 50


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    pool = facts("surgery_same_incision")
    first, second = _two(plot, pool, variant == "other_group")
    items = [plot.cat.code(first["code"]), plot.cat.code(second["code"])]
    if (plot.cat.items[items[0]].fen < plot.cat.items[items[1]].fen) != (variant == "dearer_second"):
        items.reverse()
    sex = demands(first["code"], second["code"]).sex or (2 if "女" in first["grp"] else 1)
    day = when(plot, first.valid, variant, tail=40)
    enc = plot.stay(plot.person(sex=sex, ages=(30, 75)), day - 1, 8)
    sec = day * DAY + 13 * 3600
    late = 3 * DAY if variant == "other_day" else 5400
    full = [plot.price(enc, item) for item in items]
    cheap = min(full)
    percent = {"half_price": _NEXT_PERCENT, "little_off": 80}.get(variant, 100)
    lines = [
        plot.line(
            enc,
            item,
            sec + late * n,
            own=n == 1 and variant == "second_self_paid",
            back=int(n == 1 and variant == "second_refunded"),
            fen=full[n] * percent // 100 if n == 1 and percent < 100 else 0,
        )
        for n, item in enumerate(items)
    ]
    guilty = variant in THEME.guilty
    named = lines[full.index(cheap)]
    note = f"{first['grp']}：{first['name']}、{second['name']}"
    amount = cheap * (percent - _NEXT_PERCENT) // 100 if guilty else -1
    plot.fact(THEME, variant, guilty, [enc], [named], amount_fen=amount, note=note)


def _two(plot: Plot, pool: tuple[Fact, ...], apart: bool) -> tuple[Fact, Fact]:
    """Two operations of one group, or of two groups that may meet in one patient."""
    groups: dict[str, list[Fact]] = {}
    for fact in pool:
        groups.setdefault(fact["grp"], []).append(fact)
    neutral = [g for g in groups if "生殖" not in g]
    if apart:
        one, two = (neutral[i] for i in plot.rng.choice(len(neutral), 2, replace=False))
        return _one(plot, groups[one]), _one(plot, groups[two])
    several = [g for g, found in groups.items() if len(found) > 1]
    group = groups[several[int(plot.rng.integers(len(several)))]]
    one, two = (group[i] for i in plot.rng.choice(len(group), 2, replace=False))
    return one, two


def _one(plot: Plot, group: list[Fact]) -> Fact:
    return group[int(plot.rng.integers(len(group)))]
