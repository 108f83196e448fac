"""Binding: knowledge and parameters become small integer tables in the connection, before any rule runs.

After it a family needs only equality joins: names and prefixes are expanded to the codes that exist in the lake, periods are cut by
the rule's own validity, and the table `point` says for each `kid` what a finding must cite.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from hengjian.engine.shapes import BINDERS, DATED, FAMILY_SHAPES, SHAPES, Member, Point
from hengjian.kernel.dates import OPEN_DAY, Period, day_number
from hengjian.kernel.errors import RulebookError
from hengjian.kernel.keys import key_of
from hengjian.lake.schema.local import LOCAL
from hengjian.rulebook.model import KnowledgeRow, Rule, Rulebook

_ARROW = {"INTEGER": pa.int32(), "BIGINT": pa.int64(), "VARCHAR": pa.string()}
_DICTIONARY = {"item_key": "code_item", "diag_key": "code_diag"}


@dataclass(frozen=True)
class Bound:
    """What binding made: the points by number, tables with at least one row, rules that wait for knowledge."""

    points: tuple[Point, ...]
    tables: dict[str, tuple[str, ...]]  # kn_* table → columns
    filled: frozenset[str]
    waiting: dict[str, str] = field(default_factory=dict)  # rule_id → knowledge table that is missing


def fill(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Create table `name` from Python rows, typed, through Arrow."""
    arrays = [pa.array([row[i] for row in rows], type=_ARROW[sql]) for i, sql in enumerate(columns.values())]
    staged = pa.table(arrays, names=list(columns))
    con.register("staged_rows", staged)
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM staged_rows").fetchall()
    con.unregister("staged_rows")


