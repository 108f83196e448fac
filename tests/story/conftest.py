"""The demo as a newcomer runs it, once for all stories: a small city, loaded, judged, scored, reported."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .town import Town

COMMAND = Path(sys.executable).with_name("hengjian")


def hengjian(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    environment = os.environ | {"COLUMNS": "120", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [str(COMMAND), *map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


@dataclass(frozen=True)
class Demo:
    """What a demo left behind."""

    out: Path
    said: str

    @property
    def lake(self) -> Path:
        return self.out / "lake"

    @property
    def city(self) -> Path:
        return self.out / "city"


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo of 3,000 people."""
    out = tmp_path_factory.mktemp("demo") / "out"
    done = hengjian("demo", "--people", 3000, "--seed", 20261101, "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr
    return Demo(out, done.stdout)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town of 200 people, its lake before and after a correction, and the results of both."""
    from .town import found_town

    return found_town(tmp_path_factory.mktemp("town"))
