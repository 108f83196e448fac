"""Running one small query on each engine, through the compiler that audits use."""

from __future__ import annotations

import sqlite3

import duckdb

from hengjian.engine.backends.spark import schema_text
from hengjian.engine.compile import compile_sql

LOCAL_ENGINES = ("duckdb", "sqlite")


def run_duckdb(tables, sql):
    """Rows of `sql` over the tables, in the order DuckDB gives them."""
    con = duckdb.connect(config={"threads": "1"})
    try:
        for t in tables:
            con.execute(f"CREATE TABLE {t.name} ({', '.join(f'{c} {k}' for c, k in t.columns.items())})")
            if t.rows:
                con.executemany(f"INSERT INTO {t.name} VALUES ({', '.join('?' * len(t.columns))})", t.rows)
        return con.execute(compile_sql(sql, "duckdb")).fetchall()
    finally:
        con.close()


def run_sqlite(tables, sql):
    """The same from SQLite, in memory."""
    con = sqlite3.connect(":memory:")
    try:
        for t in tables:
            con.execute(f"CREATE TABLE {t.name} ({', '.join(f'{c} {k}' for c, k in t.columns.items())})")
            con.executemany(f"INSERT INTO {t.name} VALUES ({', '.join('?' * len(t.columns))})", t.rows)
        return con.execute(compile_sql(sql, "sqlite")).fetchall()
    finally:
        con.close()


def run_spark(session, tables, sql):
    """The same from Spark."""
    for t in tables:
        session.createDataFrame([tuple(r) for r in t.rows], schema_text(t.columns)).createOrReplaceTempView(t.name)
    return [tuple(row) for row in session.sql(compile_sql(sql, "spark")).collect()]


def run(engine, tables, sql, session=None):
    """Rows of `sql` from an engine."""
    if engine == "spark":
        return run_spark(session, tables, sql)
    return (run_duckdb if engine == "duckdb" else run_sqlite)(tables, sql)
