"""What an audit will run: the texts, the columns they read, and whether lines without knowledge can be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one

from hengjian.engine.bind import Bound, families_to_run
from hengjian.engine.text import columns_read
from hengjian.kernel.errors import RulebookError
from hengjian.rulebook.model import Rule, Rulebook

HIT = (
    "kid", "psn_key", "mdtrt_key", "feedetl_sn", "w0", "w1", "observed_text", "observed", "threshold",
    "other_mdtrt_key", "other_sn", "amount_total", "amount_inscope", "amount_fund",
)  # fmt: skip
"""Columns every family and every SQL rule returns, in any order. observed and threshold in 1/10,000, amounts in fen."""

COLLECT = {
    "encounter": ("psn_key", "mdtrt_key", "org_key", "mdtrt_id", "atddr_no", "diag3"),
    "person": ("psn_key", "psn_no"),
    "institution": ("org_key", "fixmedins_code"),
    "fee_line": ("mdtrt_key", "feedetl_sn", "item_key"),
}
"""Columns that turning hits into findings needs beside those the rules read."""


@dataclass(frozen=True)
class Text:
    """One statement to run: a family (for all its rules) or one SQL rule."""

    name: str
    sql: str


@dataclass(frozen=True)
class Plan:
    texts: tuple[Text, ...]
    columns: dict[str, frozenset[str]]  # rule table → columns to load
    read: dict[str, frozenset[str]]  # rule table → columns the rules themselves read (the bare scan of the benchmark)
    candidates_only: bool  # fee lines whose item carries no bound knowledge can be left out


def make_plan(rulebook: Rulebook, rules: Sequence[Rule], bound: Bound) -> Plan:
    """Plan the run of active `rules`. Raises RulebookError when a text reads what does not exist or lacks an output column."""
    texts = [Text(f, rulebook.families[f].sql) for f in families_to_run(rules, bound)]
    texts += [Text(r.rule_id, r.sql) for r in rules if r.sql and r.rule_id not in bound.waiting]
    knowledge = tuple(sorted(bound.tables.items()))
    read: dict[str, frozenset[str]] = {}
    for text in texts:
        path = rulebook.families[text.name].path if text.name in rulebook.families else rulebook.rules[text.name].path
        tree = parse_one(text.sql, read="duckdb")
        outputs = set(tree.named_selects) if isinstance(tree, exp.Query) else set()
        if missing := [c for c in HIT if c not in outputs]:
            raise RulebookError(
                "规则没有给出全部结果列", where=str(path), why="缺少 " + "、".join(missing), cure="最外层 SELECT 补上这些列"
            )
        for table, columns in columns_read(text.sql, str(path), knowledge).items():
            read[table] = read.get(table, frozenset()) | columns
    if any(r.exempt_diagnoses for r in rules):
        read["diagnosis"] = read.get("diagnosis", frozenset()) | {"psn_key", "diag_key"}
    load = {t: read.get(t, frozenset()) | frozenset(COLLECT.get(t, ())) for t in {*read, *COLLECT}}
    return Plan(tuple(texts), load, read, all(joins_knowledge(t.sql) for t in texts))


def joins_knowledge(sql: str) -> bool:
    """Whether every use of `fee_line` in the text is equal-joined on `item_key` with a knowledge table."""
    tree = parse_one(sql, read="duckdb")
    for table in tree.find_all(exp.Table):
        if table.name != "fee_line":
            continue
        select = table.find_ancestor(exp.Select)
        assert select is not None
        knowledge = {t.alias_or_name for t in select.find_all(exp.Table) if t.name.startswith("kn_")}
        if not any(_links(eq, table.alias_or_name, knowledge) for eq in select.find_all(exp.EQ)):
            return False
    return True


def _links(eq: exp.EQ, alias: str, knowledge: set[str]) -> bool:
    sides = [s for s in (eq.left, eq.right) if isinstance(s, exp.Column)]
    return (
        len(sides) == 2
        and any(s.table == alias and s.name == "item_key" for s in sides)
        and any(s.table in knowledge and s.name.endswith("_key") for s in sides)
    )
