"""Knowledge that travels with the data, as rows a family can read.

A table with a column `rule` serves several rules: a rule reads the rows that name it by its title, its id or its official code. Columns
are those of the lake (`med_list_codg`, `hilist_name`); families read `code` and `name`, so both are there. A code is a prefix: a whole
one catches itself, with or without a local tail. Limits are written as people do (`>=`, `<=`, `between` with `low|high`).
"""

from __future__ import annotations

from datetime import date

import duckdb

from hengjian.kernel.dates import OPEN_DAY, Period, day_number
from hengjian.kernel.errors import RulebookError
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.schema.local import TRAVELLING
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import KnowledgeRow, Rule

_ALIASES = {"code": "med_list_codg", "name": "hilist_name", "diag_prefixes": "diag_prefix"}
"""What families read → the column of the lake."""

_BOUNDS = (">=", "<=", "between")

_AS_TEXT = frozenset(c.name for t in LAYER.values() for c in t.columns if c.sql == "VARCHAR" and c.name.endswith("_codg")) | {
    "diag_prefix"
}
"""Codes that rule tables hold as they are, and beginnings of such."""


def own_columns(table: str) -> dict[str, tuple[str, str]]:
    """What a rule with SQL of its own finds in `kn_<table>`: lake column → name and type there. Codes become keys unless rule tables hold
    them as text; numbers stay integers, money becomes fen; other text is left out."""
    found: dict[str, tuple[str, str]] = {}
    for column in TRAVELLING[table].columns:
        if column.name == "med_list_codg":
            found[column.name] = ("item_key", "BIGINT")
        elif column.name in _AS_TEXT:
            found[column.name] = (column.name, "VARCHAR")
        elif column.name.endswith("_codg"):
            found[column.name] = (column.name.replace("_codg", "_key"), "BIGINT")
        elif column.kind.sql == "INTEGER":
            found[column.name] = (column.name, "INTEGER")
        elif column.kind.word == "money":
            found[column.name] = (column.name, "BIGINT")
    return found


def columns_of(table: str) -> set[str]:
    """The columns a rule finds in the rows of a table of TRAVELLING."""
    there = {c.name for c in TRAVELLING[table].columns}
    more = {ours for ours, theirs in _ALIASES.items() if theirs in there} | {"match"}
    return there | more | ({"low", "high"} if "op" in there else set())


def lake_rows(con: duckdb.DuckDBPyConnection | None, name: str, rule: Rule | None = None) -> list[KnowledgeRow]:
    """Rows of a knowledge table that travels with the data (a table of that name in the connection), of one rule if named; or none."""
    if con is None or not con.execute("SELECT 1 FROM information_schema.tables WHERE table_name = ?", [name]).fetchall():
        return []
    columns = [c.name for c in TRAVELLING[name].columns]
    names = [rule.title, rule.rule_id, rule.official_code] if rule is not None and "rule" in columns else []
    chosen = "WHERE rule IN (?, ?, ?)" if names else ""
    found = con.execute(f"SELECT {', '.join(columns)} FROM {name} {chosen} ORDER BY ALL", names).fetchall()
    texts = (["" if cell is None else str(cell) for cell in cells] for cells in found)
    return [_row(name, dict(zip(columns, cells, strict=True)), number, rule) for number, cells in enumerate(texts, 1)]


def rows_of_lake(lake: LakeVersion, rule: Rule) -> list[KnowledgeRow]:
    """The rows of a lake version that a rule goes by, those out of force too; none where its knowledge does not travel."""
    if not rule.travels:
        return []
    rows = rows_sql(lake, rule.knowledge, [c.name for c in TRAVELLING[rule.knowledge].columns])
    if not rows:
        return []
    with duckdb.connect(":memory:") as con:
        con.execute(f"CREATE TABLE {rule.knowledge} AS SELECT * FROM {rows}").fetchall()
        return lake_rows(con, rule.knowledge, rule)


def specimens(rule: Rule) -> list[KnowledgeRow]:
    """The rows of a rule's own examples, where its knowledge travels with the data: the kinds of rows it reads."""
    if not rule.travels:
        return []
    columns = [c.name for c in TRAVELLING[rule.knowledge].columns]
    given = [cells for example in rule.examples for cells in example.given.get("knowledge", ())]
    return [
        _row(rule.knowledge, {c: cells.get(c, rule.title if c == "rule" else "") for c in columns}, number, rule)
        for number, cells in enumerate(given, 1)
    ]


def _row(name: str, values: dict[str, str], number: int, rule: Rule | None) -> KnowledgeRow:
    kid = "/".join(values[k] for k in TRAVELLING[name].key if k != "valid_from")
    start = day_number(date.fromisoformat(values["valid_from"]))
    end = day_number(date.fromisoformat(values["valid_to"])) if values["valid_to"] else OPEN_DAY
    cells = _readable(values, f"{name}:{kid}")
    for setting, said in rule.settings.items() if rule is not None else ():
        if cells.get(setting, said) not in ("", said):
            raise RulebookError(
                f"“{setting}”是“{cells[setting]}”，规则要的是“{said}”",
                where=f"{name}:{kid}",
                why=f"这一行写着由规则“{values.get('rule', '')}”使用",
                cure="改这一格，或改规则名称",
            )
    return KnowledgeRow(name, kid, cells, Period(start, end), False, number)


def _readable(values: dict[str, str], where: str) -> dict[str, str]:
    """Cells as families read them."""
    cells = {ours: values[theirs] for ours, theirs in _ALIASES.items() if theirs in values and ours not in values}
    op = values.get("op", "")
    if op in _BOUNDS:
        low, _, high = values["value"].partition("|") if op == "between" else (values["value"], "", values["value"])
        if op == "between" and not high:
            raise RulebookError(f"区间写成“{values['value']}”", where=where, cure="写成 下限|上限，例如 3|12")
        cells |= {"op": "between", "low": low if op != "<=" else "", "high": high if op != ">=" else ""}
    return values | {"match": "prefix"} | cells
