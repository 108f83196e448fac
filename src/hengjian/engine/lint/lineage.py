"""Where a column comes from: followed through CTEs, subqueries and unions down to the rule tables and knowledge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

Base = tuple[str, str]
"""Table and column."""


class Lineage:
    """Answers for one tree whose columns are all qualified."""

    def __init__(self, tree: exp.Query, schema: Mapping[str, Mapping[str, str]]) -> None:
        self._schema = schema
        self._sources: dict[int, dict[str, exp.Expr]] = {}
        self._leaves: dict[int, frozenset[Base]] = {}
        self.selects = list(tree.find_all(exp.Select))

    def sources(self, select: exp.Select) -> dict[str, exp.Expr]:
        """What a SELECT reads, by alias, in the order of its FROM."""
        found = self._sources.get(id(select))
        if found is None:
            start = select.args.get("from_") or select.args.get("from")
            nodes = ([start.this] if start else []) + [j.this for j in select.args.get("joins") or ()]
            found = self._sources[id(select)] = {n.alias_or_name: n for n in nodes}
        return found

    def query(self, source: exp.Expr) -> exp.Query | None:
        """The query behind a source; None for a table of the schema."""
        if isinstance(source, exp.Subquery):
            return source.this if isinstance(source.this, exp.Query) else None
        cte = self._cte(source)
        return cte.this if cte is not None else None

    def _cte(self, source: exp.Expr) -> exp.CTE | None:
        """The CTE a table name stands for."""
        around = source.parent
        while around is not None:
            clause = around.args.get("with_") or around.args.get("with") if isinstance(around, exp.Query) else None
            for cte in clause.expressions if clause else ():
                if cte.alias == source.name:
                    return cte if isinstance(cte, exp.CTE) else None
            around = around.parent
        return None

    def base(self, source: exp.Expr) -> str:
        """Name of the table a source is, or "" when it is a query."""
        return source.name if isinstance(source, exp.Table) and self.query(source) is None else ""

    def defined(self, column: exp.Column) -> Base | list[exp.Expr]:
        """The base column, or the projections (one for each branch of a union) that make a column."""
        select: exp.Select | None = column.find_ancestor(exp.Select)
        while select is not None and column.table not in self.sources(select):
            select = select.find_ancestor(exp.Select)
        if select is None:
            return []
        return self.output(self.sources(select)[column.table], column.name)

    def output(self, source: exp.Expr, name: str) -> Base | list[exp.Expr]:
        """What makes the column `name` of a source."""
        query = self.query(source)
        if query is None:
            return source.name, name
        names = outputs(query)
        cte = self._cte(source) if isinstance(source, exp.Table) else None
        alias = cte.args.get("alias") if cte is not None else None
        if alias is not None and alias.columns:
            names = [c.name for c in alias.columns]
        if name not in names:
            return []
        return [s.selects[names.index(name)] for s in branches(query) if len(s.selects) > names.index(name)]

    def leaves(self, node: exp.Expr) -> frozenset[Base]:
        """Every base column an expression is made from."""
        found = self._leaves.get(id(node))
        if found is None:
            self._leaves[id(node)] = frozenset()  # a recursion adds nothing to itself
            found = self._leaves[id(node)] = frozenset(self._walk(node))
        return found

    def _walk(self, node: exp.Expr) -> Iterator[Base]:
        for column in node.find_all(exp.Column):
            made = self.defined(column)
            if isinstance(made, tuple):
                yield made
            else:
                for projection in made:
                    yield from self.leaves(projection)

    def is_knowledge(self, source: exp.Expr) -> bool:
        """Whether a source holds knowledge only."""
        if base := self.base(source):
            return base.startswith("kn_")
        query = self.query(source)
        tables = {t for s in branches(query) for p in s.selects for t, _ in self.leaves(p)} if query else set()
        return bool(tables) and all(t.startswith("kn_") for t in tables)


def branches(query: exp.Expr) -> list[exp.Select]:
    """The SELECTs of a union in order, or the one SELECT."""
    if isinstance(query, exp.SetOperation):
        return [*branches(query.this), *branches(query.expression)]
    if isinstance(query, exp.Subquery):
        return branches(query.this)
    return [query] if isinstance(query, exp.Select) else []


def outputs(query: exp.Query) -> list[str]:
    """Names of what a query returns."""
    selects = branches(query)
    return [p.alias_or_name for p in selects[0].selects] if selects else []
