"""Knowledge that comes with the data: the rows of the newest lake that a rule goes by."""

from __future__ import annotations

import duckdb

from hengjian.engine.travelling import LAKE_KNOWLEDGE, lake_rows
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import KnowledgeRow, Rule


def rows_of_lake(lake: LakeVersion, rule: Rule) -> list[KnowledgeRow]:
    """The rows of a rule whose knowledge is one of LAKE_KNOWLEDGE, those out of force too."""
    rows = rows_sql(lake, rule.knowledge, [c.name for c in LAKE_KNOWLEDGE[rule.knowledge].columns])
    if not rows:
        return []
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE {rule.knowledge} AS SELECT * FROM {rows}").fetchall()
        return lake_rows(con, rule.knowledge, rule)
