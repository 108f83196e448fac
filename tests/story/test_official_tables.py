"""All official tables in, by the command: the city's honest doctors stay unaccused and every planted wrong is still found."""

from __future__ import annotations

import json
from pathlib import Path

from ..conftest import need_shared
from .conftest import Demo, hengjian


def test_the_official_tables_accuse_nobody_new(demo: Demo, tmp_path: Path) -> None:
    tables, site, out = need_shared("reference/knowledge"), tmp_path / "site", tmp_path / "out"
    done = hengjian("knowledge", "import", tables, "--site", site, "--yes", "--json")
    assert done.returncode in (0, 1), done.stdout + done.stderr  # 1 = written, some rows need a look
    done = hengjian("audit", "--lake", demo.lake, "--out", out, "--site", site, "--no-report", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["knowledge_rows"] > 10_000, done.stderr
    done = hengjian(
        "score",
        "--findings",
        out,
        "--truth",
        demo.city / "truth.csv",
        "--require",
        "certain=1.0/1.0,suspected=0.80/0.95",
        "--json",
    )
    told = json.loads(done.stdout)
    assert done.returncode == 0, told["missed_requirements"]
    assert sum(theme["false_unplanted"] for theme in told["themes"]) == 0
