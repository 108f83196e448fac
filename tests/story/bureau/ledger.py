"""What was written and what must become of it, row by row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

TAKEN, FLAGGED, REJECTED, DUPLICATE, REPLACED = "taken", "flagged", "rejected", "duplicate", "replaced"


@dataclass(frozen=True)
class Fate:
    """What must become of a row that is not plainly clean, and why it is there."""

    kind: str
    outcome: str
    code: str = ""
    also: tuple[str, ...] = ()  # warnings that may stand beside it


@dataclass
class Row:
    """One row on its way into a file: lake columns to values; `raw` is text written as it is; `wreck` spoils the finished line."""

    table: str
    cells: dict[str, Any]
    raw: dict[str, Any] = field(default_factory=dict)
    wreck: str = ""
    fate: Fate | None = None


@dataclass(frozen=True)
class Planted:
    """A planted row, where it stands: `file` is a path, with `!sheet` or `!member` of a workbook or archive; `line` is physical."""

    file: str
    line: int
    table: str
    fate: Fate
    key: tuple[str, ...]
    raw: dict[str, Any]  # text written as it is


@dataclass
class Ledger:
    """Everything the loader must say about the folder. Files are named as in `Planted`."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)  # file → read, taken, rejected, duplicate, replaced
    planted: list[Planted] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)  # file → F code; empty where the contract names none
    ignored: set[str] = field(default_factory=set)  # files and sheets that are no data
    held: dict[tuple[str, tuple[str, ...]], tuple[str, dict[str, Any]]] = field(
        default_factory=dict
    )  # table, key → file, values read
    clean: Counter[str] = field(default_factory=Counter)  # file → rows nothing is wrong with
    redeemed: list[tuple[str, tuple[str, ...]]] = field(
        default_factory=list
    )  # (table, key) refused before for a missing reference

    def enter(self, file: str, line: int, row: Row, key: tuple[str, ...]) -> None:
        """Count a row that has been written."""
        outcome = row.fate.outcome if row.fate else TAKEN
        if key and outcome in (TAKEN, FLAGGED, REPLACED):
            self.held[row.table, key] = (file, {k: v for k, v in row.cells.items() if k not in row.raw})
        tally = self.counts.setdefault(file, Counter())
        tally["read"] += 1
        tally[TAKEN if outcome == FLAGGED else outcome] += 1
        if row.fate:
            self.planted.append(Planted(file, line, row.table, row.fate, key, row.raw))
        else:
            self.clean[file] += 1

    def kinds(self) -> set[str]:
        """Names of all kinds planted."""
        return {p.fate.kind for p in self.planted} | {f"file_{name}" for name in self.refused}
