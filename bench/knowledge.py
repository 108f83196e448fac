"""Knowledge of national size: the shipped points, and copies of them under made-up codes up to 250,000, imported into a site.

    python -m bench.knowledge --lake LAKE     a lake made by `hengjian city` and `hengjian ingest`; prints a table

The copies say what the shipped rows say, about codes that no lake has: they weigh what the national tables weigh, and find nothing.
Each run is a process of its own; CPU is user + system seconds, the median of interleaved runs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from hengjian.engine.backends.duckdb import attach_small_tables, connect
from hengjian.engine.bind import bind
from hengjian.engine.run import run_audit
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import KnowledgeRow
from hengjian.site.knowledge import effective
from hengjian.site.knowledge.store import StoredBatch, write_batch

POINTS = 250_000
_RUNS = 5
_CODES = ("code", "a_code", "b_code")


def made_up(site: Path, points: int) -> None:
    """A site of `points` points, copied from the shipped rows in turn, in batch 1."""
    shipped = {t: rows for t, rows in load_rulebook().knowledge.items() if any(c in rows[0].values for c in _CODES)}
    each = points // sum(map(len, shipped.values())) + 1
    tables, left = {}, points
    for table, rows in shipped.items():
        count = min(left, each * len(rows))
        tables[table] = _copies(table, rows, count)
        left -= count
    counts = {t: {"added": d.num_rows, "changed": 0, "unchanged": 0, "closed": 0, "refused": 0} for t, d in tables.items()}
    write_batch(site, StoredBatch(1, datetime.now().isoformat(), [], [], [], "add", [], counts, {}), tables)  # noqa: DTZ005


def _copies(table: str, rows: Sequence[KnowledgeRow], count: int) -> pa.Table:
    cells = [c for c in rows[0].values if c not in ("kid", "valid_from", "valid_to", "official")]
    picked = [rows[n % len(rows)] for n in range(count)]
    columns = {"kid": pa.array([f"0001-{n:06d}" for n in range(count)])}
    for cell in cells:
        texts = [r.values[cell] for r in picked]
        columns[cell] = pa.array([f"{t[:9]}Z9{n:010d}" for n, t in enumerate(texts)] if cell in _CODES else texts)
    columns |= {
        "start": pa.array([r.period.start for r in picked], pa.int32()),
        "end": pa.array([r.period.end for r in picked], pa.int32()),
    }
    columns |= {"official": pa.array([r.official for r in picked]), "line": pa.array([r.line for r in picked], pa.int32())}
    return pa.table(columns)


def measure(lake: Path, site: Path | None, what: str) -> dict[str, float]:
    """One run in this process: `bind` reads the rulebook and binds it to the lake, `audit` judges with every rule."""
    version = open_lake(lake)
    started, before = time.perf_counter(), _cpu()
    book = load_rulebook()
    if site:
        book = replace(book, knowledge=effective(site, book.knowledge))
    if what == "bind":
        con = connect()
        attach_small_tables(con, version)
        ready = time.perf_counter()
        rows = bind(con, book, list(book.rules.values())).rows
        found = {"rows": rows, "bind": time.perf_counter() - ready}
    else:
        with tempfile.TemporaryDirectory() as out:
            result = run_audit(version, book, Path(out) / "out", only=list(book.rules), now=datetime(2026, 11, 1))  # noqa: DTZ001
            found = {"rows": result.knowledge_rows, "findings": result.findings}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found | {"seconds": time.perf_counter() - started, "cpu": _cpu() - before, "peak_mb": peak}


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--runs", type=int, default=_RUNS)
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "SITE"))
    options = parser.parse_args()
    if options.one:
        what, site = options.one
        sys.stdout.write(json.dumps(measure(options.lake, Path(site) if site != "-" else None, what)))
        return
    with tempfile.TemporaryDirectory() as folder:
        made_up(Path(folder), options.points)
        runs: dict[tuple[str, str], list[dict[str, float]]] = {}
        for _ in range(options.runs):
            for what in ("bind", "audit"):
                for site in ("-", folder):
                    command = [sys.executable, "-m", "bench.knowledge", "--lake", str(options.lake), "--one", what, site]
                    runs.setdefault((what, site), []).append(json.loads(subprocess.check_output(command)))
    print(f"load average {os.getloadavg()[0]:.1f}")  # noqa: T201
    for (what, site), found in runs.items():
        middle = {k: round(statistics.median(r[k] for r in found), 2) for k in found[0]}
        print(what, "shipped" if site == "-" else "with copies", middle)  # noqa: T201


if __name__ == "__main__":
    main()
