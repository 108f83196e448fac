"""What only people of some age may have: given to somebody too old or too young, by their birthday."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from hengjian.city import knowledge
from hengjian.city.diseases import INDEX
from hengjian.city.encounters import med
from hengjian.city.plant.ages import born_months_before, born_years_before, plain_day
from hengjian.city.plant.hosts import elsewhere, give, when
from hengjian.city.plant.plot import Diagnosis, Plot, Theme
from hengjian.city.regulated import full_code

_OLD = ("adult", "first_day_too_old", "stay", "first_day", "part_refunded")
_NOT_OLD = ("last_day_allowed", "right_age", "birth_unknown", "self_paid", "refunded", "day_before")
_BOTH_ENDS = ("too_young", "day_before_low")
_NEWBORN = (*_NOT_OLD, "of_the_newborn", "born_too_early")


def _theme(
    name: str, code: str, guilty: tuple[str, ...] = _OLD, innocent: tuple[str, ...] = (*_NOT_OLD, "of_the_newborn")
) -> Theme:
    return Theme(name, "R02", code, "line", guilty, innocent)


THEMES = (
    _theme("drug_newborn_limit", "GZ10000101006000", innocent=_NEWBORN),
    _theme(
        "drug_child_limit", "GZ10000101007000", (*_OLD, *_BOTH_ENDS, "pharmacy"), (*_NOT_OLD, "low_reached", "of_the_newborn")
    ),
    _theme("service_newborn_limit", "GZ10000102005000", innocent=_NEWBORN),
    _theme("service_child_limit", "GZ10000102006000"),
    _theme("service_age_limit", "", (*_OLD, *_BOTH_ENDS), (*_NOT_OLD, "low_reached")),
    _theme("consumable_newborn_limit", "GZ10000103001000", innocent=_NEWBORN),
    _theme("consumable_child_limit", "GZ10000103002000"),
    _theme("drug_unsafe_for_elderly", "GZ10000301009000", (*_OLD, "pharmacy"), _NOT_OLD),
)
_DAYS = {"age_years": 365, "age_months": 30, "age_days": 1}


@dataclass(frozen=True)
class Span:
    """The ages a row allows, both inside; None is no bound."""

    dim: str
    low: int | None
    high: int | None

    @property
    def oldest(self) -> int:
        """The upper bound in completed years, roughly."""
        return (self.high or 0) * _DAYS[self.dim] // 365

    def born(self, day: int, age: int) -> int:
        """The day of birth of somebody who completes the age on `day`."""
        if self.dim == "age_days":
            return day - age
        return born_months_before(day, age) if self.dim == "age_months" else born_years_before(day, age)


def span(fact: knowledge.Fact) -> Span:
    """The ages a row allows: of a shipped table, or of the city's own knowledge."""
    cells = dict(fact.row)
    if "op" not in cells:
        return Span(fact["dim"], *(int(fact[c]) if fact[c] else None for c in ("low", "high")))
    value = int(fact["value"])
    return Span(fact["dim"], value if fact["op"] == ">=" else None, value if fact["op"] == "<=" else None)


def plant(theme: Theme, plot: Plot, variant: str) -> None:
    """One fact of a theme."""
    fact, ages = _draw(plot, theme, variant)
    item = plot.cat.drug_of(fact["code"]) if fact["code"][0] in "XZ" else plot.cat.code(full_code(fact["code"]))
    day = plain_day(when(plot, fact.valid, variant))
    if variant == "of_the_newborn":
        person = plot.person(sex=2, ages=(22, 38))
        enc, day = plot.stay(person, day, 4, disease=INDEX["birth"], med=med("52")), day + 1
    else:
        person = _person(plot, ages, variant, day)
        enc = _host(plot, person, ages, variant, day)
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, theme.name)
    plot.fact(theme, variant, variant in theme.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])


def _draw(plot: Plot, theme: Theme, variant: str) -> tuple[knowledge.Fact, Span]:
    """A row with the bound that the variant is about; one that comes into force in the period where its first day matters."""
    found = [(f, span(f)) for f in knowledge.facts(theme.name)]
    at_low = variant in (*_BOTH_ENDS, "low_reached")
    found = [(f, ages) for f, ages in found if (ages.low if at_low else ages.high) is not None]
    if variant in ("first_day", "day_before"):
        found = [(f, ages) for f, ages in found if f.valid.start > plot.plan.first + 8] or found
    return found[int(plot.rng.integers(len(found)))]


def _person(plot: Plot, ages: Span, variant: str, day: int) -> int:
    born = _birthday(plot, ages, variant, day)
    if born is None:
        return _too_old(plot, ages, variant)
    years = (day - born) // 365
    near = (0, 19) if years < 19 else (years - 5, years + 5)
    return plot.born(plot.person(ages=near), born)


def _too_old(plot: Plot, ages: Span, variant: str) -> int:
    """Somebody well beyond the upper bound, by their own birthday."""
    first = max(25, ages.oldest + 2)
    person = plot.person(ages=(first, max(75, first + 12)))
    return plot.born(person, int(plot.people["brdy"][person]), known=variant != "birth_unknown")


def _birthday(plot: Plot, ages: Span, variant: str, day: int) -> int | None:
    """Day of birth where the variant asks for one."""
    if variant == "born_too_early":
        return day - 29 - int(plot.rng.integers(0, 20))
    if variant in ("first_day_too_old", "last_day_allowed"):
        assert ages.high is not None
        return ages.born(day, ages.high + 1) + (variant == "last_day_allowed")
    if variant == "right_age":
        assert ages.high is not None
        youngest = ages.low if ages.low is not None else 20 if ages.oldest > 40 else 0
        return int(plot.rng.integers(ages.born(day, ages.high + 1) + 1, ages.born(day, youngest) + 1))
    if variant in (*_BOTH_ENDS, "low_reached"):
        assert ages.low is not None
        reached = ages.born(day, ages.low)
        later = int(plot.rng.integers(30, 300)) if variant == "too_young" else variant == "day_before_low"
        return reached + later
    return None


def _host(plot: Plot, person: int, ages: Span, variant: str, day: int) -> int:
    if variant == "born_too_early":
        enc = plot.stay(person, day - 2, 5, disease=INDEX["pneumonia"])
        plot.diagnose(enc, Diagnosis("P07.300", "早产婴儿"), Diagnosis("P07.300", "早产婴儿", out=True))
        return enc
    if variant == "stay":
        return plot.stay(person, day - 2, 6)
    if variant == "pharmacy":
        return plot.purchase(person, day)
    return plot.visit(person, day, disease=INDEX["tonsil"] if ages.oldest < 18 else None)


PLANTERS = tuple((theme, partial(plant, theme)) for theme in THEMES)
"""Themes with their planters."""
