"""医疗服务项目分解收费: parts charged one by one instead of their package, or beside it."""

from __future__ import annotations

from hengjian.city import knowledge
from hengjian.city.plant.demands import other
from hengjian.city.plant.needs import item_of
from hengjian.city.plant.plot import Plot, Theme

THEME = Theme(
    "split_charge",
    "R19",
    "GZ10000102013000",
    "day",
    ("parts_instead", "three_parts", "part_beside_package", "parts_beside_package", "two_visits_one_day", "package_self_paid"),
    ("package_only", "one_part", "dearer_package", "price_not_known", "one_part_twice", "next_day", "two_institutions", "one_refunded",
     "one_self_paid", "package_refunded"),
)  # fmt: skip
_CHEAP, _DEAR, _UNKNOWN = "008826001000000", "008826002000000", "008826003000000"
_BESIDE = frozenset({"part_beside_package", "parts_beside_package", "package_self_paid", "package_only", "package_refunded"})
_PARTS = {
    "three_parts": 3, "part_beside_package": 1, "package_self_paid": 1, "package_only": 0, "one_part": 1, "package_refunded": 1,
}  # fmt: skip
"""How many parts; two if nothing is said."""


def plant(plot: Plot, variant: str) -> None:
    """One fact of the given variant."""
    pack = {"dearer_package": _DEAR, "price_not_known": _UNKNOWN}.get(variant, _CHEAP)
    rows = [row for row in knowledge.local_files()["package"] if row["med_list_codg"] == pack]
    codes = [row["part_codg"] for row in rows][: _PARTS.get(variant, 2)]
    person = plot.person(ages=(25, 75))
    day, inst = plot.day(plot.plan.first), plot.hospital()
    encs = [plot.visit(person, day, inst=inst, hour=8.5)]
    if variant in ("two_visits_one_day", "next_day"):
        encs.append(plot.visit(person, day + (variant == "next_day"), inst=inst, hour=14.5))
    elif variant == "two_institutions":
        encs.append(plot.visit(person, day, inst=plot.hospital(other=inst), hour=14.5))
    for enc in encs:
        plot.diagnose(enc, other(plot, ()))
    lines = [
        plot.line(
            encs[-1] if n == 1 else encs[0],
            item_of(plot, code),
            plot.begin(encs[-1] if n == 1 else encs[0]) + 900 + n,
            cnt=2 if n == 1 and variant == "one_part_twice" else 1,
            own=n == 1 and variant == "one_self_paid",
            back=int(n == 1 and variant == "one_refunded"),
        )
        for n, code in enumerate(codes)
    ]
    if variant in _BESIDE:
        own, back = variant == "package_self_paid", int(variant == "package_refunded")
        plot.line(encs[0], item_of(plot, pack), plot.begin(encs[0]) + 880, own=own, back=back)
    guilty = variant in THEME.guilty
    total = sum(plot.price(int(plot.specials[i]["enc"]), int(plot.specials[i]["item"])) for i in lines)
    less = 0 if variant in _BESIDE else int(rows[0]["pack_amt"].replace(".", "") or 0)
    plot.fact(THEME, variant, guilty, encs, [], amount_fen=total - less if guilty else -1, note=rows[0]["hilist_name"])
