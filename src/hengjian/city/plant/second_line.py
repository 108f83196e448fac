"""药品限二线使用: a drug for those whom another treatment failed, given to somebody of whom no such treatment is known."""

from __future__ import annotations

from hengjian.city.diseases import INDEX
from hengjian.city.encounters import DAY
from hengjian.city.knowledge import Fact
from hengjian.city.plant.demands import demands, diagnosis, facts, other
from hengjian.city.plant.hosts import when
from hengjian.city.plant.needs import item_of
from hengjian.city.plant.plot import Diagnosis, Plot, Theme

THEME = Theme(
    "second_line_drug",
    "R05",
    "GZ10000101005000",
    "line",
    ("never_treated", "other_drug_before", "treated_afterwards", "treatment_refunded", "stay", "first_day", "part_refunded"),
    ("treated_before", "treated_elsewhere", "treated_long_ago", "treated_that_day", "treatment_self_paid", "intolerant", "refunded",
     "self_paid", "day_before"),
)  # fmt: skip
_TREATED = {
    "treated_before": -30, "treated_elsewhere": -45, "treated_long_ago": -170, "treated_that_day": 0, "treatment_self_paid": -20,
    "treatment_refunded": -30, "treated_afterwards": 12, "other_drug_before": -30,
}  # fmt: skip
"""Days from the drug to the other treatment."""


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    fact, first = _draw(plot)
    asked = demands(fact["code"], but=THEME.name)
    person = plot.person(sex=asked.sex, ages=(30, 75))
    plot.alone.add(person)
    day = max(when(plot, fact.valid, variant), plot.plan.first + 175)
    if variant == "day_before":
        day = min(day, fact.valid.start - 1)
    inst = plot.hospital()
    stay = variant == "stay" or asked.stay
    plain = INDEX["ulcer" if stay else "gastritis"]  # whose ordinary drugs are no treatment of the kind that counts
    enc = plot.stay(person, day - 1, 5, inst=inst, disease=plain) if stay else plot.visit(person, day, inst=inst, disease=plain)
    needed = [diagnosis(p, main=False) for p in asked.diagnoses]
    plot.diagnose(enc, *([Diagnosis("Z88.800", "药物过敏史")] if variant == "intolerant" else [other(plot, ())]), *needed)
    sec = day * DAY + 16 * 3600
    if variant in _TREATED:
        at = _TREATED[variant]
        where = plot.hospital(other=inst) if variant == "treated_elsewhere" else inst
        host = plot.visit(person, day + at, inst=where, disease=INDEX["gastritis"]) if at else enc
        item = plot.cat.groups["stomach"][0] if variant == "other_drug_before" else first
        plot.line(
            host,
            item,
            plot.begin(host) + 900 if at else sec - 60,
            days=7,
            own=variant == "treatment_self_paid",
            back=int(variant == "treatment_refunded"),
        )
    count = 2 if variant == "part_refunded" else 1
    back = {"part_refunded": 1, "refunded": 1}.get(variant, 0)
    line = plot.line(enc, item_of(plot, fact["code"]), sec, cnt=count, days=7, own=variant == "self_paid", back=back)
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [line], amount_lines=[line], note=fact["name"])


def _draw(plot: Plot) -> tuple[Fact, int]:
    """A row, and an item of the catalogue that counts as the treatment before; rows without one are left out."""
    pool = []
    for fact in facts(THEME.name, "code"):
        classes = tuple(fact["earlier"].split("|"))
        known = [i for i, item in enumerate(plot.cat.items) if item.code.startswith(classes) and not item.closed]
        if known and fact.valid.start < plot.plan.last - 60:
            pool.append((fact, known[0]))
    return pool[int(plot.rng.integers(len(pool)))]
