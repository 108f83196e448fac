from __future__ import annotations

import pytest

from hengjian.apps.rules.models import Proposal
from hengjian.apps.rules.states import MOVES, PROPOSAL, event_of


def test_every_state_is_owned_reached_and_ends():
    assert {code: s.title for code, s in PROPOSAL.items()} == dict(Proposal.STATES)
    assert all(s.owner and s.tone for s in PROPOSAL.values())
    assert {m.after for m in MOVES} == PROPOSAL.keys()
    waiting = {m.before for m in MOVES if m.before}
    assert waiting == {code for code, s in PROPOSAL.items() if not s.is_end}


def test_a_move_that_is_not_in_the_table_is_none():
    assert event_of("waiting", "approved") == "knowledge.approved"
    with pytest.raises(KeyError):
        event_of("refused", "approved")
