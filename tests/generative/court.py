"""Judging a generated lake: findings of many rules over rows in lake terms, by any engine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hengjian.city.knowledge import local_files
from hengjian.engine import collect
from hengjian.engine.backends import open_backend
from hengjian.engine.backends.duckdb import connect
from hengjian.engine.bind import bind
from hengjian.engine.examples import completed, load_lake, load_local
from hengjian.engine.groups import grow_groups
from hengjian.engine.plan import make_plan
from hengjian.rulebook.model import Rule, Rulebook

from .lakes import FILM, Rows
from .special_caps import CHRONIC


class LakeCourt:
    """One generated lake, loaded and bound for `rules`; may be judged by each engine in turn."""

    def __init__(self, book: Rulebook, rules: Sequence[Rule], lake: Rows, shuffle: int | None = None) -> None:
        self.book, self.rules = book, list(rules)
        self.con = connect(threads=1)
        tables = completed(lake)
        if shuffle is not None:
            for rows in tables.values():
                random.Random(shuffle).shuffle(rows)
        load_lake(self.con, tables)
        for name, made in (*local_files().items(), ("film_limit", FILM), ("chronic_drug", CHRONIC)):
            load_local(self.con, f"local_{name}", made)
        self.bound = bind(self.con, book, self.rules)
        self.plan = make_plan(book, self.rules, self.bound)

    def judge(self, engine: str = "duckdb", scratch: Path | None = None) -> dict[str, dict[str, Any]]:
        """Findings by id; indicators under ids of their own."""
        collect.create_tables(self.con, self.book, self.rules, self.bound)
        backend = open_backend(engine, self.con, self.plan, self.bound, scratch or Path())
        try:
            backend.adopt()
            backend.judge([t for t in self.plan.texts if engine in t.engines])
        finally:
            backend.close()
        collect.cite(self.con)
        grow_groups(self.con)
        found = {row["finding_id"]: row for row in self._rows(collect.findings_sql(1))}
        shares = {f"{r['rule_id']}/{r['fixmedins_code']}/{r['window_start']}": r for r in self._rows(collect.INDICATORS)}
        return found | shares

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        cursor = self.con.execute(sql)
        names = [d[0] for d in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def findings(book: Rulebook, rules: Sequence[Rule], lake: Rows, shuffle: int | None = None) -> dict[str, dict[str, Any]]:
    """Findings of `rules` on the lake, in DuckDB."""
    court = LakeCourt(book, rules, lake, shuffle)
    try:
        return court.judge()
    finally:
        court.con.close()
