"""What rule SQL may say. Everything a text contains has a name here or is refused.

A construct is named as people write it (`//`, `LEFT JOIN`, `COUNT DISTINCT`). Each allowed one is shown, with awkward rows, by a spec
under `rulebook/spec/allowed`, which runs on every engine; each one worth warning of has a spec under `rulebook/spec/forbidden` that
says why and what to write instead (`engine/spec.py`). What no spec mentions is refused too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlglot import exp

PLAIN = "SELECT"
"""The name of what every text is made of: SELECT, FROM, columns, aliases, parentheses, whole numbers, text."""

NAMES: dict[type[exp.Expr], str] = {
    **dict.fromkeys(
        (exp.Select, exp.From, exp.Table, exp.Column, exp.Identifier, exp.Alias, exp.TableAlias, exp.Paren, exp.CTE), PLAIN
    ),
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Neg: "-x", exp.IntDiv: "//", exp.Mod: "%", exp.Abs: "ABS",
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.Between: "BETWEEN",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
    exp.And: "AND", exp.Or: "OR", exp.Not: "NOT", exp.Null: "NULL", exp.Exists: "EXISTS",
    exp.Coalesce: "COALESCE", exp.Nullif: "NULLIF", exp.Least: "LEAST", exp.Greatest: "GREATEST",
    exp.DPipe: "||", exp.Substring: "SUBSTRING", exp.Length: "LENGTH", exp.StrPosition: "STRPOS",
    exp.Where: "WHERE", exp.Having: "HAVING", exp.Qualify: "QUALIFY", exp.Filter: "FILTER",
    exp.Sum: "SUM", exp.Min: "MIN", exp.Max: "MAX",
    exp.RowNumber: "ROW_NUMBER", exp.Rank: "RANK", exp.DenseRank: "DENSE_RANK", exp.Ntile: "NTILE",
    exp.Lag: "LAG", exp.Lead: "LEAD", exp.FirstValue: "FIRST_VALUE",
}  # fmt: skip
"""Nodes that always mean one construct."""

ALLOWED = frozenset(NAMES.values()) | {
    "*", "COUNT(*)", "COUNT", "COUNT DISTINCT", "DISTINCT", "CASE", "CASE x WHEN", "CAST", "IS NULL", "IN", "IN (SELECT)", "(a, b) IN",
    "JOIN", "LEFT JOIN", "SEMI JOIN", "ANTI JOIN", "USING", "FROM (SELECT)", "UNION ALL", "UNION", "INTERSECT", "EXCEPT", "GROUP BY", "ORDER BY",
    "DESC", "NULLS FIRST", "OVER", "WINDOW", "ROWS", "RANGE", "WITH", "WITH RECURSIVE",
}  # fmt: skip
"""Names of everything a rule may use."""

TYPES = {exp.DType.BIGINT: "BIGINT", exp.DType.INT: "INTEGER", exp.DType.VARCHAR: "VARCHAR", exp.DType.TEXT: "VARCHAR"}
"""What CAST may make."""

FLOATS = frozenset({"DOUBLE", "FLOAT", "DECIMAL", "REAL", "BIGDECIMAL", "UDECIMAL"})
TIMES = frozenset(
    {"DATE", "TIME", "TIMETZ", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "TIMESTAMPLTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATETIME", "INTERVAL"}
)  # fmt: skip

CLOCK = frozenset(
    {
        "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_DATETIME", "LOCALTIME", "LOCALTIMESTAMP", "NOW", "TODAY",
        "GET_CURRENT_TIME", "GET_CURRENT_TIMESTAMP", "TRANSACTION_TIMESTAMP", "CURRENT_LOCALTIME", "CURRENT_LOCALTIMESTAMP",
    }
)  # fmt: skip
"""Functions that answer differently tomorrow."""

DATES = frozenset(
    {
        "DATE", "INTERVAL", "EXTRACT", "DATE_PART", "DATE_DIFF", "DATEDIFF", "DATE_SUB", "DATE_ADD", "DATE_TRUNC", "TIMESTAMP_TRUNC", "AGE",
        "YEAR", "MONTH", "DAY", "DAY_OF_MONTH", "DAY_OF_WEEK", "DAY_OF_YEAR", "DAYOFWEEK", "DAYOFMONTH", "DAYOFYEAR", "WEEK", "WEEK_OF_YEAR", "QUARTER", "HOUR", "MINUTE",
        "SECOND", "EPOCH", "STRFTIME", "STRPTIME", "TIME_TO_STR", "STR_TO_TIME", "TIME_TO_UNIX", "UNIX_TO_TIME", "MAKE_DATE",
        "MAKE_TIMESTAMP", "DATE_FROM_PARTS", "TIMESTAMP_FROM_PARTS", "LAST_DAY", "TO_DAYS", "TO_MONTHS", "TO_YEARS", "TO_HOURS",
    }
)  # fmt: skip
"""Date and time functions: rules see whole days and seconds."""


def code_of(name: str) -> str:
    """Under which code the lint refuses a construct that is not allowed."""
    if name in CLOCK:
        return "clock"
    if name in DATES or name.removeprefix("CAST ") in TIMES:
        return "date"
    if name in ("float", *FLOATS) or name.removeprefix("CAST ") in FLOATS:
        return "float"
    return {"/": "division", "outer *": "star"}.get(name, "outside_subset")


def constructs(tree: exp.Query) -> Iterator[tuple[str, exp.Expr]]:
    """Every construct in a text with the node it was found at; a node may stand for several. Nothing is said of what lies inside a
    construct that is not allowed."""
    refused: set[int] = set()
    for node in tree.walk(bfs=False, prune=lambda n: id(n) in refused):
        for name in _names(node):
            if name not in ALLOWED:
                refused.add(id(node))
            yield name, node
    for select in tree.find_all(exp.Select):
        for column in select.expressions:
            if isinstance(column.unalias().unnest(), _TRUTHS):
                yield "boolean column", column
    for select in _outermost(tree):
        for column in select.expressions:
            if isinstance(column, exp.Star) or (isinstance(column, exp.Column) and isinstance(column.this, exp.Star)):
                yield "outer *", column


_TRUTHS = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)


def _outermost(query: exp.Expr) -> Iterator[exp.Select]:
    """The SELECTs whose columns the text returns: one, or the branches of a union."""
    if isinstance(query, exp.SetOperation):
        yield from _outermost(query.this)
        yield from _outermost(query.expression)
    elif isinstance(query, exp.Subquery):
        yield from _outermost(query.this)
    elif isinstance(query, exp.Select):
        yield query


def _names(node: exp.Expr) -> Iterator[str]:
    special = _SPECIAL.get(type(node))
    if special is not None:
        yield from special(node)
    elif type(node) in NAMES:
        yield NAMES[type(node)]
        yield from _extras(node)
    elif isinstance(node, exp.Anonymous):
        yield node.name.upper()
    elif isinstance(node, exp.Func):
        yield type(node).sql_name()
    else:
        yield type(node).__name__.upper()


def _extras(node: exp.Expr) -> Iterator[str]:
    """What an allowed node may carry that needs a name of its own."""
    args = node.args
    if isinstance(node, exp.Table) and (args.get("db") or args.get("catalog")):
        yield "schema.table"
    if isinstance(node, exp.Column) and args.get("db"):
        yield "DOT"
    if isinstance(node, exp.CTE) and args.get("materialized") is not None:
        yield "MATERIALIZED"
    if isinstance(node, (exp.Least, exp.Greatest)) and len(args.get("expressions") or ()) != 1:
        yield f"{NAMES[type(node)]} of three"
    if isinstance(node, exp.StrPosition) and (args.get("position") or args.get("occurrence")):
        yield "STRPOS from"


def _literal(node: exp.Expr) -> Iterator[str]:
    yield PLAIN if node.is_string or node.is_int else "float"


def _star(node: exp.Expr) -> Iterator[str]:
    if isinstance(node.parent, exp.Count):
        yield "COUNT(*)"
    elif any(node.args.get(k) for k in ("except_", "except", "replace", "rename")):
        yield "* EXCLUDE"
    else:
        yield "*"


def _count(node: exp.Expr) -> Iterator[str]:
    if isinstance(node.this, exp.Distinct):
        several = len(node.this.expressions) != 1 or isinstance(node.this.expressions[0], exp.Tuple)
        yield "COUNT DISTINCT of several" if several else "COUNT DISTINCT"
    elif not isinstance(node.this, exp.Star):
        yield "COUNT"


def _distinct(node: exp.Expr) -> Iterator[str]:
    if isinstance(node.parent, exp.Select):
        yield "DISTINCT ON" if node.args.get("on") else "DISTINCT"
    elif not isinstance(node.parent, exp.Count):
        yield "DISTINCT in an aggregate"


def _cast(node: exp.Expr) -> Iterator[str]:
    to = node.args["to"]
    plain = to.this in TYPES and not to.expressions
    yield "CAST" if plain else f"CAST {to.this.value if isinstance(to.this, exp.DType) else to.sql('duckdb')}"


def _case(node: exp.Expr) -> Iterator[str]:
    yield "CASE x WHEN" if node.args.get("this") else "CASE"


def _if(node: exp.Expr) -> Iterator[str]:
    yield PLAIN if isinstance(node.parent, exp.Case) else "IF"


def _is(node: exp.Expr) -> Iterator[str]:
    yield "IS NULL" if isinstance(node.expression, exp.Null) else "IS TRUE"


def _in(node: exp.Expr) -> Iterator[str]:
    if node.args.get("unnest") or node.args.get("field"):
        yield "IN UNNEST"
    elif isinstance(node.this, exp.Tuple):
        yield "(a, b) IN"
    else:
        yield "IN (SELECT)" if node.args.get("query") else "IN"


def _tuple(node: exp.Expr) -> Iterator[str]:
    yield PLAIN if isinstance(node.parent, exp.In) and node.arg_key == "this" else "TUPLE"


def _subquery(node: exp.Expr) -> Iterator[str]:
    if isinstance(node.parent, (exp.From, exp.Join)):
        yield "FROM (SELECT)"
    elif isinstance(node.parent, (exp.In, exp.Exists, exp.SetOperation, exp.CTE)):
        yield PLAIN
    else:
        yield "(SELECT) as a value"


def _join(node: exp.Join) -> Iterator[str]:
    words = [w for w in (node.args.get("method"), node.side, node.kind) if w and w.upper() not in ("INNER", "OUTER")]
    if not words and not (node.args.get("on") or node.args.get("using")):
        words = ["CROSS"]
    yield " ".join([*words, "JOIN"]).upper()
    if node.args.get("using"):
        yield "USING"


def _set(node: exp.Expr) -> Iterator[str]:
    word = type(node).__name__.upper()
    distinct = node.args.get("distinct", True)
    yield f"{word} BY NAME" if node.args.get("by_name") else word if distinct else f"{word} ALL"


def _with(node: exp.Expr) -> Iterator[str]:
    yield "WITH RECURSIVE" if node.args.get("recursive") else "WITH"


def _group(node: exp.Expr) -> Iterator[str]:
    fancy = [k for k in ("all", "cube", "rollup", "grouping_sets", "totals") if node.args.get(k)]
    yield f"GROUP BY {fancy[0].upper()}" if fancy else "GROUP BY"
    if any(e.is_int for e in node.expressions):
        yield "GROUP BY 1"


def _order(node: exp.Expr) -> Iterator[str]:
    yield (
        PLAIN
        if isinstance(node.parent, exp.Window)
        else "ORDER BY"
        if isinstance(node.parent, exp.Query)
        else "ORDER BY in an aggregate"
    )


def _ordered(node: exp.Expr) -> Iterator[str]:
    yield PLAIN
    if node.args.get("desc"):
        yield "DESC"
    if node.args.get("nulls_first"):
        yield "NULLS FIRST"
    if node.this.is_int:
        yield "ORDER BY 1"


def _window(node: exp.Expr) -> Iterator[str]:
    yield "WINDOW" if node.args.get("alias") or node.arg_key == "windows" else "OVER"


def _frame(node: exp.Expr) -> Iterator[str]:
    yield str(node.args.get("kind")).upper()
    if node.args.get("exclude"):
        yield "EXCLUDE in a frame"


_SPECIAL: dict[type[exp.Expr], Callable[[Any], Iterator[str]]] = {
    exp.Literal: _literal, exp.Star: _star, exp.Count: _count, exp.Distinct: _distinct, exp.Cast: _cast, exp.Case: _case, exp.If: _if,
    exp.Is: _is, exp.In: _in, exp.Tuple: _tuple, exp.Subquery: _subquery, exp.Join: _join, exp.Union: _set, exp.Intersect: _set,
    exp.Except: _set, exp.With: _with, exp.Group: _group, exp.Order: _order, exp.Ordered: _ordered, exp.Window: _window,
    exp.WindowSpec: _frame, exp.DataType: lambda node: iter(()), exp.Div: lambda node: iter(("/",)),
}  # fmt: skip
