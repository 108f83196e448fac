"""Whether the engines accept a text: it is prepared against empty rule tables and knowledge."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date

import duckdb

from hengjian.engine.backends.duckdb import connect
from hengjian.engine.bind import bind
from hengjian.engine.compile import compile_sql
from hengjian.engine.lint.fault import Fault
from hengjian.engine.lint.text import LintText, Schema
from hengjian.kernel.errors import RulebookError
from hengjian.lake.schema.layer import DICTIONARIES, LAYER
from hengjian.lake.schema.local import TRAVELLING
from hengjian.rulebook.model import Rule, Rulebook

_CURE = "表和列见 docs/reference/data.md，写法见 docs/reference/rule-sql.md；名字与引擎的保留字相同时换一个"


class Bench:
    """Empty rule tables and the knowledge tables of the shapes and of rules with SQL of their own, in DuckDB and SQLite.
    `unbound`: rules whose knowledge cannot be bound."""

    def __init__(self, book: Rulebook, rules: Iterable[Rule]) -> None:
        self.unbound: list[Fault] = []
        self._duckdb = connect(threads=1)
        for table in LAYER.values():
            self._duckdb.execute(
                f"CREATE TABLE {table.name} ({', '.join(f'{c.name} {c.sql}' for c in table.columns)})"
            ).fetchall()
        for name in DICTIONARIES:
            self._duckdb.execute(f"CREATE TABLE code_{name} (key BIGINT, code VARCHAR, name VARCHAR)").fetchall()
        bind(self._duckdb, book, [])
        for rule in rules:
            if rule.sql:
                if rule.travels:
                    self._give(rule.knowledge, rule.title)
                try:
                    bind(self._duckdb, book, [rule])
                except RulebookError as error:
                    where = error.where or rule.where("knowledge")
                    self.unbound.append(Fault(rule.rule_id, "does_not_run", where, error.what, error.why, error.cure))
        self.schema = self._columns()
        self._sqlite = sqlite3.connect(":memory:")
        for name, columns in self.schema.items():
            self._sqlite.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {k}' for c, k in columns.items())})")

    def _give(self, name: str, title: str) -> None:
        """One made-up row for a rule in a knowledge table that travels with the data: its columns appear only with a row."""
        table = TRAVELLING[name]
        self._duckdb.execute(
            f"CREATE OR REPLACE TABLE {name} ({', '.join(f'{c.name} {c.kind.sql}' for c in table.columns)})"
        ).fetchall()
        told = {"valid_from": date(2000, 1, 1), "valid_to": None, "rule": title}
        row = [told.get(c.name, "0") for c in table.columns]
        self._duckdb.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row).fetchall()

    def _columns(self) -> Schema:
        found: Schema = {}
        rows = self._duckdb.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY table_name, ordinal_position"
        ).fetchall()
        for table, column, kind in rows:
            if table in LAYER or table.startswith("kn_"):
                found.setdefault(table, {})[column] = kind
        return found

    def check(self, text: LintText) -> Iterator[Fault]:
        """What keeps a text from running on an engine it says it runs on."""
        said = self._duckdb_says(text.sql)
        if said is None and text.full is None:
            said = ("列说不清属于哪张表", 1)
        if said is not None:
            what, line = said
            yield Fault(text.name, "does_not_run", text.line(line), "DuckDB 不接受这段 SQL", what, _CURE)
        elif "sqlite" in text.engines and (refused := self._sqlite_says(text.sql)):
            what, line = refused
            yield Fault(text.name, "does_not_run", text.line(line), "SQLite 不接受这段 SQL", what, _CURE)

    def _duckdb_says(self, sql: str) -> tuple[str, int] | None:
        try:
            self._duckdb.execute(f"PREPARE lint AS {sql}").fetchall()
            self._duckdb.execute("DEALLOCATE lint").fetchall()
        except duckdb.Error as error:
            line = re.search(r"^LINE (\d+):", str(error), re.MULTILINE)
            return str(error).splitlines()[0], int(line[1]) if line else 1
        return None

    def _sqlite_says(self, sql: str) -> tuple[str, int] | None:
        try:
            self._sqlite.execute(f"EXPLAIN {compile_sql(sql, 'sqlite')}").fetchall()
        except (sqlite3.Error, RulebookError) as error:
            word = re.search(r'near "(\w+)"', str(error))
            place = re.search(rf"\b{re.escape(word[1])}\b", sql) if word else None
            return str(error), sql[: place.start()].count("\n") + 1 if place else 1
        return None

    def close(self) -> None:
        """Give the memory back."""
        self._duckdb.close()
        self._sqlite.close()
