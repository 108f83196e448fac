"""The cells of one lake row as the loader takes them: what it reads, what it refuses, what it takes as empty.

The twin of `lake.ingest.columns` for one row instead of whole columns: the same marks of emptiness, the same readers and checks of
values, the same reason codes. Amounts, prices and quantities become integers (fen, 10⁻⁶ yuan, 10⁻⁴ units), days day numbers, instants
second numbers; texts stay texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

from hengjian.gate.derive import spelled
from hengjian.lake.ingest import values
from hengjian.lake.ingest.reasons import REASONS, REFUSED
from hengjian.lake.ingest.values import Unreadable
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.base import Column, Kind


class Cells(NamedTuple):
    """One row as read: its filled texts, and its filled days, instants, amounts and other numbers, by column."""

    texts: dict[str, str]
    numbers: dict[str, int]


MISSING, TOO_LONG, ODD_LETTERS, ROUNDED = "T01", "T04", "T05", "T07"
_ODD = re.compile("[\x00-\x1f\x7f]|\ufffd|锟斤拷|烫烫烫")
_ERROR_CELL, _ROUNDED = re.compile(values.ERROR_CELL), re.compile(values.ROUNDED)


class Refused(Exception):
    """A row the loader would not take. `code`: the reason in `lake.ingest.reasons`; `column`: where."""

    def __init__(self, code: str, column: str) -> None:
        super().__init__(code, column)
        self.code, self.column = code, column


def read_cells(table: str, sent: Mapping[str, str]) -> Cells:
    """Every filled cell of one row, read; a column that is missing is empty. Raises Refused."""
    texts, numbers, required = _readers(table)
    found = Cells({}, {})
    for column, written in sent.items():
        trimmed = written.strip()
        if trimmed in (values.EMPTY if column in required else values.EMPTY_IF_NULLABLE):
            continue
        try:
            if column in texts:
                found.texts[column] = texts[column](trimmed)
            else:
                found.numbers[column] = numbers[column](trimmed)
        except Unreadable as fault:
            raise Refused(fault.code, column) from fault
    for column in required:
        if column not in found.texts and column not in found.numbers:
            raise Refused(MISSING, column)
    return found


@cache
def _readers(table: str) -> tuple[dict[str, Callable[[str], str]], dict[str, Callable[[str], int]], dict[str, None]]:
    """Readers of the texts and of the numbers of a table, and its required columns in order."""
    columns = TABLES[table].columns
    return (
        {c.name: _text_reader(c) for c in columns if c.kind.is_text},
        {c.name: _number_reader(c.kind) for c in columns if not c.kind.is_text},
        {c.name: None for c in columns if c.required},
    )


def _number_reader(kind: Kind) -> Callable[[str], int]:
    if kind.sql == "DATE":
        return spelled.day
    if kind.sql == "TIMESTAMP":
        return spelled.second
    if kind.sql == "INTEGER":
        return lambda written: int(values.read_number(written, kind))
    return spelled.scaled(kind.word)


def _text_reader(column: Column) -> Callable[[str], str]:
    word, most = column.kind.word, column.kind.max_chars
    odd, rounded = word != "text", word not in ("name", "text", "enum", "flag")
    code, name = word in ("code", "enum", "flag"), word in ("name", "text")
    check = values.value_check(column)

    def read(written: str) -> str:
        if not written.isascii() or not written.isprintable():
            if odd and _ODD.search(written):
                raise Unreadable(ODD_LETTERS)
            written = values.read_code(written) if code else values.read_name(written) if name else written
        if written[:1] == "#" and _ERROR_CELL.search(written):
            raise Unreadable(ODD_LETTERS)
        if rounded and _ROUNDED.search(written):
            raise Unreadable(ROUNDED)
        if word == "flag":
            written = values.read_flag(written)
        elif check is not None:
            written, fault = check(written)
            if fault and REASONS[fault].level == REFUSED:
                raise Unreadable(fault)
        if len(written) > most:
            raise Unreadable(TOO_LONG)
        return written

    return read
