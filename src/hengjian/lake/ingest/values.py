"""What one written value means: the whole contract of cells, as pure functions of one text.

A reader raises `Unreadable` with the reason code when a text means nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from hengjian.lake.schema.base import Column, Kind
from hengjian.lake.schema.codes import CODE_TABLES, PREFIX, STRICT

EMPTY = frozenset({"", "NULL", "null", "\\N"})
"""Texts that mean "nothing" everywhere."""
EMPTY_IF_NULLABLE = EMPTY | {"-", "—", "无"}
"""Texts that mean "nothing" where the column may be empty."""

CUT_SHORT = "（Excel 只存 15 位）"
"""What a reader of sheets writes behind a long number: its last digits are lost."""
ROUNDED = rf"^\d(\.\d+)?E\+\d{{2}}$|{CUT_SHORT}$"
"""An identifier that a spreadsheet took for a number: marked by the reader, or in the short form in which it was exported (pattern)."""
ERROR_CELL = r"^#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|未计算)$"
"""What a spreadsheet shows where a formula failed, and what our reader writes where it was never computed (pattern)."""

_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_EXPONENT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}")
_SPLIT_DATE = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(?: ?\+08:?00)?")
_SOLID_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]*(\d{2}):?(\d{2})(?::?(\d{2}))?)?")
_WIDE = {c: c - 0xFEE0 for c in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_MOJIBAKE = re.compile("[\x00-\x1f\x7f\ufffd]|锟斤拷|烫烫烫")
_FLAGS = {"是": "1", "Y": "1", "y": "1", "true": "1", "TRUE": "1", "True": "1", "否": "0", "N": "0", "n": "0", "false": "0", "FALSE": "0", "False": "0"}  # fmt: skip
_ITEM_SHAPES = re.compile(r"[XZ][0-9A-Z]{19,22}|T[0-9A-Z]{6,22}|C[0-9]{19,26}|[0-9]{15}")
_DIAG_SHAPE = re.compile(
    r"[A-Z][0-9]{2}(\.?[0-9A-Za-z]{0,10})?[+*]?([+*][A-Z][0-9]{2}[0-9A-Za-z.]*[+*]?)?|[A-Z]{1,4}[0-9]{2}[0-9A-Z.]*"
)
_OPRN_SHAPE = re.compile(r"[0-9]{2}(\.[0-9]{1,2}([x0-9A-Za-z]{0,6})?)?")


class Unreadable(Exception):
    """A text that means nothing. `code` is the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_number(text: str, kind: Kind) -> Decimal | int | float:
    """A number of this kind: Decimal with the kind's scale, int, or float for coordinates."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if not (_PLAIN.fullmatch(plain) or (kind.word in ("qty", "double") and _EXPONENT.fullmatch(plain))):
        raise Unreadable("T02")
    value = Decimal(plain)
    if kind.sql == "DOUBLE":
        return float(value)
    if abs(value) >= 10 ** (9 if kind.sql == "INTEGER" else 16 - kind.scale):
        raise Unreadable("T02")
    unit = Decimal(1).scaleb(-kind.scale)
    rounded = value.quantize(unit, rounding=ROUND_HALF_EVEN)
    if abs(value - rounded) > unit * Decimal("0.00005"):
        raise Unreadable("T06")
    return int(rounded) if kind.sql == "INTEGER" else rounded


def read_instant(text: str) -> datetime:
    """An instant of China civil time; without a time of day it is midnight."""
    plain = unicodedata.normalize("NFKC", text).strip()
    match = _SPLIT_DATE.fullmatch(plain)
    cells = [c for i, c in enumerate(match.groups()) if i != 1] if match else None
    if cells is None and (solid := _SOLID_DATE.fullmatch(plain)):
        cells = list(solid.groups())
    if cells is None:
        raise Unreadable("T03")
    try:
        return datetime(*(int(c or 0) for c in cells))  # type: ignore[arg-type]  # noqa: DTZ001 - civil time has no zone
    except ValueError as error:
        raise Unreadable("T03") from error


def read_day(text: str) -> date:
    """A day; a time of day beside it is cut."""
    return read_instant(text).date()


def read_code(text: str) -> str:
    """Full-width letters and digits folded to half-width."""
    return text.translate(_WIDE).strip()


def read_name(text: str) -> str:
    """Composed form (NFC)."""
    return unicodedata.normalize("NFC", text)


def read_flag(text: str) -> str:
    """0 or 1."""
    flag = _FLAGS.get(text, text)
    if flag not in ("0", "1"):
        raise Unreadable("C01")
    return flag


def known(table: str, value: str) -> bool:
    """Whether a code stands in its code table; longer local codes pass where the table allows it."""
    codes = CODE_TABLES[table]
    return value in codes or (table in PREFIX and any(value.startswith(code) for code in codes))


def value_check(table: str, column: Column) -> Callable[[str], tuple[str, str | None]] | None:
    """The check of a column with few distinct values: text → (value to store, reason code or None). None where there is none."""
    if column.name == "fixmedins_code":
        return lambda v: (v, None if len(v) == 12 and v[0] in "HP" else "C02")
    if column.name in ("admdvs", "insu_admdvs", "mdtrtarea_admvs"):
        return lambda v: (v, None if len(v) == 6 and v.isascii() and v.isdigit() else "C06")
    if column.name == "gend":
        return lambda v: (v, None) if known("gend", v) else ("9", "C01W")
    if column.codes:
        code = "C01" if column.codes in STRICT else "C01W"
        return lambda v: (v, None if known(column.codes, v) else code)
    if column.name == "med_list_codg" and table == "fee_line":
        return lambda v: (v, None if _ITEM_SHAPES.fullmatch(v.split("-")[0]) else "C03")
    if column.name == "diag_code":
        return lambda v: (v, None if _DIAG_SHAPE.fullmatch(v) else "C04")
    if column.name == "oprn_oprt_code":
        return lambda v: (v, None if _OPRN_SHAPE.fullmatch(v) else "C04")
    return None


def reader(kind: Kind) -> Callable[[str], Any]:
    """The reader of a kind that is not text."""
    if kind.sql == "DATE":
        return read_day
    if kind.sql == "TIMESTAMP":
        return read_instant
    return lambda text: read_number(text, kind)
