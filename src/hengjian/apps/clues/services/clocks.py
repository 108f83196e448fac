"""The clock of a clue: started once, ended with it, started anew when it is taken in hand again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.deadlines import VERIFY
from hengjian.apps.clues.models import Clue
from hengjian.apps.workdays.models import Clock
from hengjian.apps.workdays.services import Plan, end_clocks, start_clocks


def start_verification(clues: Sequence[Clue], starts_on: date, *, by: User | str, at: datetime) -> None:
    """Start the period of those that have none running and keep its end on the clue."""
    subjects = {c.subject: c for c in clues}
    running = {k.subject: k for k in _open_clocks(list(subjects))}
    plans = [
        Plan(subject, VERIFY.key, VERIFY.title, clue.region_code, starts_on, VERIFY.length, VERIFY.unit, VERIFY.article)
        for subject, clue in subjects.items()
        if subject not in running
    ]
    if plans:
        running |= {k.subject: k for k in start_clocks(plans=plans, by=by, at=at)}
    for subject, clue in subjects.items():
        clue.due_at = running[subject].due_at
    Clue.objects.bulk_update(clues, ["due_at"], batch_size=200)


def end_verification(clues: Sequence[Clue], *, by: User | str, at: datetime) -> None:
    """End the periods of clues that are done."""
    if clocks := _open_clocks([c.subject for c in clues]):
        end_clocks(clocks=clocks, by=by, at=at)


def _open_clocks(subjects: list[str]) -> list[Clock]:
    return [
        k
        for n in range(0, len(subjects), 500)
        for k in Clock.objects.filter(subject__in=subjects[n : n + 500], key=VERIFY.key).exclude(state="ended")
    ]
