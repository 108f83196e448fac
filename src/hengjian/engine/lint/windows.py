"""Windows are totally ordered: which of two lines comes first must not depend on the engine."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from hengjian.engine.lint.fault import Fault
from hengjian.engine.lint.lineage import branches, outputs
from hengjian.engine.lint.text import LintText, conjuncts, shown
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.layer import LAYER

Place = tuple[str, str]
"""Alias and column."""

_PLACES = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue)
_TIES_AGREE = (exp.Rank, exp.DenseRank)


def check_windows(text: LintText) -> Iterator[Fault]:
    """PARTITION BY and ORDER BY together hold the full key of the row that is numbered. RANK, DENSE_RANK and RANGE frames treat ties
    alike and need none; places and ROWS frames need an ORDER BY at all."""
    keys = Keys(text)
    for select in text.lineage.selects:
        for window in select.find_all(exp.Window):
            if window.arg_key == "windows" or window.find_ancestor(exp.Select) is not select:
                continue
            yield from _check(text, keys, select, window)


def _check(text: LintText, keys: Keys, select: exp.Select, window: exp.Window) -> Iterator[Fault]:
    function = window.this.this if isinstance(window.this, (exp.IgnoreNulls, exp.Filter)) else window.this
    spelled = _spelled(select, window)
    order, frame = spelled.args.get("order"), spelled.args.get("spec")
    by_range = frame is not None and frame.args.get("kind") == "RANGE"
    if order is None:
        if isinstance(function, _PLACES) or frame is not None:
            yield text.fault(
                "window_order",
                window,
                f"{shown(function)} 的窗口没有 ORDER BY",
                "先后次序由引擎随意定",
                "写明 ORDER BY：时间，再加上全行的键",
            )
        return
    if isinstance(function, _TIES_AGREE) or by_range:
        return
    given = [*(spelled.args.get("partition_by") or ()), *(o.this for o in order.expressions)]
    needed = keys.needed(select)
    held = {keys.alike(select, (c.table, c.name)) for c in given if isinstance(c, exp.Column)} | {shown(g) for g in given}
    missing = None if needed is None else [n for p, n in needed if keys.alike(select, p) not in held and n not in held]
    if missing is None or missing:
        lacking = "，还缺 " + "、".join(missing) if missing else "，而且这里取不到能区分各行的键"
        yield text.fault(
            "window_order",
            window,
            f"{shown(function)} 的次序没有排死{lacking}",
            "并列的两行谁先谁后由引擎随意定，换一个引擎就换一个人在疑",
            "ORDER BY 末尾写上全行的键：费用行 mdtrt_key、feedetl_sn，就诊 mdtrt_key，机构 org_key，扫码 scan_id",
        )


def _spelled(select: exp.Select, window: exp.Window) -> exp.Expr:
    """The window as written out: `OVER w` is what WINDOW w says."""
    if name := window.args.get("alias"):
        for known in select.args.get("windows") or ():
            if known.this.name == name.name:
                return known  # type: ignore[no-any-return]
    return window


def table_key(table: str) -> tuple[str, ...] | None:
    """Columns of a rule table that tell its rows apart: the lake's key, ids replaced by their `_key` columns."""
    if table not in LAYER or table not in TABLES:
        return None
    by_name = LAYER[table].by_name
    found = []
    for name in TABLES[table].key:
        own = [c.name for c in by_name.values() if c.needs == (name,) and c.name.endswith("_key")]
        if not own and name not in by_name:
            return None
        found.append(own[0] if own else name)
    return tuple(found)


