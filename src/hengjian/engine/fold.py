"""A family's SQL with one rule's settings folded in: what a lawyer reads is what runs.

Columns of knowledge that are the same in every row of the rule (its settings) become literals, conditions and branches that these
decide fall away. What is left joins the same knowledge tables, bound for this rule alone, and finds the same (`tests/engine/test_fold.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.eliminate_ctes import eliminate_ctes
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.optimizer.simplify import simplify

from hengjian.engine.bind import points_of
from hengjian.engine.compile import parse
from hengjian.engine.shapes import BINDERS, FAMILY_SHAPES, OPTIONS, ROW_KEYS, SHAPES, WINDOWED
from hengjian.engine.travelling import columns_of
from hengjian.rulebook.model import Rule, Rulebook

_NEVER = {"kid", "dx_set", "valid_from", "valid_to", "w0", "w1", "ym"} | ROW_KEYS
_ROUNDS = 8


def folded_sql(book: Rulebook, rule: Rule) -> str:
    """The SQL that runs for `rule`, laid out for reading. A rule with SQL of its own is shown as it is."""
    if not rule.family:
        return rule.sql
    tree = parse(book.families[rule.family].sql).copy()
    constants, empty = settled(book, rule)
    for _ in range(_ROUNDS):
        before = tree.sql()
        _substitute(tree, constants)
        tree = simplify(_cases(tree), dialect="duckdb")
        tree = _without_dead_branches(tree, empty)
        if tree.sql() == before:
            break
    while (less := eliminate_ctes(tree.copy())).sql() != tree.sql():  # a query that only a dropped one read goes with it
        tree = less
    return tree.sql(dialect="duckdb", pretty=True, comments=False)


def without_empty(sql: str, empty: Collection[str]) -> str:
    """A statement less the UNION branches, and what only they read, that can find nothing because a table has no rows."""
    tree: Any = _without_dead_branches(parse(sql).copy(), set(empty))
    while (less := eliminate_ctes(tree.copy())).sql() != tree.sql():
        tree = less
    return str(tree.sql(dialect="duckdb", comments=False))


def settled(book: Rulebook, rule: Rule) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Values that are the same in every bound row of the rule, by knowledge table and column; and the tables it fills with no row."""
    points, _ = points_of([rule], book, None)
    rows: dict[str, list[Mapping[str, Any]]] = {shape: [] for shape in FAMILY_SHAPES[rule.family]}
    for point in points:
        for member in BINDERS[rule.family](point):
            rows[member.shape].append(member.values)
    known = {s: r for s, r in rows.items() if r}
    fixed = {c for spec in SHAPES.values() for c in spec}
    if rule.travels:  # its rows are not known here: only what settings say, and words they have no column for
        fixed = rule.settings.keys() | (OPTIONS.get(rule.family, {}).keys() - columns_of(rule.knowledge))
    constants = {
        shape: {c: v for c, v in found[0].items() if c not in _NEVER and c in fixed and all(r[c] == v for r in found)}
        for shape, found in known.items()
    }
    travelling = rule.family == "price"  # ceilings travel with the data and are not known here
    return constants, set() if travelling else {s for s in rows if s not in known and (s not in WINDOWED or len(rows) > 1)}


def _substitute(tree: exp.Expr, constants: Mapping[str, Mapping[str, Any]]) -> None:
    """Columns of knowledge tables, and of CTEs that only pass them on, as literals."""
    of_ctes: dict[str, dict[str, exp.Expr]] = {}
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                value = constants.get(source.name, {}).get(column.name)
                if value is not None:
                    _replace(column, _literal(value, SHAPES[source.name][column.name]))
            elif source is not None:
                cte = source.expression.parent
                name = cte.alias if isinstance(cte, exp.CTE) else ""
                if column.name in of_ctes.get(name, {}):
                    _replace(column, of_ctes[name][column.name].copy())
        holder = scope.expression.parent
        if isinstance(holder, exp.CTE):
            of_ctes[holder.alias] = _passed_on(scope.expression)


