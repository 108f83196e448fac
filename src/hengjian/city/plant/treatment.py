"""无指征治疗: a treatment that has its indications, in an encounter none of whose diagnoses is one of them."""

from __future__ import annotations

from hengjian.city.plant.demands import demands, diagnosis, draw, other
from hengjian.city.plant.hosts import drug_host
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

THEME = Theme(
    "treatment_without_indication",
    "R26",
    "GZ10000302002000",
    "line",
    ("other_disease", "several_other_diseases", "stay", "first_day"),
    ("fitting", "secondary_diagnosis", "discharge_diagnosis", "no_diagnosis", "refunded", "self_paid", "day_before"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, "treatment_without_indication")
    prefixes = tuple(fact["diag_prefixes"].split("|"))
    person = plot.person(sex=demands(fact["code"]).sex, ages=(25, 75))
    if variant in THEME.guilty:  # nothing else in the year that could be the indication
        plot.alone.add(person)
    enc, day = drug_host(plot, person, fact.valid, variant)
    plain = other(plot, prefixes)
    fit = prefixes[int(plot.rng.integers(len(prefixes)))]
    shown = {
        "several_other_diseases": (plain, Diagnosis("E78.500", "高脂血症", main=False)),
        "fitting": (diagnosis(fit),),
        "secondary_diagnosis": (plain, diagnosis(fit, main=False)),
        "discharge_diagnosis": (plain, diagnosis(fit, out=True)),
        "no_diagnosis": (),
    }.get(variant, (plain,))
    plot.diagnose(enc, *shown)
    begin = plot.begin(enc)
    sec = begin + 1500 if begin // 86_400 == day else day * 86_400 + 15 * 3600
    item = plot.cat.code(fact["code"])
    line = plot.line(enc, item, sec, own=variant == "self_paid", back=1 if variant == "refunded" else 0)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [line], amount_lines=[line], note=fact["name"])
