"""Rule SQL, written once in the DuckDB dialect, for each engine.

Rules see integers only, so almost nothing differs between engines; what does is here and nowhere else:
- `//` truncates toward zero on all three. Left to itself sqlglot writes it for SQLite through REAL, and 2⁵³ + 1 becomes 2⁵³;
  here it is SQLite's own integer division.
- Spark runs in ANSI mode: an overflow is an error there, as it is in DuckDB. SQLite turns it silently into a float, so size limits
  hold every product inside 64 bits (`tests/engine/test_corners.py`).
"""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp, parse_one
from sqlglot.dialects.spark import Spark
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import SqlglotError
from sqlglot.generators.sqlite import SQLiteGenerator

from hengjian.kernel.errors import RulebookError


class _ExactSQLiteGenerator(SQLiteGenerator):
    TRANSFORMS = {  # noqa: RUF012 - the base class declares it so
        **SQLiteGenerator.TRANSFORMS,
        exp.IntDiv: lambda self, e: f"(({self.sql(e, 'this')}) / ({self.sql(e, 'expression')}))",
    }


class ExactSQLite(SQLite):
    """SQLite with integer division as it is."""

    Generator = _ExactSQLiteGenerator


@lru_cache(maxsize=1024)
def parse(sql: str, where: str = "") -> exp.Query:
    """The tree of one SELECT. Raises RulebookError naming `where` when it is none."""
    try:
        tree = parse_one(sql, read="duckdb")
    except SqlglotError as error:
        raise RulebookError(
            "规则 SQL 读不懂",
            where=where,
            why=str(error).splitlines()[0],
            cure="检查括号、逗号和关键词；可用的写法见 docs/reference/rule-sql.md",
        ) from error
    if not isinstance(tree, exp.Query):
        raise RulebookError("规则 SQL 只能是一个 SELECT", where=where, cure="改成一个 SELECT，可带 WITH")
    return tree


@lru_cache(maxsize=1024)
def compile_sql(sql: str, engine: str, where: str = "") -> str:
    """`sql` in the dialect of `engine` (one of `rulebook.model.ENGINES`). Raises RulebookError when it is no SELECT."""
    tree = parse(sql, where)
    if engine == "duckdb":
        return sql
    return tree.sql(dialect=ExactSQLite if engine == "sqlite" else Spark)
