"""Commands that are watched, stopped and killed while they run. Nothing in the product helps: only what it leaves on the disk is looked at."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .conftest import COMMAND

PATIENCE = 120.0


def start(*arguments: object, **how: Any) -> subprocess.Popen[str]:
    """Start a command."""
    environment = os.environ | {"COLUMNS": "120", "PYTHONIOENCODING": "utf-8"} | how.pop("env", {})
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | how
    return subprocess.Popen([str(COMMAND), *map(str, arguments)], text=True, env=environment, **how)


def wait_for(process: subprocess.Popen[str], seen: Callable[[], bool]) -> bool:
    """Wait until something is seen or the command has ended; whether it was seen while it ran."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        if seen():
            return True
        time.sleep(0.0005)
    return False


@dataclass(frozen=True)
class Moment:
    """When to kill: once `seen`, and then after `wait` seconds."""

    name: str
    seen: Callable[[], bool]
    wait: float = 0.0


def killed(moment: Moment, *arguments: object) -> bool:
    """Run a command and kill it with -9 at a moment; False: it had ended before."""
    process = start(*arguments)
    try:
        if wait_for(process, moment.seen):
            time.sleep(moment.wait)
    finally:
        process.kill()
        process.communicate()
    return process.returncode == -signal.SIGKILL


@contextmanager
def stopped(process: subprocess.Popen[str], seen: Callable[[], bool]) -> Iterator[None]:
    """Hold a command still once something is seen; afterwards it runs to its end."""
    try:
        assert wait_for(process, seen), process.communicate()[0]
        process.send_signal(signal.SIGSTOP)
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def load_moments(lake: Path, luck: random.Random, seconds: float, count: int) -> list[Moment]:
    """Moments of a load into `lake`, which takes `seconds` from its first trace: half of them drawn over that time, half at a step."""
    logs = len(commits(lake))

    def committed(tables: int) -> Callable[[], bool]:
        return lambda: len(commits(lake)) >= logs + tables

    number = len(list((lake / "versions").glob("*.json"))) + 1
    steps: list[tuple[str, Callable[[], bool]]] = [
        ("files written", lambda: (lake / "staging" / "out").is_dir()),
        ("commit begun", lambda: (lake / "tables" / ".unpublished").exists()),
        *((f"{n} tables committed", committed(n)) for n in (1, 3, 8, 14)),
        ("version half written", lambda: (lake / "versions" / f".{number:06d}.json.part").exists()),
        ("published", lambda: (lake / "versions" / f"{number:06d}.json").exists()),
    ]
    drawn = []
    for n in range(count):
        if n % 2:
            name, seen = luck.choice(steps)
            drawn.append(Moment(name, seen, luck.choice((0.0, 0.0, 0.003))))
        else:
            wait = luck.random() * seconds
            drawn.append(Moment(f"after {wait:.3f} s", (lake / "staging").is_dir, wait))
    return drawn


def commits(lake: Path) -> list[str]:
    """Names of the commits of every table."""
    found = []
    for table in os.scandir(lake / "tables") if (lake / "tables").is_dir() else ():
        log = Path(table.path) / "_delta_log"
        if log.is_dir():
            found += [f"{table.name}/{name}" for name in os.listdir(log) if name.endswith(".json")]
    return found
