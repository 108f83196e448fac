"""药品限医疗机构级别、药品限就医方式: a drug given where, or in a kind of care, in which the fund does not pay for it."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city import places as at
from hengjian.city.encounters import med
from hengjian.city.plant.hosts import elsewhere, give, when
from hengjian.city.plant.plot import Plot, Theme

LEVEL = Theme(
    "drug_hosp_level_limit",
    "R03",
    "GZ10000101012000",
    "line",
    ("township", "clinic", "township_stay", "one_level_below", "first_day", "part_refunded"),
    ("level_itself", "level_unknown", "pharmacy", "elsewhere_that_day", "self_paid", "refunded", "day_before"),
)
KIND = Theme(
    "drug_visit_type_limit",
    "R03",
    "",
    "line",
    ("outpatient", "chronic", "pharmacy", "emergency_for_wards_only", "first_day", "part_refunded"),
    ("stay", "emergency", "day_surgery", "home_bed", "self_paid", "refunded", "day_before"),
)
_BELOW = {2: (at.TOWNSHIP,), 3: (at.TOWNSHIP, at.SECONDARY)}
_JUST = {2: (at.SECONDARY,), 3: (at.TERTIARY,)}


def plant_level(plot: Plot, variant: str) -> None:
    """A drug for hospitals of a level and above."""
    facts = knowledge.facts("drug_hosp_level_limit")
    fact = facts[int(plot.rng.integers(len(facts)))]
    least = int(fact["low"])
    person = plot.person(ages=(25, 78))
    day = when(plot, fact.valid, variant)
    inst = {
        "clinic": plot.hospital(other=plot.places.unrated, kinds=(at.CLINIC,)),
        "level_unknown": plot.places.unrated,
        "one_level_below": plot.hospital(kinds=(at.SECONDARY if least == 3 else at.TOWNSHIP,)),
        "level_itself": plot.hospital(kinds=_JUST[least]),
    }.get(variant, plot.hospital(kinds=_BELOW[least]))
    encs = []
    if variant == "township_stay":
        enc = plot.stay(person, day - 2, 6, inst=inst)
    elif variant == "pharmacy":
        enc = plot.purchase(person, day)
    elif variant == "elsewhere_that_day":
        encs = [plot.visit(person, day, inst=inst, hour=8.5)]
        enc = plot.visit(person, day, inst=plot.hospital(kinds=_JUST[least]), hour=14.5)
    else:
        enc = plot.visit(person, day, inst=inst)
    item = plot.cat.drug_of(fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, LEVEL.name)
    plot.fact(LEVEL, variant, variant in LEVEL.guilty, [*encs, enc], [line], amount_lines=[line], also=also, note=fact["name"])


def plant_kind(plot: Plot, variant: str) -> None:
    """A drug for inpatients, or for inpatients and emergencies."""
    facts = knowledge.facts("drug_visit_type_limit")
    urgent = {"emergency_for_wards_only": False, "emergency": True}.get(variant)
    facts = tuple(f for f in facts if urgent is None or ("急诊" in f["allowed"]) == urgent)
    fact = facts[int(plot.rng.integers(len(facts)))]
    person = plot.person(ages=(25, 78))
    day = when(plot, fact.valid, variant)
    if variant in ("stay", "day_surgery"):
        more = {"med": med("28"), "day_surgery": True} if variant == "day_surgery" else {}
        enc = plot.stay(person, day, 1 if more else 5, **more)
    elif variant == "pharmacy":
        enc = plot.purchase(person, day)
    else:
        kind = {"chronic": "14", "emergency": "13", "emergency_for_wards_only": "13", "home_bed": "71"}.get(variant, "11")
        enc = plot.visit(person, day, kind=kind)
    item = plot.cat.drug_of(fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, KIND.name)
    plot.fact(KIND, variant, variant in KIND.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])
