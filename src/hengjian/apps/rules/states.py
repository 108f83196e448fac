"""States of a proposed change of knowledge: who owns each, which may follow which, and what the journal calls the move."""

from __future__ import annotations

from typing import NamedTuple

WAITING, APPROVED, REFUSED, WITHDRAWN = "waiting", "approved", "refused", "withdrawn"


class State(NamedTuple):
    """Title, who must act next, the colour of its chip, and whether a proposal may stay here for good."""

    title: str
    owner: str
    tone: str
    is_end: bool


class Move(NamedTuple):
    """From one state to another, and the event the journal keeps."""

    before: str
    after: str
    event: str


PROPOSAL = {
    WAITING: State("待批准", "提出人以外、可以批准的人", "new", False),
    APPROVED: State("已批准", "没有人", "done", True),
    REFUSED: State("未批准", "没有人", "bad", True),
    WITHDRAWN: State("已撤回", "没有人", "drop", True),
}
MOVES = (
    Move("", WAITING, "knowledge.proposed"),
    Move(WAITING, APPROVED, "knowledge.approved"),
    Move(WAITING, REFUSED, "knowledge.refused"),
    Move(WAITING, WITHDRAWN, "knowledge.withdrawn"),
)


def event_of(before: str, after: str) -> str:
    """What the journal calls a move. Raises KeyError where there is no such move."""
    return {(m.before, m.after): m.event for m in MOVES}[before, after]
