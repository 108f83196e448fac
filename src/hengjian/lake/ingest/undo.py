"""Rows that what the lake rests on no longer gives: they leave the lake, they are not refused and they do not wait.

`undo_<table>` lists their keys, with the encounter or person they belong to; `_again` = 1 where the load stages another row of the key.
"""

from __future__ import annotations

import duckdb

from hengjian.lake.schema import TABLES, Table

AGAIN = "_again"
UNDONE = ""
"""The reason in `down_<table>` of a row that leaves the lake without being refused."""


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, empty."""
    for table in TABLES.values():
        columns = [f"{c} {table[c].kind.sql if c in table else 'INTEGER'}" for c in undo_columns(table)]
        con.execute(f"CREATE TABLE undo_{table.name} ({', '.join(columns)})").fetchall()


def undo_columns(table: Table) -> list[str]:
    """Columns of `undo_<table>`."""
    return list(dict.fromkeys([*table.key, *([table.unit] if table.by_person else []), AGAIN]))


def undoes(con: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether this load takes rows of a table back."""
    return table.name in TABLES and bool(con.execute(f"SELECT 1 FROM undo_{table.name} LIMIT 1").fetchall())


def not_undone(con: duckdb.DuckDBPyConnection, table: Table, alias: str) -> str:
    """Condition that a row of a table is not taken back; "true" where none is."""
    if not undoes(con, table):
        return "true"
    same = " AND ".join(f"u.{k} IS NOT DISTINCT FROM {alias}.{k}" for k in table.key)
    return f"NOT EXISTS (SELECT 1 FROM main.undo_{table.name} AS u WHERE {same})"
