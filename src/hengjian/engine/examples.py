"""Rule examples: small tables in lake terms, derived and judged exactly as a lake is.

What an example does not say is filled in as a clean row would have it: persons and institutions that are named exist with unknown
attributes, an encounter is a paid outpatient visit of P1, a line is drug or service by its code, its amount is cnt × pric, wholly in
scope. So an example shows only what matters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hengjian.engine import collect
from hengjian.engine.backends import open_backend
from hengjian.engine.backends.duckdb import connect
from hengjian.engine.bind import bind
from hengjian.engine.groups import grow_groups
from hengjian.engine.plan import make_plan
from hengjian.kernel.dates import OPEN_DAY, Period
from hengjian.kernel.errors import RulebookError
from hengjian.lake.derive import create_empty_tables, dictionary_sql, layer_sql
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.layer import DICTIONARIES, LAYER
from hengjian.lake.schema.local import TRAVELLING
from hengjian.rulebook.marked import as_day
from hengjian.rulebook.model import UNITS, Example, KnowledgeRow, Rule, Rulebook

_ORG = "H99010100001"
_DEFAULTS: dict[str, dict[str, str]] = {
    "person": {"gend": "9", "insutype": "310", "insu_admdvs": "990100"},
    "institution": {"fixmedins_name": "示例机构", "fixmedins_type": "1", "hosp_lv": "02", "admdvs": "990100"},
    "encounter": {
        "psn_no": "P1", "fixmedins_code": _ORG, "insutype": "310", "med_type": "11", "insu_admdvs": "990100", "mdtrtarea_admvs": "990100",
    },
    "diagnosis": {"inout_diag_type": "1", "diag_type": "1", "diag_srt_no": "1", "maindiag_flag": "1", "diag_name": "示例诊断"},
    "settlement": {"refd_setl_flag": "0", "setl_time": "2026-01-01"},
    "operation": {"oprn_srt_no": "1", "main_oprn_flag": "1", "oprn_oprt_name": "示例手术"},
}  # fmt: skip


OWN = ("knowledge", "params")
"""Tables of an example that are no lake tables: knowledge rows and dated parameter values in place of the rule's own."""


def example_rule(rule: Rule, example: Example) -> Rule:
    """The rule with the example's own parameter values (`param | from | value`) in place of those it names."""
    rows = example.given.get("params")
    if rows is None:
        return rule
    dated: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        start = as_day(row["from"], f"{rule.path}:{example.line}")
        dated.setdefault(row["param"], []).append((start, int(Decimal(row["value"]) * UNITS[rule.params[row["param"]].unit])))
    moved = {}
    for name, values in dated.items():
        ends = [start for start, _ in values[1:]] + [OPEN_DAY]
        periods = tuple((Period(start, end), value) for (start, value), end in zip(values, ends, strict=True))
        moved[name] = replace(rule.params[name], values=periods)
    return replace(rule, params=rule.params | moved)


def example_rulebook(rulebook: Rulebook, rule: Rule, example: Example) -> Rulebook:
    """The rulebook with the example's own knowledge rows in place of the rule's table."""
    rows = example.given.get("knowledge")
    if rows is None or rule.travels:
        return rulebook
    knowledge = []
    for number, cells in enumerate(rows, 1):
        where = f"{rule.path}:{example.line}"
        end = as_day(cells["valid_to"], where) if cells.get("valid_to") else OPEN_DAY
        period = Period(as_day(cells["valid_from"], where), end)
        knowledge.append(KnowledgeRow(rule.knowledge, cells["kid"], cells, period, cells.get("official") == "1", number))
    return replace(rulebook, knowledge={**rulebook.knowledge, rule.knowledge: tuple(knowledge)})


def lake_rows(rule: Rule, example: Example) -> dict[str, list[dict[str, str]]]:
    """The example's rows by lake table, completed."""
    given = {
        t: [{k: v for k, v in row.items() if k != "#"} for row in rows] for t, rows in example.given.items() if t not in OWN
    }
    if unknown := [t for t in given if t not in TABLES]:
        raise RulebookError(
            f"示例里没有表 {unknown[0]}", where=f"{rule.path}:{example.line}", cure="可用的表：" + "、".join(TABLES)
        )
    _check_given(given, f"{rule.path}:{example.line}")
    return completed(given)


_NEEDED = {
    "encounter": ("mdtrt_id",),
    "fee_line": ("mdtrt_id", "feedetl_sn", "med_list_codg", "fee_ocur_time", "cnt", "pric"),
}
"""What nobody can fill in for an author."""


