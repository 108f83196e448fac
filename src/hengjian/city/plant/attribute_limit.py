"""What only one sex, some insurances, better hospitals or some departments may have or do: charged for others, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from hengjian.city import knowledge
from hengjian.city import places as at
from hengjian.city.diseases import INDEX
from hengjian.city.encounters import med
from hengjian.city.plant.hosts import elsewhere, give, when
from hengjian.city.plant.plot import Diagnosis, Plot, Theme
from hengjian.city.regulated import full_code

_PAID = ("self_paid", "refunded", "day_before")
_SEX = ("outpatient", "stay", "chronic", "part_refunded")
_RIGHT_SEX = ("right_sex", "unknown_sex", "transsexualism", "both_sexes", "of_the_newborn", "self_paid", "refunded")
SEX = (
    Theme("service_sex_limit", "R01", "GZ10000302004000", "line", _SEX, _RIGHT_SEX),  # in force before the period begins
    Theme("consumable_sex_limit", "R01", "", "line", (*_SEX, "first_day"), (*_RIGHT_SEX, "day_before")),
)
INJURY = Theme(
    "service_work_injury_only",
    "R03",
    "GZ10000102003000",
    "line",
    ("outpatient", "stay", "chronic", "first_day", "part_refunded"),
    ("stay_self_paid", *_PAID),
)
MATERNITY = Theme(
    "service_maternity_only",
    "R03",
    "GZ10000102004000",
    "line",
    ("outpatient", "stay", "first_day", "part_refunded"),
    ("maternity_visit", "maternity_stay", "maternity_insurance", *_PAID),
)
LEVEL = Theme(
    "service_hosp_level_limit",
    "R03",
    "GZ10000102011000",
    "line",
    ("township", "clinic", "township_stay", "one_level_below", "first_day", "part_refunded"),
    ("level_itself", "level_unknown", "elsewhere_that_day", *_PAID),
)
_DEPT = ("outpatient", "stay", "first_day", "part_refunded")
_RIGHT_DEPT = ("right_department", "right_ward", "department_unknown", *_PAID)
DEPT = (
    Theme("service_dept_limit", "R03", "GZ10000102008000", "line", _DEPT, _RIGHT_DEPT),
    Theme("consumable_dept_mismatch", "R03", "GZ10000303002000", "line", _DEPT, _RIGHT_DEPT),
)
_CARE = Diagnosis("Z51.800", "其他特指的医疗照护", main=False)
_BY_SEX = {
    "transsexualism": Diagnosis("F64.000", "易性症"),
    "both_sexes": Diagnosis("Q56.300", "假两性畸形"),
    "of_the_newborn": Diagnosis("Z38.000", "医院内出生的单胎活产婴儿"),
}
_TREATS = {"A12": "rhinitis", "A02": "diarrhoea", "B04": "back", "B07": "conjunctivitis", "B08": "eczema"}
_ELSEWHERE = ("hypertension", "gastritis", "dizzy")


def draw(plot: Plot, facts: Sequence[knowledge.Fact], variant: str) -> knowledge.Fact:
    """One of the rows; one that comes into force in the period where its first day matters."""
    if variant in ("first_day", "day_before"):
        facts = [f for f in facts if f.valid.start > plot.plan.first + 8] or facts
    return facts[int(plot.rng.integers(len(facts)))]


def _hold(plot: Plot, theme: Theme, variant: str, fact: knowledge.Fact, encs: list[int], day: int) -> None:
    """The line itself in the last of the encounters, and the truth about it."""
    item = plot.cat.code(full_code(fact["code"]))
    line = give(plot, encs[-1], item, day, variant, most=1 if fact["code"].startswith("0033") else 3)
    also = elsewhere(plot, item, theme.name)
    plot.fact(theme, variant, variant in theme.guilty, encs, [line], amount_lines=[line], also=also, note=fact["name"])


def _anywhere(plot: Plot, person: int, day: int, variant: str) -> int:
    if variant in ("stay", "stay_self_paid"):
        return plot.stay(person, day - 1, 5)
    return plot.visit(person, day, kind="14" if variant == "chronic" else "11")


def plant_sex(theme: Theme, plot: Plot, variant: str) -> None:
    """A thing for one sex given to the other."""
    facts = [f for f in knowledge.facts(theme.name) if variant != "of_the_newborn" or f["value"] == "1"]
    fact = draw(plot, facts, variant)
    wanted = int(fact["value"])
    ages = (22, 40) if variant == "of_the_newborn" else (25, 75)
    person = plot.person(sex=wanted if variant == "right_sex" else 3 - wanted, ages=ages, known=variant != "unknown_sex")
    day = when(plot, fact.valid, variant)
    enc = _anywhere(plot, person, day, variant)
    plot.diagnose(enc, _BY_SEX.get(variant, Diagnosis("Z00.000", "一般性医学检查")), _CARE)
    _hold(plot, theme, variant, fact, [enc], day)


def plant_injury(plot: Plot, variant: str) -> None:
    """A service for work injuries only."""
    fact = draw(plot, knowledge.facts(INJURY.name), variant)
    day = when(plot, fact.valid, variant)
    enc = _anywhere(plot, plot.person(ages=(20, 70)), day, variant)
    if variant == "stay_self_paid":
        plot.unpaid.add(enc)
    _hold(plot, INJURY, variant, fact, [enc], day)


def plant_maternity(plot: Plot, variant: str) -> None:
    """A service for maternity insurance only."""
    fact = draw(plot, knowledge.facts(MATERNITY.name), variant)
    person = plot.person(sex=2, ages=(20, 46))
    day = when(plot, fact.valid, variant)
    if variant == "maternity_visit":
        enc = plot.visit(person, day, disease=INDEX["prenatal"], kind="51")
    elif variant.startswith("maternity"):
        own = 0 if plot.people["employee"][person] else 1
        more = {"med": med("21"), "insu": 2} if variant == "maternity_insurance" else {"med": med("52"), "insu": own}
        enc, day = plot.stay(person, day, 4, disease=INDEX["section"], **more), day + 1
    else:
        enc = _anywhere(plot, person, day, variant)
    _hold(plot, MATERNITY, variant, fact, [enc], day)


def plant_level(plot: Plot, variant: str) -> None:
    """A service for hospitals of a level and above."""
    fact = draw(plot, knowledge.facts(LEVEL.name), variant)
    least = int(fact["value"])
    below = (at.TOWNSHIP,) if least == 2 else (at.TOWNSHIP, at.SECONDARY)
    itself = plot.hospital(kinds=(at.SECONDARY if least == 2 else at.TERTIARY,))
    inst = {
        "clinic": plot.hospital(other=plot.places.unrated, kinds=(at.CLINIC,)),
        "level_unknown": plot.places.unrated,
        "one_level_below": plot.hospital(kinds=(at.SECONDARY if least == 3 else at.TOWNSHIP,)),
        "level_itself": itself,
        "township_stay": plot.hospital(kinds=(at.TOWNSHIP,)),
    }.get(variant, plot.hospital(kinds=below))
    person, day = plot.person(ages=(25, 78)), when(plot, fact.valid, variant)
    if variant == "township_stay":
        encs = [plot.stay(person, day - 2, 6, inst=inst)]
    elif variant == "elsewhere_that_day":
        encs = [plot.visit(person, day, inst=inst, hour=8.5), plot.visit(person, day, inst=itself, hour=14.5)]
    else:
        encs = [plot.visit(person, day, inst=inst)]
    _hold(plot, LEVEL, variant, fact, encs, day)


def plant_dept(theme: Theme, plot: Plot, variant: str) -> None:
    """A thing for some departments ordered by another."""
    fact = draw(plot, knowledge.facts(theme.name), variant)
    allowed = [d for d in fact["value"].split("|") if d in _TREATS]
    right = INDEX[_TREATS[allowed[int(plot.rng.integers(len(allowed)))]]]
    wrong = INDEX[_ELSEWHERE[int(plot.rng.integers(len(_ELSEWHERE)))]]
    person, day = plot.person(ages=(25, 70)), when(plot, fact.valid, variant)
    if variant in ("stay", "right_ward"):
        enc = plot.stay(person, day - 1, 5, disease=right if variant == "right_ward" else wrong)
    else:
        enc = plot.visit(person, day, disease=right if variant == "right_department" else wrong)
    if variant == "department_unknown":
        plot.encs[enc]["dept"] = -1
    _hold(plot, theme, variant, fact, [enc], day)


PLANTERS: tuple[tuple[Theme, Callable[[Plot, str], None]], ...] = (
    *((theme, partial(plant_sex, theme)) for theme in SEX),
    (INJURY, plant_injury),
    (MATERNITY, plant_maternity),
    (LEVEL, plant_level),
    *((theme, partial(plant_dept, theme)) for theme in DEPT),
)
"""Themes with their planters."""
