"""The cities and lakes benchmarks run on: made once in the work folder, reused afterwards."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

SIZES = {"1M": 26_000, "10M": 260_000, "100M": 2_600_000}
"""People of a city by the fee lines it has: about 39 each."""


def prepare(work: Path, people: int) -> Path:
    """The folder of the city and lake of `people`, made unless they are there; what the load took lies beside them (`load.json`)."""
    folder = work / f"p{people}"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("HENGJIAN_KEYS", str(work.resolve() / "keys.json"))
    if (folder / "lake" / "versions").exists():
        return folder
    if not (folder / "city" / "manifest.csv").exists():
        _run("city", "--people", people, "--seed", 7, "--format", "parquet", "--out", folder / "city")
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _run("ingest", folder / "city", "--lake", folder / "lake")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = {
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall": time.perf_counter() - wall,
        "peak_mb": after.ru_maxrss / 1024,
    }
    (folder / "load.json").write_text(json.dumps(took), encoding="utf-8")
    return folder


def _run(*arguments: object) -> None:
    command = [str(Path(sys.executable).with_name("hengjian")), *map(str, arguments)]
    print(" ".join(command), file=sys.stderr, flush=True)  # noqa: T201
    code = subprocess.run(command, check=False, stdout=sys.stderr).returncode
    if code not in (0, 1):  # 1: loaded, the city's planted bad rows refused
        raise SystemExit(code)
