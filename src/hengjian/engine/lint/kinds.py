"""Text and whole numbers are never mixed: engines convert differently."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from hengjian.engine.lint.fault import Fault
from hengjian.engine.lint.text import LintText, shown

_TEXT = frozenset({exp.DType.VARCHAR, exp.DType.TEXT})
_NUMBER = frozenset(
    {exp.DType.INT, exp.DType.BIGINT, exp.DType.INT128, exp.DType.SMALLINT, exp.DType.TINYINT, exp.DType.UBIGINT}
)


def check_kinds(text: LintText) -> Iterator[Fault]:
    """Both sides of a comparison, and all values of a choice, are text or all are whole numbers; text is never made a number."""
    assert text.full is not None
    for node in text.full.walk():
        for group in _groups(node):
            words = [n for n in group if _kind(n) in _TEXT]
            numbers = [n for n in group if _kind(n) in _NUMBER]
            if words and numbers:
                yield text.fault(
                    "text_with_number",
                    node,
                    f"文字 {shown(words[0])} 与整数 {shown(numbers[0])} 混在一起",
                    "SQLite 当文字比，DuckDB 和 Spark 先变成数",
                    "两边同类型：码值是文字，加单引号；键、天数、金额是整数，不加",
                )
                break
        if isinstance(node, exp.Cast) and _kind(node.this) in _TEXT and node.to.this in _NUMBER:
            yield text.fault(
                "text_with_number",
                node,
                f"把文字变成整数：{shown(node)}",
                "读不懂的字，SQLite 当 0，DuckDB 和 Spark 报错",
                "用数据里已有的整数列",
            )


def _kind(node: exp.Expr) -> exp.DType | None:
    kind = node.type
    return kind.this if isinstance(kind, exp.DataType) and not isinstance(node, exp.Null) else None


def _groups(node: exp.Expr) -> Iterator[list[exp.Expr]]:
    """Expressions that must be of one kind."""
    if isinstance(node, (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Nullif)):
        yield [node.this, node.expression]
    elif isinstance(node, exp.Between):
        yield [node.this, node.args["low"], node.args["high"]]
    elif isinstance(node, exp.In):
        yield from _members(node)
    elif isinstance(node, (exp.Coalesce, exp.Least, exp.Greatest)):
        yield [node.this, *node.expressions]
    elif isinstance(node, exp.Case):
        if node.args.get("this"):
            yield [node.this, *(branch.this for branch in node.args["ifs"])]
        yield [branch.args["true"] for branch in node.args["ifs"]] + [d for d in (node.args.get("default"),) if d]
    elif isinstance(node, exp.SetOperation):
        sides = [getattr(side, "selects", []) for side in (node.this, node.expression)]
        yield from ([a, b] for a, b in zip(*sides, strict=False))


def _members(node: exp.In) -> Iterator[list[exp.Expr]]:
    query = node.args.get("query")
    if query is None:
        yield [node.this, *node.expressions]
        return
    given = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
    yield from ([a, b] for a, b in zip(given, query.unnest().selects, strict=False))
