"""The three engines on the demo city: findings of each rule, whether the files are the same bytes, and what each run took.

    python -m bench.engines                   makes the demo city (20,000 people, seed 1), rewrites docs/engines.md
    python -m bench.engines --people 3000     a quick look (does not write the page)

Each run is a process of its own; only its wall time is printed: the CPU of Spark's Java process cannot be read from outside.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq

from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import ENGINES

PAGE = Path("docs/engines.md")


def command(*arguments: object) -> tuple[str, float]:
    """Run the installed command; returns what it said and its wall seconds."""
    wall = time.perf_counter()
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hengjian")), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return done.stdout, time.perf_counter() - wall


def judge(lake: Path, out: Path, engine: str, rules: list[str]) -> dict[str, object]:
    """One audit by one engine."""
    chosen = [part for rule in rules for part in ("--rules", rule)]
    said, wall = command("audit", "--lake", lake, "--out", out, "--engine", engine, "--no-report", "--json", *chosen)
    facts = json.loads(said)
    return {
        "name": facts["engine"],
        "wall": wall,
        "left_out": facts["left_out"],
        "bytes": {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in ("findings.parquet", "indicators.parquet")},
        "findings": Counter(pq.read_table(out / "findings.parquet")["rule_id"].to_pylist()),
        "indicators": Counter(pq.read_table(out / "indicators.parquet")["rule_id"].to_pylist()),
    }


def page(results: dict[str, dict[str, object]], people: int, lines: int) -> str:
    """The page: one row a rule, one column an engine."""
    book = load_rulebook()
    same = len({json.dumps(r["bytes"], sort_keys=True) for r in results.values()}) == 1
    names = [str(r["name"]) for r in results.values()]
    rows = [
        "# 三个引擎\n",
        f"{datetime.now():%Y-%m-%d}，{os.cpu_count()} 核，{platform.machine()}，Python {platform.python_version()}。由 `python -m bench.engines` 写成。\n",  # noqa: DTZ005
        f"演示城 {people:,} 人，{lines:,} 行费用，全部规则（启用的和影子的）。疑点和指标文件逐字节{'相同' if same else '**不同**'}。\n",
        "| 规则 | 状态 | " + " | ".join(names) + " |",
        "| --- | --- |" + " ---: |" * len(names),
    ]
    for rule in book.rules.values():
        counts = []
        for result in results.values():
            found = result["findings"][rule.rule_id] + result["indicators"][rule.rule_id]  # type: ignore[index]
            counts.append("—" if rule.rule_id in result["left_out"] else f"{found:,}")  # type: ignore[operator]
        rows.append(
            f"| {rule.title} `{rule.rule_id}` | {'启用' if rule.status == 'active' else '影子'} | " + " | ".join(counts) + " |"
        )
    rows.append("| 用时（秒） | | " + " | ".join(f"{r['wall']:.1f}" for r in results.values()) + " |")
    rows.append(
        "\n影子规则在演示城里没有种下违规，命中可以是零；它们的示例在三个引擎上都有命中（`tests/test_rules.py`）。统计一行数的是份额。各跑一次，含启动。"
    )
    return "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--work", type=Path, default=Path("out/engines"))
    args = parser.parse_args()
    folder = args.work / f"p{args.people}"
    if not (folder / "lake" / "versions").exists():
        command("city", "--people", args.people, "--seed", 1, "--out", folder / "city")
        command("ingest", folder / "city", "--lake", folder / "lake")
    rules = [r.rule_id for r in load_rulebook().rules.values() if r.status != "retired"]
    results = {engine: judge(folder / "lake", folder / engine, engine, rules) for engine in ENGINES}
    lines = json.loads((folder / "duckdb" / "audit.json").read_text(encoding="utf-8"))["lines"]
    text = page(results, args.people, lines)
    if args.people == parser.get_default("people"):
        PAGE.write_text(text, encoding="utf-8")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
