"""One measured run, in a process of its own; prints one line of JSON. Started by `bench.audit`."""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

KINDS = ("scan", "audit", "doubled", "ours", "per_rule", "polars", "pandas", "steps", "zen", "per_rule_same")
NOW = datetime(2026, 11, 1)  # noqa: DTZ001 - civil time has no zone


class _Hidden:
    """pandas is not installed where the product runs; pyarrow loads it where it is, for a tenth of a second."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "pandas":
            raise ImportError(name)


def once(kind: str, folder: Path, which: str) -> dict[str, Any]:
    """Do one run and say what it took: CPU seconds of this process, wall seconds, memory peak, and what was found."""
    if kind not in ("pandas", "polars"):
        sys.meta_path.insert(0, _Hidden())  # type: ignore[arg-type]
    from bench import rules, scan
    from hengjian.engine.run import run_audit
    from hengjian.lake.versions import open_lake
    from hengjian.rulebook import load_rulebook

    lake, book = open_lake(folder / "lake"), load_rulebook()
    names = rules.measured(book, which)
    chosen = [book.rules[n] for n in names]
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        work: Callable[[], dict[str, Any]]
        if kind == "scan":
            plan = scan.plan_of(lake, book, chosen)

            def work() -> dict[str, Any]:
                scan.bare_scan(lake, plan)
                return {"columns": sum(len(c) for c in plan.read.values())}

        elif kind in ("audit", "steps"):
            from bench.steps import Steps

            steps = Steps() if kind == "steps" else None

            def work() -> dict[str, Any]:
                judge = steps.timed("其余", run_audit) if steps else run_audit
                done = judge(lake, load_rulebook(), out / "out", now=NOW, only=names)
                return {"findings": done.findings, "rules": done.rules_active, "knowledge": done.knowledge_rows}

        elif kind == "doubled":
            more, copies = rules.doubled(book, names, out / "book")

            def work() -> dict[str, Any]:
                done = run_audit(lake, load_rulebook(more.root), out / "out", now=NOW, only=names + copies)
                return {"findings": done.findings, "copies": len(copies)}

        elif kind == "per_rule":
            from bench.peers import per_rule

            def work() -> dict[str, Any]:
                hits, spent = per_rule.find(lake, book, chosen)
                return {"hits": len(hits), "queries": spent}

        elif kind == "per_rule_same":
            from bench.peers import ours, per_rule

            def work() -> dict[str, Any]:
                mine = {
                    (rule, visit, sn, w0, total) for rule, _, visit, sn, w0, _, total, *_ in ours.find(lake, book, out, chosen)
                }
                return {"same": mine == per_rule.find(lake, book, chosen)[0], "hits": len(mine)}

        elif kind == "zen":
            from bench.peers import with_zen

            def work() -> dict[str, Any]:
                return with_zen.run(lake, book)

        elif kind == "ours":
            from bench.peers import ours

            def work() -> dict[str, Any]:
                return _digest(ours.find(lake, load_rulebook(), out))

        else:
            from importlib import import_module

            from bench.peers.given import give

            given, peer = give(lake, book), import_module(f"bench.peers.with_{kind}")

            def work() -> dict[str, Any]:
                return _digest(peer.find(given))

        cpu, wall = time.process_time(), time.perf_counter()
        found = work()
        took = {"cpu": found.pop("queries", None) or time.process_time() - cpu, "wall": time.perf_counter() - wall}
        if kind == "steps":
            assert steps is not None
            found["steps"] = dict(steps.spent)
    return (
        found
        | took
        | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "lines_all": lake.rows("fee_line")}
    )


def _digest(hits: set[tuple[object, ...]]) -> dict[str, Any]:
    text = "\n".join(sorted("|".join(str(int(v)) if isinstance(v, float) else str(v) for v in hit) for hit in hits))
    return {"hits": len(hits), "digest": hashlib.sha256(text.encode()).hexdigest()[:16]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rules", default="national")
    args = parser.parse_args()
    print(json.dumps(once(args.kind, args.folder, args.rules)))  # noqa: T201
