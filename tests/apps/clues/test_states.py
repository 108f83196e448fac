from __future__ import annotations

import pytest

from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.clues.states import CLUE, CLUE_MOVES, FINDING, FINDING_MOVES, clue_event


@pytest.mark.parametrize(
    ("states", "moves", "model", "first"), [(CLUE, CLUE_MOVES, Clue, "new"), (FINDING, FINDING_MOVES, Finding, "in_hand")]
)
def test_every_state_is_owned_reached_and_ends(states, moves, model, first):
    assert list(states) == [code for code, _ in model.STATES]
    assert {s: states[s].title for s in states} == dict(model.STATES)
    assert all(state.owner for state in states.values())
    reached = {first}
    for _ in states:
        reached |= {m.after for m in moves if m.before in reached}
    assert reached == set(states)
    ends = {code for code, state in states.items() if state.is_end}
    assert ends
    for state in states:
        going = {state}
        for _ in states:
            going |= {m.after for m in moves if m.before in going}
        assert going & ends


def test_a_move_that_is_not_in_the_table_has_no_event():
    assert clue_event("closed", "in_hand") == "" and clue_event("new", "in_hand") == "clue.assigned"
