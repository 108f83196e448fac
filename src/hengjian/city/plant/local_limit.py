"""What a place itself limits to some people or kinds of care: used by others, or outside that care."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.encounters import med
from hengjian.city.plant.hosts import elsewhere, give, when
from hengjian.city.plant.plot import Plot, Theme

SERVICE_VISIT = Theme(
    "service_visit_type_limit",
    "R03",
    "GZ10000102009000",
    "line",
    ("outpatient", "chronic", "emergency_for_wards_only", "part_refunded"),
    ("stay", "emergency", "day_surgery", "home_bed", "self_paid", "refunded"),
)


def plant_service_visit(plot: Plot, variant: str) -> None:
    """A service for inpatients, or for inpatients and emergencies."""
    urgent = {"emergency_for_wards_only": False, "emergency": True}.get(variant)
    facts = tuple(f for f in knowledge.facts(SERVICE_VISIT.name) if urgent is None or ("急诊" in f["note"]) == urgent)
    fact = facts[int(plot.rng.integers(len(facts)))]
    person = plot.person(ages=(25, 78))
    day = when(plot, fact.valid, variant)
    if variant in ("stay", "day_surgery"):
        more = {"med": med("28"), "day_surgery": True} if variant == "day_surgery" else {}
        enc = plot.stay(person, day, 1 if more else 5, **more)
    else:
        kind = {"chronic": "14", "emergency": "13", "emergency_for_wards_only": "13", "home_bed": "71"}
        enc = plot.visit(person, day, kind=kind.get(variant, "11"))
    item = plot.cat.code(fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, SERVICE_VISIT.name)
    plot.fact(
        SERVICE_VISIT,
        variant,
        variant in SERVICE_VISIT.guilty,
        [enc],
        [line],
        amount_lines=[line],
        also=also,
        note=fact["name"],
    )
