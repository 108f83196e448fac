"""诊断编码与手术操作编码不符: the main operation of a stay does not belong to its main diagnosis."""

from __future__ import annotations

from hengjian.city.plant.demands import demands, diagnosis, draw, other
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Diagnosis, Operation, Plot, Theme

THEME = Theme(
    "operation_diagnosis_mismatch",
    "R40",
    "GZ10000201006000",
    "encounter",
    ("other_disease", "another_operation_too", "several_other_diseases", "first_day"),
    ("fitting", "extended_code", "minor_operation", "no_diagnosis", "refunded", "self_paid", "day_before"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact = draw(plot, "operation_diagnosis_mismatch")
    prefixes = tuple(fact["diag_prefixes"].split("|"))
    fit = diagnosis(next(p for p in prefixes if p[0] != "O"))
    person = plot.person(sex=demands(fact["code"]).sex or 1, ages=(25, 75))
    day = when(plot, fact.valid, variant, tail=40)
    enc = plot.stay(person, day - 1, 5)
    if variant == "day_before":  # discharged before the knowledge is in force
        plot.encs[enc] |= {"begin": plot.begin(enc) - 6 * 86_400, "end": int(plot.encs[enc]["end"]) - 6 * 86_400}
    wrong = other(plot, prefixes)
    shown = {"fitting": fit, "self_paid": wrong, "extended_code": Diagnosis(fit.code + "x001", "符合要求的扩展诊断")}.get(
        variant, wrong
    )
    at_discharge = Diagnosis(shown.code, shown.name, out=True)
    more = (Diagnosis("E78.500", "高脂血症", main=False, out=True),) if variant == "several_other_diseases" else ()
    plot.diagnose(enc, *(() if variant == "no_diagnosis" else (shown, at_discharge, *more)))
    operation = Operation(fact["code"], fact["name"], main=variant != "minor_operation")
    plain = Operation("86.2200", "伤口清创术", main=variant == "minor_operation")
    plot.operate(enc, *([operation, plain] if variant in ("another_operation_too", "minor_operation") else [operation]))
    if variant == "refunded":
        plot.undone.add(enc)
    if variant == "self_paid":
        plot.unpaid.add(enc)
    also = "no_main_diagnosis" if variant == "no_diagnosis" else ""
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [], amount_enc=enc, also=also, note=fact["name"])
