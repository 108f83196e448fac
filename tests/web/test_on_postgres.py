"""Every test of the rooms, and every nasty request, once more on a real PostgreSQL: in a process of its own, because settings are read once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"),
    reason="DATABASE_URL 已是 PostgreSQL：房间的测试这一次就在它上面跑",
)
def test_rooms_work_the_same_on_postgres(postgres):
    environment = os.environ | {"DATABASE_URL": postgres.address(database="postgres")}
    environment.pop("HENGJIAN_TEST_HOME", None)  # a folder of its own
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "tests/apps", "tests/web/test_no_500.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout or "100%" in done.stdout
