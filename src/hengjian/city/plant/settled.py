"""结算明细信息异常、手术操作编码异常: a settlement that its lines do not come to, an operation charged that the record does not tell."""

from __future__ import annotations

from hengjian.city.encounters import DAY, med
from hengjian.city.plant.plot import Operation, Plot, Theme

DETAIL = Theme(
    "settlement_detail_mismatch",
    "R44",
    "GZ10000201002000",
    "encounter",
    ("lines_missing", "lines_beyond", "just_over", "purchase"),
    ("at_tolerance", "few_fen", "part_refunded", "self_paid", "undone"),
)
OPERATION = Theme(
    "operation_record_fault",
    "R44",
    "GZ10000201004000",
    "encounter",
    ("not_told", "day_surgery_not_told", "no_main", "misshapen"),
    ("told", "category_only", "small", "operation_self_paid", "operation_refunded", "outpatient"),
)
_MISSHAPEN = ("S47.09", "4701", "47.x00", "阑尾切除")


def plant_detail(plot: Plot, variant: str) -> None:
    """A settlement beside its lines."""
    rng = plot.rng
    person, day = plot.person(ages=(25, 80)), plot.day(plot.plan.first, tail=40)
    if variant in ("lines_missing", "lines_beyond", "undone"):
        enc = plot.stay(person, day, int(rng.integers(3, 9)))
    else:
        enc = plot.purchase(person, day) if variant == "purchase" else plot.visit(person, day)
    item = plot.cat.groups["physio"][0]
    own, back = variant == "lines_beyond", 1 if variant == "part_refunded" else 0  # what is taken off was paid oneself
    line = plot.line(enc, item, plot.begin(enc) + 1800, cnt=3, own=own, back=back)
    fen = {
        "lines_missing": int(rng.integers(5_000, 80_000)),
        "lines_beyond": -int(rng.integers(300, 3_000)),
        "just_over": 101,
        "at_tolerance": 100,
        "few_fen": int(rng.integers(3, 90)),
        "part_refunded": 0,
    }.get(variant, int(rng.integers(1_500, 9_000)))
    plot.beyond[enc] = fen
    if variant == "self_paid":
        plot.unpaid.add(enc)
    if variant == "undone":
        plot.undone.add(enc)
    guilty = variant in DETAIL.guilty
    note = f"结算总额与明细之和相差 {fen} 分"
    plot.fact(DETAIL, variant, guilty, [enc], [line] if fen == 0 else [], amount_fen=max(fen, 0) if guilty else -1, note=note)


def plant_operation(plot: Plot, variant: str) -> None:
    """An operation that is charged, and what the record says of it."""
    rng = plot.rng
    person, day = plot.person(ages=(25, 75)), plot.day(plot.plan.first, tail=40)
    if variant == "outpatient":
        enc = plot.visit(person, day)
    elif variant == "day_surgery_not_told":
        enc = plot.stay(person, day, 1, med=med("28"), day_surgery=True)
    else:
        enc = plot.stay(person, day, int(rng.integers(4, 9)))
    pool = plot.cat.groups["op_general"]
    sec = plot.begin(enc) + (DAY if variant not in ("outpatient", "day_surgery_not_told") else 1800)
    plot.line(
        enc,
        pool[int(rng.integers(len(pool)))],
        sec,
        own=variant == "operation_self_paid",
        back=1 if variant == "operation_refunded" else 0,
        fen=40_000 if variant == "small" else 0,
    )
    name = "皮肤病损切除术"
    told = {
        "no_main": (Operation("86.3x00", name, main=False), Operation("86.2200", name, main=False)),
        "misshapen": (Operation(_MISSHAPEN[int(rng.integers(len(_MISSHAPEN)))], name),),
        "told": (Operation("86.3x00", name), Operation("86.2200", name, main=False)),
        "category_only": (Operation("86", name),),
    }.get(variant, ())
    plot.operate(enc, *told)
    plot.fact(OPERATION, variant, variant in OPERATION.guilty, [enc], [])
