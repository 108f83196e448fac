"""药品限适应症: a drug limited to certain diseases, in an encounter none of whose diagnoses is one of them."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.plant.hosts import drug_host, elsewhere, give
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

THEME = Theme(
    "drug_indication_limit",
    "R04",
    "GZ10000101008000",
    "line",
    ("other_disease", "several_other_diseases", "stay", "first_day", "part_refunded"),
    ("secondary_diagnosis", "eleven_characters", "discharge_diagnosis", "no_diagnosis", "self_paid", "refunded", "day_before"),
)
_OTHERS = (
    Diagnosis("K29.500", "慢性胃炎"),
    Diagnosis("I10.x00", "原发性高血压"),
    Diagnosis("M54.500", "腰痛"),
    Diagnosis("H10.900", "结膜炎"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    facts = [f for f in knowledge.facts("drug_indication_limit") if f.valid.start < plot.plan.last - 45]
    fact = facts[int(plot.rng.integers(len(facts)))]
    sexes = {int(f["value"]) for f in knowledge.facts("drug_sex_limit") if fact["code"].startswith(f["code"])}
    person = plot.person(sex=min(sexes, default=0), ages=(25, 75))
    enc, day = drug_host(plot, person, fact.valid, variant)
    prefixes = tuple(fact["diag_prefixes"].split("|"))
    others = [d for d in _OTHERS if not d.code.startswith(prefixes)]
    other = others[int(plot.rng.integers(len(others)))]
    fitting = prefixes[0] + ".900"
    minor = Diagnosis(others[(others.index(other) + 1) % len(others)].code, "其他诊断", main=False)
    plot.diagnose(
        enc,
        *{
            "several_other_diseases": (other, minor),
            "secondary_diagnosis": (other, Diagnosis(fitting, "符合限定的次要诊断", main=False)),
            "eleven_characters": (Diagnosis(fitting + "x001", "符合限定的扩展诊断"),),
            "discharge_diagnosis": (other, Diagnosis(fitting, "符合限定的出院诊断", out=True)),
            "no_diagnosis": (),
        }.get(variant, (other,)),
    )
    item = plot.cat.drug_of(fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, THEME.name)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])