def _literal(value: Any, sql: str) -> exp.Expr:
    """A value as its column would give it: a 64-bit number stays one, so that no product of it is cut to 32."""
    literal = exp.convert(value)
    return exp.cast(literal, "BIGINT") if sql == "BIGINT" else literal


def _replace(column: exp.Column, value: exp.Expr) -> None:
    """A literal in place of a column; where the column is shown, its name stays."""
    parent = column.parent
    if isinstance(parent, exp.Select) and column.arg_key == "expressions":
        column.replace(exp.alias_(value, column.name))
    elif isinstance(parent, exp.Group):
        return
    else:
        column.replace(value)


def _passed_on(query: exp.Expr) -> dict[str, exp.Expr]:
    """Columns of a CTE that hold one literal in every branch."""
    branches = _branches(query)
    found: dict[str, exp.Expr] = {}
    if any(b.args.get("group") for b in branches):
        return found
    for place, first in enumerate(branches[0].selects):
        values = [b.selects[place].unalias() for b in branches if place < len(b.selects)]
        if all(isinstance(v, exp.Literal) and v == values[0] for v in values):
            found[first.alias_or_name] = values[0]
    return found


def _branches(query: exp.Expr) -> list[exp.Select]:
    if isinstance(query, exp.Union):
        return [*_branches(query.this), *_branches(query.expression)]
    return [query] if isinstance(query, exp.Select) else []


def _cases(tree: exp.Expr) -> exp.Expr:
    """CASE over a literal: only the branch that it names is left."""
    for case in list(tree.find_all(exp.Case)):
        operand = case.args.get("this")
        if not isinstance(operand, exp.Literal):
            continue
        chosen = next((i.args["true"] for i in case.args["ifs"] if i.this == operand), case.args.get("default") or exp.null())
        case.replace(chosen.copy())
    return tree


def _without_dead_branches(tree: Any, empty: set[str]) -> Any:
    """UNION branches that can find nothing: their condition is false, or they read or join a table, or a query, without rows."""
    empty = _with_dead_queries(tree, empty)
    for union in list(tree.find_all(exp.Union)):
        for dead, alive in ((union.this, union.expression), (union.expression, union.this)):
            if isinstance(dead, exp.Select) and _is_dead(dead, empty):
                kept = alive.copy()
                names = union.named_selects
                if isinstance(kept, exp.Select):
                    kept.set("expressions", [_named(s, n) for s, n in zip(kept.selects, names, strict=True)])
                if union is tree:
                    kept.set("with_", union.args.get("with_"))
                    return _without_dead_branches(kept, empty)
                union.replace(kept)
                break
    return tree


def _with_dead_queries(tree: exp.Expr, empty: set[str]) -> set[str]:
    """Tables without rows, and the queries that can find nothing because of them, one after the other as they are written."""
    found = set(empty)
    for cte in tree.find_all(exp.CTE, bfs=False):
        branches = _branches(cte.this)
        if branches and all(_is_dead(branch, found) for branch in branches):
            found.add(cte.alias)
    return found


def _named(select: exp.Expr, name: str) -> exp.Expr:
    return select if select.alias_or_name == name else exp.alias_(select.unalias().copy(), name)


def _is_dead(select: exp.Select, empty: set[str]) -> bool:
    if not select.args.get("group") and any(e.find(exp.AggFunc) and not e.find(exp.Window) for e in select.expressions):
        return False  # a total of nothing is a row
    where = select.args.get("where")
    if where is not None and _is_false(where.this):
        return True
    source = select.args.get("from_")
    if source is not None and isinstance(source.this, exp.Table) and source.this.name in empty:
        return True
    for join in select.args.get("joins") or ():
        inner = join.side == ""
        if inner and (_is_false(join.args.get("on")) or (isinstance(join.this, exp.Table) and join.this.name in empty)):
            return True
    return False


def _is_false(condition: exp.Expr | None) -> bool:
    if isinstance(condition, exp.And):
        return _is_false(condition.this) or _is_false(condition.expression)
    return isinstance(condition, exp.Boolean) and condition.this is False
