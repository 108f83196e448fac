"""What the gate keeps and judges: rows of the rule layer of one person, and what it remembers of its own answers.

A row is a tuple in the order of the layout's columns: integers and short codes, as `lake.schema.layer` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

ACT_TABLES = ("encounter", "diagnosis", "operation", "fee_line")
"""Tables of what happened to a person."""

Row = tuple[int | str | None, ...]
Rows = dict[str, list[Row]]
"""Rows by table of ACT_TABLES; a table without rows may be missing."""


class Person(NamedTuple):
    """Who it is, as far as rules may ask."""

    psn_key: int
    gend: str | None = None
    brdy_day: int | None = None
    brdy_ymd: int | None = None
    dead_day: int | None = None
    insutype: str | None = None
    psn_type: str | None = None


@dataclass(frozen=True)
class Layout:
    """The columns kept of each table of ACT_TABLES, in their order. `mdtrt_key` is among them everywhere."""

    columns: Mapping[str, tuple[str, ...]]

    def place(self, table: str, column: str) -> int:
        """The place of a column in the rows of a table."""
        return self.columns[table].index(column)

    def covers(self, other: Layout) -> bool:
        """Whether everything `other` keeps is kept here."""
        return all(set(columns) <= set(self.columns.get(table, ())) for table, columns in other.columns.items())


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(dict[str, list[tuple[int | str | None, ...]]])


def pack(rows: Rows) -> bytes:
    """Rows as they are kept on disk."""
    return _ENCODER.encode({table: found for table, found in rows.items() if found})


def unpack(kept: bytes) -> Rows:
    """Rows from the disk."""
    return _DECODER.decode(kept)


class Reminder(NamedTuple):
    """One reminder as it was answered. `amount`: fen in scope of the fund; `sn`: the line of the request, "" for the visit."""

    jr_id: str
    rule_id: str
    fingerprint: str
    level: str
    dr_codg: str
    sn: str
    amount: int
    finding_id: str


@dataclass(frozen=True)
class CheckNote:
    """One check as it went: who asked, when, how long it took, what was answered, what was left for the audit.

    `stage`: before | during. `psn_key` None: the person was not resolved. `skipped`: rules that were not run, by id. `micros`: CPU time.
    `supplies`: drug lines of which the patient still has a week or more (`supply`).
    """

    msgid: str
    infno: str
    stage: str
    fixmedins_code: str
    dr_codg: str
    at_sec: int
    micros: int
    psn_key: int | None
    visit_key: int | None
    insutype: str
    lines: int
    reminders: tuple[Reminder, ...] = ()
    skipped: tuple[str, ...] = field(default=())
    supplies: int = 0


class Feedback(NamedTuple):
    """What the doctor did with a reminder: way 1 = goes on, with a reason; 2 = goes back and changes the order."""

    jr_id: str
    way: str
    reason: str
    at_sec: int
