"""围手术期抗菌药物预防性应用监管: on the day of an operation through a clean incision, an antibiotic that the list does not allow."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.plant.demands import demands, draw
from hengjian.city.plant.hosts import when
from hengjian.city.plant.needs import item_of
from hengjian.city.plant.plot import Diagnosis, Operation, Plot, Theme

THEME = Theme(
    "perioperative_antibiotic",
    "R26",
    "GZ10000202002000",
    "line",
    ("clean_incision", "two_clean_incisions", "first_day", "part_refunded"),
    ("second_class", "class_not_told", "also_second_class", "infected", "allergic", "next_day", "no_operation", "refunded", "self_paid",
     "day_before"),
)  # fmt: skip
_CLASSES = {
    "two_clean_incisions": (1, 1), "second_class": (2,), "class_not_told": (-1,), "also_second_class": (1, 2), "no_operation": (),
}  # fmt: skip
"""Classes of the operations; one through a clean incision if nothing is said. -1 = not told."""
_SKIN = ("86.3x00", "86.2200")


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, THEME.name)
    asked = demands(fact["code"], but=THEME.name)
    day = when(plot, fact.valid, variant, tail=30)
    enc = plot.stay(plot.person(sex=asked.sex, ages=(30, 75)), day - 1, 6)
    more = {"infected": "L03.900", "allergic": "Z88.000"}.get(variant)
    plot.diagnose(
        enc,
        Diagnosis("D17.900", "脂肪瘤"),
        Diagnosis("D17.900", "脂肪瘤", out=True),
        *([Diagnosis(more, "说明理由的诊断", main=False)] if more else []),
    )
    classes = _CLASSES.get(variant, (1,))
    plot.operate(
        enc,
        *(
            Operation(_SKIN[n], "皮肤病损切除术", sec=day * DAY + (13 + 2 * n) * 3600, main=not n, cut=cut)
            for n, cut in enumerate(classes)
        ),
    )
    sec = day * DAY + 12 * 3600 + (DAY if variant == "next_day" else 0)
    count = 2 if variant == "part_refunded" else 1
    back = {"part_refunded": 1, "refunded": 1}.get(variant, 0)
    line = plot.line(enc, item_of(plot, fact["code"]), sec, cnt=count, days=1, own=variant == "self_paid", back=back)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [line], amount_lines=[line], note=fact["name"])
