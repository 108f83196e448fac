"""What refuses one row for what it says itself: the twin of the refusing checks of `lake.ingest.checks`, in integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from hengjian.gate.derive.cells import Cells, Refused
from hengjian.gate.derive.spelled import DAY, day
from hengjian.kernel.dates import day_date, day_number
from hengjian.lake.schema import TABLES

Check = tuple[str, str, Callable[[Cells], bool]]
"""Reason code, the column named to the user, and whether a row is at fault."""

_PAIRS = (
    ("begntime", "endtime"),
    ("begndate", "enddate"),
    ("exe_begntime", "exe_endtime"),
    ("oprn_oprt_begntime", "oprn_oprt_endtime"),
)
_PLANS = ("leav_begntime", "leav_endtime")
_DAYS_OF_ACTS = {
    "settlement": ("begndate", "enddate"),
    "operation": ("oprn_oprt_date",),
    "person": ("die_date",),
}
_ENTERED = {"person": ("brdy", "psn_insu_date", "paus_insu_date")}
"""Days that cannot lie ahead but may lie before 2000."""
_FIRST = day("2000-01-01")
UNKNOWN_BIRTH = day("1900-01-01")
"""The day that stands for an unknown birth."""
_OLDEST = 131

_YUAN, _UNIT, _PRICE = 100, 10_000, 1_000_000
_MOST_COUNT, _MOST_PRICE, _MOST_AMOUNT = 100_000 * _UNIT, 2_000_000 * _PRICE, 10_000_000 * _YUAN
_PRODUCT = _UNIT * _PRICE // _YUAN
"""What an amount in fen is multiplied by to stand beside quantity times price."""


def check(table: str, cells: Cells, today: int | None) -> None:
    """Refuse a row at fault. `today`: the day number after which nothing can have happened; None: not asked. Raises Refused."""
    numbers = cells.numbers
    for code, column, wrong in checks_of(table):
        if wrong(cells):
            raise Refused(code, column)
    seconds, days, entered = _dates(table)
    for columns, length in ((seconds, DAY), (days, 1)):
        for column in columns:
            if (found := numbers.get(column)) is not None:
                if found < _FIRST * length:
                    raise Refused("L03", column)
                if today is not None and found >= (today + 1) * length:
                    raise Refused("L02", column)
    if today is not None:
        for column in entered:
            if numbers.get(column, today) > today:
                raise Refused("L02", column)
        if table == "person" and UNKNOWN_BIRTH != numbers.get("brdy", today) < _years_before(today + 1, _OLDEST):
            raise Refused("L04", "brdy")


@cache
def _dates(table: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Columns with the instants of acts, the days of acts, and days that were entered into."""
    instants = tuple(c.name for c in TABLES[table].columns if c.kind.sql == "TIMESTAMP" and c.name not in _PLANS)
    return instants, _DAYS_OF_ACTS.get(table, ()), _ENTERED.get(table, ())


@cache
def checks_of(table: str) -> tuple[Check, ...]:
    """The checks of a table that do not ask for the day."""
    own: Mapping[str, tuple[Check, ...]] = {"fee_line": _LINES}
    return (*(_ordered(a, b) for a, b in _PAIRS if a in TABLES[table] and b in TABLES[table]), *own.get(table, ()))


def _ordered(begin: str, end: str) -> Check:
    def wrong(cells: Cells) -> bool:
        return begin in cells.numbers and end in cells.numbers and cells.numbers[end] < cells.numbers[begin]

    return "L01", end, wrong


def _years_before(number: int, years: int) -> int:
    found = day_date(number)
    leap = found.month == 2 and found.day == 29  # the day before where that year has none
    return day_number(found.replace(year=found.year - years, day=28 if leap else found.day))


def _large(cells: Cells) -> bool:
    return abs(cells.numbers["cnt"]) > _MOST_COUNT


def _dear(cells: Cells) -> bool:
    return cells.numbers["pric"] > _MOST_PRICE


def _beyond(cells: Cells) -> bool:
    return abs(cells.numbers["det_item_fee_sumamt"]) > _MOST_AMOUNT


def _cheap(cells: Cells) -> bool:
    return cells.numbers["pric"] < 0


def _signs(cells: Cells) -> bool:
    count, amount = cells.numbers["cnt"], cells.numbers["det_item_fee_sumamt"]
    return (count < 0 < amount) or (amount < 0 < count) or (count == 0 != amount)


def _scope(cells: Cells) -> bool:
    inside, amount = cells.numbers["inscp_scp_amt"], cells.numbers["det_item_fee_sumamt"]
    return abs(inside) > abs(amount) or inside * amount < 0


def _odds(cells: Cells) -> bool:
    """Further from quantity times price than two fen and half a percent of the amount."""
    amount = cells.numbers["det_item_fee_sumamt"]
    away = abs(amount * _PRODUCT - cells.numbers["cnt"] * cells.numbers["pric"])
    return away > 2 * _PRODUCT and away * 200 > abs(amount) * _PRODUCT


_LINES: tuple[Check, ...] = (
    ("L18", "cnt", _large),
    ("L18", "pric", _dear),
    ("L19", "det_item_fee_sumamt", _beyond),
    ("L07", "pric", _cheap),
    ("L07", "det_item_fee_sumamt", _signs),
    ("L08", "inscp_scp_amt", _scope),
    ("L06", "det_item_fee_sumamt", _odds),
)
