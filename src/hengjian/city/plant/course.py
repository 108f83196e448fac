"""药品限支付疗程、医疗服务项目限支付疗程: one item on more days of one stay than its course may last. The days beyond are in question."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.encounters import DAY
from hengjian.city.knowledge import Fact
from hengjian.city.plant.demands import demands, diagnosis, draw
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

_GUILTY = ("one_over", "several_over", "twice_a_day", "first_day")
_INNOCENT = ("at_limit", "last_refunded", "rest_self_paid", "day_before", "two_courses")
DRUG = Theme("drug_course_limit", "R06", "GZ10000101010000", "day", (*_GUILTY, "two_makers"), _INNOCENT)
SERVICE = Theme("service_course_limit", "R06", "GZ10000102010000", "day", _GUILTY, _INNOCENT)
_ONCE_IN_A_WHILE = "service_cycle_limit"


def plant_drug(plot: Plot, variant: str) -> None:
    """A drug."""
    _plant(plot, DRUG, draw(plot, DRUG.name), variant)


def plant_service(plot: Plot, variant: str) -> None:
    """A service that may be given every day: where a cycle allows it once in a while only, a daily course would break that first."""
    fact = draw(plot, SERVICE.name)
    while any(table == _ONCE_IN_A_WHILE for table, _ in knowledge.catching(fact["code"])):
        fact = draw(plot, SERVICE.name)
    _plant(plot, SERVICE, fact, variant)


def _plant(plot: Plot, theme: Theme, fact: Fact, variant: str) -> None:
    most = int(fact["max_value"])
    over = 4 if variant == "several_over" else 1
    days = most + (over if variant in theme.guilty or variant in ("last_refunded", "rest_self_paid", "day_before") else 0)
    wanted = demands(fact["code"].split("|")[0], but=theme.name)
    person = plot.person(sex=wanted.sex, ages=(30, 75))
    start = _start(plot, fact, variant, days, most)
    encs = [plot.stay(person, start - 1, days + 2)]
    lines = _lines(plot, theme, fact, encs[0], start, days, variant)
    if variant == "two_courses":
        again = start + most + 60
        encs.append(plot.stay(person, again - 1, most + 2))
        lines += _lines(plot, theme, fact, encs[1], again, most, variant)
    for enc in encs:
        main = diagnosis(wanted.diagnoses[0]) if wanted.diagnoses else Diagnosis("G81.900", "偏瘫")
        plot.diagnose(enc, main, Diagnosis(main.code, main.name, out=True))
    beyond = [i for i in lines if int(plot.specials[i]["sec"]) // DAY >= start + most] if variant in theme.guilty else []
    amount = sum(plot.price(encs[0], int(plot.specials[i]["item"])) * int(plot.specials[i]["cnt"]) for i in beyond)
    plot.fact(
        theme,
        variant,
        variant in theme.guilty,
        encs,
        lines,
        amount_fen=amount if beyond else -1,
        note=f"{fact['name']}，限 {most} 天，共 {days} 天",
    )


def _start(plot: Plot, fact: Fact, variant: str, days: int, most: int) -> int:
    """The first day of the course, so that the stays end in the period."""
    tail = days + 6 + (most + 66 if variant == "two_courses" else 0)
    if variant == "day_before":
        return max(fact.valid.start - days - 3 - int(plot.rng.integers(0, 10)), plot.plan.first + 3)
    return when(plot, fact.valid, variant, tail=tail)


def _lines(plot: Plot, theme: Theme, fact: Fact, enc: int, start: int, days: int, variant: str) -> list[int]:
    """One line each day; the last one given back or paid by oneself where the variant says so."""
    prefix = fact["code"].split("|")[0]
    drug = theme is DRUG
    items = [plot.cat.drug_of(prefix)] if drug else [plot.cat.code(fact["code"])]
    if variant == "two_makers":
        items = [i for i, item in enumerate(plot.cat.items) if item.code.startswith(prefix) and item.list_type == "101"][:2]
    lines = []
    for n in range(days):
        last = n == days - 1
        sec = (start + n) * DAY + 15 * 3600
        lines.append(
            plot.line(
                enc,
                items[n % len(items)],
                sec,
                own=last and variant == "rest_self_paid",
                back=1 if last and variant == "last_refunded" else 0,
                days=1 if drug else 0,
            )
        )
        if variant == "twice_a_day" and n % 5 == 0:
            lines.append(plot.line(enc, items[0], sec + 3600, days=1 if drug else 0))
    return lines
