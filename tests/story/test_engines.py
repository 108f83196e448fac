"""The demo city, judged by each engine from the command line: the same bytes, and a sample that verifies."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hengjian.rulebook import load_rulebook

from ..conftest import need_program
from .conftest import Demo, hengjian


@pytest.mark.parametrize("engine", ["sqlite", "spark"])
def test_another_engine_writes_the_same_bytes(demo: Demo, tmp_path: Path, engine: str) -> None:
    if engine == "spark":
        need_program("java")
    done = hengjian("audit", "--lake", demo.lake, "--out", tmp_path, "--engine", engine, "--no-report", "--json")
    assert done.returncode == 0, done.stderr
    assert engine.lower() in json.loads(done.stdout)["engine"].lower()
    for name in ("findings.parquet", "indicators.parquet"):
        assert (tmp_path / name).read_bytes() == (demo.out / name).read_bytes()
    counts = Counter(pq.read_table(tmp_path / "findings.parquet")["rule_id"].to_pylist())
    assert set(counts) == {r.rule_id for r in load_rulebook().active if r.certainty != "indicator"}


def test_a_sample_of_findings_verifies(demo: Demo) -> None:
    done = hengjian("verify", "--out", demo.out, "--sample", 1000)
    assert done.returncode == 0, done.stdout + done.stderr
    count = len(pq.read_table(demo.out / "findings.parquet"))
    assert f"成立 {count:,} 条" in done.stdout and "有变化" not in done.stdout


def test_one_finding_verifies_and_says_so_to_a_machine(demo: Demo) -> None:
    number = pq.read_table(demo.out / "findings.parquet")["finding_id"][0].as_py()
    done = hengjian("verify", number[:12], "--out", demo.out, "--json")
    (verdict,) = json.loads(done.stdout)
    assert (done.returncode, verdict["finding_id"], verdict["verdict"], verdict["causes"]) == (0, number, "成立", [])


def test_verify_says_what_it_lacks(demo: Demo, tmp_path: Path) -> None:
    shutil.copytree(demo.out, tmp_path / "out", ignore=shutil.ignore_patterns("lake", "city", "rulebook.zip"))
    done = hengjian("verify", "--out", tmp_path / "out", "--lake", demo.lake)
    assert done.returncode == 2 and "没有留下" in done.stderr


def test_an_unknown_engine_is_refused(demo: Demo, tmp_path: Path) -> None:
    done = hengjian("audit", "--lake", demo.lake, "--out", tmp_path, "--engine", "oracle")
    assert done.returncode == 2 and "没有引擎" in done.stderr and "duckdb" in done.stderr
