"""Visits that the gate cannot tell from its own messages, as the lake has them after a load.

Their beginning came by file, or their older messages were dropped here after they were loaded: what comes later is folded by the lake
alone, and taken over from its rule tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

import duckdb

from hengjian.gate.acts import ACT_TABLES, Layout, Person, Row, Rows
from hengjian.gate.fold import begins, recent, twelve_months_before, with_visit
from hengjian.kernel.dates import day_number
from hengjian.kernel.keys import BUCKETS, key_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion
from hengjian.lake.wire import ENCOUNTER, Message, Subject, parse

_VISITS = 1000
"""Visits that are asked for together."""


class Kept(Protocol):
    """What this asks of the store."""

    def messages_of(self, subject: Subject) -> list[bytes]:
        """The lines of a subject's messages, as they came."""

    def dropped(self, subject: Subject) -> int:
        """How many of its messages are no longer here."""

    def folding(self, subjects: Iterable[Subject]) -> AbstractContextManager[list[Subject]]:
        """The turn to fold."""

    def persons(self, psn_keys: Sequence[int]) -> dict[int, tuple[Person, Rows]]:
        """Persons with what is kept of them."""

    def put_persons(self, persons: Iterable[tuple[Person, Rows]]) -> None:
        """Write persons as they are now."""


def untold(store: Kept, lines: Iterable[bytes]) -> list[Subject]:
    """The visits of some messages that the gate cannot tell by itself."""
    begun: dict[Subject, bool] = {}
    for message in map(parse, lines):
        if isinstance(message, Message):
            for subject in message.subjects:
                if subject.kind == ENCOUNTER:
                    begun[subject] = begun.get(subject, False) or begins(message)
    return [
        subject for subject, here in begun.items() if store.dropped(subject) or not (here or _begun(store.messages_of(subject)))
    ]


def _begun(lines: Iterable[bytes]) -> bool:
    return any(isinstance(message, Message) and begins(message) for message in map(parse, lines))


def refresh(store: Kept, lake: LakeVersion, layout: Layout, visits: Sequence[Subject], *, today: date) -> int:
    """Take visits over from a lake version; how many it has. Raises LakeError, StoreError."""
    since, found = day_number(twelve_months_before(today)), 0
    for start in range(0, len(visits), _VISITS):
        keys = [key_of(subject.key) for subject in visits[start : start + _VISITS]]
        rows = dict(_rows(lake, layout, keys))
        with store.folding([]):
            kept = store.persons(sorted({psn_key for psn_key, _ in rows}))
            for (psn_key, mdtrt_key), own in rows.items():
                person, acts = kept.get(psn_key) or (Person(psn_key), {})
                kept[psn_key] = person, with_visit(acts, mdtrt_key, own, layout)
            store.put_persons((person, recent(acts, layout, since)) for person, acts in kept.values())
        found += len(rows)
    return found


def _rows(lake: LakeVersion, layout: Layout, keys: Sequence[int]) -> Iterator[tuple[tuple[int, int], Rows]]:
    """Person and visit, and the visit's rows."""
    listed = ", ".join(map(str, keys))
    encounters = rows_sql(lake, "rule_encounter", ("psn_key", "mdtrt_key"))
    if not encounters:
        return
    with duckdb.connect() as con:
        owner = {
            int(visit): int(psn_key)
            for psn_key, visit in con.execute(
                f"SELECT psn_key, mdtrt_key FROM {encounters} WHERE mdtrt_key IN ({listed})"
            ).fetchall()
        }
        buckets = {psn_key % BUCKETS for psn_key in owner.values()}
        rows: dict[int, Rows] = {visit: {} for visit in owner}
        for table in ACT_TABLES if owner else ():
            columns = layout.columns[table]
            place = columns.index("mdtrt_key")
            source = rows_sql(lake, f"rule_{table}", columns, buckets)
            found: list[Row] = (
                con.execute(f"SELECT * FROM {source} WHERE mdtrt_key IN ({listed}) ORDER BY ALL").fetchall() if source else []
            )
            for row in found:
                visit = row[place]
                if isinstance(visit, int) and visit in rows:
                    rows[visit].setdefault(table, []).append(row)
    yield from (((owner[visit], visit), own) for visit, own in rows.items())
