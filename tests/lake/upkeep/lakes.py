"""Lakes with a history, and everything that stands in one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hengjian.lake.versions import LakeVersion, open_lake

from ..folder import load, make_folder, query, row
from ..test_safety import more


def lived_in(folder: Path) -> Path:
    """A lake of four loads: a first one, a correction, rows that wait and are refused, a later one."""
    lake = folder / "lake"
    opter = row("settlement", opter="9527")
    people = [row("person", psn_no=f"P{n}", psn_name=f"甲{n}", certno=f"99010119600501{n:03d}X", tel=f"1380000{n:04d}") for n in range(1, 4)]  # fmt: skip
    visits = [row("encounter", mdtrt_id=f"M{n}", psn_no=f"P{n}", medrcdno=f"B{n}") for n in range(1, 4)]
    fees = [row("fee_line", mdtrt_id=f"M{n}", psn_no=f"P{n}", setl_id="") for n in range(2, 4)]
    bad = row("fee_line", feedetl_sn="9", cnt="x")
    load(make_folder(folder / "a", person=people, encounter=visits, settlement=[opter], fee_line=[row("fee_line"), *fees, bad]), lake)  # fmt: skip
    load(more(folder / "b", fee_line=[row("fee_line", cnt="2", det_item_fee_sumamt="200")], person=[people[0] | {"tel": "13900000000"}]), lake)  # fmt: skip
    orphan = row("settlement", setl_id="S9", mdtrt_id="M9", opter="9528")
    late = row("encounter", mdtrt_id="M8", psn_no="P3", medrcdno="B8", begntime="1950-01-01 09:00:00")
    load(more(folder / "c", settlement=[orphan], encounter=[late], person=[people[1] | {"certno": "1", "psn_cert_type": "01"}]), lake)  # fmt: skip
    dead = {"list_kind": "death", "psn_no": "P2", "begndate": "2026-05-01", "src_dept": "民政", "info": "云溪路 1 号"}
    load(more(folder / "d", external_list=[dead], fee_line=[row("fee_line", feedetl_sn="2", rxno="R")]), lake)
    return lake


def everything(version: LakeVersion) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but `mask`, with the load it came by."""
    names = [name for name in version.tables if name != "mask" and version.entries(name)]
    return {name: query(version, f"SELECT * FROM {{{name}}} ORDER BY ALL") for name in sorted(names)}


def files_of(lake: Path) -> set[str]:
    """Every data file of a lake, whoever names it."""
    return {str(p.relative_to(lake)) for p in (lake / "tables").rglob("*.parquet") if "_delta_log" not in p.parts}


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
import {module} as module
seen = 0
def dying(*arguments, _real=module.{name}, **more):
    global seen
    seen += 1
    if seen == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    return _real(*arguments, **more)
module.{name} = dying
{act}
"""


def kill_at(module: str, name: str, at: int, act: str, lake: Path, **more_environment: str) -> bool:
    """Run `act` in a process of its own that is killed when it calls `name` for the `at`-th time; whether it came to that."""
    code = KILLED.format(module=module, name=name, at=at, act=act)
    environment: Mapping[str, str] = os.environ | more_environment
    done = subprocess.run([sys.executable, "-c", code, str(lake)], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def current(lake: Path) -> LakeVersion:
    return open_lake(lake)
