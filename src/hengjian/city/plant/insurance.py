"""药品限工伤保险、药品限生育保险: claimed under basic insurance although only another insurance pays."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.diseases import INDEX
from hengjian.city.encounters import med
from hengjian.city.plant.hosts import drug_host, elsewhere, give, when
from hengjian.city.plant.plot import Plot, Theme

INJURY = Theme(
    "drug_work_injury_only",
    "R03",
    "GZ10000101001000",
    "line",
    ("outpatient", "stay", "pharmacy", "first_day", "part_refunded"),
    ("self_paid", "refunded", "day_before", "look_alike_code"),
)
MATERNITY = Theme(
    "drug_maternity_only",
    "R03",
    "GZ10000101002000",
    "line",
    ("outpatient", "stay", "pharmacy", "first_day", "part_refunded"),
    ("maternity_visit", "maternity_stay", "maternity_insurance", "self_paid", "refunded", "day_before"),
)


def plant_injury(plot: Plot, variant: str) -> None:
    """A drug for work injuries only."""
    facts = knowledge.facts("drug_work_injury_only")
    fact = facts[int(plot.rng.integers(len(facts)))]
    person = plot.person(ages=(20, 70))
    enc, day = drug_host(plot, person, fact.valid, variant)
    item = plot.cat.drug_of(knowledge.look_alike(fact["code"]) if variant == "look_alike_code" else fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, INJURY.name)
    plot.fact(INJURY, variant, variant in INJURY.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])


def plant_maternity(plot: Plot, variant: str) -> None:
    """A drug for maternity insurance only."""
    facts = knowledge.facts("drug_maternity_only")
    fact = facts[int(plot.rng.integers(len(facts)))]
    person = plot.person(sex=2, ages=(20, 46))
    if variant.startswith("maternity"):
        day = when(plot, fact.valid, variant)
        if variant == "maternity_visit":
            enc = plot.visit(person, day, disease=INDEX["prenatal"], kind="51")
        else:
            insu = 2 if variant == "maternity_insurance" else 0 if plot.people["employee"][person] else 1
            kind = med("21") if variant == "maternity_insurance" else med("52")
            enc, day = plot.stay(person, day, 4, disease=INDEX["section"], med=kind, insu=insu), day + 1
    else:
        enc, day = drug_host(plot, person, fact.valid, variant)
    item = plot.cat.drug_of(fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, MATERNITY.name)
    plot.fact(MATERNITY, variant, variant in MATERNITY.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])
