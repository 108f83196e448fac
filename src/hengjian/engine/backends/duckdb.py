"""DuckDB: the archive's engine. Opens connections and brings rule tables of a lake version into them, bucket by bucket."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from hengjian.kernel.keys import BUCKETS
from hengjian.lake.schema.layer import DICTIONARIES, LAYER
from hengjian.lake.schema.local import LOCAL
from hengjian.lake.versions import LakeVersion

LINES_AT_ONCE = 6_000_000
"""Fee lines of the person buckets that are judged together: enough to keep the engine busy, small enough for memory."""


def connect(scratch: Path | None = None, threads: int | None = None, memory: str = "5GB") -> duckdb.DuckDBPyConnection:
    """A private in-memory connection that spills to `scratch`."""
    con = duckdb.connect(":memory:")
    con.execute(f"SET threads = {threads or os.cpu_count() or 1}").fetchall()
    con.execute(f"SET memory_limit = '{memory}'").fetchall()
    con.execute("SET preserve_insertion_order = false").fetchall()
    if scratch is not None:
        con.execute(f"SET temp_directory = '{scratch}'").fetchall()
    return con


def files_sql(paths: list[str]) -> str:
    """`read_parquet([...])` over an explicit list of files; the partition column is taken from the folder names."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = true)"


def attach_small_tables(con: duckdb.DuckDBPyConnection, lake: LakeVersion) -> None:
    """Dictionaries and local knowledge of the version as tables: what binding needs."""
    for name in DICTIONARIES:
        table = f"code_{name}"
        source = (
            files_sql(lake.files(table))
            if lake.files(table)
            else "(SELECT NULL::BIGINT AS key, NULL AS code, NULL AS name WHERE false)"
        )
        con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT key, code, name FROM {source}").fetchall()
    for local in LOCAL.values():
        if lake.files(local.name):
            columns = ", ".join(c.name for c in local.columns)
            con.execute(
                f"CREATE OR REPLACE TABLE {local.name} AS SELECT {columns} FROM {files_sql(lake.files(local.name))}"
            ).fetchall()


def batches(lake: LakeVersion, at_once: int | None = None) -> Iterator[list[int]]:
    """Person buckets in groups of about `at_once` fee lines (default LINES_AT_ONCE)."""
    size = max(1, BUCKETS * (at_once or LINES_AT_ONCE) // max(lake.rows("rule_fee_line"), 1))
    for start in range(0, BUCKETS, size):
        yield list(range(start, min(start + size, BUCKETS)))


def load_table(
    con: duckdb.DuckDBPyConnection,
    lake: LakeVersion,
    table: str,
    columns: Iterable[str],
    buckets: list[int] | None,
    where: str = "",
) -> None:
    """(Re)create rule table `table` in the connection with `columns` of the given person buckets."""
    spec = LAYER[table].by_name
    wanted = [spec[c] for c in spec if c in set(columns)]
    paths = lake.files(f"rule_{table}") if buckets is None else [p for b in buckets for p in lake.files(f"rule_{table}", b)]
    if paths:
        names = ", ".join(f"t.{c.name}" for c in wanted)
        sql = f"SELECT {names} FROM {files_sql(paths)} AS t {where}"
    else:
        sql = f"SELECT {', '.join(f'NULL::{c.sql} AS {c.name}' for c in wanted)} WHERE false"
    con.execute(f"CREATE OR REPLACE TABLE {table} AS {sql}").fetchall()
