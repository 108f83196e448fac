"""New rules without a failed request: a thread looks at the site folder and the reload mark, makes a new judge beside the old one, and swaps."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hengjian.gate.app import Gate
from hengjian.gate.envelope import civil_seconds
from hengjian.gate.protocols import Checks
from hengjian.gate.settings import GateSettings
from hengjian.gate.sites import FILE as KEYS
from hengjian.gate.trouble import summary
from hengjian.kernel.errors import HengjianError

logger = logging.getLogger(__name__)
MARK = "reload"
"""A file in the gate's home; touched, it asks every worker for a new judge."""
STOP = "stop"
"""Another: the gate is ending. A worker that was just being started when it was told so has not heard it, and ends itself."""
_HEARD = 3.0
"""Seconds within which a worker that has heard it is at its end anyway."""
_LOCK = "reload.lock"


def ask(home: Path) -> None:
    """Ask the workers of a gate to make a new judge."""
    (home / MARK).touch()


State = frozenset[tuple[str, int, int]]
"""What a look at the site folder and the reload mark saw: every file with its size and time; and the day, as releases and approvals begin
on days."""


def look(settings: GateSettings) -> State:
    """Look once. Keys are left out: they are read by themselves."""
    return frozenset((*_files(settings), ("today", civil_seconds(time.time()) // 86_400, 0)))


def _files(settings: GateSettings) -> Iterator[tuple[str, int, int]]:
    paths = [settings.home / MARK]
    if settings.site is not None and settings.site.is_dir():
        paths += [path for path in settings.site.rglob("*") if path.name != KEYS and not path.name.startswith(".")]
    for path in paths:
        try:
            found = path.stat()
        except OSError:
            continue
        if not path.is_dir():
            yield str(path), found.st_size, found.st_mtime_ns


class Watcher:
    """Watches for one worker. `build` makes a judge of what the site folder holds now; it runs in this thread, one worker at a time.

    `seen`: the look before the present judge was made.
    """

    def __init__(self, gate: Gate, build: Callable[[], Checks], seen: State, *, every: float = 2.0) -> None:
        self._gate, self._build, self._seen, self._every = gate, build, seen, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gate-reload", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; a judge that is being made is waited for."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        before = self._seen
        while not self._stop.wait(self._every):
            if _is_over(self._gate.settings.home / STOP):
                os.kill(os.getpid(), signal.SIGTERM)
                return
            now = look(self._gate.settings)
            if now != self._seen and now == before:  # at rest for one look: nobody is in the middle of writing
                self._renew()
                self._seen = now
            before = now

    def _renew(self) -> None:
        try:
            with (self._gate.settings.home / _LOCK).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._gate.swap(self._build())
            self._gate.problem = ""
            logger.info("a new judge of checks is in place")
        except Exception as error:
            self._gate.problem = str(error) if isinstance(error, HengjianError) else f"程序出错：{summary(error)}"
            logger.error("the new judge could not be made, the old one stays: %s", self._gate.problem)


def _is_over(mark: Path) -> bool:
    try:
        return time.time() - mark.stat().st_mtime > _HEARD
    except OSError:
        return False
