"""SQLite: the gate's engine, here over the archive. What DuckDB loaded of some buckets is copied into memory and judged there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa

from hengjian.engine.backends.duckdb import DuckDBBackend
from hengjian.engine.bind import Bound, typed_rows
from hengjian.engine.compile import compile_sql
from hengjian.engine.plan import HIT, INDICATOR, Plan, Text
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion

_INDEXED = ("psn_key", "mdtrt_key", "org_key", "item_key", "code_key", "diag_key", "dx_set", "kid", "drug_trac_codg")
_AT_ONCE = 50_000


def create_table(db: sqlite3.Connection, name: str, columns: Mapping[str, str]) -> None:
    """Create an empty table of rule-layer types, anew."""
    db.execute(f"DROP TABLE IF EXISTS {name}")
    db.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {sql}' for c, sql in columns.items())})")


def run_text(db: sqlite3.Connection, text: Text) -> pa.Table:
    """What one text finds over the tables of `db`: its columns in its order, typed; a value that is no integer where one is due
    (SQLite turns an overflow into a float) raises an ArrowException."""
    spec = HIT if text.output == "finding" else INDICATOR
    rows = db.execute(f"SELECT {', '.join(text.returns)} FROM ({compile_sql(text.sql, 'sqlite')})").fetchall()
    return typed_rows({name: spec[name] for name in text.returns}, rows)


class SQLiteBackend:
    """Judges in memory what the archive's engine has loaded."""

    def __init__(self, con: duckdb.DuckDBPyConnection, plan: Plan, bound: Bound) -> None:
        self._con, self._loader = con, DuckDBBackend(con, plan, bound)
        self._db = sqlite3.connect(":memory:")
        for pragma in ("journal_mode = off", "synchronous = off", "temp_store = memory"):
            self._db.execute(f"PRAGMA {pragma}")
        self._plan = plan
        for name, columns in bound.tables.items():
            self._copy(name, columns)

    def load(self, lake: LakeVersion, buckets: list[int] | None, where: str) -> None:
        """See `Backend`."""
        self._loader.load(lake, buckets, where)
        self._take(self._plan.whole if buckets is None else self._plan.columns)

    def adopt(self) -> None:
        """See `Backend`."""
        self._take(self._plan.read)

    def _take(self, read: Mapping[str, Iterable[str]]) -> None:
        for table, columns in read.items():
            self._copy(table, {c: LAYER[table].by_name[c].sql for c in columns})
        self._db.execute("ANALYZE")

    def _copy(self, name: str, columns: Mapping[str, str]) -> None:
        create_table(self._db, name, columns)
        cursor = self._con.execute(f"SELECT {', '.join(columns)} FROM {name}")
        fill = f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})"
        while rows := cursor.fetchmany(_AT_ONCE):
            self._db.executemany(fill, rows)
        for column in columns:
            if column in _INDEXED:
                self._db.execute(f"CREATE INDEX {name}_{column} ON {name} ({column})")

    def judge(self, texts: Sequence[Text]) -> None:
        """See `Backend`."""
        for text in texts:
            hits = run_text(self._db, text)
            target = "hit" if text.output == "finding" else "indicator"
            self._con.register("sqlite_hits", hits)
            names = ", ".join(text.returns)
            self._con.execute(f"INSERT INTO {target} ({names}) SELECT {names} FROM sqlite_hits").fetchall()
            self._con.unregister("sqlite_hits")

    def close(self) -> None:
        """Give the memory back."""
        self._db.close()
