"""医疗服务项目限定频次: more of one item in a calendar day than may be charged. Only the excess is in question."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.catalogue import BED, ORDINARY
from hengjian.city.encounters import DAY
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "service_daily_limit",
    "R23",
    "GZ10000102014000",
    "day",
    ("two_lines", "one_line", "first_day", "one_of_three_refunded"),
    ("at_limit", "second_refunded", "second_self_paid", "two_institutions", "next_day", "day_before"),
)
_EMERGENCY = ("001102000040000", "001103000010000", "001109000050000")
_HOUR = 3600


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    facts = knowledge.facts("service_daily_limit")
    fact = facts[int(plot.rng.integers(len(facts)))]
    item, limit = plot.cat.code(fact["code"]), int(fact["max_value"])
    day = when(plot, fact.valid, variant)
    person = plot.person(ages=(25, 80))
    emergency = fact["code"] in _EMERGENCY
    if variant == "two_institutions":
        encs, lines = _transferred(plot, person, day, item, limit, emergency)
    else:
        enc = _host(plot, person, day, item, emergency, late=variant == "next_day")
        encs, lines = [enc], _lines(plot, enc, day, item, limit, variant)
    excess = {
        "two_lines": limit // 2 or 1,
        "one_line": limit // 4 or 1,
        "first_day": limit // 2 or 1,
        "one_of_three_refunded": limit,
    }.get(variant, 0)
    amount = excess * plot.price(encs[0], item) if variant in THEME.guilty else -1
    plot.fact(THEME, variant, variant in THEME.guilty, encs, lines, amount_fen=amount, note=fact["name"])


def _host(plot: Plot, person: int, day: int, item: int, emergency: bool, late: bool) -> int:
    if emergency:
        return plot.visit(person, day, kind="13", hour=20.5 if late else 7.0)
    enc = plot.stay(person, day - 2, 7)
    _clear(plot, enc, day, item)
    if late:
        _clear(plot, enc, day + 1, item)
    return enc


def _clear(plot: Plot, enc: int, day: int, item: int) -> None:
    """The item's ordinary ward line of that day makes room for the planted ones (an intensive bed for the ordinary bed)."""
    daily = int(plot.cat.daily[item])
    if plot.cat.items[item].name == "监护病房床位费":
        daily = BED
    if daily != ORDINARY:
        plot.without(enc, day, daily)


def _lines(plot: Plot, enc: int, day: int, item: int, limit: int, variant: str) -> list[int]:
    morning, noon, evening = day * DAY + 10 * _HOUR, day * DAY + 15 * _HOUR, day * DAY + 20 * _HOUR
    half = limit // 2 or 1
    match variant:
        case "two_lines" | "first_day":
            return [plot.line(enc, item, morning, cnt=limit), plot.line(enc, item, noon, cnt=half)]
        case "one_line":
            return [plot.line(enc, item, morning, cnt=limit + (limit // 4 or 1))]
        case "one_of_three_refunded":
            return [
                plot.line(enc, item, morning, cnt=limit),
                plot.line(enc, item, noon, cnt=limit),
                plot.line(enc, item, evening, cnt=limit, back=limit),
            ]
        case "at_limit":
            return [plot.line(enc, item, morning, cnt=limit)]
        case "second_refunded":
            return [plot.line(enc, item, morning, cnt=limit), plot.line(enc, item, noon, cnt=half, back=half)]
        case "second_self_paid":
            return [plot.line(enc, item, morning, cnt=limit), plot.line(enc, item, noon, cnt=half, own=True)]
        case "next_day":
            return [
                plot.line(enc, item, day * DAY + 23 * _HOUR + 3000, cnt=limit),
                plot.line(enc, item, (day + 1) * DAY + 600, cnt=limit),
            ]
        case _:
            return [plot.line(enc, item, morning, cnt=limit), plot.line(enc, item, noon, cnt=limit)]


def _transferred(plot: Plot, person: int, day: int, item: int, limit: int, emergency: bool) -> tuple[list[int], list[int]]:
    first, second = plot.hospital(), 0
    second = plot.hospital(other=first)
    if emergency:
        encs = [
            plot.visit(person, day, inst=first, kind="13", hour=7.0),
            plot.visit(person, day, inst=second, kind="13", hour=14.0),
        ]
    else:
        disease = plot.disease(True)
        encs = [
            plot.stay(person, day - 3, 3, inst=first, disease=disease, dscg_way=2, accept=second),
            plot.stay(person, day, 5, inst=second, disease=disease, adm_way=3, afternoon=True),
        ]
        _clear(plot, encs[1], day, item)
    return encs, [
        plot.line(encs[0], item, day * DAY + 8 * _HOUR, cnt=limit),
        plot.line(encs[1], item, day * DAY + 17 * _HOUR, cnt=limit),
    ]
