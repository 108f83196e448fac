"""A city of 3,000 people in a lake, made once for the tests of the benchmarks."""

from __future__ import annotations

from datetime import datetime

import pytest

from hengjian.city.builder import build
from hengjian.city.plan import Plan
from hengjian.lake.ingest import load_folder
from hengjian.lake.versions import LakeVersion, open_lake


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> LakeVersion:
    """A lake with every planted wrong."""
    root = tmp_path_factory.mktemp("bench")
    build(Plan(people=3000, seed=5), root / "city")
    load_folder(root / "city", root / "lake", now=datetime(2026, 11, 1))
    return open_lake(root / "lake")


def need(library: str) -> None:
    """A library of the extra `bench`; without it the test skips."""
    pytest.importorskip(library, reason=f"缺少 {library}，安装：pip install 'hengjian[bench]'")
