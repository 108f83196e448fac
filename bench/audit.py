"""Full audit ÷ one bare scan of the columns the rules read, in CPU seconds (user + system of all threads), interleaved runs.

    python -m bench.audit                     10 M lines, five runs of each, rewrites docs/benchmarks.md
    python -m bench.audit --people 20000      a quick look (does not write the page)

The city and the lake are made once in the work folder and reused. Each run is a process of its own; only the work is counted, not the
start of Python. A run begun at a load average above 0.5 is marked noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import duckdb

from hengjian.engine.backends.duckdb import attach_small_tables, connect
from hengjian.engine.bind import bind
from hengjian.engine.plan import Plan, make_plan
from hengjian.engine.run import active_rules, run_audit
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.rulebook import load_rulebook

PAGE = Path("docs/benchmarks.md")
BY_HAND = "## 耗时的测试"
TARGET = 12
RUNS = 5


def the_plan(lake: LakeVersion) -> Plan:
    book = load_rulebook()
    rules = active_rules(book)
    con = connect()
    attach_small_tables(con, lake)
    plan = make_plan(book, rules, bind(con, book, rules))
    con.close()
    return plan


def bare_scan(lake: LakeVersion, plan: Plan) -> None:
    """Read every value of every column the rules read, once: integers are summed, texts measured, so nothing comes from statistics."""
    con = connect()
    for table, columns in sorted(plan.read.items()):
        rows = rows_sql(lake, f"rule_{table}")
        if not rows:
            continue
        spec = LAYER[table].by_name
        sums = ", ".join(f"SUM(strlen({c}))" if spec[c].sql == "VARCHAR" else f"SUM({c}::HUGEINT)" for c in sorted(columns))
        con.execute(f"SELECT {sums} FROM {rows} AS t").fetchall()
    con.close()


def once(kind: str, folder: Path) -> dict[str, float]:
    """Do one run in this process and say what it took."""
    lake = open_lake(folder / "lake")
    plan = the_plan(lake) if kind == "scan" else None
    cpu, wall = time.process_time(), time.perf_counter()
    findings = knowledge = 0
    if plan is not None:
        bare_scan(lake, plan)
    else:
        with tempfile.TemporaryDirectory() as out:
            result = run_audit(lake, load_rulebook(), Path(out), now=datetime(2026, 11, 1))  # noqa: DTZ001
            findings, knowledge = result.findings, result.knowledge_rows
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "findings": findings,
        "knowledge": knowledge,
    }


def prepare(folder: Path, people: int) -> dict[str, float]:
    """Make the city and the lake unless they are there; returns what the load took (CPU of its process)."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "city" / "manifest.csv").exists():
        subprocess.run(
            [_hengjian(), "city", "--people", str(people), "--seed", "7", "--format", "parquet", "--out", str(folder / "city")],
            check=True,
        )
    if (folder / "lake" / "versions").exists():
        return {}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    done = subprocess.run([_hengjian(), "ingest", str(folder / "city"), "--lake", str(folder / "lake")], check=False)
    if done.returncode not in (0, 1):  # 1 = loaded, the city's planted bad rows refused
        raise SystemExit(done.returncode)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "wall": time.perf_counter() - wall, "peak_mb": after.ru_maxrss / 1024}


def _hengjian() -> str:
    return str(Path(sys.executable).with_name("hengjian"))


