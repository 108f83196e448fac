"""One turn at a review: held, checked for right, state and staleness, then moved with its clock and its journal entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import record
from hengjian.apps.review import policies
from hengjian.apps.review.deadlines import end_steps, resume_step, start_step
from hengjian.apps.review.models import Review, Verdict
from hengjian.apps.review.states import VERBS
from hengjian.kernel.errors import InputError

ZERO = Decimal("0.00")


class Stale(InputError):
    """Somebody was here before: the page this came from shows what was, not what is."""


def day_of(at: datetime) -> date:
    """The office's day of an instant."""
    return timezone.localdate(at)


def hold(
    review: Review,
    verb: str,
    *,
    by: User | str,
    at: datetime,
    version: int | None,
    also: Callable[[Review], None] | None = None,
) -> Review:
    """The review as the database has it, kept from others until the transaction ends; right, then `also`, then state, then version."""
    row = Review.objects.select_for_update(of=("self",)).select_related("finding").get(pk=review.pk)
    if not isinstance(by, str):
        policies.check_can(verb, by, row, day_of(at))
    if also is not None:
        also(row)
    if row.state not in VERBS[verb].before:
        raise Stale(
            f"这一条现在是“{row.get_state_display()}”，不能{VERBS[verb].title}",
            why="可能已有同事或对方办理",
            cure="刷新页面，看看最新情况",
        )
    if version is not None and row.version != version:
        raise Stale("您打开之后，这一条有了变化，这一步没有做", why="以最新的情况为准", cure="刷新页面，看过再办")
    return row


def move(
    row: Review,
    verb: str,
    to: str,
    summary: str,
    *,
    by: User | str,
    at: datetime,
    resume: bool = False,
    starts_on: date | None = None,
    **detail: Any,
) -> Review:
    """Move a held review: the old state's clock ends, the new one's starts (or is taken up again), the entry is written."""
    assert to in VERBS[verb].to, (verb, to)
    end_steps([row], by=by, at=at)
    row.state, row.version, row.changed_at = to, row.version + 1, at
    if resume:
        resume_step([row], by=by, at=at)
    else:
        start_step([row], by=by, at=at, starts_on=starts_on)
    row.save()
    note(row, verb, summary, by=by, at=at, state=to, **detail)
    return row


def note(row: Review, verb: str, summary: str, *, by: User | str, at: datetime, **detail: Any) -> None:
    """The journal entry of a verb on a review."""
    record(by=by, at=at, event=VERBS[verb].event, subject=row.subject, summary=summary, version=row.version, **detail)


def standing(row: Review, step: str) -> Verdict | None:
    """The verdict of a step that has not been voided."""
    return row.verdicts.filter(step=step, undone_at__isnull=True).order_by("-pk").first()


def void(row: Review, *steps: str, by: User | str, at: datetime) -> None:
    """Void the standing verdicts of the steps; they stay readable."""
    assert not isinstance(by, str)
    row.verdicts.filter(step__in=steps, undone_at__isnull=True).update(undone_at=at, undone_by=by)


def need_text(text: str, what: str, most: int = 2000) -> str:
    """The text without blanks around it. Refused when nothing is left, or far too much."""
    text = text.strip()
    if not text:
        raise InputError(f"还没有写{what}", cure=f"写明{what}，一两句话就够")
    if len(text) > most:
        raise InputError(f"{what}太长", why=f"最多 {most} 字，现在 {len(text)} 字", cure="写要点，其余放进材料")
    return text
