"""How fast audits are: against a bare scan, other engines, one more rule, ten times the lines. Rewrites its part of docs/benchmarks.md.

    python -m bench.audit                     1 M and 10 M fee lines
    python -m bench.audit --big               100 M lines too (the load alone takes half an hour and 25 GB of disk)
    python -m bench.audit --sizes 1M --dry    a quick look; the page is printed, not written

Every run is a process of its own and counts CPU seconds (user + system, all threads) of its work, not the start of Python. Kinds of
runs take turns; the first turn warms up and does not count. Finished runs are kept in the work folder: a benchmark that was cut short
goes on where it stopped, `--again` throws them away.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import machine, report
from bench.lakes import SIZES, prepare

PAGE = Path("docs/benchmarks.md")
WORK = Path("out/bench")
TURNS: dict[str, tuple[tuple[int, tuple[str, ...]], ...]] = {
    "1M": ((5, ("scan", "audit", "doubled", "ours", "polars", "pandas", "per_rule")), (1, ("zen", "per_rule_same", "steps"))),
    "10M": ((5, ("scan", "audit", "doubled", "per_rule")), (5, ("ours", "polars", "pandas")), (1, ("steps",))),
    "100M": ((3, ("scan", "audit")), (1, ("steps",))),
}
"""By size: how many turns of which kinds of runs."""

Runs = dict[str, list[dict[str, Any]]]


def one(kind: str, folder: Path, which: str, patience: float) -> dict[str, Any]:
    """One run in a process of its own, with the load average at which it began."""
    load = machine.quiet(patience)
    command = [sys.executable, "-m", "bench.once", kind, str(folder), "--rules", which]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1]) | {"load": load}


def run_size(size: str, folder: Path, which: str, patience: float, again: bool) -> Runs:
    """All runs of one size; those already in `runs.json` of the folder are not repeated."""
    kept = folder / f"runs-{which}.json"
    runs: Runs = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() and not again else {}
    for turns, kinds in TURNS[size]:
        for turn in range(turns + (turns > 1)):
            for kind in kinds:
                done = runs.setdefault(kind, [])
                if turn < len(done):
                    continue
                done.append(one(kind, folder, which, patience))
                kept.write_text(json.dumps(runs, indent=1), encoding="utf-8")
                which_turn = turn or ("第一次不计" if turns > 1 else "")
                print(f"{size} {kind} {which_turn}：{report.brief(done[-1])}", file=sys.stderr, flush=True)  # noqa: T201
    return {kind: done[1:] if len(done) > 1 else done for kind, done in runs.items()}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=["1M", "10M"])
    parser.add_argument("--big", action="store_true", help="100 M lines too")
    parser.add_argument(
        "--rules", choices=("national", "active"), default="national", help="national: shadow rules with a code too"
    )
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--patience", type=float, default=20, help="seconds to wait before a run for the machine to be quiet")
    parser.add_argument("--again", action="store_true", help="throw away the runs that are kept")
    parser.add_argument("--dry", action="store_true", help="do not write the page")
    args = parser.parse_args()
    results: dict[str, Runs] = {}
    loads: dict[str, dict[str, float]] = {}
    for size in [*args.sizes, *(["100M"] if args.big and "100M" not in args.sizes else [])]:
        folder = prepare(args.work, SIZES[size])
        if (folder / "load.json").exists():
            loads[size] = json.loads((folder / "load.json").read_text(encoding="utf-8"))
        results[size] = run_size(size, folder, args.rules, args.patience, args.again)
    text = report.page(results, loads, args.rules, args.work / "knowledge.md")
    if not args.dry:
        PAGE.write_text(text + "\n" + report.kept(PAGE), encoding="utf-8")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
