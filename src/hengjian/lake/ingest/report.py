"""What a load did, in numbers that balance: read = taken + replaced + rejected + duplicate, for every file and every table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb

from hengjian.lake.ingest.reasons import REASONS, REFUSED
from hengjian.lake.ingest.stage import FileCount

OUTCOMES = ("taken", "replaced", "rejected", "duplicate")


@dataclass(frozen=True)
class LoadReport:
    """One load. `version` is the lake version that stands afterwards, 0 = none; `new` says whether this load made it.

    `recovered`: rows refused earlier for a missing reference that were taken now, by table; `waiting`: those that still wait.
    `keys_made`: the key file, when this load made it.
    `withdrawn`: rows that left the lake because messages took them back, by table; `messages`: what messages say beside rows:
    `not_facts` and `gaps`, counts by title, and `examples` of gaps.
    `ignored`: what was left out and why; `unread`: those of them that look like data.
    """

    version: int
    new: bool
    data_date: str
    seconds: float
    lines: int
    lines_per_second: int
    tables: dict[str, dict[str, int]]
    files: list[dict[str, Any]]
    refused_files: list[dict[str, str]]
    reasons: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    placeholders: dict[str, int]
    recovered: dict[str, int]
    waiting: dict[str, int]
    ignored: dict[str, str]
    unknown_columns: dict[str, list[str]]
    manifest: dict[str, str]
    keys_made: str = ""
    unread: list[str] = field(default_factory=list)
    withdrawn: dict[str, int] = field(default_factory=dict)
    messages: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For the version file and for machines."""
        return asdict(self)

    @property
    def clean(self) -> bool:
        """Whether nothing was refused and no data was left out."""
        return not self.refused_files and not self.unread and not any(t["rejected"] for t in self.tables.values())


def counts_of(count: FileCount) -> dict[str, int]:
    """Counts of one file. Raises AssertionError when they do not balance: a bug that must never be published."""
    row = {"read": count.read} | {name: count.outcomes[name] for name in OUTCOMES}
    assert row["read"] == sum(row[name] for name in OUTCOMES), f"counts do not balance: {row}"
    return row


def by_table(counts: Mapping[int, FileCount], tables: Mapping[int, str]) -> dict[str, dict[str, int]]:
    """Counts of files summed by table."""
    sums: dict[str, Counter[str]] = {}
    for number, name in tables.items():
        sums.setdefault(name, Counter()).update(counts_of(counts[number]))
    return {name: {key: total[key] for key in ("read", *OUTCOMES)} for name, total in sums.items()}


def reasons_of(con: duckdb.DuckDBPyConnection, register: str) -> list[dict[str, Any]]:
    """Reasons of a register with their counts, most frequent first."""
    rows = con.execute(f"SELECT code, COUNT(*) FROM {register} GROUP BY code ORDER BY COUNT(*) DESC, code").fetchall()
    of = {r.code: r for r in REASONS.values() if (r.level == REFUSED) == (register == "rejects")}
    return [{"code": code, "title": of[code].title, "advice": of[code].advice, "count": count} for code, count in rows]
