"""Which codes, windows and limits stand in the knowledge tables, read as data.

`local/` holds what no official table has and every place decides for itself: made up for the city, marked so in every row, and sent with
its data. Here its tables go by the id of the rule that reads them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from hengjian.kernel.dates import OPEN_DAY, Period, day_number

Row = dict[str, str]
_LOCAL_NAMES = {"code": "med_list_codg", "name": "hilist_name"}
"""Columns of the pack's tables → those of tables that travel with the data."""
_CODES = ("code", "a_code", "b_code", "med_list_codg")
"""Columns that hold codes or code prefixes, `|` between several."""
LIMITED_DRUGS = (
    ("drug_hosp_level_limit", "k_level"),
    ("drug_visit_type_limit", "k_ward"),
    ("drug_child_only", "k_child"),
    ("drug_child_forbidden", "k_grown"),
    ("internet_excluded_drug", "k_online"),
)
"""Tables of drugs for limited use, and the catalogue group of each."""
COUNTED = ("ct_cost_share.csv", "mr_cost_share.csv")
"""Tables that say what a share counts: they limit nothing."""
LIMITED_SERVICES = ("service_child_only",)


@cache
def rows(table: str) -> tuple[Row, ...]:
    """Rows of `knowledge/<table>.csv`, or of the made-up local knowledge of a rule, by its id; empty if there are none."""
    source = files("hengjian") / "rulebook" / "knowledge" / f"{table}.csv"
    if not source.is_file():
        return tuple(row for made in local_files().values() for row in made if row.get("rule", "") == table)
    return tuple(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


@cache
def local_files() -> dict[str, tuple[Row, ...]]:
    """The made-up local knowledge of the city: rows by file name (as in `knowledge/` beside its data)."""
    folder = files("hengjian") / "city" / "local"
    sources = sorted((f for f in folder.iterdir() if f.name.endswith(".csv")), key=lambda f: f.name)
    return {f.name.removesuffix(".csv"): tuple(csv.DictReader(f.read_text(encoding="utf-8").splitlines())) for f in sources}


@cache
def tables() -> tuple[str, ...]:
    """Names of all tables that limit something: those shipped, then the ids of rules with local knowledge."""
    folder = files("hengjian") / "rulebook" / "knowledge"
    shipped = sorted(f.name.removesuffix(".csv") for f in folder.iterdir() if f.name.endswith(".csv") and f.name not in COUNTED)
    local = dict.fromkeys(row["rule"] for made in local_files().values() for row in made if "rule" in row)
    return (*shipped, *local)


@cache
def codes() -> tuple[str, ...]:
    """Every item code or code prefix that any knowledge table names."""
    found: set[str] = set()
    for table in tables():
        for row in rows(table):
            for column in _CODES:
                found |= set(filter(None, (row.get(column) or "").split("|")))
    return tuple(sorted(found))


def is_known(code: str) -> bool:
    """Whether some knowledge row would catch this code, exactly or by prefix."""
    return any(code.startswith(known) for known in codes())


@cache
def catching(code: str) -> tuple[tuple[str, Row], ...]:
    """Every knowledge row, with its table, that would catch this code, exactly or by prefix."""
    found = []
    for name in tables():
        for row in rows(name):
            known = [part for column in _CODES for part in (row.get(column) or "").split("|") if part]
            if any(code.startswith(part) for part in known):
                found.append((name, row))
    return tuple(found)


def tables_naming(code: str) -> frozenset[str]:
    """The tables with a row that would catch this code, exactly or by prefix."""
    return frozenset(table for table, _ in catching(code))


def look_alike(prefix: str) -> str:
    """A code prefix that differs from `prefix` in its last character only and that no knowledge row catches."""
    for last in "9876543210":
        candidate = prefix[:-1] + last
        if candidate != prefix and not is_known(candidate) and not any(c.startswith(candidate) for c in codes()):
            return candidate
    return prefix[:-2] + "Z9"


@dataclass(frozen=True)
class Fact:
    """One knowledge row with its validity as day numbers."""

    row_id: str
    row: tuple[tuple[str, str], ...]
    valid: Period

    def __getitem__(self, column: str) -> str:
        cells = dict(self.row)
        return cells[column] if column in cells else cells[_LOCAL_NAMES[column]]


@cache
def facts(table: str) -> tuple[Fact, ...]:
    """The rows of a table with their periods."""
    found = []
    for number, row in enumerate(rows(table)):
        start = day_number(date.fromisoformat(row["valid_from"]))
        end = day_number(date.fromisoformat(row["valid_to"])) if row.get("valid_to") else OPEN_DAY
        found.append(Fact(row.get("kid") or next(iter(row.values()), str(number)), tuple(row.items()), Period(start, end)))
    return tuple(found)
