"""医疗服务项目重复收费: item B charged beside item A that contains it, in the window of the knowledge row. B is in question."""

from __future__ import annotations

from typing import Any

from hengjian.city import knowledge
from hengjian.city.diseases import INDEX
from hengjian.city.encounters import DAY, med
from hengjian.city.plant.demands import demands, diagnosis
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "duplicate_charge_pair",
    "R16",
    "GZ10000102012000",
    "line",
    ("same_time", "window_edge", "b_first", "first_day"),
    ("a_refunded", "b_refunded", "b_self_paid", "outside_window", "two_institutions", "day_before"),
)
_VISIT_A = (
    "001103000010000",
    "001202000010000",
    "001202000020000",
    "002501030010000",
    "003102050010000",
    "003102050010100",
    "003109010070000",
)
_HOUR = 3600


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    facts = knowledge.facts("duplicate_charge_pair")
    fact = facts[int(plot.rng.integers(len(facts)))]
    a, b, window = plot.cat.code(fact["a_code"]), plot.cat.code(fact["b_code"]), fact["win"]
    birth = fact["a_code"].startswith("003314")
    person = plot.person(sex=2 if birth else 0, ages=(22, 40) if birth else (30, 75))
    day = when(plot, fact.valid, variant)
    visits = fact["a_code"] in _VISIT_A
    encs = _hosts(plot, person, day, window, variant, visits, birth)
    at_a, at_b = _times(day, window, variant)
    hours = 3 if plot.cat.items[b].unit == "小时" else 1
    asked = demands(fact["a_code"], fact["b_code"], but=THEME.name)
    if asked.diagnoses:
        for enc in encs:
            plot.diagnose(enc, *(diagnosis(p, main=not i, out=o) for o in (False, True) for i, p in enumerate(asked.diagnoses)))
    line_a = plot.line(
        encs[0],
        a,
        at_a,
        cnt=3 if plot.cat.items[a].unit == "小时" else 1,
        back=0 if variant != "a_refunded" else 3 if plot.cat.items[a].unit == "小时" else 1,
    )
    line_b = plot.line(encs[-1], b, at_b, cnt=hours, own=variant == "b_self_paid", back=hours if variant == "b_refunded" else 0)
    plot.fact(
        THEME,
        variant,
        variant in THEME.guilty,
        encs,
        [line_b],
        amount_lines=[line_b],
        also="surgery_incision_discount" if _one_incision(fact) else "",
        note=f"{fact['a_name']} · {fact['b_name']}（{window}），A 为第 {line_a + 1} 条",
    )


def _one_incision(fact: knowledge.Fact) -> bool:
    """Whether both are operations through one incision: then the second must be cheaper as well."""
    groups = [
        {row["grp"] for table, row in knowledge.catching(fact[c]) if table == "surgery_same_incision"}
        for c in ("a_code", "b_code")
    ]
    return bool(groups[0] & groups[1])


def _times(day: int, window: str, variant: str) -> tuple[int, int]:
    """Seconds of A and B."""
    noon = day * DAY + 12 * _HOUR
    edges = {
        "day": (day * DAY + 11 * _HOUR, day * DAY + 23 * _HOUR + 3540),
        "encounter": (noon, noon + DAY),
        "hours6": (noon, noon + 6 * _HOUR - 60),
        "hour": (noon + 5, noon + 3590),
    }
    outside = {
        "day": (noon + 11 * _HOUR, noon + 13 * _HOUR),
        "encounter": (noon, noon + 30 * DAY),
        "hours6": (noon, noon + 6 * _HOUR + 1800),
        "hour": (noon + 3300, noon + 3900),
    }
    match variant:
        case "window_edge":
            return edges[window]
        case "b_first":
            return (noon + 1500, noon + 300) if window == "hour" else (noon, noon - 2400)
        case "outside_window":
            return outside[window]
        case "two_institutions":
            return day * DAY + 8 * _HOUR + 1800, day * DAY + 17 * _HOUR if window != "hour" else day * DAY + 8 * _HOUR + 2400
        case _:
            return noon, noon + 120


def _hosts(plot: Plot, person: int, day: int, window: str, variant: str, visits: bool, birth: bool) -> list[int]:
    """One encounter, or two where the variant parts A and B."""
    first = plot.hospital()
    if visits:
        kind = "13" if plot.rng.random() < 0.5 else "11"
        encs = [plot.visit(person, day, inst=first, kind=kind, hour=8.0)]
        if variant == "two_institutions":
            encs.append(plot.visit(person, day, inst=plot.hospital(other=first), hour=14.0))
        elif variant == "outside_window":
            encs.append(plot.visit(person, day + 1, inst=first, hour=0.5, kind="13"))
        return encs
    more: dict[str, Any] = {"disease": INDEX["birth"], "med": med("52")} if birth else {}
    if variant == "two_institutions":
        second = plot.hospital(other=first)
        disease = INDEX["birth"] if birth else plot.disease(True)
        stay = plot.stay(person, day - 2, 2, inst=first, **(more | {"disease": disease, "dscg_way": 2, "accept": second}))
        return [
            stay,
            plot.stay(person, day, 5, inst=second, afternoon=window != "hour", **(more | {"disease": disease, "adm_way": 3})),
        ]
    encs = [plot.stay(person, day - 1, 5, inst=first, **more)]
    if variant == "outside_window" and window == "encounter":
        encs.append(
            plot.stay(
                person,
                day + 29,
                4,
                inst=first,
                disease=INDEX["birth"] if birth else INDEX["ulcer"],
                **({"med": med("52")} if birth else {}),
            )
        )
    return encs
