"""One small city for all tests, with its files as tables to ask, and the same city loaded and judged."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from hengjian.city import Plan, Summary, build
from hengjian.engine.run import run_audit
from hengjian.lake.ingest import load_folder
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook

from ..lake.folder import NOW

LARGE = ("person", "encounter", "settlement", "diagnosis", "operation", "entitlement", "fee_line")
SMALL = {
    "institution": "utf-8-sig",
    "practitioner": "gb18030",
    "device": "utf-8",
    "external_list": "utf-8-sig",
    "stock_change": "utf-8",
    "price": "utf-8",
    "truth": "utf-8",
}
PLAN = Plan(people=5_000, seed=20_261_101)


@dataclass(frozen=True)
class City:
    """A city on disk. `con` knows its large tables, `truth` and `planted` (the persons of truth.csv)."""

    out: Path
    summary: Summary
    con: duckdb.DuckDBPyConnection

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.con.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        """The one value of a query."""
        ((value,),) = self.ask(sql)
        return value

    def rows(self, name: str) -> list[dict[str, str]]:
        """Rows of a small table."""
        with (self.out / f"{name}.csv").open(encoding=SMALL[name], newline="") as handle:
            return list(csv.DictReader(handle))


@contextmanager
def built(plan: Plan, out: Path) -> Iterator[City]:
    """Build a city and open its tables."""
    summary = build(plan, out)
    with duckdb.connect() as con:
        for name in LARGE:
            con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{out / name}-*.parquet')")
        con.execute(f"CREATE VIEW truth AS SELECT * FROM read_csv('{out / 'truth.csv'}', all_varchar = true)")
        con.execute("CREATE VIEW planted AS SELECT DISTINCT psn_no FROM truth WHERE psn_no IS NOT NULL")
        yield City(out, summary, con)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city of 5,000 people."""
    with built(PLAN, tmp_path_factory.mktemp("city") / "made") as made:
        yield made


@pytest.fixture(scope="session")
def judged(city: City, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The findings of that city, loaded and audited."""
    root = tmp_path_factory.mktemp("judged")
    load_folder(city.out, root / "lake", now=NOW)
    run_audit(open_lake(root / "lake"), load_rulebook(), root / "out", now=NOW)
    found: list[dict[str, Any]] = pq.read_table(root / "out" / "findings.parquet").to_pylist()
    return found


def digests(folder: Path) -> dict[str, str]:
    """Digest of every file by its path in the folder."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
