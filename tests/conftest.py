"""What every test shares: programs that may be missing, and what a skip means."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

REQUIRE_ALL = os.environ.get("HENGJIAN_REQUIRE_ALL") == "1"
"""In CI nothing may skip: a missing program is a failure there."""

SHARED = Path(__file__).parent.parent.parent / "shared"
"""Reference material beside the checkout; a user's machine has none of it."""

_APT = {"chromium": "chromium"}


def need_program(name: str) -> str:
    """Path of a system program; without it the test skips and names the apt package."""
    if found := shutil.which(name):
        return found
    pytest.skip(f"缺少程序 {name}，安装：apt-get install {_APT.get(name, name)}")


def need_shared(relative: str) -> Path:
    """A file of the reference material; without it the test skips."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"缺少参考资料 {relative}（只有开发者有）")
    return path


def pytest_collection_modifyitems(config, items):
    """Tests marked `long` run only with HENGJIAN_LONG=1."""
    if os.environ.get("HENGJIAN_LONG") != "1":
        kept = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = kept


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """With HENGJIAN_REQUIRE_ALL=1 a skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may skip: {report.longrepr}"
