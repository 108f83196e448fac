"""中药饮片单方使用不予支付: a prescription of nothing but slices that are not paid by themselves."""

from __future__ import annotations

from hengjian.city.plant.demands import draw
from hengjian.city.plant.hosts import drug_host
from hengjian.city.plant.needs import item_of
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "tcm_slice_alone_not_paid",
    "R07",
    "GZ10000101004000",
    "line",
    (
        "single",
        "several_of_the_list",
        "rest_refunded",
        "formula_on_other_prescription",
        "pharmacy",
        "stay",
        "first_day",
        "part_refunded",
    ),
    ("in_a_formula", "with_self_paid_slice", "refunded", "self_paid", "day_before"),
)
_RX = 20
"""Number of the planted prescription: no ordinary formula of the visit stands on it."""


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, THEME.name)
    enc, day = drug_host(plot, plot.person(ages=(25, 75)), fact.valid, variant)
    begin = plot.begin(enc)
    sec = begin + 1650 if begin // 86_400 == day else day * 86_400 + 15 * 3600
    codes = [fact["code"]]
    while variant == "several_of_the_list" and len(codes) < 3:
        more = draw(plot, THEME.name)["code"]
        codes += [more] if more not in codes else []
    grams = 7 * int(plot.rng.integers(6, 15))
    back = {"refunded": grams, "part_refunded": grams // 7}.get(variant, 0)
    lines = [
        plot.line(enc, item_of(plot, code), sec + n, cnt=grams, days=7, rx=_RX, own=variant == "self_paid", back=back)
        for n, code in enumerate(codes)
    ]
    if variant in ("in_a_formula", "formula_on_other_prescription"):
        for n, item in enumerate(plot.cat.groups["slices"][:9]):
            plot.line(enc, item, sec + 10 + n, cnt=grams, days=7, rx=_RX + (variant != "in_a_formula"))
    if variant in ("with_self_paid_slice", "rest_refunded"):
        away = grams if variant == "rest_refunded" else 0
        plot.line(enc, plot.cat.groups["slices"][0], sec + 10, cnt=grams, days=7, rx=_RX, own=not away, back=away)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], lines, amount_lines=lines, note=fact["name"])
