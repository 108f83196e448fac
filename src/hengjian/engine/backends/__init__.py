"""The engines: each runs the same texts over the same rule tables and leaves what they hit in the tables `hit` and `indicator`
of one DuckDB connection, where binding happened and where hits become findings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import duckdb

from hengjian.engine.backends.duckdb import DuckDBBackend
from hengjian.engine.bind import Bound
from hengjian.engine.plan import Plan, Text
from hengjian.lake.versions import LakeVersion


class Backend(Protocol):
    """What the audit asks of an engine."""

    def load(self, lake: LakeVersion, buckets: list[int] | None, where: str) -> None:
        """Have the rule tables of these person buckets ready (None: everybody, for texts of scope `whole`). `where` narrows
        the tables by person to those in the table `chosen`, a condition on `t`; empty = all. The connection must hold at least what citing needs."""

    def adopt(self) -> None:
        """Take the rule tables that are already in the connection (examples, generated lakes) instead of a lake's."""

    def judge(self, texts: Sequence[Text]) -> None:
        """Run the texts over what is loaded; add to `hit` and `indicator`."""

    def close(self) -> None:
        """Give back what was taken."""


def open_backend(name: str, con: duckdb.DuckDBPyConnection, plan: Plan, bound: Bound, scratch: Path) -> Backend:
    """The engine of that name (`rulebook.model.ENGINES`). Raises InputError when it is not installed."""
    if name == "sqlite":
        from hengjian.engine.backends.sqlite import SQLiteBackend

        return SQLiteBackend(con, plan, bound)
    if name == "spark":
        from hengjian.engine.backends.spark import SparkBackend

        return SparkBackend(con, plan, bound, scratch)
    return DuckDBBackend(con, plan, bound)
