"""The same rules by our own engine, up to the cited hits."""

from __future__ import annotations

from pathlib import Path

from bench.peers.given import HIT, Hits, chosen
from hengjian.engine.backends.duckdb import connect
from hengjian.engine.run import judge_lake
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import Rule, Rulebook


def find(lake: LakeVersion, book: Rulebook, scratch: Path, rules: list[Rule] | None = None) -> Hits:
    """Bind, plan, load and judge, as an audit does; everything but writing the findings."""
    con = connect(scratch)
    judge_lake(con, lake, book, rules or chosen(book), scratch)
    names = ", ".join("COALESCE(feedetl_sn, '')" if n == "feedetl_sn" else n for n in HIT)
    hits = set(con.execute(f"SELECT {names} FROM found").fetchall())
    con.close()
    return hits