class Keys:
    """What tells the rows of each query apart."""

    def __init__(self, text: LintText) -> None:
        self._text, self._lineage = text, text.lineage
        self._known: dict[int, tuple[str, ...] | None] = {}

    def of_source(self, source: exp.Expr) -> tuple[str, ...] | None:
        """Names of the key columns of a source; None when unknown."""
        if base := self._lineage.base(source):
            return table_key(base)
        query = self._lineage.query(source)
        return self.of_query(query) if query is not None else None

    def of_query(self, query: exp.Query) -> tuple[str, ...] | None:
        """Names of the columns of a query that tell its rows apart; None when it returns no such columns."""
        if id(query) not in self._known:
            self._known[id(query)] = None  # a recursion knows nothing of itself
            names = outputs(query)
            found: set[str] = set()
            for select in branches(query):
                places = self._returned(select)
                if places is None:
                    return None
                found |= {names[i] for i in places}
            self._known[id(query)] = tuple(n for n in names if n in found)
        return self._known[id(query)]

    def _returned(self, select: exp.Select) -> set[int] | None:
        """Positions at which a SELECT returns its key."""
        every = {i for i, p in enumerate(select.selects) if not self._is_known(p)} if select.args.get("distinct") else None
        needed = self.needed(select)
        if needed is None:
            return every
        found = set()
        for place, spelled in needed:
            at = [i for i, p in enumerate(select.selects) if self._gives(select, p.unalias(), place, spelled)]
            if not at:
                return every
            found.add(at[0])
        return found

    def _gives(self, select: exp.Select, projection: exp.Expr, place: Place, spelled: str) -> bool:
        if isinstance(projection, exp.Column):
            return self.alike(select, (projection.table, projection.name)) == self.alike(select, place)
        return shown(projection) == spelled

    def _is_known(self, node: exp.Expr) -> bool:
        """Whether an expression is made of knowledge or of nothing: it tells no acts apart."""
        return all(t.startswith("kn_") for t, _ in self._lineage.leaves(node))

    def needed(self, select: exp.Select) -> list[tuple[Place, str]] | None:
        """What tells the rows of a SELECT apart before any window: its groups, or the keys of the acts it joins, each as a place and
        as people write it. None when no act has a known key."""
        if group := select.args.get("group"):
            kept = [g for g in group.expressions if not self._is_known(g) and not self._follows(select, g, group.expressions)]
            return [((g.table, g.name) if isinstance(g, exp.Column) else ("", shown(g)), shown(g)) for g in kept]
        acts = self._acts(select)
        if not acts:
            return None
        return [((alias, column), f"{alias}.{column}") for alias, key in acts.items() for column in key]

    def _follows(self, select: exp.Select, column: exp.Expr, group: list[exp.Expr]) -> bool:
        """Whether a grouped column belongs to a source whose full key is grouped too: it tells nothing more apart."""
        source = self._lineage.sources(select).get(column.table) if isinstance(column, exp.Column) else None
        key = self.of_source(source) if source is not None else None
        if not key or column.name in key:
            return False
        grouped = {self.alike(select, (g.table, g.name)) for g in group if isinstance(g, exp.Column)}
        return all(self.alike(select, (column.args["table"].name, k)) in grouped for k in key)

    def _acts(self, select: exp.Select) -> dict[str, tuple[str, ...]]:
        """Sources whose rows multiply those of the SELECT, with their keys: no knowledge, nothing joined on its full key, nothing that
        must be absent."""
        acts: dict[str, tuple[str, ...]] = {}
        for alias, source in self._lineage.sources(select).items():
            if not self._lineage.is_knowledge(source) and not self._is_absent(select, alias):
                key = self.of_source(source)
                if key is not None:
                    acts[alias] = key
        for alias in reversed(list(acts)):
            if len(acts) > 1 and set(acts[alias]) <= self._fixed(select, alias, set(acts) - {alias}):
                del acts[alias]
        return acts

    def _is_absent(self, select: exp.Select, alias: str) -> bool:
        """Joined only to be absent (LEFT JOIN … IS NULL) or present (SEMI, ANTI)."""
        for join in select.args.get("joins") or ():
            if join.alias_or_name == alias:
                if join.kind in ("SEMI", "ANTI"):
                    return True
                if join.side == "LEFT":
                    where = select.args.get("where")
                    return any(
                        isinstance(c, exp.Is)
                        and isinstance(c.this, exp.Column)
                        and c.this.table == alias
                        and isinstance(c.expression, exp.Null)
                        for c in conjuncts(where.this if where else None)
                    )
        return False

    def _equal(self, select: exp.Select) -> list[tuple[Place, Place]]:
        """Columns a SELECT equates."""
        where = select.args.get("where")
        conditions = [*conjuncts(where.this if where else None)]
        for join in select.args.get("joins") or ():
            conditions += conjuncts(join.args.get("on"))
        return [
            ((c.this.table, c.this.name), (c.expression.table, c.expression.name))
            for c in conditions
            if isinstance(c, exp.EQ) and isinstance(c.this, exp.Column) and isinstance(c.expression, exp.Column)
        ]

    def _fixed(self, select: exp.Select, alias: str, others: set[str]) -> set[str]:
        """Columns of `alias` equated with a column of another act."""
        pairs = self._equal(select)
        both = [*pairs, *((b, a) for a, b in pairs)]
        return {a[1] for a, b in both if a[0] == alias and b[0] in others}

    def alike(self, select: exp.Select, place: Place) -> Place:
        """One name for all columns a SELECT equates with each other."""
        group, grown = {place}, True
        while grown:
            more = {p for pair in self._equal(select) if group & set(pair) for p in pair} - group
            group, grown = group | more, bool(more)
        return min(group)