def _check_given(given: dict[str, list[dict[str, str]]], where: str) -> None:
    """Raises RulebookError for a column no table has, a cell that must be written, and a line of a visit that is not given."""
    visits = {row.get("mdtrt_id", "") for row in given.get("encounter", [])}
    for name, rows in given.items():
        table = TABLES[name]
        for row in rows:
            if unknown := [c for c in row if c not in table]:
                near = get_close_matches(unknown[0], [c.name for c in table.columns], 2)
                cure = f"是不是 {'、'.join(near)}？" if near else ""
                raise RulebookError(
                    f"示例的{table.label}没有列 {unknown[0]}", where=where, cure=cure + "列名见 docs/reference/data.md"
                )
            if missing := [c for c in _NEEDED.get(name, ()) if not row.get(c)]:
                raise RulebookError(
                    f"示例的{table.label}有一行没有写 {missing[0]}",
                    where=where,
                    why="、".join(f"{c}={v}" for c, v in row.items() if v)[:120],
                    cure=f"补上；{table.label}每一行都要有 " + "、".join(_NEEDED[name]),
                )
            if name in _OF_VISITS and row.get("mdtrt_id") not in visits:
                raise RulebookError(
                    f"示例的{table.label}说的就诊 {row.get('mdtrt_id') or '（空）'} 不在示例的 encounter 里",
                    where=where,
                    cure="在 encounter 里加上它，或改 mdtrt_id",
                )


_OF_VISITS = ("diagnosis", "operation", "fee_line", "settlement")


def completed(given: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """Rows by lake table with what they do not say filled in as a clean row would have it."""
    given = {table: [dict(row) for row in rows] for table, rows in given.items()}
    encounters = [_DEFAULTS["encounter"] | e for e in given.get("encounter", [])]
    by_id = {e["mdtrt_id"]: e for e in encounters}
    _complete(given, "person", "psn_no", [e["psn_no"] for e in encounters])
    _complete(given, "institution", "fixmedins_code", [e["fixmedins_code"] for e in encounters])
    given["encounter"] = encounters
    for table in _OF_VISITS:
        for row in given.get(table, []):
            inherited = ("psn_no", "fixmedins_code", "insutype", "med_type")
            row.update({k: v for k, v in by_id[row["mdtrt_id"]].items() if k in inherited and k in TABLES[table]})
    for number, row in enumerate(given.get("settlement", []), 1):
        row.setdefault("setl_id", f"SETL{number}")
    for row in given.get("fee_line", []):
        _complete_line(row)
    return {t: [_DEFAULTS.get(t, {}) | row for row in rows] for t, rows in given.items()}


def _complete(given: dict[str, list[dict[str, str]]], table: str, key: str, named: list[str]) -> None:
    known = {row[key] for row in given.get(table, [])}
    given[table] = given.get(table, []) + [{key: name} for name in dict.fromkeys(named) if name not in known]


def _complete_line(row: dict[str, str]) -> None:
    amount = Decimal(row["cnt"]) * Decimal(row["pric"])
    row.setdefault("det_item_fee_sumamt", str(amount))
    row.setdefault("inscp_scp_amt", str(amount))
    code = row["med_list_codg"]
    row.setdefault("list_type", "101" if code[0] in "XZ" else "301" if code[0] == "C" else "201")
    row.setdefault("med_chrgitm_type", "09" if code[0] in "XZ" else "05")


def load_lake(con: duckdb.DuckDBPyConnection, tables: dict[str, list[dict[str, str]]]) -> None:
    """Create the lake tables in schema `lake` with these rows, then rule tables and dictionaries in `main`."""
    con.execute("CREATE SCHEMA lake").fetchall()
    con.execute("USE lake").fetchall()
    create_empty_tables(con)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(c for row in rows for c in row))
        if columns:
            texts = pa.table({c: pa.array([row.get(c) or None for row in rows], pa.string()) for c in columns})
            casts = ", ".join(f"CAST({c} AS {TABLES[name][c].kind.sql})" for c in columns)
            con.register("example_rows", texts)
            con.execute(f"INSERT INTO {name} ({', '.join(columns)}) SELECT {casts} FROM example_rows").fetchall()
            con.unregister("example_rows")
    for name in LAYER:
        con.execute(f"CREATE TABLE main.{name} AS {layer_sql(name)}").fetchall()
    for name in DICTIONARIES:
        con.execute(f"CREATE TABLE main.code_{name} AS {dictionary_sql(name)}").fetchall()
    con.execute("CREATE TABLE main.price AS SELECT * FROM price").fetchall()
    con.execute("USE main").fetchall()


