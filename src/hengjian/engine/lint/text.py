"""One SQL text under lint: where its lines are, and its tree with every column qualified and typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from hengjian.engine.compile import parse
from hengjian.engine.lint.fault import Fault
from hengjian.engine.lint.lineage import Lineage

Schema = dict[str, dict[str, str]]


@dataclass
class LintText:
    """A family's or a rule's SQL. `schema`: table → column → SQL type of everything it may read."""

    name: str
    sql: str
    path: Path
    first_line: int
    engines: tuple[str, ...]
    schema: Schema

    @cached_property
    def tree(self) -> exp.Query:
        """As written. Raises RulebookError when it cannot be read."""
        return parse(self.sql, f"{self.path}:{self.first_line}")

    @cached_property
    def full(self) -> exp.Query | None:
        """The tree with columns qualified, stars expanded and types known; None when it names what does not exist."""
        try:
            tree = qualify(self.tree.copy(), schema=dict(self.schema), dialect="duckdb")
            annotated = annotate_types(tree, schema=dict(self.schema), dialect="duckdb")
        except SqlglotError:
            return None
        return annotated if isinstance(annotated, exp.Query) else None

    @cached_property
    def lineage(self) -> Lineage:
        """Where the columns of `full` come from. Only for texts that have it."""
        assert self.full is not None
        return Lineage(self.full, self.schema)

    def at(self, node: exp.Expr) -> str:
        """`file:line` of a node: of its first word that knows its line, else of the nearest node around it."""
        around: exp.Expr | None = node
        while around is not None:
            lines = [n.meta["line"] for n in around.walk() if "line" in n.meta]
            if lines:
                return self.line(min(lines))
            around = around.parent
        return self.line(1)

    def line(self, number: int) -> str:
        """`file:line` of a line of the text, counted from 1."""
        return f"{self.path}:{self.first_line + number - 1}"

    def fault(self, code: str, node: exp.Expr, what: str, why: str, cure: str) -> Fault:
        """A fault at a node."""
        return Fault(self.name, code, self.at(node), what, why, cure)


def shown(node: exp.Expr) -> str:
    """A node as people write it, without quotes around names, on one line."""
    copy = node.copy()
    for name in copy.find_all(exp.Identifier):
        name.set("quoted", False)
    text = " ".join(copy.sql(dialect="duckdb", comments=False).split())
    return text if len(text) <= 80 else text[:77] + "…"


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    """The conditions under AND and parentheses."""
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from conjuncts(condition.this)
    elif condition is not None:
        yield condition
