"""药品超限定病种目录范围使用: a drug claimed under a chronic disease whose list does not hold it."""

from __future__ import annotations

from hengjian.city.chronic import UNLISTED, listed
from hengjian.city.diseases import INDEX
from hengjian.city.plant.hosts import give
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "chronic_drug_outside_list",
    "R08",
    "GZ10000101011000",
    "line",
    ("other_disease", "several_packs", "by_internet", "part_refunded"),
    ("listed", "disease_without_list", "disease_not_named", "ordinary_visit", "self_paid", "refunded"),
)
_DISEASES = ("hypertension", "diabetes", "coronary", "stroke")


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    key = {"disease_without_list": UNLISTED, "disease_not_named": "gastritis"}.get(variant)
    disease = INDEX[key or _DISEASES[int(plot.rng.integers(len(_DISEASES)))]]
    day = plot.day(plot.plan.first)
    kind, online = "11" if variant == "ordinary_visit" else "14", int(variant == "by_internet")
    enc = plot.visit(plot.person(ages=(40, 80)), day, disease=disease, kind=kind, online=online)
    own = tuple(listed(plot.cat, disease))
    items = [
        i
        for i, drug in enumerate(plot.cat.items)
        if drug.list_type == "101" and drug.step == 1 and not drug.closed and plot.cat.only_in(i)
        if drug.code.startswith(own) == (variant == "listed")
    ]
    item = items[int(plot.rng.integers(len(items)))]
    line = give(plot, enc, item, day, variant, most=6 if variant == "several_packs" else 2)
    note = f"{plot.cat.items[item].name}"
    plot.fact(THEME, variant, variant in THEME.guilty, [enc], [line], amount_lines=[line], note=note)