def run_all(folder: Path, runs: int) -> dict[str, list[dict[str, float]]]:
    """`runs` runs of each kind, interleaved, each in a process of its own; one warm-up of each first."""
    results: dict[str, list[dict[str, float]]] = {"scan": [], "audit": []}
    for number in range(runs + 1):
        for kind in results:
            load = quiet()
            command = [sys.executable, "-m", "bench.audit", "--once", kind, "--work", str(folder)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            row = json.loads(done.stdout.splitlines()[-1]) | {"load": load}
            if number:
                results[kind].append(row)
            print(f"{number or 'warm-up'} {kind}: {row}", file=sys.stderr)  # noqa: T201
    return results


def quiet(patience: float = 120) -> float:
    """Wait until the load average is at most 0.5, but no longer than `patience` seconds; returns it."""
    until = time.monotonic() + patience
    while (load := os.getloadavg()[0]) > 0.5 and time.monotonic() < until:
        time.sleep(2)
    return load


def page(folder: Path, results: dict[str, list[dict[str, float]]], load: dict[str, float]) -> str:
    lake = open_lake(folder / "lake")

    def median(kind: str, what: str) -> float:
        return statistics.median(r[what] for r in results[kind])

    ratio = statistics.median(a["cpu"] / s["cpu"] for a, s in zip(results["audit"], results["scan"], strict=True))
    lines = lake.rows("fee_line")
    noisy = sum(r["load"] > 0.5 for rows in results.values() for r in rows)
    verdict = "达到" if ratio <= TARGET else "**没有达到**"
    rows = [
        "# 量过的速度\n",
        f"{datetime.now():%Y-%m-%d}，{os.cpu_count()} 核，{_memory_gb()} GB，{platform.machine()}，Python {platform.python_version()}，"  # noqa: DTZ005
        f"DuckDB {duckdb.__version__}。由 `make bench` 写成。\n",
        "CPU 秒是用户态加内核态、全部线程；各跑 "
        f"{len(results['scan'])} 次，一次扫描一次审计交替，取中位数。负载高于 0.5 时开始的算受扰：{noisy} / {2 * len(results['scan'])} 次。\n",
        "## 整城审计 ÷ 一次裸扫描\n",
        f"合成城市，{lines:,} 行费用，{lake.rows('encounter'):,} 次就诊，{lake.rows('person'):,} 人；"
        f"疑点 {int(median('audit', 'findings')):,} 条，每万行 {median('audit', 'findings') * 10000 / lines:.1f} 条；知识点 {int(median('audit', 'knowledge'))} 个，远少于全国规模。\n",
        "| | CPU 秒 | 用时（秒） | 内存峰值（MB） | 开始时负载 |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    for kind, name in (("scan", "裸扫描规则所读各列"), ("audit", "审计，含写出疑点")):
        loads = "、".join(f"{r['load']:.1f}" for r in results[kind])
        rows.append(
            f"| {name} | {median(kind, 'cpu'):.2f} | {median(kind, 'wall'):.2f} | {median(kind, 'peak_mb'):.0f} | {loads} |"
        )
    rows.append(
        f"\n逐对之比的中位数 **{ratio:.1f}**，目标 ≤ {TARGET}：{verdict}。每秒 {int(lines / median('audit', 'wall')):,} 行。\n"
    )
    if load:
        rows += [
            "## 加载\n",
            f"Parquet 一次加载 {lines:,} 行费用及其余各表：CPU {load['cpu']:.0f} 秒，用时 {load['wall']:.0f} 秒，"
            f"每秒 {int(lines / load['wall']):,} 行费用，内存峰值 {load['peak_mb']:.0f} MB。一次，未取中位数。\n",
        ]
    return "\n".join(rows)


def kept() -> str:
    """What stands on the page by hand below this benchmark: figures of the long tests."""
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return before[before.index(BY_HAND) :] if BY_HAND in before else ""


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=260_000, help="about 39 fee lines each")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--work", type=Path, default=Path("out/bench"))
    parser.add_argument("--once", choices=("scan", "audit"))
    args = parser.parse_args()
    if args.once:
        print(json.dumps(once(args.once, args.work)))  # noqa: T201
        return
    folder = args.work / f"p{args.people}"
    saved = folder / "load.json"
    load = prepare(folder, args.people)
    if load:
        saved.write_text(json.dumps(load), encoding="utf-8")
    elif saved.exists():
        load = json.loads(saved.read_text(encoding="utf-8"))
    text = page(folder, run_all(folder, args.runs), load)
    if args.people == parser.get_default("people"):
        PAGE.write_text(text + "\n" + kept(), encoding="utf-8")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
