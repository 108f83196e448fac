"""Which rules can be asked when: derived from the columns a rule reads and the columns a message fills, never from wishes (design §2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import pyarrow as pa
from sqlglot import exp
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from hengjian.engine.bind import points_of
from hengjian.engine.compile import parse
from hengjian.engine.fold import folded_sql
from hengjian.engine.shapes import BINDERS, OF_TABLE, OPTIONS, SHAPES
from hengjian.engine.travelling import own_columns
from hengjian.gate.analysis import NODES
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.layer import LAYER, LayerColumn
from hengjian.rulebook.model import KnowledgeRow, Rule, Rulebook
from hengjian.rulebook.rows import Rows

GATE_STAGES = ("before", "during")
KEPT_BACK = frozenset({"fraud"})
"""Categories that nobody is shown in advance (design §6)."""

ASSUMED = {
    "fee_line.init_feedetl_sn": "草稿里没有退费",
    "fee_line.setl_id": "还没有结算",
    "settlement.medfee_sumamt": "按明细合计",
    "settlement.inscp_scp_amt": "按明细合计",
    "settlement.fund_pay_sumamt": "结算前不知道，只影响所列金额",
}
"""What no check says and none needs to say."""

_WORDS = frozenset({name for options in OPTIONS.values() for name in options} | {"match"})
"""Cells that choose between branches of a family."""
_EVERYWHERE = frozenset({"psn_no", "mdtrt_id", "fixmedins_code"})
_REGISTERED = ("person", "institution")
"""Tables the gate knows of by itself: from the register of persons and institutions."""
_LATER = {"before": frozenset({"encounter.endtime"}), "during": frozenset[str]()}
"""What a message of this stage only pretends to say."""


def provided(stage: str) -> frozenset[str]:
    """Lake columns (`table.column`) that are known when a check of this stage comes."""
    told = {target for node in NODES for f in node.fields for target in f.to} - _LATER[stage]
    registered = {f"{t}.{c.name}" for t in _REGISTERED for c in TABLES[t].columns}
    return frozenset(told | registered | ASSUMED.keys())


@dataclass(frozen=True)
class Standing:
    """One rule at one stage. `lacks`: layer columns no message fills, as `table.column`; `why` in Chinese when it does not run."""

    rule: Rule
    stage: str
    lacks: tuple[str, ...] = ()
    why: str = ""

    @property
    def runs(self) -> bool:
        return not self.lacks and not self.why


def standings(book: Rulebook, rules: Iterable[Rule]) -> list[Standing]:
    """Every rule at every stage of the gate: whether it can be asked there."""
    few = replace(book, knowledge={table: _kinds(rows) for table, rows in book.knowledge.items()})
    return [found for rule in rules for found in _of_rule(few, rule)]


def _kinds(rows: Sequence[KnowledgeRow]) -> Sequence[KnowledgeRow]:
    """The rows shipped, and of a site's hundreds of thousands one of each kind: what a text reads hangs on words, never on codes."""
    if not isinstance(rows, Rows):
        return rows
    frame = rows.frame
    words = [c for c in frame.data.schema.names if c in _WORDS]
    if not words or not len(frame):
        return (*rows.plain, *frame.rows([0] if len(frame) else []))
    numbered = frame.data.select(words).append_column("n", pa.array(range(len(frame)), pa.int64()))
    first = numbered.group_by(words).aggregate([("n", "min")]).column("n_min").to_pylist()
    return (*rows.plain, *frame.rows(sorted(first)))


def _of_rule(book: Rulebook, rule: Rule) -> list[Standing]:
    why = {stage: _kept_out(book, rule, stage) for stage in GATE_STAGES}
    tree = None if all(why.values()) else _asked(book, rule)
    found = []
    for stage, reason in why.items():
        unknown = _unknown(stage)
        lacks = () if reason or tree is None else tuple(sorted(_reads(tree, rule, unknown) & unknown))
        found.append(Standing(rule, stage, lacks, reason))
    return found


def _kept_out(book: Rulebook, rule: Rule, stage: str) -> str:
    """Why a rule is not for this stage whatever the columns; "" when it may be."""
    family = book.families.get(rule.family)
    scope, output = (family.scope, family.output) if family is not None else (rule.scope, "finding")
    if scope != "person" or output != "finding":
        return "要看全体数据，只在事后审计"
    if "sqlite" not in book.engines(rule):
        return "不在闸口的引擎上运行"
    if rule.category in KEPT_BACK:
        return "反欺诈规则不事先提示"
    return "" if stage in rule.stages else "规则自己限定了阶段"


