"""What the newest audit found by each rule: hits, money, institutions, the last day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import duckdb

from hengjian.apps.runs.models import Run
from hengjian.apps.runs.queries import last_audit
from hengjian.lake.place import one_file

_FILES = (("findings.parquet", False), ("shadow.parquet", True))


@dataclass(frozen=True)
class Found:
    """`shadow`: they are hits of a rule that only runs along, no findings."""

    count: int
    fund: Decimal
    total: Decimal
    institutions: int
    persons: int
    shadow: bool


NONE = Found(0, Decimal("0.00"), Decimal("0.00"), 0, 0, False)


def newest() -> tuple[Run | None, Mapping[str, Found]]:
    """The newest audit and what it found by rule."""
    run = last_audit()
    if run is None or not run.folder:
        return run, {}
    return run, _by_rule(f"{run.place}")


@lru_cache(maxsize=4)
def _by_rule(place: str) -> dict[str, Found]:
    """The results of one audit are never rewritten, so that its folder is key enough."""
    found: dict[str, Found] = {}
    with duckdb.connect() as con:
        for name, shadow in _FILES:
            path = Path(place) / name
            if path.is_file():
                for rule_id, count, fund, total, places, persons in con.execute(
                    f"""SELECT rule_id, COUNT(*), SUM(amount_fund), SUM(amount_total), COUNT(DISTINCT fixmedins_code), COUNT(DISTINCT psn_no)
                        FROM read_parquet({one_file(path)}) GROUP BY rule_id"""
                ).fetchall():
                    told = Found(count, fund or Decimal(0), total or Decimal(0), places, persons, shadow)
                    found.setdefault(rule_id, told)  # switched on at some places only: what opened findings counts
    return found
