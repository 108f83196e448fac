"""疾病诊断编码异常: a complication among the diagnoses at discharge, and nothing charged that shows it was treated."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.encounters import DAY
from hengjian.city.plant.demands import diagnosis, other
from hengjian.city.plant.needs import item_of
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

THEME = Theme(
    "unsupported_diagnosis",
    "R32",
    "GZ10000201003000",
    "encounter",
    ("nothing", "evidence_of_another", "evidence_refunded", "two_complications", "last_stay"),
    (
        "one_evidence",
        "all_evidence",
        "evidence_self_paid",
        "main_diagnosis",
        "at_admission_only",
        "outpatient",
        "stay_self_paid",
    ),
)
_LAST = 60
"""Days since a stay in which the evidence was charged."""


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    rows = knowledge.local_files()["cc_evidence"]
    prefixes = sorted({row["diag_prefix"] for row in rows})
    number = int(plot.rng.integers(len(prefixes)))
    prefix, another = prefixes[number], prefixes[(number + 1) % len(prefixes)]
    evidence = {p: [row["med_list_codg"] for row in rows if row["diag_prefix"] == p] for p in prefixes}
    person = plot.person(ages=(45, 80))
    day = plot.day(plot.plan.first + _LAST + 10)
    out = variant == "outpatient"
    enc = plot.visit(person, day) if out else plot.stay(person, day, 7)
    main = other(plot, ())
    claimed = [prefix, another] if variant == "two_complications" else [prefix]
    shown = [main, Diagnosis(main.code, main.name, out=True)]
    if variant == "main_diagnosis":
        shown = [diagnosis(prefix), diagnosis(prefix, out=True)]
    else:
        shown += [diagnosis(p, "并发症", main=False, out=variant != "at_admission_only" and not out) for p in claimed]
    plot.diagnose(enc, *(shown if not out else [main, diagnosis(prefix, "并发症", main=False)]))
    charged = {
        "evidence_of_another": evidence[another][:1],
        "evidence_refunded": evidence[prefix][:1],
        "two_complications": evidence[another][:1],
        "one_evidence": evidence[prefix][-1:],
        "all_evidence": evidence[prefix],
        "evidence_self_paid": evidence[prefix][:1],
    }.get(variant, [])
    for n, code in enumerate(charged):
        _charge(plot, enc, code, day + 2, n, own=variant == "evidence_self_paid", back=int(variant == "evidence_refunded"))
    if variant == "last_stay":
        before = plot.stay(person, day - _LAST, 4, disease=int(plot.encs[enc]["disease"]))
        plot.diagnose(before, main, Diagnosis(main.code, main.name, out=True))
        _charge(plot, before, evidence[prefix][0], day - _LAST + 1, 0)
    if variant == "stay_self_paid":
        plot.unpaid.add(enc)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [], note=prefix)


def _charge(plot: Plot, enc: int, code: str, day: int, n: int, *, own: bool = False, back: int = 0) -> None:
    plot.line(enc, item_of(plot, code), day * DAY + 10 * 3600 + n, own=own, back=back, days=1)
