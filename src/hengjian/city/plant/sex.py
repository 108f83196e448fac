"""药品区分性别使用: a drug for one sex given to the other, in scope of the fund."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.plant.hosts import drug_host, elsewhere, give
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

THEME = Theme(
    "drug_sex_limit",
    "R01",
    "GZ10000301004000",
    "line",
    ("outpatient", "stay", "pharmacy", "first_day", "part_refunded"),
    ("right_sex", "unknown_sex", "refunded", "self_paid", "day_before", "transsexualism"),
)
_CARE = Diagnosis("Z51.800", "其他特指的医疗照护", main=False)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    facts = knowledge.facts("drug_sex_limit")
    fact = facts[int(plot.rng.integers(len(facts)))]
    wanted = int(fact["value"])
    sex = wanted if variant == "right_sex" else 3 - wanted
    person = plot.person(sex=sex, ages=(25, 75), known=variant != "unknown_sex")
    enc, day = drug_host(plot, person, fact.valid, variant)
    if variant != "pharmacy":
        main = Diagnosis("F64.000", "易性症") if variant == "transsexualism" else Diagnosis("Z00.000", "一般性医学检查")
        plot.diagnose(enc, main, _CARE)
    item = plot.cat.drug_of(fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, THEME.name)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])
