"""超说明书用量开药、药品限最大开药天数/开药量、中药饮片超量上传: one line for more days, or of more a day, than it may be. The excess is
in question."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.knowledge import Fact
from hengjian.city.plant.demands import demands, diagnosis, draw, other
from hengjian.city.plant.hosts import elsewhere, when
from hengjian.city.plant.plot import Plot, Theme
from hengjian.city.plant.slices import BESIDE

_GUILTY = ("one_day_over", "long_over", "emergency", "pharmacy", "part_refunded")
_INNOCENT = ("at_limit", "ward", "chronic", "days_untold", "self_paid", "refunded")
LABEL = Theme("drug_days_limit", "R11", "GZ10000301005000", "line", (*_GUILTY, "first_day"), (*_INNOCENT, "day_before"))
LOCAL = Theme("drug_supply_limit", "R11", "GZ10000101009000", "line", _GUILTY, _INNOCENT)
SLICE = Theme(
    "tcm_slice_daily_max",
    "R07",
    "",
    "line",
    ("one_over", "ten_times", "in_a_formula", "ward", "first_day", "part_refunded"),
    ("at_limit", "large_but_lawful", "days_untold", "self_paid", "refunded", "day_before"),
)


def plant_label(plot: Plot, variant: str) -> None:
    """A drug for more days than the official table allows."""
    _drug(plot, LABEL, variant)


def plant_local(plot: Plot, variant: str) -> None:
    """A drug for more days than the place allows."""
    _drug(plot, LOCAL, variant)


def _drug(plot: Plot, theme: Theme, variant: str) -> None:
    fact = draw(plot, theme.name)
    wanted = demands(fact["code"], but=theme.name)
    person = plot.person(sex=wanted.sex, ages=(25, 75))
    day, most = when(plot, fact.valid, variant), int(fact["max_value"])
    if variant == "pharmacy":
        enc = plot.purchase(person, day)
    elif variant == "ward":
        enc = plot.stay(person, day, 8)
    else:
        enc = plot.visit(person, day, kind={"emergency": "13", "chronic": "14"}.get(variant, "11"))
    if wanted.diagnoses:
        plot.diagnose(enc, diagnosis(wanted.diagnoses[0]))
    over = {"at_limit": 0, "one_day_over": 1, "long_over": 2 * most}.get(variant, int(plot.rng.integers(2, most + 1)))
    _told(plot, theme, fact, variant, enc, plot.cat.drug_of(fact["code"]), most + over, 2, over, most + over)


def plant_slice(plot: Plot, variant: str) -> None:
    """A slice of which far more is charged than anybody takes in a day."""
    fact = draw(plot, SLICE.name)
    person = plot.person(ages=(25, 75))
    day, most = when(plot, fact.valid, variant), 5 * int(fact["max_value"])
    enc = plot.stay(person, day, 8) if variant == "ward" else plot.visit(person, day)
    plot.diagnose(enc, other(plot, ()))
    item, days = plot.cat.code(fact["code"]), int(plot.rng.choice([5, 7]))
    grams = days * most
    if variant == "large_but_lawful":
        grams = days * int(plot.rng.integers(int(fact["max_value"]), most + 1))
    elif variant == "one_over":
        grams += 1
    elif variant != "at_limit":
        grams *= 10 if variant == "ten_times" else 2
    for n, slice_ in enumerate(plot.cat.groups["slices"][: 9 if variant == "in_a_formula" else BESIDE]):
        plot.line(enc, slice_, _second(plot, enc, variant) + 1 + n, cnt=10 * days, days=days)
    if variant == "part_refunded":
        _told(plot, SLICE, fact, variant, enc, item, days, grams, grams // 4, grams * 3 // 4, back=grams - grams * 3 // 4)
    else:
        _told(plot, SLICE, fact, variant, enc, item, days, grams, grams - days * most, grams)


def _told(
    plot: Plot,
    theme: Theme,
    fact: Fact,
    variant: str,
    enc: int,
    item: int,
    days: int,
    cnt: int,
    over: int,
    whole: int,
    back: int = 1,
) -> None:
    """The line, and what is said of it: `over` of `whole` units of it are in question."""
    sec = _second(plot, enc, variant)
    gone = {"part_refunded": back, "refunded": cnt}.get(variant, 0)
    told = 0 if variant == "days_untold" else days
    line = plot.line(enc, item, sec, cnt=cnt, days=told, own=variant == "self_paid", back=gone)
    guilty = variant in theme.guilty
    amount = plot.price(enc, item) * (cnt - gone)
    plot.fact(
        theme,
        variant,
        guilty,
        [enc],
        [line],
        amount_fen=(2 * amount * over + whole) // (2 * whole) if guilty else -1,
        also=elsewhere(plot, item, theme.name),
        note=f"{fact['name']}，{days} 天，{cnt} {plot.cat.items[item].unit}",
    )


def _second(plot: Plot, enc: int, variant: str) -> int:
    """When it is dispensed: after the visit began, or in the morning of the first full day on the ward."""
    begin = plot.begin(enc)
    return begin + 1600 if variant != "ward" else begin // DAY * DAY + DAY + 9 * 3600
