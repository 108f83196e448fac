"""Items that need a disease: tests, services, materials and drugs where none of the diagnoses is one they are for."""

from __future__ import annotations

from hengjian.city.plant.demands import demands, diagnosis, draw, other
from hengjian.city.plant.hosts import drug_host
from hengjian.city.plant.plot import Diagnosis, Plot, Theme
from hengjian.city.regulated import full_code

_GUILTY = ("other_disease", "several_other_diseases", "stay", "first_day", "part_refunded")
_INNOCENT = (
    "fitting",
    "secondary_diagnosis",
    "discharge_diagnosis",
    "fitting_last_time",
    "no_diagnosis",
    "refunded",
    "self_paid",
    "day_before",
)


def _theme(name: str, r_code: str, official_code: str, local: bool = False) -> Theme:
    """Local knowledge is in force all the year: it has no first day in it."""
    guilty, innocent = (
        tuple(v for v in variants if not local or v not in ("first_day", "day_before")) for variants in (_GUILTY, _INNOCENT)
    )
    return Theme(name, r_code, official_code, "line", guilty, innocent)


THEMES = (
    _theme("test_without_indication", "R26", "GZ10000302001000"),
    _theme("service_beyond_indication", "R26", "GZ10000302006000"),
    _theme("service_diagnosis_limit", "R04", "GZ10000102007000", local=True),
    _theme("consumable_diagnosis_limit", "R04", "", local=True),
    _theme("drug_beyond_label", "R04", "GZ10000301007000", local=True),
)


def item_of(plot: Plot, code: str) -> int:
    """Index of the item with this code, or of the first whose code it begins."""
    whole = full_code(code)
    if whole in plot.cat.by_code:
        return plot.cat.code(whole)
    return next(i for i, item in enumerate(plot.cat.items) if item.code.startswith(code))


def whom(name: str) -> tuple[int, tuple[int, int]]:
    """Sex (0 = either) and ages of those whom a thing of this name is for."""
    if any(word in name for word in ("妊娠", "孕", "绒毛膜")):
        return 2, (21, 43)
    return (1, (45, 75)) if "前列腺" in name else (0, (25, 75))


def plant(theme: Theme, plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, theme.name)
    prefixes = tuple(fact["diag_prefixes"].split("|"))
    sex, ages = whom(fact["name"])
    asked = demands(fact["code"], but=theme.name)
    person = plot.person(sex=sex or asked.sex, ages=ages)
    plot.alone.add(person)  # nothing else in the year that could be the disease
    if variant == "fitting_last_time":
        day = plot.day(max(fact.valid.start, plot.plan.first + 100))
        enc = plot.visit(person, day)
        plot.diagnose(plot.visit(person, day - 90), diagnosis(prefixes[0]))
    else:
        enc, day = drug_host(plot, person, fact.valid, variant)
    plain, fit = other(plot, prefixes), prefixes[0]
    shown = {
        "several_other_diseases": (plain, Diagnosis("E78.500", "高脂血症", main=False)),
        "fitting": (diagnosis(fit),),
        "secondary_diagnosis": (plain, diagnosis(fit, main=False)),
        "discharge_diagnosis": (plain, diagnosis(fit, out=True)),
        "no_diagnosis": (),
    }.get(variant, (plain,))
    more = tuple(diagnosis(p, main=False) for p in asked.diagnoses if not p.startswith(prefixes)) if shown else ()
    plot.diagnose(enc, *shown, *more)
    line = put(plot, enc, fact["code"], day, variant)
    plot.fact(theme, variant, variant in theme.guilty, [enc], [line], amount_lines=[line], note=fact["name"])


def put(plot: Plot, enc: int, code: str, day: int, variant: str) -> int:
    """The line itself, refunded or self-paid where the variant says so."""
    begin = plot.begin(enc)
    sec = begin + 1500 if begin // 86_400 == day else day * 86_400 + 15 * 3600
    item = item_of(plot, code)
    back = int(variant in ("refunded", "part_refunded"))
    drug = bool(plot.cat.is_drug[item])
    return plot.line(
        enc, item, sec, cnt=2 if variant == "part_refunded" else 1, own=variant == "self_paid", back=back, days=7 * drug
    )
