"""分解住院: a second stay at the same institution within 15 days of discharge for the same category of disease."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.diseases import INDEX
from hengjian.city.encounters import med
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

THEME = Theme(
    "split_admission",
    "R29",
    "GZ10000204001000",
    "encounter",
    ("same_day", "within_days", "fifteenth_day", "other_subcode"),
    (
        "sixteenth_day",
        "other_disease",
        "planned_disease",
        "planned_flag",
        "emergency",
        "transferred",
        "day_surgery",
        "other_institution",
    ),
)
_CASES = (
    ("dizzy", "R42", "头晕"),
    ("back", "M54", "背痛"),
    ("coronary", "I25", "慢性缺血性心脏病"),
    ("ulcer", "K26", "十二指肠溃疡"),
    ("pneumonia", "J18", "肺炎"),
)


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    rng = plot.rng
    gap = {"same_day": 0, "fifteenth_day": 15, "sixteenth_day": 16 + int(rng.integers(0, 2)) * int(rng.integers(0, 14))}.get(
        variant, int(rng.integers(1, 15))
    )
    if variant == "transferred":
        gap = max(gap, 3)
    key, code, name = _CASES[int(rng.integers(len(_CASES)))]
    person, first_inst = plot.person(ages=(25, 80)), plot.hospital()
    second_inst = plot.hospital(other=first_inst) if variant == "other_institution" else first_inst
    start, los = plot.day(plot.plan.first, tail=75), int(rng.integers(4, 11))
    disease = INDEX[key]
    more_first: dict[str, object] = {"planned_flag": {"planned": 2}, "transferred": {"dscg_way": 2}}.get(variant, {})  # type: ignore[assignment]
    more_second: dict[str, object] = {"emergency": {"adm_way": 1}, "day_surgery": {"med": med("28"), "day_surgery": True}}.get(
        variant, {}
    )  # type: ignore[assignment]
    first = plot.stay(person, start, los, inst=first_inst, disease=disease, **more_first)
    back = start + los + gap
    length = 1 if variant == "day_surgery" else int(rng.integers(3, 9))
    second = plot.stay(person, back, length, inst=second_inst, disease=disease, afternoon=gap == 0, **more_second)
    if variant == "transferred":
        between = plot.hospital(other=first_inst)
        plot.encs[first]["accept"] = between
        middle = plot.stay(
            person, start + los, gap, inst=between, disease=disease, adm_way=3, dscg_way=2, accept=first_inst, afternoon=True
        )
        plot.encs[second] |= {"adm_way": 3, "begin": max(plot.begin(second), int(plot.encs[middle]["end"]) + 3600)}
    _diagnoses(plot, first, second, code, name, variant)
    plot.fact(THEME, variant, variant in THEME.guilty, [first, second], [], amount_enc=second, note=f"间隔 {gap} 天")


def _diagnoses(plot: Plot, first: int, second: int, code: str, name: str, variant: str) -> None:
    """The same category of main diagnosis at admission and discharge of both, unless the variant parts them."""
    one, two = f"{code}.900", f"{code}.800" if variant == "other_subcode" else f"{code}.900"
    if variant == "other_disease":
        two = "K80.100" if code != "K80" else "J18.900"
    if variant == "planned_disease":
        planned = [
            f for f in knowledge.facts("planned_readmission") if f["diag_prefix"] in ("Z51", "Z49", "N18", "Z47", "C", "F")
        ]
        prefix = planned[int(plot.rng.integers(len(planned)))]["diag_prefix"]
        one = two = {"C": "C34.900", "F": "F32.900"}.get(prefix, prefix + ".900")
        name = "按计划再次入院的疾病"
    for enc, diag in ((first, one), (second, two)):
        plot.diagnose(enc, Diagnosis(diag, name), Diagnosis(diag, name, out=True))
