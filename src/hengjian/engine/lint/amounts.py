"""Amounts: none is compared with a number written into a text, and none is multiplied by an unreduced sum."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from hengjian.engine.lint.fault import Fault
from hengjian.engine.lint.text import LintText, shown

_SAME_VALUE = (
    exp.Paren,
    exp.Cast,
    exp.Neg,
    exp.Abs,
    exp.Alias,
    exp.Window,
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.Min,
    exp.Max,
    exp.Filter,
)
"""Nodes whose value is as large as that of `this`."""


def is_amount_name(name: str) -> bool:
    """Whether a column of this name holds money, a price or a quantity."""
    return name.endswith(("_amt", "_e4", "_e6", "_inscp")) or name.startswith("uplmt")


# literal amounts -------------------------------------------------------------------------------------------------------------
def check_literal_amounts(text: LintText) -> Iterator[Fault]:
    """No amount, price or quantity is compared with, or added to, a number other than 0."""
    assert text.full is not None
    for node in text.full.walk():
        for one, other in _held_together(node):
            if _is_constant(other) and _is_amount(text, one, set()):
                yield text.fault(
                    "literal_amount",
                    node,
                    f"{shown(one)} 与写死的数 {shown(other)} 相比或相加",
                    "界限是法律、协议或知识定的，会变，也要能引用",
                    "把这个数写成带日期和单位的参数，或放进知识表",
                )
                break


def _held_together(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    if isinstance(
        node, (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Add, exp.Sub, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Nullif)
    ):
        yield node.this, node.expression
        yield node.expression, node.this
    elif isinstance(node, exp.Between):
        yield from ((node.this, node.args[k]) for k in ("low", "high"))
    elif isinstance(node, exp.In):
        yield from ((node.this, e) for e in node.expressions)
    elif isinstance(node, (exp.Least, exp.Greatest)):
        members = [node.this, *node.expressions]
        yield from ((a, b) for a in members for b in members if a is not b)
    elif isinstance(node, exp.Case) and node.args.get("this"):
        yield from ((node.this, branch.this) for branch in node.args["ifs"])


def _is_constant(node: exp.Expr) -> bool:
    """A number other than 0, written out."""
    numbers = [n for n in node.find_all(exp.Literal) if not n.is_string]
    return not node.find(exp.Column) and any(n.name.strip("0.") for n in numbers)


def _is_amount(text: LintText, node: exp.Expr, seen: set[int]) -> bool:
    """Whether a value is measured in money, price or quantity."""
    if isinstance(node, exp.Column):
        return is_amount_name(node.name) or any(_is_amount(text, p, seen) for p in _projections(text, node, seen))
    if isinstance(node, (*_SAME_VALUE, exp.Sum)):
        return _is_amount(text, node.this, seen)
    if isinstance(node, (exp.Add, exp.Sub)):
        return _is_amount(text, node.this, seen) or _is_amount(text, node.expression, seen)
    if isinstance(node, exp.Mul):
        return any(
            _is_amount(text, a, seen) and not b.find(exp.Column)
            for a, b in ((node.this, node.expression), (node.expression, node.this))
        )
    if isinstance(node, exp.IntDiv):
        return not node.expression.find(exp.Column) and _is_amount(text, node.this, seen)
    return any(_is_amount(text, v, seen) for v in _values(node))


def _projections(text: LintText, column: exp.Column, seen: set[int]) -> list[exp.Expr]:
    """What makes a column of a query, each once."""
    made = text.lineage.defined(column)
    fresh = [] if isinstance(made, tuple) else [p for p in made if id(p) not in seen]
    seen.update(id(p) for p in fresh)
    return fresh


def _values(node: exp.Expr) -> list[exp.Expr]:
    """The values a choice may give."""
    if isinstance(node, exp.Case):
        return [branch.args["true"] for branch in node.args["ifs"]] + (
            [node.args["default"]] if node.args.get("default") else []
        )
    if isinstance(node, (exp.Coalesce, exp.Least, exp.Greatest)):
        return [node.this, *node.expressions]
    return [node.this] if isinstance(node, exp.Nullif) else []


# products of sums ------------------------------------------------------------------------------------------------------------
def check_products(text: LintText) -> Iterator[Fault]:
    """No SUM, and no column made by one, is multiplied by anything but a written number before `//` has made it small."""
    assert text.full is not None
    for product in text.full.find_all(exp.Mul):
        for one, other in ((product.this, product.expression), (product.expression, product.this)):
            if other.find(exp.Column) and _is_sum(text, one, set()):
                yield text.fault(
                    "unreduced_product",
                    product,
                    f"合计 {shown(one)} 没有化小就乘以 {shown(other)}",
                    "一年的合计相乘会超出 64 位：DuckDB 和 Spark 报错，SQLite 悄悄变成浮点数",
                    "先化成整元、整单位再乘：合计 // 100，数量 // 10000",
                )
                break


def _is_sum(text: LintText, node: exp.Expr, seen: set[int]) -> bool:
    """Whether a value may be as large as a sum over many rows."""
    if isinstance(node, exp.Sum):
        return True
    if isinstance(node, exp.Column):
        return any(_is_sum(text, p, seen) for p in _projections(text, node, seen))
    if isinstance(node, _SAME_VALUE):
        return _is_sum(text, node.this, seen)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return _is_sum(text, node.this, seen) or _is_sum(text, node.expression, seen)
    if isinstance(node, exp.Least) or _is_smaller_of_two(node):
        return all(_is_sum(text, v, set(seen)) for v in _values(node))
    return any(_is_sum(text, v, seen) for v in _values(node))


def _is_smaller_of_two(node: exp.Expr) -> bool:
    """`CASE WHEN a < b THEN a ELSE b END`, as the excess over a cap is written: never more than b."""
    if not isinstance(node, exp.Case) or node.args.get("this") or len(node.args["ifs"]) != 1:
        return False
    condition, then, default = node.args["ifs"][0].this, node.args["ifs"][0].args["true"], node.args.get("default")
    if isinstance(condition, (exp.LT, exp.LTE)):
        return bool(then == condition.this and default == condition.expression)
    if isinstance(condition, (exp.GT, exp.GTE)):
        return bool(then == condition.expression and default == condition.this)
    return False
