"""Warming the gate: twelve months of every person from the rule tables of a lake version.

Person bucket by person bucket, in the order of the person keys, so that the store is written front to back. What came through the gate and
is in no lake yet is not lost: encounters with such messages keep the rows the gate folded, and are folded again on top. Run again it
writes the same; killed half-way it has written some persons, and the version is noted only at the end.
"""

from __future__ import annotations

import time
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby, islice
from operator import itemgetter

import duckdb

from hengjian.engine.backends.duckdb import connect
from hengjian.gate.acts import ACT_TABLES, Layout, Person, Row, Rows
from hengjian.gate.store import Institution, Store
from hengjian.gate.store.history import last_place, place_of
from hengjian.gate.store.refill import Refill
from hengjian.kernel.dates import day_number
from hengjian.kernel.keys import BUCKETS
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion

CHUNK = 2000
"""Persons written in one transaction."""

Progress = Callable[[int, int], None]
"""Person buckets done, and all."""


@dataclass
class WarmReport:
    """What a warm-up did. `since_day`: the first day whose acts are kept; `rows` and `bytes`: of acts; `kept`: persons with acts that are in
    no lake yet; `gone`: persons the lake does not hold any more."""

    lake_version: int
    since_day: int
    persons: int = 0
    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ACT_TABLES, 0))
    bytes: int = 0
    institutions: int = 0
    kept: int = 0
    gone: int = 0
    seconds: float = 0.0

    @property
    def persons_per_second(self) -> int:
        return int(self.persons / self.seconds) if self.seconds else 0

    @property
    def bytes_per_person(self) -> int:
        return self.bytes // self.persons if self.persons else 0


def since(data_date: str, months: int) -> int:
    """The day `months` before the day of the data."""
    day = date.fromisoformat(data_date[:10])
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return day_number(date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])))


def warm(
    lake: LakeVersion,
    store: Store,
    layout: Layout,
    *,
    months: int = 12,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> WarmReport:
    """Fill persons and institutions from a lake version. A gate that runs meanwhile goes on (with another `layout` it must be restarted).

    Raises LakeError when the lake cannot be read, StoreError when the store cannot be written.
    """
    begun = time.monotonic()
    report = WarmReport(lake.number, since(lake.data_date, months))
    store.renew_layout(layout)
    refill = Refill(store, layout, lake.number)
    with connect(memory="2GB") as con:
        for bucket in range(BUCKETS):
            low = bucket_place = place_of(bucket)
            persons = _persons(con, lake, layout, bucket, report.since_day)
            while chunk := list(islice(persons, CHUNK)):
                high = place_of(chunk[-1][0].psn_key)
                refill.write(low, high, chunk)
                low = high + 1
                report.persons += len(chunk)
                for _, rows in chunk:
                    for table, found in rows.items():
                        report.rows[table] += len(found)
            refill.write(low, last_place(bucket_place), [])
            if progress is not None:
                progress(bucket + 1, BUCKETS)
        columns = ", ".join(Institution._fields)
        listed = rows_sql(lake, "rule_institution", Institution._fields)
        institutions = con.execute(f"SELECT {columns} FROM {listed} ORDER BY org_key").fetchall() if listed else []
    made_at = (now or datetime.now()).isoformat(" ", "seconds")  # noqa: DTZ005 - civil time
    told = {"lake_version": lake.number, "data_date": lake.data_date, "since_day": report.since_day, "made_at": made_at}
    refill.finish([Institution(*row) for row in institutions], told)
    report.institutions, report.bytes, report.kept, report.gone = len(institutions), refill.bytes, refill.kept, refill.gone
    report.seconds = time.monotonic() - begun
    return report


def _persons(
    con: duckdb.DuckDBPyConnection, lake: LakeVersion, layout: Layout, bucket: int, since_day: int
) -> Iterator[tuple[Person, Rows]]:
    """The persons of a bucket, by key, with the acts that count."""
    streams = {"person": _Groups(_stream(con, lake, "person", Person._fields[1:], bucket))}
    if _find_visits(con, lake, bucket, since_day):
        for table in ACT_TABLES:
            seen = "mdtrt_key IN (SELECT mdtrt_key FROM visit)"
            where = f"fee_day >= {since_day} AND {seen}" if table == "fee_line" else seen
            streams[table] = _Groups(_stream(con, lake, table, layout.columns[table], bucket, where))
    while keys := [stream.key for stream in streams.values() if stream.key is not None]:
        key = min(keys)
        found = {table: stream.take() for table, stream in streams.items() if stream.key == key}
        who = found.pop("person", [])
        yield (Person(key, *who[0]) if who else Person(key)), found  # type: ignore[arg-type]


def _find_visits(con: duckdb.DuckDBPyConnection, lake: LakeVersion, bucket: int, since_day: int) -> bool:
    """Make the table `visit`: encounters that ended in the period, or with a line in it. False: there are none to look at."""
    encounters = rows_sql(lake, "rule_encounter", ("mdtrt_key", "in_day", "end_sec"), [bucket])
    lines = rows_sql(lake, "rule_fee_line", ("mdtrt_key", "fee_day"), [bucket])
    parts = []
    if encounters:
        ended = "GREATEST(in_day, COALESCE(end_sec // 86400, in_day))"
        parts.append(f"SELECT mdtrt_key FROM {encounters} WHERE {ended} >= {since_day}")
    if lines:
        parts.append(f"SELECT mdtrt_key FROM {lines} WHERE fee_day >= {since_day}")
    if parts:
        con.execute(f"CREATE OR REPLACE TABLE visit AS {' UNION '.join(parts)}").fetchall()
    return bool(parts)


def _stream(
    con: duckdb.DuckDBPyConnection, lake: LakeVersion, table: str, columns: Iterable[str], bucket: int, where: str = "true"
) -> Iterator[Row]:
    """Rows of a rule table in the order of the person keys, these first."""
    names = ("psn_key", *columns)
    if source := rows_sql(
        lake, f"rule_{table}", dict.fromkeys((*names, "mdtrt_key") if table != "person" else names), [bucket]
    ):
        cursor = con.cursor()
        cursor.execute(f"SELECT {', '.join(names)} FROM {source} WHERE {where} ORDER BY ALL")
        while batch := cursor.fetchmany(10_000):
            yield from batch
        cursor.close()


class _Groups:
    """A stream of rows, person by person."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._groups = groupby(rows, itemgetter(0))
        self.key: int | None = None
        self._rows: list[Row] = []
        self.take()

    def take(self) -> list[Row]:
        """The rows of the person at hand, without the key; the next person is at hand then."""
        taken = self._rows
        key, rows = next(self._groups, (None, ()))
        self.key, self._rows = key, [row[1:] for row in rows]
        return taken
