"""What a place itself limits by number or money: 医用耗材数量超标、医疗服务项目超限定报销总额、耗材超限定报销总额. The excess is in question."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.encounters import DAY
from hengjian.city.plant.plot import Plot, Theme
from hengjian.kernel.dates import day_date

NUMBER = Theme(
    "consumable_quantity_limit",
    "R27",
    "GZ10000303003000",
    "day",
    ("one_line", "two_lines", "last_days", "one_of_three_refunded"),
    ("at_limit", "second_refunded", "second_self_paid", "two_stays"),
)
_GUILTY = ("one_line", "two_lines", "one_of_three_refunded", "in_a_year")
_INNOCENT = ("within", "second_refunded", "second_self_paid", "two_visits", "two_years")
SERVICE = Theme("service_amount_limit", "R17", "GZ10000102015000", "day", _GUILTY, _INNOCENT)
MATERIAL = Theme("consumable_amount_limit", "R17", "GZ10000103003000", "day", _GUILTY, _INNOCENT)


def plant_number(plot: Plot, variant: str) -> None:
    """More of a material in one stay than the place allows."""
    facts = knowledge.facts(NUMBER.name)
    fact = facts[int(plot.rng.integers(len(facts)))]
    item, most = plot.cat.code(_whole(plot, fact["code"])), int(fact["max_value"])
    person, day = plot.person(ages=(40, 78)), plot.day(plot.plan.first, tail=60)
    encs = [plot.stay(person, day, 7)]
    if variant == "two_stays":
        encs.append(plot.stay(person, day + 30, 7, inst=plot.hospital(other=int(plot.encs[encs[0]]["inst"]))))
    _charge(plot, NUMBER, variant, encs, item, most, f"{fact['name']}，限 {most}")


def plant_service(plot: Plot, variant: str) -> None:
    """A service for more money than the fund pays for it."""
    _money(plot, SERVICE, variant)


def plant_material(plot: Plot, variant: str) -> None:
    """A material for more money than the fund pays for it."""
    _money(plot, MATERIAL, variant)


def _money(plot: Plot, theme: Theme, variant: str) -> None:
    per = {"in_a_year": "year", "two_years": "year", "two_visits": "encounter"}.get(variant)
    facts = [f for f in knowledge.facts(theme.name) if per in (None, f["per"])]
    fact = facts[int(plot.rng.integers(len(facts)))]
    item = plot.cat.code(_whole(plot, fact["code"]))
    person, inst = plot.person(ages=(30, 78)), plot.hospital()
    day = plot.day(plot.plan.first, tail=130)
    if variant in ("in_a_year", "two_years"):  # the new year begins two months after the period does
        turn = next(d for d in range(plot.plan.first, plot.plan.last) if _january(d))
        day = plot.day(turn, tail=130) if variant == "in_a_year" else plot.day(turn - 40, turn - 1)
    encs = [plot.visit(person, day, inst=inst)]
    if variant in ("in_a_year", "two_years", "two_visits"):
        again = day + (int(plot.rng.integers(41, 90)) if variant == "two_years" else 60)
        encs.append(plot.visit(person, again, inst=plot.hospital(other=inst) if variant == "in_a_year" else inst))
    most = int(fact["max_value"]) * 100
    _charge(plot, theme, variant, encs, item, most // plot.price(encs[0], item), f"{fact['name']}，{fact['note']}", most)


def _january(day: int) -> bool:
    return day_date(day).timetuple().tm_yday == 1


def _whole(plot: Plot, prefix: str) -> str:
    return next(i.code for i in plot.cat.items if i.code.startswith(prefix))


def _charge(plot: Plot, theme: Theme, variant: str, encs: list[int], item: int, fits: int, note: str, limit: int = 0) -> None:
    """Lines of the item: `fits` are still within the limit, which is a number of them or, with `limit`, money in fen."""
    more = max(1, fits // 2)
    first, last = encs[0], encs[-1]
    counts: list[tuple[int, int, int]] = {  # encounter, number, given back
        "one_line": [(first, fits + more, 0)],
        "last_days": [(first, 1, 0)] * fits + [(first, 1, 0)],
        "one_of_three_refunded": [(first, fits, 0), (first, fits, 0), (first, more, more)],
        "at_limit": [(first, fits, 0)],
        "within": [(first, fits, 0)],
        "second_refunded": [(first, fits, 0), (first, more, more)],
    }.get(variant, [(first, fits, 0), (last, fits if first != last else more, 0)])
    lines = [
        plot.line(
            enc,
            item,
            plot.begin(enc) + 1800 + n * (DAY if variant == "last_days" else 900),
            cnt=cnt,
            back=back,
            own=n == 1 and variant == "second_self_paid",
        )
        for n, (enc, cnt, back) in enumerate(counts)
    ]
    guilty = variant in theme.guilty
    paid = sum(plot.price(enc, item) * (cnt - back) for enc, cnt, back in counts)
    amount = paid - (limit or fits * plot.price(first, item))
    plot.fact(theme, variant, guilty, list(dict.fromkeys(encs)), lines, amount_fen=amount if guilty else -1, note=note)