@cache
def _unknown(stage: str) -> frozenset[str]:
    """Layer columns (`table.column`) that are not known at a stage."""
    known = provided(stage)
    every = ((t, c) for t in LAYER.values() for c in t.columns)
    return frozenset(f"{t.name}.{c.name}" for t, c in every if not _filled(t.name, c, known))


def running(book: Rulebook, rules: Iterable[Rule]) -> dict[str, frozenset[str]]:
    """Ids of the rules that run at each stage of the gate."""
    found = standings(book, rules)
    return {stage: frozenset(s.rule.rule_id for s in found if s.stage == stage and s.runs) for stage in GATE_STAGES}


def known_columns(stage: str) -> frozenset[str]:
    """Layer columns (`table.column`) that are known at a stage."""
    return frozenset(f"{t.name}.{c.name}" for t in LAYER.values() for c in t.columns) - _unknown(stage)


def _filled(table: str, column: LayerColumn, known: frozenset[str]) -> bool:
    """Whether all a layer column is made of is known."""
    if table not in ("person", "institution", "encounter", "diagnosis", "operation", "fee_line"):
        return False
    for need in column.needs:
        if need in _EVERYWHERE or need.split(".")[-1] in _EVERYWHERE:
            continue
        if "." in need:
            if need not in known:
                return False
        elif f"{table}.{need}" not in known and f"encounter.{need}" not in known:
            return False
    return True


def _asked(book: Rulebook, rule: Rule) -> exp.Expr:
    """What a rule asks, with its settings folded in."""
    tree = parse(folded_sql(book, rule), str(rule.path)).copy()
    _drop_idle_branches(tree, book, rule)
    return tree


def _reads(asked: exp.Expr, rule: Rule, unknown: frozenset[str]) -> set[str]:
    """Layer columns the text needs. A column that another column stands in for when it is empty is not needed."""
    tree = asked.copy()
    names = {name.split(".")[1] for name in unknown}
    for call in list(tree.find_all(exp.Coalesce)):
        first, rest = call.this, call.expressions
        if isinstance(first, exp.Column) and first.name in names and any(e.find(exp.Column) for e in rest):
            call.replace(rest[0].copy() if len(rest) == 1 else exp.Coalesce(this=rest[0].copy(), expressions=rest[1:]))
    schema: dict[str, object] = {t.name: {c.name: c.sql for c in t.columns} for t in LAYER.values()}
    schema |= {name: dict(spec) | {"valid_from": "INTEGER", "valid_to": "INTEGER"} for name, spec in SHAPES.items()}
    schema |= own_knowledge(rule)
    tree = pushdown_projections(qualify(tree, schema=schema, dialect="duckdb", quote_identifiers=False, identify=False))
    read = set()
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and source.name in LAYER:
                read.add(f"{source.name}.{column.name}")
    return read


def _drop_idle_branches(tree: exp.Expr, book: Rulebook, rule: Rule) -> None:
    """Branches of CASE that no knowledge row of the rule ever takes: rows with age limits never ask for the channel of a visit."""
    if not rule.family:
        return
    taken: dict[str, set[object]] = {}
    for point in points_of([rule], book, None)[0]:
        for member in BINDERS[rule.family](point):
            for column, value in member.values.items():
                taken.setdefault(column, set()).add(value)
    for equal in list(tree.find_all(exp.EQ)):
        column, literal = equal.this, equal.expression
        branch = equal.parent
        if not (isinstance(branch, exp.If) and isinstance(column, exp.Column) and isinstance(literal, exp.Literal)):
            continue
        if literal.name not in taken.get(column.name, {literal.name}):
            branch.pop()


def own_knowledge(rule: Rule) -> dict[str, dict[str, str]]:
    """The knowledge table of a rule with SQL of its own, with its columns as binding makes them; none for families."""
    if rule.family:
        return {}
    period = {"valid_from": "INTEGER", "valid_to": "INTEGER"}
    if not rule.knowledge:
        return {f"kn_{rule.rule_id}": {"kid": "INTEGER"} | dict.fromkeys(rule.params, "BIGINT") | period}
    own = f"kn_{rule.knowledge.removeprefix('local_')}"
    if rule.knowledge in OF_TABLE:
        return {own: SHAPES[own] | period}
    return {own: {"kid": "INTEGER"} | dict(own_columns(rule.knowledge).values()) | period}
