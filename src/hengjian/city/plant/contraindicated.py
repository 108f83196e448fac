"""医疗服务项目禁忌症、药品禁忌症: a service or a drug given where a disease is diagnosed that forbids it."""

from __future__ import annotations

from hengjian.city.plant.demands import demands, diagnosis, draw, other
from hengjian.city.plant.hosts import drug_host
from hengjian.city.plant.needs import put
from hengjian.city.plant.plot import Plot, Theme

_GUILTY = ("main_diagnosis", "second_diagnosis", "discharge_diagnosis", "stay", "first_day", "part_refunded")
_INNOCENT = ("other_disease", "last_time", "no_diagnosis", "refunded", "self_paid", "day_before")
THEMES = (
    Theme("service_contraindicated", "R26", "GZ10000302005000", "line", _GUILTY, _INNOCENT),
    Theme(
        "drug_contraindicated",  # local knowledge is in force all the year: no first day in it
        "R04",
        "GZ10000301008000",
        "line",
        tuple(v for v in _GUILTY if v != "first_day"),
        tuple(v for v in _INNOCENT if v != "day_before"),
    ),
)
_LAST_TIME = 150
"""Days since the other encounter with the disease."""


def plant(theme: Theme, plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, theme.name)
    prefixes = tuple(fact["diag_prefixes"].split("|"))
    pregnancy = any(p.startswith(("O", "Z3")) for p in prefixes)
    asked = demands(fact["code"], but=theme.name)
    person = plot.person(sex=2 if pregnancy else asked.sex, ages=(21, 43) if pregnancy else (25, 75))
    plot.alone.add(person)
    enc, day = drug_host(plot, person, fact.valid, variant)
    wrong = prefixes[int(plot.rng.integers(len(prefixes)))]
    plain = other(plot, prefixes)
    more = tuple(diagnosis(p, main=False) for p in asked.diagnoses)
    shown = {
        "second_diagnosis": (plain, diagnosis(wrong, "禁忌的疾病", main=False)),
        "discharge_diagnosis": (plain, diagnosis(wrong, "禁忌的疾病", out=True)),
        "other_disease": (plain,),
        "last_time": (plain,),
        "no_diagnosis": (),
    }.get(variant, (diagnosis(wrong, "禁忌的疾病"),))
    plot.diagnose(enc, *shown, *(more if shown else ()))
    if variant == "last_time":
        plot.diagnose(plot.visit(person, max(day - _LAST_TIME, plot.plan.first + 3)), diagnosis(wrong, "禁忌的疾病"))
    line = put(plot, enc, fact["code"], day, variant)
    plot.fact(theme, variant, variant in theme.guilty, [enc], [line], amount_lines=[line], note=fact["name"])
