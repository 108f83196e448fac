"""DuckDB: the archive's engine. Opens connections and brings rule tables of a lake version into them, bucket by bucket."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb

from hengjian.engine.bind import Bound
from hengjian.engine.plan import COLLECT, Plan, Text
from hengjian.kernel.keys import BUCKETS
from hengjian.lake.rows import parquet_sql, rows_sql
from hengjian.lake.schema.layer import DICTIONARIES, LAYER
from hengjian.lake.schema.local import TRAVELLING
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
        con.execute("SET temp_directory = '" + str(scratch).replace("'", "''") + "'").fetchall()
    return con


def attach_small_tables(con: duckdb.DuckDBPyConnection, lake: LakeVersion, knowledge: LakeVersion | None = None) -> None:
    """Dictionaries, institutions and the knowledge that travels with the data (of version `knowledge`, if another), as tables: what
    binding needs."""
    knowledge = knowledge or lake
    for name in DICTIONARIES:
        table = f"code_{name}"
        source = rows_sql(lake, table) or "(SELECT NULL::BIGINT AS key, NULL AS code, NULL AS name WHERE false)"
        con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT key, code, name FROM {source}").fetchall()
    for local in TRAVELLING.values():
        if rows := rows_sql(knowledge, local.name, [c.name for c in local.columns]):
            con.execute(f"CREATE OR REPLACE TABLE {local.name} AS SELECT * FROM {rows}").fetchall()
    days = [
        f"SELECT MAX({column}) AS day FROM {parquet_sql(files)}"
        for table, column in (("rule_fee_line", "fee_day"), ("rule_encounter", "in_day"))
        if (files := lake.files(table))
    ]
    if days:
        con.execute(f"CREATE OR REPLACE TABLE data_day AS SELECT MAX(day) AS day FROM ({' UNION ALL '.join(days)})").fetchall()
    con.execute(f"CREATE OR REPLACE TABLE refused_visit AS {refused_visits(lake)}").fetchall()
    load_table(con, lake, "institution", LAYER["institution"].by_name, None)


def refused_visits(lake: LakeVersion) -> str:
    """SELECT of the visits (`mdtrt_id`) of which a load refused a fee line, a diagnosis or an operation that has not come right since."""
    rows, ended = rows_sql(lake, "rejects"), rows_sql(lake, "reject_ends")
    if not rows:
        return "SELECT NULL::VARCHAR AS mdtrt_id WHERE false"
    open_ = (
        f"AND NOT EXISTS (SELECT 1 FROM {ended} AS e WHERE (e.load_no, e.tab, e.file, e.line) = (r.load_no, r.tab, r.file, r.line))"
        if ended
        else ""
    )
    return f"""SELECT DISTINCT split_part(r.row_key, '/', 1) AS mdtrt_id FROM {rows} AS r
               WHERE r.tab IN ('fee_line', 'diagnosis', 'operation') AND r.row_key <> '' {open_}"""


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
    kind: str = "TABLE",
) -> None:
    """(Re)create rule table `table` in the connection with `columns` of the given person buckets (None: all), as TABLE or VIEW."""
    spec = LAYER[table].by_name
    wanted = [spec[c] for c in spec if c in set(columns)]
    rows = rows_sql(lake, f"rule_{table}", None, buckets if LAYER[table].by_person else None)
    if rows:
        names = ", ".join(f"t.{c.name}" for c in wanted)
        sql = f"SELECT {names} FROM {rows} AS t {f'WHERE {where}' if where else ''}"
    else:
        sql = f"SELECT {', '.join(f'NULL::{c.sql} AS {c.name}' for c in wanted)} WHERE false"
    for other in con.execute("SELECT table_type FROM information_schema.tables WHERE table_name = ?", [table]).fetchall():
        con.execute(f"DROP {'VIEW' if other[0] == 'VIEW' else 'TABLE'} {table}").fetchall()
    con.execute(f"CREATE {kind} {table} AS {sql}").fetchall()


def create_candidates(con: duckdb.DuckDBPyConnection, plan: Plan, bound: Bound) -> str:
    """Create `candidate`, the item keys that carry knowledge; returns the condition on `t` that keeps the lines texts can use."""
    if plan.keep is None:
        return ""
    parts = [
        f"SELECT {c} AS item_key FROM {t}"
        for t, columns in bound.tables.items()
        if t not in ("kn_dx", "kn_exempt", "kn_unmapped")
        for c in columns
        if c.endswith("_key")
    ]
    con.execute(f"CREATE OR REPLACE TABLE candidate AS SELECT DISTINCT item_key FROM ({' UNION ALL '.join(parts)})").fetchall()
    return " OR ".join(f"({c})" for c in ("t.item_key IN (SELECT item_key FROM candidate)", *plan.keep))


def both(*conditions: str) -> str:
    """Conditions joined by AND; empty ones are left out."""
    return " AND ".join(f"({c})" for c in conditions if c)


class DuckDBBackend:
    """The archive's engine: the rule tables of some buckets are loaded once and every text runs over them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, plan: Plan, bound: Bound) -> None:
        self._con, self._plan = con, plan
        self._keep = create_candidates(con, plan, bound)

    def load(self, lake: LakeVersion, buckets: list[int] | None, where: str) -> None:
        """See `Backend`. Everybody's rows stay in their files: views, not tables."""
        whole = buckets is None
        read = self._plan.whole if whole else self._plan.columns
        for table in LAYER:
            columns = {*read.get(table, ()), *COLLECT.get(table, ())}
            if columns and table != "institution":
                keep = self._keep if table == "fee_line" and not whole else ""
                narrow = where if LAYER[table].by_person and not whole else ""
                load_table(self._con, lake, table, columns, buckets, both(keep, narrow), "VIEW" if whole else "TABLE")

    def adopt(self) -> None:
        """See `Backend`."""

    def judge(self, texts: Sequence[Text]) -> None:
        """See `Backend`."""
        for text in texts:
            names = ", ".join(text.returns)
            target = "hit" if text.output == "finding" else "indicator"
            self._con.execute(f"INSERT INTO {target} ({names}) SELECT {names} FROM ({text.sql}\n)").fetchall()

    def close(self) -> None:
        """Nothing was taken: the connection is the caller's."""
