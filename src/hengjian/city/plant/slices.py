"""中药饮片配伍禁忌: two slices that must not be given together, in one prescription."""

from __future__ import annotations

from hengjian.city.plant.demands import draw, other
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "tcm_incompatible",
    "R07",
    "GZ10000301012000",
    "line",
    ("one_prescription", "among_many", "in_other_order", "first_day"),
    ("two_prescriptions", "next_visit", "one_refunded", "one_self_paid", "two_institutions", "day_before"),
)
BESIDE = 2
"""Slices of no list in the same prescription: by itself, many a slice of the official tables would not be paid at all."""


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, "tcm_incompatible", "a_code", "b_code")
    person = plot.person(ages=(25, 75))
    day = when(plot, fact.valid, variant, tail=40)
    inst = plot.hospital()
    encs = [plot.visit(person, day, inst=inst, hour=8.5)]
    if variant == "next_visit":
        encs.append(plot.visit(person, day + 7, inst=inst))
    elif variant == "two_institutions":
        encs.append(plot.visit(person, day, inst=plot.hospital(other=inst), hour=14.5))
    main = other(plot, ())
    for enc in encs:
        plot.diagnose(enc, main)
    items = [plot.cat.code(fact["a_code"]), plot.cat.code(fact["b_code"])]
    if variant == "in_other_order":
        items.reverse()
    doses = 7 * int(plot.rng.integers(6, 15))
    rx = (-1, 5 if variant == "two_prescriptions" else -1)
    lines = [
        plot.line(
            enc,
            item,
            plot.begin(enc) + 1600 + n,
            cnt=doses,
            days=7,
            rx=rx[n],
            own=n == 1 and variant == "one_self_paid",
            back=doses if n == 1 and variant == "one_refunded" else 0,
        )
        for n, (enc, item) in enumerate(zip((encs[0], encs[-1]), items, strict=True))
    ]
    for enc, number in sorted({(encs[0], rx[0]), (encs[-1], rx[1])}):
        for n, item in enumerate(plot.cat.groups["slices"][: 9 if variant == "among_many" else BESIDE]):
            plot.line(enc, item, plot.begin(enc) + 1610 + n, cnt=doses, days=7, rx=number)
    guilty = variant in THEME.guilty
    cheap = min(plot.price(encs[0], item) for item in items) * doses
    note = f"{fact['a_name']}、{fact['b_name']}"
    plot.fact(THEME, variant, guilty, encs, lines, amount_fen=cheap if guilty else -1, note=note)
