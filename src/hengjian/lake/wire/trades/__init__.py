"""Every trade the lake understands, and every message field with its lake column: one table, read by code and printed as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hengjian.lake.wire.trades import fee, goods, person, settlement, settlement_list, visit
from hengjian.lake.wire.trades.base import Act, Field, NodeSpec, Trade

_NOTED = (
    ("1201", "医药机构信息获取"),
    ("1901", "字典表查询"),
    ("3101", "明细审核事前分析"),
    ("3102", "明细审核事中分析"),
    ("3103", "事前事中服务反馈"),
    ("3201", "对总账"),
    ("3202", "对明细账"),
    ("3660", "明细审核事前分析（地方）"),
    ("3661", "明细审核事中分析（地方）"),
    ("5203", "结算信息查询"),
    ("5204", "费用明细查询"),
    ("9001", "签到"),
    ("9002", "签退"),
)

TRADES: dict[str, Trade] = {
    t.infno: t
    for t in (
        *person.TRADES,
        *visit.TRADES,
        *fee.TRADES,
        *settlement.TRADES,
        *goods.TRADES,
        *settlement_list.TRADES,
        *(Trade(infno, title, Act.NOTED, note="不产生数据湖的行") for infno, title in _NOTED),
    )
}
"""By trade number. A batch or later form (2203A, 3505A) is found under its first four digits."""


def trade_of(infno: str) -> Trade | None:
    """The trade of a number with or without suffix; None when the lake does not know it."""
    return TRADES.get(infno) or TRADES.get(infno[:4])


class Mapped(NamedTuple):
    """One line of the printed mapping: a message field and the column it fills ("" = read, not kept)."""

    infno: str
    title: str
    path: str
    label: str
    target: str
    how: str


def mappings() -> Iterator[Mapped]:
    """Every message field of every trade, with its lake column; a field with two columns gives two lines."""
    for trade in TRADES.values():
        for target, key in trade.from_envelope:
            yield Mapped(trade.infno, trade.title, key, "信封", target, "")
        for node in trade.nodes:
            for f in node.fields:
                for target in f.to or ("",):
                    yield Mapped(trade.infno, trade.title, f"{node.path}.{f.name}", f.label, target, f.how)


__all__ = ["TRADES", "Act", "Field", "Mapped", "NodeSpec", "Trade", "mappings", "trade_of"]
