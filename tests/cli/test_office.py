"""The commands of the office where there is none yet: a sentence, exit code 2, and nothing is made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("hengjian")


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "HENGJIAN_HOME", "DJANGO_SETTINGS_MODULE")}
    return subprocess.run([str(COMMAND), *map(str, arguments)], capture_output=True, text=True, check=False, env=kept)


def test_tick_makes_no_office(tmp_path):
    done = _run("tick", "--home", tmp_path / "none")
    assert done.returncode == 2
    assert "没有办公室" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("region", ["12", "33010a", "3301000"])
def test_an_office_of_no_region_is_refused(tmp_path, region):
    done = _run("office", "init", "--name", "某局", "--region", region, "--home", tmp_path / "office")
    assert done.returncode == 2 and "六位数字" in done.stderr


def test_serving_nothing_says_what_to_do_first(tmp_path):
    done = _run("serve", "--home", tmp_path / "office")
    assert done.returncode == 2 and "hengjian office init" in done.stderr
