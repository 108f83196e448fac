"""抗菌药物分级使用管理: an antibiotic prescribed by somebody whose right does not reach so far."""

from __future__ import annotations

import numpy as np

from hengjian.city import knowledge
from hengjian.city import places as at
from hengjian.city.frames import Array
from hengjian.city.plant.attribute_limit import draw
from hengjian.city.plant.hosts import elsewhere, give, when
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "antibiotic_level",
    "R39",
    "GZ10000202003000",
    "line",
    ("one_below", "two_below", "stay", "registered_twice", "first_day", "part_refunded"),
    (
        "just_enough",
        "more_than_enough",
        "right_elsewhere",
        "right_unknown",
        "emergency",
        "emergency_admission",
        "self_paid",
        "refunded",
        "day_before",
    ),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    special = {"two_below": "3", "registered_twice": "3", "more_than_enough": "2", "right_elsewhere": "2"}.get(variant)
    facts = [f for f in knowledge.facts(THEME.name) if special in (None, f["antb_lv"])]
    fact = draw(plot, facts, variant)
    doctor = _doctor(plot, variant, int(fact["antb_lv"]))
    inst = int(plot.places.doctor_place[doctor])
    person, day = plot.person(ages=(25, 75)), when(plot, fact.valid, variant)
    if variant == "emergency_admission":
        enc = plot.stay(person, day, 5, inst=inst, adm_way=1)
    elif variant == "stay":
        enc = plot.stay(person, day - 1, 5, inst=inst)
    else:
        enc = plot.visit(person, day, inst=inst, kind="13" if variant == "emergency" else "11")
    plot.encs[enc] |= {"doctor": doctor, "dept": int(plot.places.doctor_dept[doctor])}
    item = plot.cat.drug_of(fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, THEME.name)
    note = f"{fact['name']}（{fact['note']}）"
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [line], amount_lines=[line], also=also, note=note)


def _doctor(plot: Plot, variant: str, need: int) -> int:
    """A hospital doctor with the right that the variant asks for."""
    places = plot.places
    own, second = places.doctor_right, places.doctor_else
    alone = second == -2
    fits: Array = {
        "two_below": alone & (own == need - 2),
        "registered_twice": (second >= 0) & (own >= 0) & (np.maximum(own, second) < need),
        "just_enough": alone & (own == need),
        "more_than_enough": alone & (own > need),
        "right_elsewhere": (own >= 0) & (own < need) & (second >= need),
        "right_unknown": alone & (own < 0),
    }.get(variant, alone & (own == need - 1))
    hospital = np.isin(places.kind[places.doctor_place], (at.TERTIARY, at.SECONDARY))
    pool = np.flatnonzero(fits & hospital)
    return int(pool[plot.rng.integers(len(pool))])
