"""诊断与患者年龄不符: a record of what only people of another age have. No money of lines is in question."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.encounters import med
from hengjian.city.plant.age_limit import Span, span
from hengjian.city.plant.ages import plain_day
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

THEME = Theme(
    "diagnosis_age",
    "R02",
    "GZ10000204007000",
    "encounter",
    ("main", "second", "at_discharge", "day_before_allowed", "first_day"),
    (
        "first_day_allowed",
        "right_age",
        "birth_unknown",
        "of_the_newborn",
        "neighbouring_code",
        "self_paid",
        "refunded",
        "day_before",
    ),
)
_OTHER = Diagnosis("Z00.000", "一般性医学检查")
_BIRTH = Diagnosis("Z38.000", "医院内出生的单胎活产婴儿", main=False)


def plant(plot: Plot, variant: str) -> None:
    """A diagnosis of another age."""
    newborn = variant == "of_the_newborn"
    facts = [f for f in knowledge.facts(THEME.name) if not newborn or f["dim"] == "age_days"]
    fact = facts[int(plot.rng.integers(len(facts)))]
    day = plain_day(when(plot, fact.valid, variant))
    person = _person(plot, span(fact), variant, day)
    if newborn:
        enc = plot.stay(person, day, 4, med=med("52"))
    else:
        enc = plot.stay(person, day, 4) if variant == "at_discharge" else plot.visit(person, day)
    code = "Z01.900" if variant == "neighbouring_code" else fact["code"]
    found = Diagnosis(code, fact["name"], main=variant != "second", out=variant == "at_discharge")
    before = [_OTHER] if variant in ("second", "at_discharge") else []
    plot.diagnose(enc, *before, found, *([_BIRTH] if newborn else []))
    if variant == "self_paid":
        plot.unpaid.add(enc)
    if variant == "refunded":
        plot.undone.add(enc)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [], amount_fen=0, note=fact["name"])


def _person(plot: Plot, ages: Span, variant: str, day: int) -> int:
    """Somebody for whom the diagnosis is out of question, in question by a day, or in order."""
    if variant == "of_the_newborn":
        return plot.person(sex=2, ages=(22, 40))
    if variant in ("day_before_allowed", "first_day_allowed"):
        if ages.high is not None:  # too old from that very day on; the day before it was in order
            born = ages.born(day, ages.high + 1) + (variant == "first_day_allowed")
        else:
            assert ages.low is not None
            born = ages.born(day, ages.low) + (variant == "day_before_allowed")
        years = (day - born) // 365
        return plot.born(plot.person(ages=(0, 19) if years < 19 else (years - 5, years + 5)), born)
    if ages.high is not None:
        if variant != "right_age":
            person = plot.person(ages=(25, 75))
        else:
            oldest, youngest = ages.born(day, ages.high + 1) + 1, ages.born(day, 0)
            person = plot.born(plot.person(ages=(0, 19)), int(plot.rng.integers(oldest, youngest + 1)))
    else:
        old = (62, 85) if ages.low == 60 else (25, 80)
        young = (22, 55) if ages.low == 60 else (5, 16)
        person = plot.person(ages=old if variant == "right_age" else young)
    return plot.born(person, int(plot.people["brdy"][person]), known=variant != "birth_unknown")
