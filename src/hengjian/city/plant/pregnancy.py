"""妊娠期及哺乳期用药安全: a drug that is forbidden in pregnancy, given where a pregnancy is diagnosed."""

from __future__ import annotations

from hengjian.city.plant.demands import demands, diagnosis, draw, other
from hengjian.city.plant.hosts import drug_host, give
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

THEME = Theme(
    "drug_forbidden_in_pregnancy",
    "R04",
    "GZ10000301010000",
    "line",
    ("pregnant", "second_diagnosis", "stay", "first_day", "part_refunded"),
    ("not_pregnant", "pregnant_last_time", "pharmacy", "refunded", "self_paid", "day_before"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, "drug_forbidden_in_pregnancy")
    prefixes = tuple(fact["diag_prefixes"].split("|"))
    wanted = demands(fact["code"], but="drug_forbidden_in_pregnancy")
    person = plot.person(sex=2, ages=(21, 43))
    if wanted.stay and variant != "pharmacy":
        enc, day = drug_host(plot, person, fact.valid, "stay")
    else:
        enc, day = drug_host(plot, person, fact.valid, variant)
    pregnant = diagnosis(prefixes[int(plot.rng.integers(len(prefixes)))], "妊娠状态")
    innocent = variant in ("not_pregnant", "pregnant_last_time", "pharmacy")
    plain = other(plot, prefixes)
    minor = Diagnosis(pregnant.code, pregnant.name, main=False)
    if variant != "pharmacy":
        shown = (plain,) if innocent else (plain, minor) if variant == "second_diagnosis" else (pregnant,)
        fitting = [diagnosis(p, main=False) for p in wanted.diagnoses]
        plot.diagnose(enc, *shown, *fitting)
    encs = [enc]
    if variant == "pregnant_last_time":
        before = plot.visit(person, max(day - 150, plot.plan.first + 3))
        plot.diagnose(before, pregnant)
    line = give(plot, enc, plot.cat.drug_of(fact["code"]), day, variant)
    plot.fact(THEME, variant, variant in THEME.guilty, encs, [line], amount_lines=[line], note=fact["name"])
