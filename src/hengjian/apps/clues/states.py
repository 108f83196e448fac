"""States of a clue and of a finding in hand: who owns each, which may follow which, and what the journal calls the move."""

from __future__ import annotations

from typing import NamedTuple

NEW, IN_HAND, CLOSED = "new", "in_hand", "closed"
OPEN = (NEW, IN_HAND)
"""States of a clue that is not closed. Asked for by name where an index shall find few rows; it cannot serve a negation."""
HELD, SETTLED, WITHDRAWN = "in_hand", "settled", "withdrawn"


class State(NamedTuple):
    """Title, who must act next, and whether a thing may stay here for good."""

    title: str
    owner: str
    is_end: bool


class Move(NamedTuple):
    """From one state to another, and the event the journal keeps."""

    before: str
    after: str
    event: str


CLUE = {
    NEW: State("待分派", "监管科长分派，或初审员取下一条", False),
    IN_HAND: State("办理中", "承办人", False),
    CLOSED: State("已办结", "没有人", True),
}
CLUE_MOVES = (
    Move(NEW, IN_HAND, "clue.assigned"),
    Move(IN_HAND, IN_HAND, "clue.reassigned"),
    Move(IN_HAND, NEW, "clue.returned"),
    Move(NEW, CLOSED, "clue.closed"),
    Move(IN_HAND, CLOSED, "clue.closed"),
    Move(CLOSED, NEW, "clue.reopened"),
)

FINDING = {
    HELD: State("在办", "线索的承办人", False),
    SETTLED: State("已决定", "没有人", True),
    WITHDRAWN: State("已撤下", "没有人", True),
}
FINDING_MOVES = (
    Move(HELD, SETTLED, "finding.settled"),
    Move(HELD, WITHDRAWN, "finding.withdrawn"),
    Move(WITHDRAWN, HELD, "finding.returned"),
)


def clue_event(before: str, after: str) -> str:
    """What the journal calls a clue's move; empty where there is no such move."""
    return next((m.event for m in CLUE_MOVES if (m.before, m.after) == (before, after)), "")
