"""States of a run, which may follow which, and what is done in turns."""

from __future__ import annotations

from datetime import timedelta

DRAFT, QUEUED, RUNNING, DONE, FAILED = "draft", "queued", "running", "done", "failed"

NEXT: dict[str, frozenset[str]] = {
    DRAFT: frozenset({QUEUED, FAILED}),
    QUEUED: frozenset({RUNNING}),
    RUNNING: frozenset({QUEUED, DONE, FAILED}),
    DONE: frozenset(),
    FAILED: frozenset({QUEUED}),
}
"""Which state may follow which. A draft that is thrown away has failed; a failed run may be begun again."""
OPEN = (QUEUED, RUNNING)

IN_TURN = ("load", "audit", "arrive")
"""Kinds of which one at a time is at work: they write the lake, the results or the findings."""

STALE = timedelta(minutes=2)
"""Without a beat for this long whoever was at work is gone."""
ATTEMPTS = 3
"""How often work that was cut off is begun before it counts as failed."""

TONES = {DRAFT: "new", QUEUED: "moved", RUNNING: "check", DONE: "done", FAILED: "bad"}
"""The colour of the chip, by state."""
