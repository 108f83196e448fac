"""The clue keeps a copy of when its clock runs out; it follows the clock (setting CLOCK_FOLLOWERS)."""

from __future__ import annotations

from collections.abc import Sequence

from hengjian.apps.clues.deadlines import VERIFY
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.states import CLOSED
from hengjian.apps.workdays.models import Clock


def follow_clocks(clocks: Sequence[Clock]) -> None:
    """Copy the end of clocks that were extended, stopped or moved by the calendar."""
    ends = {
        int(c.subject.removeprefix("clue:")): c.due_at
        for c in clocks
        if c.key == VERIFY.key and c.subject.startswith("clue:") and c.state != "ended"
    }
    keys = sorted(ends)
    for n in range(0, len(keys), 500):
        rows = list(Clue.objects.select_for_update().filter(pk__in=keys[n : n + 500]).exclude(state=CLOSED))
        for row in rows:
            row.due_at = ends[row.pk]
        Clue.objects.bulk_update(rows, ["due_at"], batch_size=200)
