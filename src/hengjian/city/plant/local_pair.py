"""Two items of a place's own lists: drugs that do not go together, a drug without its service, a material that its service contains."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.knowledge import Fact
from hengjian.city.plant.demands import demands, diagnosis, draw, other
from hengjian.city.plant.hosts import when
from hengjian.city.plant.needs import item_of
from hengjian.city.plant.plot import Plot, Theme

TOGETHER = Theme(
    "drug_interaction",
    "R12",
    "GZ10000301011000",
    "line",
    ("one_visit", "two_visits_one_day", "stay", "in_other_order"),
    ("next_day", "one_refunded", "one_self_paid", "two_institutions", "one_drug_twice"),
)
CONTAINED = Theme(
    "consumable_in_service",
    "R21",
    "",
    "line",
    ("one_visit", "two_visits_one_day", "stay", "in_other_order", "part_refunded"),
    ("next_day", "service_refunded", "refunded", "self_paid", "two_institutions", "no_service"),
)
ALONE = Theme(
    "drug_without_service",
    "R27",
    "GZ10000301001000",
    "line",
    ("no_service", "service_refunded", "too_late", "two_institutions", "stay_without"),
    ("with_service", "within_a_week", "week_before", "service_self_paid", "refunded", "self_paid"),
)
_APART = {"next_day": 1, "too_late": 9, "within_a_week": 7, "week_before": -7}
"""Days from the first line to the second."""


def plant_together(plot: Plot, variant: str) -> None:
    """Two drugs, a and b of the row; the cheaper is in question."""
    fact = draw(plot, TOGETHER.name, "a_code", "b_code")
    codes = [fact["a_code"], fact["a_code" if variant == "one_drug_twice" else "b_code"]]
    if variant == "in_other_order":
        codes.reverse()
    encs, lines = _two(plot, TOGETHER, fact, codes, variant)
    guilty = variant in TOGETHER.guilty
    cheap = min(plot.price(encs[0], int(plot.specials[i]["item"])) for i in lines)
    note = f"{fact['a_name']}、{fact['b_name']}"
    plot.fact(TOGETHER, variant, guilty, encs, lines, amount_fen=cheap if guilty else -1, note=note)


def plant_contained(plot: Plot, variant: str) -> None:
    """A service and a material that it contains; the material is in question."""
    fact = draw(plot, CONTAINED.name, "a_code", "b_code")
    codes = [fact["a_code"], _one(plot, fact["b_code"])]
    place = 1
    if variant == "in_other_order":
        codes.reverse()
        place = 0
    encs, lines = _two(plot, CONTAINED, fact, codes, variant)
    named = [lines[-1] if variant == "no_service" else lines[place]]
    plot.fact(CONTAINED, variant, variant in CONTAINED.guilty, encs, named, amount_lines=named, note=fact["b_name"])


def plant_alone(plot: Plot, variant: str) -> None:
    """A drug that is used in a service, and the service, soon or not at all; the drug is in question."""
    fact = draw(plot, ALONE.name, "a_code", "b_code")
    encs, lines = _two(plot, ALONE, fact, [fact["a_code"], _one(plot, fact["b_code"])], variant)
    plot.fact(ALONE, variant, variant in ALONE.guilty, encs, lines[:1], amount_lines=lines[:1], note=fact["a_name"])


def _one(plot: Plot, codes: str) -> str:
    several = codes.split("|")
    return several[int(plot.rng.integers(len(several)))]


def _two(plot: Plot, theme: Theme, fact: Fact, codes: list[str], variant: str) -> tuple[list[int], list[int]]:
    """Encounters and lines of two codes: one after the other in one visit or stay, or as far apart as the variant says."""
    asked = demands(*codes, but=theme.name)
    person = plot.person(sex=asked.sex, ages=(30, 75))
    plot.alone.add(person)
    day = max(when(plot, fact.valid, variant, tail=40), plot.plan.first + 20)
    inst = plot.hospital()
    apart = _APART.get(variant, 0)
    stay = variant in ("stay", "stay_without")
    if stay:
        encs = [plot.stay(person, day - 1, 5, inst=inst)] * 2
    else:
        first = plot.visit(person, day, inst=inst, hour=8.5)
        more = {"two_institutions": plot.hospital(other=inst)}.get(variant, inst)
        parted = apart or variant in ("two_visits_one_day", "two_institutions")
        encs = [first, plot.visit(person, day + apart, inst=more, hour=14.5) if parted else first]
    for enc in dict.fromkeys(encs):
        plot.diagnose(enc, other(plot, ()), *(diagnosis(p, main=False) for p in asked.diagnoses))
    lines = []
    for n, (enc, code) in enumerate(zip(encs, codes, strict=True)):
        if n == _LEFT_OUT.get((theme.name, variant)):
            continue
        item = item_of(plot, code)
        drug = bool(plot.cat.is_drug[item])
        sec = day * DAY + 15 * 3600 + n if stay else plot.begin(enc) + 1200 + n
        many = 2 if variant == "part_refunded" and n == 1 else 1
        back = int(n == _REFUNDED.get((theme.name, variant)))
        own = n == _OWN.get((theme.name, variant))
        lines.append(plot.line(enc, item, sec, cnt=many, own=own, back=back, days=7 * drug))
    return list(dict.fromkeys(encs)), lines


_LEFT_OUT = {(CONTAINED.name, "no_service"): 0, (ALONE.name, "no_service"): 1, (ALONE.name, "stay_without"): 1}
_REFUNDED = {
    (TOGETHER.name, "one_refunded"): 1,
    (CONTAINED.name, "service_refunded"): 0,
    (CONTAINED.name, "refunded"): 1,
    (CONTAINED.name, "part_refunded"): 1,
    (ALONE.name, "service_refunded"): 1,
    (ALONE.name, "refunded"): 0,
}
_OWN = {
    (TOGETHER.name, "one_self_paid"): 1,
    (CONTAINED.name, "self_paid"): 1,
    (ALONE.name, "service_self_paid"): 1,
    (ALONE.name, "self_paid"): 0,
}
"""Which of the two lines there is not, which is refunded, which is self-paid."""
