"""医疗服务项目周期超频次: an item again before its period is over. What comes too early is in question."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.plant.demands import demands, diagnosis, draw
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "service_cycle_limit",
    "R23",
    "",
    "day",
    ("two_visits", "last_day_of_period", "in_one_stay", "same_day", "first_day"),
    ("period_over", "second_refunded", "second_self_paid", "first_refunded", "other_item", "day_before"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, "service_cycle_limit")
    item, period = plot.cat.code(fact["code"]), int(fact["cycle_days"])
    child = "儿童" in fact["name"]
    asked = demands(fact["code"], but=THEME.name)
    person = plot.person(sex=asked.sex, ages=(4, 12) if child else (25, 75))
    day = when(plot, fact.valid, variant, tail=45)
    if variant == "day_before":
        day = fact.valid.start - period - 1
    gap = {"period_over": period, "last_day_of_period": period - 1, "same_day": 0}.get(
        variant, int(plot.rng.integers(1, period - 1))
    )
    items = [item, plot.cat.groups["lab_thyroid"][0] if variant == "other_item" else item]
    inst = plot.hospital()
    if variant in ("in_one_stay", "same_day"):
        encs = [plot.stay(person, day - 1, max(gap, 1) + 3, inst=inst)]
        encs *= 2
    else:
        encs = [plot.visit(person, day, inst=inst), plot.visit(person, day + gap, inst=inst)]
    for enc in encs if asked.diagnoses else ():
        plot.diagnose(enc, *(diagnosis(p) for p in asked.diagnoses))
    hours = (10, 16) if variant == "same_day" else (11, 11)
    lines = [
        plot.line(
            enc,
            items[n],
            (day + gap * n) * DAY + hours[n] * 3600,
            own=n == 1 and variant == "second_self_paid",
            back=int(variant == ("first_refunded", "second_refunded")[n]),
        )
        for n, enc in enumerate(encs)
    ]
    guilty = variant in THEME.guilty
    plot.fact(
        THEME,
        variant,
        guilty,
        list(dict.fromkeys(encs)),
        lines,
        amount_fen=plot.price(encs[1], item) if guilty else -1,
        note=f"{fact['name']}，{period} 天内 {fact['max_value']} 次，间隔 {gap} 天",
    )
