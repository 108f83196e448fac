"""A checker from what a bureau has: the rulebook as it stands at the site today, the knowledge that travels with the lake, the gate's store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb

from hengjian.engine.backends.duckdb import attach_small_tables, connect
from hengjian.gate.acts import Layout, Row
from hengjian.gate.checker import Checker, History
from hengjian.gate.judge import Judge
from hengjian.gate.knowledge import Knowledge
from hengjian.gate.levels import Levels, read_levels
from hengjian.gate.stages import running
from hengjian.lake.schema.layer import DICTIONARIES, LAYER
from hengjian.lake.schema.local import TRAVELLING
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import Rulebook
from hengjian.site.apply import effective
from hengjian.site.folder import site_root

BUDGET_SECONDS = 0.05


def checker_of_site(
    lake: Path | None,
    site: Path | None,
    history: History,
    layout: Layout,
    institutions: Iterable[Row],
    *,
    on: date,
    budget_seconds: float = BUDGET_SECONDS,
) -> Checker:
    """The checker of a day. Without a lake only the knowledge shipped and the site's is used. Raises LakeError, InputError, RulebookError."""
    root = site_root(site, lake)
    book = effective(load_rulebook(), root, on)
    with connect(threads=1, memory="1GB") as con:
        attach(con, lake)
        return checker_of(
            book,
            con,
            history,
            layout,
            institutions,
            levels=Levels(read_levels(root, book)),
            budget_seconds=budget_seconds,
        )


def checker_of(
    book: Rulebook,
    con: duckdb.DuckDBPyConnection,
    history: History,
    layout: Layout,
    institutions: Iterable[Row],
    *,
    levels: Levels,
    budget_seconds: float = BUDGET_SECONDS,
) -> Checker:
    """The checker of a rulebook over knowledge in `con` (see `attach`)."""
    rules = [r for r in book.rules.values() if r.status in ("active", "shadow")]
    stages = running(book, rules)
    asked = {rule_id for named in stages.values() for rule_id in named}
    knowledge = Knowledge(book, [r for r in rules if r.rule_id in asked], con)
    return Checker(book, Judge(book, stages, knowledge, layout, institutions), history, levels, budget_seconds=budget_seconds)


def attach(con: duckdb.DuckDBPyConnection, lake: Path | None) -> None:
    """Dictionaries, institutions and travelling knowledge of the newest version of a lake, or empty ones."""
    if lake is not None:
        attach_small_tables(con, open_lake(lake))
        return
    for name in DICTIONARIES:
        con.execute(f"CREATE TABLE code_{name} (key BIGINT, code VARCHAR, name VARCHAR)").fetchall()
    columns = ", ".join(f"{c.name} {c.sql}" for c in LAYER["institution"].columns)
    con.execute(f"CREATE TABLE institution ({columns})").fetchall()
    for table in TRAVELLING.values():
        con.execute(f"CREATE TABLE {table.name} ({', '.join(f'{c.name} {c.kind.sql}' for c in table.columns)})").fetchall()
