"""What every reader gives, and how a header is matched to a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from hengjian.lake.schema import Table


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

    `done` is the share of the file that has been read, 0 to 1. `sent`: the cells as sent, where a map gave them other values.
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


def match_header(table: Table, cells: Sequence[str]) -> Header:
    """Match headers by national name, alias or Chinese label. Raises FileRefused F02 or F03."""
    cleaned = ["".join(cell.splitlines()).strip().strip("\ufeff").strip() for cell in cells]
    if not any(cleaned):
        raise FileRefused("F03", "文件里没有表头")
    names = tuple(table.headers.get(cell.lower()) for cell in cleaned)
    twice = [name for name, count in Counter(n for n in names if n).items() if count > 1]
    if twice:
        raise FileRefused("F03", "这些列出现了不止一次：" + "、".join(f"{n}（{table[n].label}）" for n in twice))
    if missing := [c for c in table.columns if c.required and c.name not in names]:
        raise FileRefused("F02", "缺少：" + "、".join(f"{c.name}（{c.label}）" for c in missing))
    return Header(names, tuple(cell for cell, name in zip(cleaned, names, strict=True) if name is None and cell))
