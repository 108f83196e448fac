"""儿童专用的药品、医疗服务项目，儿童禁用的药品: given to somebody too old, or too young, by their birthday."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.diseases import INDEX
from hengjian.city.encounters import med
from hengjian.city.plant.ages import born_months_before, born_years_before, plain_day
from hengjian.city.plant.hosts import elsewhere, give, when
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

DRUG = Theme(
    "drug_child_only",
    "R02",
    "GZ10000301002000",
    "line",
    ("adult", "birthday", "stay", "pharmacy", "first_day", "part_refunded"),
    ("day_before_birthday", "child", "birth_unknown", "of_the_newborn", "self_paid", "refunded", "day_before"),
)
FORBIDDEN = Theme(
    "drug_child_forbidden",
    "R02",
    "GZ10000301003000",
    "line",
    ("day_before_birthday", "younger", "stay", "first_day", "part_refunded"),
    ("birthday", "older", "birth_unknown", "self_paid", "refunded", "day_before"),
)
SERVICE = Theme(
    "service_child_only",
    "R02",
    "GZ10000302003000",
    "line",
    ("adult", "first_day_too_old", "stay", "part_refunded"),
    ("last_day_allowed", "child", "birth_unknown", "of_the_newborn", "born_too_early", "self_paid", "refunded"),
)
_ADULT = (25, 75)
_SPAN = {"age_years": 365, "age_months": 30, "age_days": 1}


def plant_drug(plot: Plot, variant: str) -> None:
    """A drug for children."""
    _plant_only(plot, DRUG, variant)


def plant_service(plot: Plot, variant: str) -> None:
    """A service for newborns or children."""
    _plant_only(plot, SERVICE, variant)


def plant_forbidden(plot: Plot, variant: str) -> None:
    """A drug that children below an age must not have."""
    facts = knowledge.facts("drug_child_forbidden")
    fact = facts[int(plot.rng.integers(len(facts)))]
    low = int(fact["low"])
    day = plain_day(when(plot, fact.valid, variant))
    reached = _born(day, fact["dim"], low)  # who comes of age on that very day
    many = max(1, low * _SPAN[fact["dim"]] // 2)
    born = {
        "birthday": reached,
        "day_before_birthday": reached + 1,
        "older": reached - int(plot.rng.integers(400, 1500)),
    }.get(variant, reached + 1 + int(plot.rng.integers(0, many)))
    person = plot.born(plot.person(ages=(0, 19)), born, known=variant != "birth_unknown")
    enc = plot.stay(person, day - 1, 4) if variant == "stay" else plot.visit(person, day, disease=INDEX["tonsil"])
    item = plot.cat.drug_of(fact["code"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, FORBIDDEN.name)
    plot.fact(FORBIDDEN, variant, variant in FORBIDDEN.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])


def _plant_only(plot: Plot, theme: Theme, variant: str) -> None:
    facts = knowledge.facts(theme.name)
    fact = facts[int(plot.rng.integers(len(facts)))]
    day = plain_day(when(plot, fact.valid, variant))
    item = plot.cat.code(fact["code"]) if theme is SERVICE else plot.cat.drug_of(fact["code"])
    mother = variant == "of_the_newborn"
    boys_only = "包茎" in fact["name"]
    person = plot.person(sex=2 if mother else 1 if boys_only else 0, ages=(22, 38) if mother else _ages(variant))
    birthday = _birthday(plot, fact, variant, day)
    own = int(plot.people["brdy"][person])
    plot.born(person, own if birthday is None else birthday, known=variant != "birth_unknown")
    if mother:
        enc, day = plot.stay(person, day, 4, disease=INDEX["birth"], med=med("52")), day + 1
    elif variant == "born_too_early":
        enc = plot.stay(person, day - 2, 5, disease=INDEX["pneumonia"])
        plot.diagnose(enc, Diagnosis("P07.300", "早产婴儿"), Diagnosis("P07.300", "早产婴儿", out=True))
    elif variant == "stay":
        enc = plot.stay(person, day - 2, 6)
    elif variant == "pharmacy":
        enc = plot.purchase(person, day)
    else:
        enc = plot.visit(person, day, disease=INDEX["tonsil"])
    line = give(plot, enc, item, day, variant)
    also = elsewhere(plot, item, theme.name)
    plot.fact(theme, variant, variant in theme.guilty, [enc], [line], amount_lines=[line], also=also, note=fact["name"])


def _ages(variant: str) -> tuple[int, int]:
    young = ("birthday", "day_before_birthday", "child", "first_day_too_old", "last_day_allowed", "born_too_early")
    return (0, 19) if variant in young else _ADULT


def _birthday(plot: Plot, fact: knowledge.Fact, variant: str, day: int) -> int | None:
    """Day of birth where the variant asks for one; None leaves the adult's own."""
    high, low = int(fact["high"]), int(fact["low"] or 0)
    too_old = _born(day, fact["dim"], high + 1)  # who is too old from that very day on
    youngest = _born(day, fact["dim"], low)
    if variant in ("birthday", "first_day_too_old"):
        return too_old
    if variant in ("day_before_birthday", "last_day_allowed"):
        return too_old + 1
    if variant == "child":
        return int(plot.rng.integers(too_old + 1, youngest + 1))
    if variant == "born_too_early":
        return too_old - int(plot.rng.integers(1, 20)) if fact["dim"] == "age_days" else too_old + 20
    return None


def _born(day: int, dim: str, age: int) -> int:
    """The day of birth of somebody who completes the age on `day`, in days, months or years."""
    if dim == "age_days":
        return day - age
    return born_months_before(day, age) if dim == "age_months" else born_years_before(day, age)
