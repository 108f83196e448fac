"""Knowledge is joined as it stood on the day of the act."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from hengjian.engine.lint.fault import Fault
from hengjian.engine.lint.lineage import branches
from hengjian.engine.lint.text import LintText, conjuncts
from hengjian.lake.schema.layer import LAYER

BOUNDS = ("valid_from", "valid_to")


def check_dated(text: LintText) -> Iterator[Fault]:
    """Every use of knowledge with a validity says `day >= k.valid_from AND day < k.valid_to` in the same SELECT, day being a day of
    the act. A SELECT over one knowledge table alone may hand both bounds on instead; then its reader must say so."""
    for select in text.lineage.selects:
        sources = text.lineage.sources(select)
        for alias, source in sources.items():
            if not _is_dated(text, source) or _in_force(text, select, alias):
                continue
            if len(sources) == 1 and _hands_on(text, select):
                continue
            name = text.lineage.base(source) or source.name
            yield text.fault(
                "knowledge_undated",
                source,
                f"知识 {name}（{alias}）没有按行为当日的有效期连接",
                "会拿今天的知识判从前的行为",
                f"在同一个 SELECT 里加上 行为日 >= {alias}.valid_from AND 行为日 < {alias}.valid_to，行为日用 fee_day、in_day 一类的列",
            )


def _is_dated(text: LintText, source: exp.Expr) -> bool:
    if base := text.lineage.base(source):
        return base.startswith("kn_") and set(BOUNDS) <= set(text.schema.get(base, ()))
    query = text.lineage.query(source)
    return query is not None and any(_hands_on(text, s) for s in branches(query))


def _hands_on(text: LintText, select: exp.Select) -> bool:
    """Whether a SELECT returns both bounds of knowledge under their own names."""
    made = {p.alias_or_name: text.lineage.leaves(p) for p in select.selects if p.alias_or_name in BOUNDS}
    return set(made) == set(BOUNDS) and all(any(t.startswith("kn_") for t, _ in leaves) for leaves in made.values())


def _in_force(text: LintText, select: exp.Select, alias: str) -> bool:
    conditions = [*conjuncts(getattr(select.args.get("where"), "this", None))]
    for join in select.args.get("joins") or ():
        conditions += conjuncts(join.args.get("on"))
    since, until = set(), set()
    for c in conditions:
        for small, large, strict in _ordered(c):
            if not strict and _is(small, alias, BOUNDS[0]):
                since.add(large)
            if strict and _is(large, alias, BOUNDS[1]):
                until.add(small)
    return any(_is_act_day(text, day) for day in since & until)


def _ordered(c: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr, bool]]:
    """A comparison as (smaller, larger, whether strictly)."""
    if isinstance(c, (exp.LT, exp.LTE)):
        yield c.this, c.expression, isinstance(c, exp.LT)
    if isinstance(c, (exp.GT, exp.GTE)):
        yield c.expression, c.this, isinstance(c, exp.GT)


def _is(node: exp.Expr, alias: str, name: str) -> bool:
    return isinstance(node, exp.Column) and node.table == alias and node.name == name


def _is_act_day(text: LintText, node: exp.Expr) -> bool:
    if not isinstance(node, exp.Column):
        return False
    leaves = text.lineage.leaves(node)
    return any(c.endswith("_day") for _, c in leaves) and all(t in LAYER for t, _ in leaves)