class Court:
    """One example of a rule, loaded and bound, that can be judged again and again: by any engine, or with another text."""

    def __init__(self, rulebook: Rulebook, rule: Rule, example: Example, beside: Sequence[Rule] = ()) -> None:
        """`beside`: other rules judged in the same lake with their own knowledge."""
        rule = example_rule(rule, example)
        self._book = example_rulebook(rulebook, rule, example)
        self.con = connect(threads=1)
        load_lake(self.con, lake_rows(rule, example))
        if rule.knowledge.startswith("local_") and "knowledge" in example.given:
            load_local(self.con, rule.knowledge, [{"rule": rule.title} | row for row in example.given["knowledge"]])
        self._rules = [rule, *(r for r in beside if r.rule_id != rule.rule_id)]
        self.bound = bind(self.con, self._book, self._rules)
        self.plan = make_plan(self._book, self._rules, self.bound)

    def judge(self, engine: str = "duckdb", scratch: Path | None = None, sql: str | None = None) -> list[dict[str, Any]]:
        """Findings as rows of the finding shape (indicators as rows of theirs); `sql` stands in for the rule's own text.
        Spark needs a `scratch` folder."""
        collect.create_tables(self.con, self._book, self._rules, self.bound)
        backend = open_backend(engine, self.con, self.plan, self.bound, scratch or Path())
        try:
            backend.adopt()
            backend.judge([t if sql is None else replace(t, sql=sql) for t in self.plan.texts])
        finally:
            backend.close()
        collect.cite(self.con)
        grow_groups(self.con)
        indicators = any(t.output == "indicator" for t in self.plan.texts)
        result = self.con.execute(
            collect.INDICATORS if indicators else f"SELECT * FROM ({collect.findings_sql(1)}) ORDER BY finding_id"
        )
        names = [d[0] for d in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def close(self) -> None:
        """Give the memory back."""
        self.con.close()


def run_example(
    rulebook: Rulebook, rule: Rule, example: Example, engine: str = "duckdb", scratch: Path | None = None
) -> list[dict[str, Any]]:
    """Findings of `rule` alone on the example."""
    court = Court(rulebook, rule, example)
    try:
        return court.judge(engine, scratch)
    finally:
        court.close()


def shown(finding: dict[str, Any], column: str) -> str:
    """What an example may say of a finding: a column of its shape, or `other` (the line or encounter it is held against),
    `knowledge` (the cited row), `persons` (all of a group). Numbers without needless zeros."""
    if column in ("other", "persons", "attribute"):
        evidence = json.loads(finding["evidence"])
        if column == "persons":
            return " ".join(evidence["persons"])
        if column == "attribute":
            return str(evidence["values"]["attribute"] or "")
        others = [
            x.get("feedetl_sn") or x["mdtrt_id"] for x in evidence["lines"] + evidence["encounters"] if x["role"] == "对照"
        ]
        return str(others[0]) if others else ""
    if column == "knowledge":
        return str(finding["knowledge_ref"]).split(":")[1].split(" ")[0]
    return _plain(finding[column])


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except InvalidOperation:
        return str(value)


def differences(example: Example, found: list[dict[str, Any]]) -> list[str]:
    """Where what was found differs from what the example says: one sentence each; none when it agrees."""
    columns = [c for c in (example.finds[0] if example.finds else {}) if c != "#"] or ["mdtrt_id", "feedetl_sn"]
    key = [
        c
        for c in columns
        if c in ("psn_no", "mdtrt_id", "feedetl_sn", "fixmedins_code", "persons", "window_start", "knowledge")
    ] or columns

    def by_key(rows: list[dict[str, str]]) -> dict[tuple[str, ...], list[dict[str, str]]]:
        grouped: dict[tuple[str, ...], list[dict[str, str]]] = {}
        for row in rows:
            grouped.setdefault(tuple(row[c] for c in key), []).append(row)
        return grouped

    wanted = by_key([{c: _plain(row[c]) for c in columns} for row in example.finds])
    got = by_key([{c: shown(f, c) for c in columns} for f in found])
    said = [f"应当找出 {'/'.join(k)}，没有找出" for k in wanted if k not in got]
    said += [f"不应当找出 {'/'.join(k)}，却找出了" for k in got if k not in wanted]
    for k in wanted.keys() & got.keys():
        if len(wanted[k]) != len(got[k]):
            said.append(f"{'/'.join(k)} 应当有 {len(wanted[k])} 条，找出 {len(got[k])} 条")
            continue
        for one, other in zip(sorted(wanted[k], key=repr), sorted(got[k], key=repr), strict=True):
            said += [
                f"{'/'.join(k)} 的 {c} 应为 {one[c] or '空'}，算出 {other[c] or '空'}" for c in columns if one[c] != other[c]
            ]
    return sorted(said)


def load_local(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Create a table of knowledge that travels with the data, with these rows."""
    table = TRAVELLING[name]
    con.execute(f"CREATE TABLE {name} ({', '.join(f'{c.name} {c.kind.sql}' for c in table.columns)})").fetchall()
    for row in rows:
        columns = [c.name for c in table.columns if row.get(c.name)]
        con.execute(
            f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", [row[c] for c in columns]
        ).fetchall()


SUBJECTS = {"line": ("fee_line", "feedetl_sn"), "encounter": ("encounter", "mdtrt_id")}
"""The table and key of what a finding of each grain is about."""


def false_remarks(rule: Rule, example: Example) -> list[str]:
    """Remarks beside rows that do not say what `finds` says: 命中 beside a row to be found, 放过 beside one to be spared."""
    table, key = SUBJECTS.get(rule.grain, ("", ""))
    found = {wanted.get(key) for wanted in example.finds}
    wrong = []
    for row in example.given.get(table, []):
        expected = "命中" if row[key] in found else "放过"
        if row["#"] and not row["#"].startswith(expected):
            wrong.append(f"{row[key]} 的旁注是“{row['#']}”，按 finds 应当是“{expected}”")
    return wrong
