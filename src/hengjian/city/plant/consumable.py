"""医用耗材与医疗服务项目不符: a material charged without the service in which it is used."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.plant.demands import demands, diagnosis, draw
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Diagnosis, Plot, Theme
from hengjian.city.regulated import full_code

THEME = Theme(
    "consumable_without_service",
    "R27",
    "GZ10000303001000",
    "line",
    ("no_service", "other_service", "service_refunded", "first_day"),
    ("with_service", "service_next_day", "refunded", "self_paid", "day_before"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, "consumable_without_service", "a_code")
    wanted = fact["b_code"].split("|")
    code = full_code(wanted[int(plot.rng.integers(len(wanted)))])
    asked = demands(code, but=THEME.name)
    day = when(plot, fact.valid, variant, tail=40)
    enc = plot.stay(plot.person(sex=asked.sex, ages=(40, 80)), day - 1, 6)
    if asked.diagnoses:
        fit = diagnosis(asked.diagnoses[0])
        plot.diagnose(enc, fit, Diagnosis(fit.code, fit.name, out=True))
    sec = day * DAY + 14 * 3600
    material = next(
        i for i, item in enumerate(plot.cat.items) if item.list_type == "301" and item.code.startswith(fact["a_code"])
    )
    count = int(plot.rng.integers(1, 3))
    line = plot.line(enc, material, sec, cnt=count, own=variant == "self_paid", back=count if variant == "refunded" else 0)
    if variant in ("with_service", "service_next_day", "service_refunded"):
        later = DAY if variant == "service_next_day" else -1800
        plot.line(enc, plot.cat.code(code), sec + later, back=1 if variant == "service_refunded" else 0)
    if variant == "other_service":
        plot.line(enc, plot.cat.groups["op_skin"][0], sec - 1800)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [line], amount_lines=[line], note=fact["a_name"])
