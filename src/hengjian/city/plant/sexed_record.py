"""诊断、手术操作与患者性别不符: a record of what only the other sex can have. No money of lines is in question."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.encounters import DAY
from hengjian.city.plant.hosts import when
from hengjian.city.plant.plot import Diagnosis, Operation, Plot, Theme

DIAGNOSIS = Theme(
    "diagnosis_sex",
    "R01",
    "GZ10000204006000",
    "encounter",
    ("main", "second", "at_discharge", "first_day"),
    (
        "right_sex",
        "unknown_sex",
        "transsexualism",
        "both_sexes",
        "of_the_newborn",
        "neighbouring_code",
        "self_paid",
        "refunded",
        "day_before",
    ),
)
OPERATION = Theme(
    "operation_sex",
    "R01",
    "GZ10000201005000",
    "encounter",
    ("main", "second", "first_day"),
    ("right_sex", "unknown_sex", "transsexualism", "both_sexes", "self_paid", "refunded", "day_before"),
)
_OTHER = Diagnosis("Z00.000", "一般性医学检查")
_SPARING = {
    "transsexualism": Diagnosis("F64.000", "易性症", main=False),
    "both_sexes": Diagnosis("Q56.300", "假两性畸形", main=False),
    "of_the_newborn": Diagnosis("Z38.000", "医院内出生的单胎活产婴儿", main=False),
}


def plant_diagnosis(plot: Plot, variant: str) -> None:
    """A diagnosis of the other sex."""
    facts = [f for f in knowledge.facts("diagnosis_sex") if variant != "of_the_newborn" or f["value"] == "1"]
    fact = facts[int(plot.rng.integers(len(facts)))]
    person, day = _person(plot, fact, variant), when(plot, fact.valid, variant)
    enc = plot.stay(person, day, 4) if variant == "at_discharge" else plot.visit(person, day)
    code = fact["code"] if variant != "neighbouring_code" else "Z01.900"
    found = Diagnosis(code, fact["name"], main=variant != "second", out=variant == "at_discharge")
    rest = [_OTHER] if variant in ("second", "at_discharge") else []
    plot.diagnose(enc, *rest, found, *([_SPARING[variant]] if variant in _SPARING else []))
    _spare(plot, enc, variant)
    plot.fact(DIAGNOSIS, variant, variant in DIAGNOSIS.guilty, [enc], [], amount_fen=0, note=fact["name"])


def plant_operation(plot: Plot, variant: str) -> None:
    """An operation of the other sex."""
    facts = knowledge.facts("operation_sex")
    fact = facts[int(plot.rng.integers(len(facts)))]
    person, day = _person(plot, fact, variant), when(plot, fact.valid, variant, tail=30)
    enc = plot.stay(person, day - 1, 5)
    sec = day * DAY + 10 * 3600
    other = Operation("86.2200", "伤口切除性清创术", sec)
    if variant == "second":
        plot.operate(enc, other, Operation(fact["code"], fact["name"], sec + 3600, main=False))
    else:
        plot.operate(enc, Operation(fact["code"], fact["name"], sec))
    if variant in _SPARING:
        plot.diagnose(enc, _OTHER, Diagnosis(_OTHER.code, _OTHER.name, out=True), _SPARING[variant])
    _spare(plot, enc, variant)
    named = fact["code"] in {f["code"] for f in knowledge.facts("operation_diagnosis_mismatch")}
    also = "operation_diagnosis_mismatch" if named else ""
    plot.fact(OPERATION, variant, variant in OPERATION.guilty, [enc], [], amount_fen=0, also=also, note=fact["name"])


def _person(plot: Plot, fact: knowledge.Fact, variant: str) -> int:
    wanted = int(fact["value"])
    sex = wanted if variant == "right_sex" else 3 - wanted
    return plot.person(sex=sex, ages=(22, 40) if variant == "of_the_newborn" else (25, 75), known=variant != "unknown_sex")


def _spare(plot: Plot, enc: int, variant: str) -> None:
    if variant == "self_paid":
        plot.unpaid.add(enc)
    if variant == "refunded":
        plot.undone.add(enc)
