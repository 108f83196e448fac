"""计费日期与住院时间不符、就诊数据非实时上传、结算清单缺主要诊断: records that contradict themselves, come late or lack what they need."""

from __future__ import annotations

from hengjian.city.encounters import DAY
from hengjian.city.plant.demands import other
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

OUTSIDE = Theme(
    "fee_outside_stay",
    "R44",
    "GZ10000201008000",
    "line",
    ("two_days_after", "long_after", "before_admission"),
    ("admission_day", "discharge_day", "day_after", "refunded", "self_paid"),
)
LATE = Theme(
    "late_upload",
    "R44",
    "GZ10000201007000",
    "encounter",
    ("visit", "purchase", "stay", "visit_just_late"),
    ("visit_in_time", "stay_in_time", "purchase_in_time", "not_told", "self_paid", "refunded"),
)
UNDIAGNOSED = Theme(
    "no_main_diagnosis",
    "R44",
    "GZ10000201001000",
    "encounter",
    ("none_at_all", "minor_only", "none_is_main"),
    ("main_diagnosis", "main_at_discharge", "pharmacy", "self_paid"),
)
_HOUR = 3600


def plant_outside(plot: Plot, variant: str) -> None:
    """A line dated outside the stay."""
    rng = plot.rng
    los = int(rng.integers(4, 9))
    first = plot.day(plot.plan.first + 20, tail=70)
    enc = plot.stay(plot.person(ages=(25, 80)), first, los)
    plot.uploads[enc] = int(plot.encs[enc]["end"]) + 2 * _HOUR  # only the date of the line is wrong
    day = {
        "two_days_after": first + los + 2,
        "before_admission": first - int(rng.integers(2, 8)),
        "admission_day": first,
        "discharge_day": first + los,
        "day_after": first + los + 1,
    }.get(variant, first + los + int(rng.integers(3, 25)))
    pool = plot.cat.groups["lab_kidney"] + plot.cat.groups["ward_treat"]
    item = pool[int(rng.integers(len(pool)))]
    hour = 20 if variant == "admission_day" else 7
    line = plot.line(enc, item, day * DAY + hour * _HOUR, own=variant == "self_paid", back=1 if variant == "refunded" else 0)
    plot.fact(OUTSIDE, variant, variant in OUTSIDE.guilty, [enc], [line], amount_lines=[line], note=f"住院 {los} 天")


def plant_late(plot: Plot, variant: str) -> None:
    """An encounter that reaches the platform late: a visit or purchase after a day, a stay after three days from discharge."""
    rng = plot.rng
    person, day = plot.person(ages=(20, 80)), plot.day(plot.plan.first, tail=50)
    if variant.startswith("stay"):
        enc = plot.stay(person, day, int(rng.integers(3, 9)))
        end = int(plot.encs[enc]["end"])
        plot.uploads[enc] = end + int(rng.integers(*((20, 68) if variant == "stay_in_time" else (80, 400)))) * _HOUR
    else:
        enc = plot.purchase(person, day) if variant.startswith("purchase") else plot.visit(person, day)
        hours = int(rng.integers(*((8, 22) if variant.endswith("in_time") else (32, 240))))
        hours = 26 if variant == "visit_just_late" else hours
        plot.uploads[enc] = 0 if variant == "not_told" else plot.begin(enc) + hours * _HOUR
    if variant == "self_paid":
        plot.unpaid.add(enc)
    if variant == "refunded":
        plot.undone.add(enc)
    plot.fact(LATE, variant, variant in LATE.guilty, [enc], [], amount_enc=enc)


def plant_undiagnosed(plot: Plot, variant: str) -> None:
    """A settled stay without a main diagnosis."""
    person, day = plot.person(ages=(20, 80)), plot.day(plot.plan.first, tail=40)
    enc = plot.purchase(person, day) if variant == "pharmacy" else plot.stay(person, day, int(plot.rng.integers(3, 9)))
    some = other(plot, ())
    minor = Diagnosis(some.code, some.name, main=False)
    plot.diagnose(
        enc,
        *{
            "minor_only": (minor,),
            "none_is_main": (minor, Diagnosis(some.code, some.name, main=False, out=True)),
            "main_diagnosis": (some, Diagnosis(some.code, some.name, out=True)),
            "main_at_discharge": (minor, Diagnosis(some.code, some.name, out=True)),
        }.get(variant, ()),
    )
    if variant == "self_paid":
        plot.unpaid.add(enc)
    plot.fact(UNDIAGNOSED, variant, variant in UNDIAGNOSED.guilty, [enc], [], amount_enc=enc)
