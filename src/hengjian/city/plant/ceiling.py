"""医疗服务项目超限定单价收费: a price above the list of the place. The difference is in question. The price list is invented."""

from __future__ import annotations

import numpy as np

from hengjian.city import knowledge
from hengjian.city.catalogue import Catalogue
from hengjian.city.encounters import DAY
from hengjian.city.plan import CITY_CODE
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "service_price_ceiling",
    "R17",
    "GZ10000102001000",
    "line",
    ("a_little_over", "far_over", "several_units", "stay"),
    ("at_ceiling", "below_ceiling", "refunded", "self_paid", "not_listed"),
)
ROLES = ("physio", "ecg", "lab_thyroid", "lab_clot", "us_women", "op_skin", "watch")
"""Services in the list, besides the operations of one incision; all others have no ceiling."""
SOURCE = "镜川价〔2025〕0 号（虚构）"
_LEVELS = (3, 2, 1)


def price_list(cat: Catalogue) -> list[tuple[str, ...]]:
    """Rows of `price.csv`: the city's own prices of three levels as ceilings, none of them real."""
    found: list[tuple[str, ...]] = []
    operations = [cat.code(row["code"]) for row in knowledge.rows("surgery_same_incision")]
    for item in dict.fromkeys([i for role in ROLES for i in cat.groups[role]] + operations):
        for level in _LEVELS:
            yuan = f"{int(cat.pric[item, level]) / 1_000_000:.2f}"
            one = cat.items[item]
            found.append((CITY_CODE, str(level), one.code, one.name, yuan, one.unit, "2025-01-01", "", SOURCE))
    return found


PRICE_COLUMNS = (
    "admdvs", "hosp_lv_grp", "med_list_codg", "hilist_name", "pric_uplmt_amt", "cnt_unt", "valid_from", "valid_to", "src",
)  # fmt: skip


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    rng = plot.rng
    role = "us" if variant == "not_listed" else ("physio", "ecg", "lab_thyroid", "lab_clot")[int(rng.integers(4))]
    item = plot.cat.groups[role][int(rng.integers(len(plot.cat.groups[role])))]
    person = plot.person(ages=(25, 75))
    day = plot.day(plot.plan.first)
    enc = plot.stay(person, day - 1, 5) if variant == "stay" else plot.visit(person, day)
    usual = plot.price(enc, item)
    dear = {
        "a_little_over": usual + int(rng.integers(10, 100)),
        "at_ceiling": usual,
        "below_ceiling": usual - int(rng.integers(10, 100)),
    }.get(variant, usual * int(rng.integers(13, 26)) // 10)
    count = int(rng.integers(2, 5)) if variant == "several_units" else 1
    sec = day * DAY + 15 * 3600 if variant == "stay" else plot.begin(enc) + 1300
    line = plot.line(
        enc, item, sec, cnt=count, fen=dear, own=variant == "self_paid", back=count if variant == "refunded" else 0
    )
    guilty = variant in THEME.guilty
    note = f"{plot.cat.items[item].name}，单价 {np.int64(dear) / 100:.2f} 元，最高 {usual / 100:.2f} 元"
    plot.fact(THEME, variant, guilty, [enc], [line], amount_fen=(dear - usual) * count if guilty else -1, note=note)
