"""无指征住院（低标准入院）: a stay for what is treated without one, short, without operation, or for the sake of examinations."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.diseases import INDEX
from hengjian.city.encounters import DAY, med
from hengjian.city.plant.plot import Diagnosis, Operation, Plot, Theme

THEME = Theme(
    "low_indication_admission",
    "R31",
    "GZ10000204005000",
    "encounter",
    ("short_stay", "three_days", "for_examinations", "old_with_two", "fifteen"),
    (
        "four_days", "not_listed", "operated", "emergency", "transferred", "child", "birthday_unknown", "old_with_several", "day_surgery",
        "self_paid",
    ),
)  # fmt: skip
_MORE = (("I10.x00", "原发性高血压"), ("E11.900", "2型糖尿病"), ("I25.100", "冠状动脉粥样硬化性心脏病"))


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    rng = plot.rng
    ages = {"child": (5, 12), "fifteen": (15, 17), "old_with_two": (67, 88), "old_with_several": (67, 88)}.get(
        variant, (20, 60)
    )
    person, day = plot.person(ages=ages), plot.day(plot.plan.first, tail=40)
    if variant == "birthday_unknown":
        plot.born(person, int(plot.people["brdy"][person]), known=False)
    los = {"three_days": 3, "four_days": 4, "for_examinations": 5, "day_surgery": 1}.get(variant, int(rng.integers(1, 4)))
    more = {
        "emergency": {"adm_way": 1},
        "transferred": {"adm_way": 3},
        "day_surgery": {"med": med("28"), "day_surgery": True},
    }.get(variant, {})
    enc = plot.stay(person, day, los, disease=INDEX["urticaria"], **more)
    if variant == "for_examinations":
        for n in range(8):
            plot.line(enc, plot.cat.groups["mr"][n % 2], plot.begin(enc) + 3600 + n * 600)
    if variant == "operated":
        plot.operate(enc, Operation("86.3x00", "皮肤病损切除术"))
    if variant == "self_paid":
        plot.unpaid.add(enc)
    pool = knowledge.local_files()["mild_dise"]
    row = pool[int(rng.integers(len(pool)))]
    code = "L51.900" if variant == "not_listed" else row["diag_prefix"] + (".900" if "." not in row["diag_prefix"] else "00")
    name = "多形红斑" if variant == "not_listed" else row["diag_name"]
    others = _MORE[: {"old_with_two": 1, "old_with_several": 3}.get(variant, 0)]
    plot.diagnose(
        enc,
        Diagnosis(code, name),
        Diagnosis(code, name, out=True),
        *(Diagnosis(also, title, main=False, out=True) for also, title in others),
    )
    plot.fact(
        THEME,
        variant,
        variant in THEME.guilty,
        [enc],
        [],
        amount_enc=enc,
        note=f"住院 {(plot.encs[enc]['end'] // DAY) - day} 天",
    )
