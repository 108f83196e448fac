"""Thirty nightly loads into a year: time, bytes written, files, the increment against the full audit, and what `lake compact` gives back.

    python -m bench.nightly                   10 M lines; rewrites its part of docs/benchmarks.md
    python -m bench.nightly --people 20000    a quick look (does not write the page)

The synthetic city's last thirty days are cut off and come night by night, each row on the night after its own day; one line in a
hundred of a night's is a correction of an older line of the whole year (another quantity of the same item). Times are wall seconds of
the work, CPU in user + system seconds of its process, each step a process of its own.
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
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from hengjian.engine.run import run_audit
from hengjian.lake.ingest import load_folder
from hengjian.lake.upkeep.compact import compact
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook

NIGHTS = 30
CORRECTIONS = 100
"""One line in so many of a night is a correction."""


def split(city: Path, folder: Path) -> None:
    """Cut a city into `base` and `night-01` … `night-30`."""
    con = duckdb.connect()
    con.execute(f"CREATE VIEW e AS SELECT * FROM '{city}/encounter*.parquet'")
    ((last,),) = con.execute(  # the last ordinary day: a few planted visits lie later
        """SELECT MAX(day) FROM (SELECT CAST(begntime AS DATE) AS day, COUNT(*) AS n FROM e GROUP BY 1)
           WHERE n > (SELECT COUNT(*) / COUNT(DISTINCT CAST(begntime AS DATE)) / 4 FROM e)"""
    ).fetchall()
    first = last - timedelta(days=NIGHTS - 1)
    night = f"GREATEST(0, CAST({{day}} AS DATE) - DATE '{first}' + 1)"
    visits = f"SELECT mdtrt_id, {night.format(day='begntime')} AS visit FROM e"
    days = {"encounter": "t.begntime", "settlement": "t.setl_time", "fee_line": "t.fee_ocur_time"}
    for table in ("encounter", "settlement", "fee_line", "diagnosis", "operation"):
        own = f"LEAST({NIGHTS}, GREATEST(v.visit, {night.format(day=days[table])}))" if table in days else "v.visit"
        con.execute(
            f"""CREATE OR REPLACE TABLE cut AS SELECT t.*, COALESCE({own}, 0) AS night
                FROM read_parquet('{city}/{table}*.parquet') AS t LEFT JOIN ({visits}) AS v ON v.mdtrt_id = t.mdtrt_id"""
        )
        for number in range(NIGHTS + 1):
            target = _night(folder, number)
            target.mkdir(parents=True, exist_ok=True)
            con.execute(
                f"COPY (SELECT * EXCLUDE (night) FROM cut WHERE night = {number}) TO '{target}/{table}.parquet' (FORMAT parquet)"
            )
        if table == "fee_line":
            _corrections(con, folder)
    for file in city.iterdir():
        if not file.name.startswith(("encounter", "settlement", "fee_line", "diagnosis", "operation", "truth")):
            (folder / "base" / file.name).symlink_to(file)
    manifest = (city / "manifest.csv").read_text(encoding="utf-8")
    for number in range(1, NIGHTS + 1):
        (_night(folder, number) / "manifest.csv").write_text(manifest, encoding="utf-8")
    con.close()


def _corrections(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    for number in range(1, NIGHTS + 1):
        ((lines,),) = con.execute(f"SELECT COUNT(*) FROM cut WHERE night = {number}").fetchall()
        con.execute(
            f"""COPY (SELECT * EXCLUDE (night) REPLACE (COALESCE(rxno, '') || 'X{number}' AS rxno)
                      FROM (SELECT * FROM cut WHERE night < {number} AND hash(mdtrt_id, feedetl_sn) % 1000 = {number}
                            ORDER BY hash(feedetl_sn, mdtrt_id, {number}) LIMIT {lines // CORRECTIONS}))
                TO '{_night(folder, number)}/fee_line-correction.parquet' (FORMAT parquet)"""
        )


def _night(folder: Path, number: int) -> Path:
    return folder / (f"night-{number:02d}" if number else "base")


def once(step: str, folder: Path, lake: Path, out: Path) -> dict[str, float]:
    """Do one step in this process and say what it took."""
    now = datetime(2026, 11, 1)  # noqa: DTZ001
    version = open_lake(lake) if step.startswith("audit") else None
    cpu, wall = time.process_time(), time.perf_counter()
    more: dict[str, float] = {}
    if step == "compact":
        done = compact(lake, now=now)
        more = {"files_before": done.files_before, "files_after": done.files_after, "bytes_after": done.bytes_after}
    elif version is None:
        report = load_folder(folder, lake, now=now)
        more = {"lines": report.lines, "version": report.version}
    else:
        result = run_audit(version, load_rulebook(), out, now=now, since="last" if step == "audit-since" else None)
        more = {"findings": result.findings, "rejudged": result.rejudged or 0}
    return more | {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def step(name: str, folder: Path, lake: Path, out: Path) -> dict[str, float]:
    """One step in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "bench.nightly",
        "--once",
        name,
        "--work",
        str(folder),
        "--lake",
        str(lake),
        "--out",
        str(out),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def weight(lake: Path) -> tuple[int, int]:
    """Files and bytes of a lake."""
    files = [f for f in lake.rglob("*") if f.is_file()]
    return len(files), sum(f.stat().st_size for f in files)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=260_000)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "hengjian-bench")
    parser.add_argument("--once")
    parser.add_argument("--lake", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.once == "split":
        split(args.work / "city", args.work / "nightly")
        return
    if args.once:
        print(json.dumps(once(args.once, args.work, args.lake, args.out)))  # noqa: T201
        return
    work = args.work / f"p{args.people}"
    os.environ.setdefault("HENGJIAN_KEYS", str(args.work / "keys.json"))
    folder, lake, out = work / "nightly", work / "nightly-lake", work / "nightly-out"
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "bench.nightly", "--once", "split", "--work", str(work)], check=True)
    rows = []
    if not (lake / "versions").exists():
        rows.append(
            {"night": 0, **step("load", folder / "base", lake, out), "files": weight(lake)[0], "bytes": weight(lake)[1]}
        )
        print(rows[0], file=sys.stderr)  # noqa: T201
        step("audit", folder, lake, out)
    for number in range(open_lake(lake).number, NIGHTS + 1):  # a run that was cut short goes on where it stopped
        before = weight(lake)
        row = {"night": number, **step("load", _night(folder, number), lake, out)}
        after = weight(lake)
        row |= {"files": after[0] - before[0], "bytes": after[1] - before[1]}
        row["since"] = step("audit-since", folder, lake, out)
        if number in (1, NIGHTS):
            full = work / "nightly-full"
            row["full"] = step("audit", folder, lake, full)
            row["same"] = (full / "findings.parquet").read_bytes() == (out / "findings.parquet").read_bytes()
        rows.append(row)
        print(row, file=sys.stderr)  # noqa: T201
    (work / "nightly.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    rows.append({"compact": step("compact", folder, lake, out), "after": step("audit", folder, lake, out)})
    print(rows[-1], file=sys.stderr)  # noqa: T201
    nights = [row for row in rows if row.get("night")]
    print({k: statistics.median(r[k] for r in nights) for k in ("cpu", "wall", "bytes", "files")})  # noqa: T201


if __name__ == "__main__":
    main()
