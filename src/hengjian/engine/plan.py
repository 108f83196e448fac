"""What an audit will run: the texts, the columns they read, and whether lines without knowledge can be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from hengjian.engine.bind import Bound, families_to_run
from hengjian.engine.compile import parse
from hengjian.engine.text import columns_read
from hengjian.kernel.errors import RulebookError
from hengjian.rulebook.model import ENGINES, Rule, Rulebook

HIT = {
    "kid": "INTEGER", "psn_key": "BIGINT", "mdtrt_key": "BIGINT", "feedetl_sn": "VARCHAR", "org_key": "BIGINT", "item_key": "BIGINT",
    "w0": "INTEGER", "w1": "INTEGER", "observed_text": "VARCHAR", "observed": "BIGINT", "threshold": "BIGINT",
    "other_psn_key": "BIGINT", "other_mdtrt_key": "BIGINT", "other_sn": "VARCHAR", "by_pair": "INTEGER",
    "amount_total": "BIGINT", "amount_inscope": "BIGINT", "amount_fund": "BIGINT",
}  # fmt: skip
"""Columns a text returns, by name, in any order. observed and threshold in 1/10,000, amounts in fen. by_pair = 1: the subject is
the two lines together, whichever of them is called in question. A text leaves out the keys it has no use for."""

NEEDED = ("kid", "w0", "w1", "observed", "threshold", "amount_total", "amount_inscope", "amount_fund")
"""Columns every text that finds must return."""

INDICATOR = {
    "kid": "INTEGER", "org_key": "BIGINT", "w0": "INTEGER", "w1": "INTEGER", "num": "BIGINT", "den": "BIGINT", "share_e4": "BIGINT",
    "peers": "BIGINT", "place": "BIGINT", "median_e4": "BIGINT", "p90_e4": "BIGINT",
}  # fmt: skip
"""Columns a text of indicators returns: a share of an institution in a window, with its peers. num and den in fen or 1/100 discharges,
shares 1/10,000, place 1 = smallest, equals share one."""

COLLECT = {
    "encounter": ("psn_key", "mdtrt_key", "org_key", "mdtrt_id", "atddr_no", "diag3"),
    "person": ("psn_key", "psn_no"),
    "institution": ("org_key", "fixmedins_code", "admdvs", "lv_grp", "medins_type"),
    "fee_line": ("mdtrt_key", "feedetl_sn", "item_key"),
}
"""Columns that binding, and turning hits into findings, need beside those the rules read."""


@dataclass(frozen=True)
class Text:
    """One statement to run: a family (for all its rules) or one SQL rule. `returns` are the columns it gives, in its order."""

    name: str
    sql: str
    scope: str  # person | whole
    output: str  # finding | indicator
    engines: tuple[str, ...]
    returns: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    texts: tuple[Text, ...]
    columns: dict[str, frozenset[str]]  # rule table → columns to load
    read: dict[str, frozenset[str]]  # rule table → columns the rules themselves read (the bare scan of the benchmark)
    whole: dict[str, frozenset[str]]  # rule table → columns the texts of scope `whole` read
    keep: tuple[str, ...] | None
    """Which fee lines of a person bucket any text can use, beside those whose item carries knowledge: conditions on `t`, joined by
    OR. None: every line."""

    def of_scope(self, scope: str) -> list[Text]:
        """Texts that need one person's rows (`person`), or everybody's (`whole`)."""
        return [t for t in self.texts if t.scope == scope]


def make_plan(rulebook: Rulebook, rules: Sequence[Rule], bound: Bound) -> Plan:
    """Plan the run of `rules`. Raises RulebookError when a text reads what does not exist or lacks an output column."""
    texts = []
    for name in families_to_run(rules, bound):
        f = rulebook.families[name]
        texts.append(_text(name, f.sql, str(f.path), f.scope, f.output, f.engines))
    texts += [_text(r.rule_id, r.sql, str(r.path), r.scope) for r in rules if r.sql and r.rule_id not in bound.waiting]
    knowledge = tuple((name, tuple(spec.items())) for name, spec in sorted(bound.tables.items()))
    read: dict[str, dict[str, frozenset[str]]] = {"person": {}, "whole": {}}
    for text in texts:
        path = rulebook.families[text.name].path if text.name in rulebook.families else rulebook.rules[text.name].path
        tables = read[text.scope]
        for table, columns in columns_read(text.sql, str(path), knowledge).items():
            tables[table] = tables.get(table, frozenset()) | columns
    person = read["person"]
    if any(r.exempt_diagnoses for r in rules):
        for tables in (person, *([read["whole"]] if "diagnosis" in read["whole"] else [])):
            tables["diagnosis"] = tables.get("diagnosis", frozenset()) | {"psn_key", "diag_key"}
    load = {t: person.get(t, frozenset()) | frozenset(COLLECT.get(t, ())) for t in {*person, *COLLECT}}
    both = {t: person.get(t, frozenset()) | read["whole"].get(t, frozenset()) for t in {*person, *read["whole"]}}
    return Plan(tuple(texts), load, both, read["whole"], kept_lines([t.sql for t in texts if t.scope == "person"]))


def _text(
    name: str, sql: str, where: str, scope: str = "person", output: str = "finding", engines: tuple[str, ...] = ENGINES
) -> Text:
    returns = tuple(parse(sql, where).named_selects)
    needed, known = (NEEDED, HIT) if output == "finding" else (tuple(INDICATOR), INDICATOR)
    if missing := [c for c in needed if c not in returns]:
        raise RulebookError(
            "规则没有给出全部结果列", where=where, why="缺少 " + "、".join(missing), cure="最外层 SELECT 补上这些列"
        )
    if unknown := [c for c in returns if c not in known]:
        raise RulebookError("规则给出了不认识的结果列", where=where, why="、".join(unknown), cure="可用：" + "、".join(known))
    return Text(name, sql, scope, output, engines, returns)


def kept_lines(texts: Sequence[str]) -> tuple[str, ...] | None:
    """See `Plan.keep`. A use of `fee_line` reads only lines whose item carries knowledge when it is equal-joined on `item_key` with a
    knowledge table; any other use reads only lines that meet those conditions of its WHERE that name nothing but the line."""
    found: set[str] = set()
    for sql in texts:
        for table in parse(sql).find_all(exp.Table):
            if table.name != "fee_line":
                continue
            select = table.find_ancestor(exp.Select)
            assert select is not None
            if _joins_knowledge(select, table.alias_or_name):
                continue
            own = _own_conditions(select, table.alias_or_name)
            if not own:
                return None
            found.add(" AND ".join(own))
    return tuple(sorted(found))


def _joins_knowledge(select: exp.Select, alias: str) -> bool:
    knowledge = {t.alias_or_name for t in select.find_all(exp.Table) if t.name.startswith("kn_")}
    outer = {j.this.alias_or_name for j in select.args.get("joins") or () if j.side or j.kind == "ANTI"}  # leave no line out
    return any(_links(eq, alias, knowledge - outer) for eq in select.find_all(exp.EQ))


def _own_conditions(select: exp.Select, alias: str) -> list[str]:
    """Conjuncts of WHERE that name only columns of `alias`, rewritten for the alias `t`; none for the outer side of a join."""
    where = select.args.get("where")
    source = select.args["from_"].this if "from_" in select.args else select.args["from"].this
    if where is None or source.alias_or_name != alias:
        return []
    found = []
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        columns = list(condition.find_all(exp.Column))
        if columns and all(c.table == alias for c in columns) and not condition.find(exp.Query):
            moved = condition.copy()
            for column in moved.find_all(exp.Column):
                column.set("table", exp.to_identifier("t"))
            found.append(moved.sql(dialect="duckdb", comments=False))
    return found


def _links(eq: exp.EQ, alias: str, knowledge: set[str]) -> bool:
    sides = [s for s in (eq.left, eq.right) if isinstance(s, exp.Column)]
    return (
        len(sides) == 2
        and any(s.table == alias and s.name == "item_key" for s in sides)
        and any(s.table in knowledge and s.name.endswith("_key") for s in sides)
    )
