"""Cells that come typed, from a sheet or a database, as what `columns` reads: text, or times where all are times."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from hengjian.lake.ingest.values import CUT_SHORT
from hengjian.lake.schema.base import Column

CHINA = ZoneInfo("Asia/Shanghai")
_SHORT = 10**15
"""From here on a spreadsheet no longer holds every digit of a number."""
_LAST_SERIAL = 2_958_466
"""The day after 9999-12-31, counted by spreadsheets from 1900."""


def to_array(cells: Sequence[Any], column: Column, *, epoch: date | None = None) -> pa.Array:
    """The cells of one column. `epoch`: the cells come from a sheet whose day numbers count from this day."""
    kinds = set(map(type, cells))
    if kinds <= {str, type(None)}:
        return pa.array([cell or None for cell in cells] if epoch else list(cells), pa.string())
    if kinds <= {datetime, type(None)} and column.kind.sql == "TIMESTAMP" and not epoch:
        return pa.array(
            [c.astimezone(CHINA).replace(tzinfo=None) if c is not None and c.tzinfo else c for c in cells], pa.timestamp("us")
        )
    read = _sheet_cell(column, epoch) if epoch else text_of
    seen: dict[tuple[type, Any], str | None] = {}
    texts: list[str | None] = []
    for cell in cells:
        key = (cell.__class__, cell)
        try:
            texts.append(seen[key])
        except KeyError:
            texts.append(seen.setdefault(key, read(cell)))
        except TypeError:  # not hashable: a list or an object of a JSON column
            texts.append(read(cell))
    return pa.array(texts, pa.string())


def text_of(cell: Any) -> str | None:
    """One cell as text, exactly: numbers as plain digits, times as China civil time."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return _digits(Decimal(repr(cell))) if cell == cell and abs(cell) != float("inf") else repr(cell)
    if isinstance(cell, Decimal):
        return _digits(cell) if cell.is_finite() else str(cell)
    if isinstance(cell, datetime):
        civil = cell.astimezone(CHINA).replace(tzinfo=None) if cell.tzinfo else cell
        return civil.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.strftime("%H:%M" if cell.second == 0 else "%H:%M:%S")
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(int(cell.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    if isinstance(cell, (bytes, memoryview)):
        return bytes(cell).decode("utf-8", "replace")
    if isinstance(cell, (list, dict)):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell)


def _digits(number: Decimal) -> str:
    """Plain digits, whole numbers without a fraction."""
    if number == number.to_integral_value():
        return format(number.to_integral_value(), "f")
    return format(number, "f")


def _sheet_cell(column: Column, epoch: date) -> Callable[[Any], str | None]:
    """The reader of cells of a sheet: day numbers become days where days are due, numbers too long for a sheet are marked."""
    timed = column.kind.sql in ("DATE", "TIMESTAMP")
    named = column.kind.is_text and column.kind.word not in ("name", "text")

    def read(cell: Any) -> str | None:
        if cell == "":
            return None
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            if timed and 0 < cell < _LAST_SERIAL:
                return text_of(_nearest(datetime(epoch.year, epoch.month, epoch.day) + timedelta(days=cell)))  # noqa: DTZ001
            if named and abs(cell) >= _SHORT:
                return f"{text_of(cell)}{CUT_SHORT}"
        if isinstance(cell, datetime):
            cell = _nearest(cell)
        return text_of(cell)

    return read


def _nearest(moment: datetime) -> datetime:
    """The nearest whole second: a sheet keeps times as fractions of a day."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
