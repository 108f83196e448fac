"""The cities and lakes benchmarks run on: made once in the work folder, reused afterwards."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

SIZES = {"1M": 26_000, "10M": 260_000, "100M": 2_600_000}
"""People of a city by the fee lines it has: about 39 each."""
PART = 13
"""Blocks of a city (20,000 people each) that one load takes."""


def prepare(work: Path, people: int) -> Path:
    """The folder of the city and lake of `people`, made unless they are there; what the load took lies beside them (`load.json`)."""
    folder = work / f"p{people}"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("HENGJIAN_KEYS", str(work.resolve() / "keys.json"))
    if (folder / "load.json").exists():
        return folder
    if not (folder / "city" / "manifest.csv").exists():
        _run("city", "--people", people, "--seed", 7, "--format", "parquet", "--out", folder / "city")
    parts = _parts(folder / "city")
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for part in parts:
        _run("ingest", part, "--lake", folder / "lake")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = {
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall": time.perf_counter() - wall,
        "peak_mb": after.ru_maxrss / 1024,
        "parts": len(parts),
    }
    (folder / "load.json").write_text(json.dumps(took), encoding="utf-8")
    return folder


def _parts(city: Path) -> list[Path]:
    """The folders to load one after the other: the city itself, or, beyond what one load holds, its blocks thirteen at a time.

    The first has the tables that are not in blocks, the last what the institutions sent again.
    """
    blocks: dict[int, list[Path]] = {}
    for file in city.glob("*.parquet"):
        blocks.setdefault(int(file.stem.rpartition("-")[2]), []).append(file)
    if len(blocks) <= PART:
        return [city]
    numbers = sorted(blocks)
    chunks = [numbers[i : i + PART] for i in range(0, len(numbers), PART)]
    later = list(city.glob("*-补传.csv"))
    once = [
        p for p in city.iterdir() if p.suffix != ".parquet" and p not in later and p.name not in ("manifest.csv", "truth.csv")
    ]
    parts = []
    for n, chunk in enumerate(chunks):
        part = city.with_name("parts") / f"{n:02d}"
        part.mkdir(parents=True, exist_ok=True)
        for source in [
            city / "manifest.csv", *(once if n == 0 else []), *(f for b in chunk for f in blocks[b]),
            *(later if n == len(chunks) - 1 else []),
        ]:  # fmt: skip
            if source.is_dir():
                shutil.copytree(source, part / source.name, dirs_exist_ok=True)
            elif not (part / source.name).exists():
                (part / source.name).symlink_to(source.resolve())
        parts.append(part)
    return parts


def _run(*arguments: object) -> None:
    command = [str(Path(sys.executable).with_name("hengjian")), *map(str, arguments)]
    print(" ".join(command), file=sys.stderr, flush=True)  # noqa: T201
    code = subprocess.run(command, check=False, stdout=sys.stderr).returncode
    if code not in (0, 1):  # 1: loaded, the city's planted bad rows refused
        raise SystemExit(code)
