"""What a background work tells of itself while it goes on, in short transactions of its own; and the beat by which a dead one is found."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from hengjian.apps.runs.models import Run
from hengjian.apps.runs.states import RUNNING

EVERY = 0.5
"""Seconds between two writes of progress at least."""
BEAT = 20
"""Seconds between two beats of a work that tells nothing for long."""


class Lost(Exception):
    """The run was taken for dead and given to somebody else, or ended: whoever still works on it stops."""


class Progress:
    """Tells how far a run is. One object for each attempt."""

    def __init__(self, run: Run) -> None:
        self._mine = Run.objects.filter(pk=run.pk, attempt=run.attempt, state=RUNNING)
        self._told = 0.0

    def tell(self, step: str, share: float) -> None:
        """`step` (Chinese) is at work; `share` of the run is done, 0 to 1. Raises Lost."""
        now = time.monotonic()
        if self._told and now - self._told < EVERY:
            return
        self._told = now
        with suppress(OperationalError):  # a busy database misses a beat; the work goes on
            if not self._mine.update(step=step, done_share=round(1000 * min(max(share, 0.0), 1.0)), beat_at=timezone.now()):
                raise Lost

    def within(self, start: float, end: float) -> Progress:
        """The same, for a part of the work that takes the run from `start` to `end`."""
        return _Part(self, start, end)


class _Part(Progress):
    def __init__(self, whole: Progress, start: float, end: float) -> None:
        self._whole, self._start, self._end = whole, start, end

    def tell(self, step: str, share: float) -> None:
        self._whole.tell(step, self._start + (self._end - self._start) * share)


@contextmanager
def beating(run: Run) -> Iterator[None]:
    """While the block runs the run has a beat, also where the work tells nothing for minutes."""
    over = threading.Event()
    mine = Run.objects.filter(pk=run.pk, attempt=run.attempt, state=RUNNING)

    def beat() -> None:
        try:
            while not over.wait(BEAT):
                with suppress(DatabaseError):
                    mine.update(beat_at=timezone.now())
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"beat-{run.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
