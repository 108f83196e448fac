"""What every reader gives, and how a header is matched to a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from hengjian.lake.ingest.readers.spelling import column_of, fold
from hengjian.lake.schema import Table

Renamed = Mapping[str, str | None]
"""What a saved map says of headers: folded header (`spelling.fold`) to column, or to None where it is to be left out."""
NOTHING: Renamed = {}


class FileRefused(Exception):
    """The whole file is refused: reason code (F…), what is wrong with it, and what to do when the code's own advice does not fit."""

    def __init__(self, code: str, detail: str, advice: str = "") -> None:
        super().__init__(f"{code} {detail}")
        self.code, self.detail, self.advice = code, detail, advice


@dataclass(frozen=True)
class BadLine:
    """A line that is no row: physical line number, its text, what is wrong."""

    line: int
    text: str
    detail: str


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: the columns that were sent, by schema name, the physical line of each row, and lines that are no rows.

    `done` is the share of the file that has been read, 0 to 1. `sent` holds the cells as they came where a saved map has changed
    some of them in `data`; None where nothing was changed.
    """

    data: pa.Table
    lines: pa.Array
    bad: tuple[BadLine, ...] = ()
    done: float = 1.0
    sent: pa.Table | None = None


@dataclass(frozen=True)
class Header:
    """Columns of a file: schema name by position (None = not of the table), and the headers left out."""

    names: tuple[str | None, ...]
    unknown: tuple[str, ...] = field(default=())


def match_header(table: Table, cells: Sequence[str], renamed: Renamed = NOTHING) -> Header:
    """Match headers by saved map, national name, alias or Chinese label. Raises FileRefused F02 or F03."""
    cleaned = [clean(cell) for cell in cells]
    if not any(cleaned):
        raise FileRefused("F03", "文件里没有表头")
    names = names_of(table, cleaned, renamed)
    twice = [name for name, count in Counter(n for n in names if n).items() if count > 1]
    if twice:
        raise FileRefused("F03", "这些列出现了不止一次：" + "、".join(f"{n}（{table[n].label}）" for n in twice))
    if missing := [c for c in table.columns if c.required and c.name not in names]:
        raise FileRefused("F02", "缺少：" + "、".join(f"{c.name}（{c.label}）" for c in missing))
    return Header(names, tuple(cell for cell, name in zip(cleaned, names, strict=True) if name is None and cell))


def names_of(table: Table, cells: Sequence[str], renamed: Renamed = NOTHING) -> tuple[str | None, ...]:
    """The column each header names; None where it names none."""
    return tuple(renamed[key] if (key := fold(cell)) in renamed else column_of(table, cell) if key else None for cell in cells)


def clean(cell: str) -> str:
    """A header without what surrounds it: line breaks, blanks, byte-order mark."""
    return "".join(cell.splitlines()).strip().strip("\ufeff").strip()
