"""Reading rule SQL with sqlglot: which columns of which rule table a text needs."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from hengjian.engine.compile import parse
from hengjian.kernel.errors import RulebookError
from hengjian.lake.schema.layer import LAYER


@lru_cache(maxsize=256)
def columns_read(
    sql: str, where: str, knowledge: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
) -> dict[str, frozenset[str]]:
    """Columns of each rule table that `sql` reads, `{table: columns}`; knowledge tables are known by `(name, (column, type)…)`.

    Raises RulebookError naming `where` when the text cannot be parsed or names a column that does not exist.
    """
    schema: dict[str, object] = {t.name: {c.name: c.sql for c in t.columns} for t in LAYER.values()}
    schema |= {name: dict(columns) for name, columns in knowledge}
    try:
        tree = qualify(parse(sql, where).copy(), schema=schema, dialect="duckdb", quote_identifiers=False, identify=False)
    except SqlglotError as error:
        raise RulebookError(
            "规则 SQL 读不懂",
            where=where,
            why=str(error).splitlines()[0],
            cure="检查表名和列名，可用的列见 docs/reference/data.md",
        ) from error
    read: dict[str, set[str]] = {}
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and source.name in LAYER:
                if column.name not in LAYER[source.name].by_name:
                    raise RulebookError(
                        f"{source.name} 没有列 {column.name}", where=where, cure="可用的列见 docs/reference/data.md"
                    )
                read.setdefault(source.name, set()).add(column.name)
    return {table: frozenset(columns) for table, columns in read.items()}