def local_rows(con: duckdb.DuckDBPyConnection, table: str) -> list[KnowledgeRow]:
    """Rows of a local knowledge table that travels with the data (view `local_<name>` in the connection), or none."""
    known = con.execute("SELECT 1 FROM information_schema.tables WHERE table_name = ?", [table]).fetchall()
    if not known:
        return []
    columns = [c.name for c in LOCAL[table.removeprefix("local_")].columns]
    key = LOCAL[table.removeprefix("local_")].key
    rows = []
    for number, cells in enumerate(con.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY ALL").fetchall(), 1):
        values = {name: "" if cell is None else str(cell) for name, cell in zip(columns, cells, strict=True)}
        kid = "/".join(values[k] for k in key if k != "valid_from")
        start = day_number(date.fromisoformat(values["valid_from"]))
        end = day_number(date.fromisoformat(values["valid_to"])) if values["valid_to"] else OPEN_DAY
        rows.append(KnowledgeRow(table, kid, values, Period(start, end), False, number))
    return rows


def points_of(rules: Iterable[Rule], rulebook: Rulebook, con: duckdb.DuckDBPyConnection) -> tuple[list[Point], dict[str, str]]:
    """Every knowledge row and dated parameter of `rules` as a numbered point; and the rules whose knowledge is missing."""
    points: list[Point] = []
    waiting: dict[str, str] = {}
    for rule in rules:
        local = rule.knowledge.startswith("local_")
        rows = local_rows(con, rule.knowledge) if local else list(rulebook.knowledge.get(rule.knowledge, ()))
        if rule.knowledge and not rows:
            waiting[rule.rule_id] = rule.knowledge
            continue
        for row in rows:
            if period := row.period.meet(rule.period):
                points.append(Point(len(points), rule, row, period, row.official))
        for param in rule.params.values():
            for period, _ in param.values:
                if met := period.meet(rule.period):
                    points.append(Point(len(points), rule, None, met, param.official))
    return points, waiting


def bind(con: duckdb.DuckDBPyConnection, rulebook: Rulebook, rules: Sequence[Rule]) -> Bound:
    """Create the kn_* tables of `rules`. Needs tables or views code_item and code_diag, and local_* where they exist."""
    points, waiting = points_of(rules, rulebook, con)
    members: list[Member] = []
    custom: dict[str, list[tuple[Any, ...]]] = {}
    columns: dict[str, dict[str, str]] = {
        name: spec | ({"valid_from": "INTEGER", "valid_to": "INTEGER"} if name in DATED else {})
        for name, spec in SHAPES.items()
    }
    for point in points:
        if point.rule.family:
            members += BINDERS[point.rule.family](point)
        else:
            name, spec, row = _custom(point)
            columns[name] = spec
            custom.setdefault(name, []).append(row)
    for rule in rules:
        members += [
            Member("kn_exempt", (rule.rule_id, None), prefix, "prefix", rule.period) for prefix in rule.exempt_diagnoses
        ]
    sizes: dict[str, int] = {}
    for name, spec in columns.items():
        rows = custom.get(name) or _resolve(con, name, spec, [m for m in members if m.shape == name])
        fill(con, name, spec, rows)
        sizes[name] = len(rows)
    return Bound(
        tuple(points), {n: tuple(c) for n, c in columns.items()}, frozenset(n for n, size in sizes.items() if size), waiting
    )


def _custom(point: Point) -> tuple[str, dict[str, str], tuple[Any, ...]]:
    """The knowledge row of a rule with SQL of its own: `kn_<table>`; code columns become keys, numbers stay integers."""
    if point.row is None:
        raise RulebookError("自带 SQL 的规则暂不支持不带知识的参数", where=point.rule.where("params"), cure="把数值写进知识表")
    table = LOCAL[point.row.table.removeprefix("local_")]
    spec, row = {"kid": "INTEGER"}, [point.kid]
    for column in table.columns:
        value = point.row.values.get(column.name, "")
        if column.name in ("valid_from", "valid_to"):
            continue
        if column.name == "med_list_codg" or column.name.endswith("_codg"):
            spec["item_key" if column.name == "med_list_codg" else column.name.replace("_codg", "_key")] = "BIGINT"
            row.append(key_of(value.split("-")[0]))
        elif column.kind.sql == "INTEGER":
            spec[column.name] = "INTEGER"
            row.append(int(value))
    spec |= {"valid_from": "INTEGER", "valid_to": "INTEGER"}
    return f"kn_{table.name.removeprefix('local_')}", spec, (*row, point.period.start, point.period.end)


def _resolve(con: duckdb.DuckDBPyConnection, name: str, spec: dict[str, str], members: list[Member]) -> list[tuple[Any, ...]]:
    """Codes of members to keys: exact by digest, prefixes by the codes that exist in the lake."""
    codes = {(m.code, m.match) for m in members}
    keys = {(c, how): [key_of(c)] for c, how in codes if how == "exact"} | {
        (c, how): [None] for c, how in codes if how == "none"
    }
    wanted = sorted({c for c, how in codes if how in ("prefix", "diag3")})
    if wanted:
        dictionary = _DICTIONARY.get("item_key" if "item_key" in spec else "diag_key", "code_item")
        fill(con, "wanted_prefix", {"prefix": "VARCHAR"}, [(c,) for c in wanted])
        diag3 = "diag3" in spec
        value = "SUBSTRING(d.code, 1, 3)" if diag3 else "d.key"
        sql = f"SELECT DISTINCT w.prefix, {value} FROM wanted_prefix AS w JOIN {dictionary} AS d ON starts_with(d.code, w.prefix) ORDER BY ALL"
        for prefix, key in con.execute(sql).fetchall():
            keys.setdefault((prefix, "diag3" if diag3 else "prefix"), []).append(key)
        con.execute("DROP TABLE wanted_prefix").fetchall()
    slot = next((i for i, c in enumerate(SHAPES[name]) if c in ("item_key", "diag_key", "diag3")), None)
    rows = set()
    for member in members:
        for key in keys.get((member.code, member.match), []):
            values = list(member.values)
            if slot is not None:
                values[slot] = key
            rows.add((*values, *((member.period.start, member.period.end) if name in DATED else ())))
    return sorted(rows, key=repr)


def families_to_run(rules: Sequence[Rule], bound: Bound) -> list[str]:
    """Families with at least one active rule and at least one bound row: a family without candidates finds nothing."""
    wanted = {r.family for r in rules if r.family and r.rule_id not in bound.waiting}
    return [f for f in FAMILY_SHAPES if f in wanted and FAMILY_SHAPES[f][0] in bound.filled]
