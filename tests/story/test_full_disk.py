"""A disk that fills up: a sentence, exit code 2, everything as before; with room again the same command does its work."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hengjian.lake.versions import open_lake, version_numbers

from .processes import start
from .town import Town, lake_state, result_bytes, result_state, run, unlisted

SIZE = 64 << 20


@contextmanager
def small_disk(left: int) -> Iterator[tuple[Path, Any, Any]]:
    """A place to write to, how to start a command on it, and what makes room again.

    With the right to mount it is a disk of its own, which `fill` leaves with `left` bytes; without, no file may grow beyond `left`
    bytes over eight.
    """
    place = Path(tempfile.mkdtemp())
    mounted = os.geteuid() == 0 and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(place)], capture_output=True, check=False
    ).returncode  # fmt: skip
    filler = place / "filler"

    def fill() -> dict[str, Any]:
        if not mounted:
            most = left // 8
            return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))}
        free = shutil.disk_usage(place).free
        with filler.open("wb") as handle:
            handle.write(b"x" * max(0, free - left))
        return {}

    try:
        yield place, fill, lambda: filler.unlink(missing_ok=True)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.parametrize("left", [16_000, 600_000, 1_400_000])
def test_a_load_that_finds_the_disk_full(town: Town, left: int) -> None:
    with small_disk(left) as (disk, fill, empty):
        lake = town.lake(disk / "lake")
        process = start("ingest", town.change, "--lake", lake, **fill())
        said = process.communicate()[0]
        assert process.returncode == 2 and "磁盘写满了，这次加载没有生效" in said and "办法" in said and "Traceback" not in said
        assert lake_state(lake) == lake_state(town.before) and version_numbers(lake) == [1]
        empty()
        assert not unlisted(lake)
        run("ingest", town.change, "--lake", lake)
        assert lake_state(lake) == lake_state(town.after) and not unlisted(lake)


@pytest.mark.parametrize("left", [16_000, 150_000])
def test_a_compaction_that_finds_the_disk_full(town: Town, left: int) -> None:
    with small_disk(left) as (disk, fill, empty):
        lake = Path(shutil.copytree(town.after, disk / "lake"))
        process = start("lake", "compact", "--lake", lake, **fill())
        said = process.communicate()[0]
        assert process.returncode == 2 and "磁盘写满了，这次整理没有生效" in said and "Traceback" not in said
        assert lake_state(lake) == lake_state(town.after)
        empty()
        assert not unlisted(lake)
        run("lake", "compact", "--lake", lake)
        assert open_lake(lake).number == 3 and not open_lake(lake).masks and not unlisted(lake)


@pytest.mark.parametrize("left", [0, 12_000, 60_000, 110_000])
def test_an_audit_that_finds_the_disk_full(town: Town, left: int) -> None:
    with small_disk(left) as (disk, fill, empty):
        out = Path(shutil.copytree(town.old, disk / "out"))
        process = start("audit", "--lake", town.after, "--out", out, env={"TMPDIR": str(disk)}, **fill())
        said = process.communicate()[0]
        assert process.returncode == 2 and "磁盘写满了，这次审计没有生效" in said and "办法" in said and "Traceback" not in said
        assert result_bytes(out) == result_bytes(town.old)
        assert not [p.name for p in out.iterdir() if p.is_dir()]
        empty()
        run("audit", "--lake", town.after, "--out", out)
        assert result_state(out) == result_state(town.new)
