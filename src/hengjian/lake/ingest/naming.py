"""Which table a file, sheet or database table belongs to: by its name, by its Chinese label, or by its header."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

from hengjian.lake.ingest.readers.base import FileRefused, Renamed
from hengjian.lake.ingest.readers.header import LINES, choose
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.schema.local import LOCAL

_LETTERS = tuple(string.ascii_lowercase)
FILE_SUFFIXES = (".csv.gz", ".csv", ".parquet")


def table_of(name: str) -> Table | None:
    """The table a CSV or Parquet file belongs to: its name begins with the table's, followed by nothing or by what is no letter."""
    lower = name.lower()
    suffix = next((s for s in FILE_SUFFIXES if lower.endswith(s)), None)
    return begins(stem(lower.removesuffix(suffix)), tables_at(name)) if suffix else None


def tables_at(name: str) -> Mapping[str, Table]:
    """The tables a file may belong to: those of the lake, or local knowledge in the folder `knowledge`."""
    return LOCAL if name.lower().startswith("knowledge/") else TABLES


def stem(name: str) -> str:
    """A file's name without the folder `knowledge`."""
    return name[len("knowledge/") :] if name.lower().startswith("knowledge/") else name


def begins(name: str, tables: Mapping[str, Table]) -> Table | None:
    """The table, the longest first, with which a name begins."""
    lower = name.strip().lower()
    for table in sorted(tables, key=len, reverse=True):
        if lower.startswith(table) and lower[len(table) : len(table) + 1] not in _LETTERS:
            return tables[table]
    return None


def called(name: str, tables: Mapping[str, Table]) -> Table | None:
    """The table of a sheet or database table: its name begins with the table's or is its Chinese label."""
    label = name.strip()
    return begins(name, tables) or next((t for t in tables.values() if t.label == label), None)


def fits(table: Table, rows: Sequence[Sequence[str]], renamed: Renamed) -> bool:
    """Whether a header of this table stands among the first rows."""
    try:
        choose(table, rows[: LINES + next((i for i, row in enumerate(rows) if any(row)), 0)], renamed)
    except FileRefused:
        return False
    return True


def fitting(rows: Sequence[Sequence[str]], tables: Mapping[str, Table], renamed: Renamed) -> list[Table]:
    """The tables of which a whole header stands among the first rows."""
    return [table for table in tables.values() if fits(table, rows, renamed)]
