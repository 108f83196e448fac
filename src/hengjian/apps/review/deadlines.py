"""The steps as they hold on a day, and the clock that runs in each state: started, ended and taken up again through `workdays`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.review.models import Review, Step
from hengjian.apps.review.states import STATES
from hengjian.apps.workdays.models import Clock
from hengjian.apps.workdays.services import Plan, end_clocks, start_clocks

LONG_AGO = date(2000, 1, 1)
DEFAULTS = {
    "first": ("first", "事实是否清楚，例外是否看过，金额是否算对", 10, "本地默认，可在环节设置中改"),
    "answer": ("clerk", "对事实、病情和规则适用有没有异议", 7, "本地默认，可在环节设置中改"),
    "second": ("second", "两个人是否看法一致，机构的话是否听了", 5, "本地默认，可在环节设置中改"),
    "feedback": ("second", "清单是否齐全，金额和去处是否写明", 3, "本地默认，可在环节设置中改"),
}
"""What holds until the office sets it: owner role, focus, working days, source."""
ACT_OF_STEP = {"first": "review.first", "answer": "desk.answer", "second": "review.second", "feedback": "review.feedback"}
"""The act an owner of the step must have."""
_CHUNK = 500


def step_on(code: str, day: date) -> Step:
    """The step as set from the last day not after `day`; an unsaved default before that."""
    row = Step.objects.filter(code=code, valid_from__lte=day).order_by("-valid_from", "-pk").first()
    if row is not None:
        return row
    role, focus, days, article = DEFAULTS[code]
    return Step(
        code=code, owner_role=role, focus=focus, days=days, unit="wd", article=article, valid_from=LONG_AGO, max_amount=None
    )


def start_step(reviews: Sequence[Review], *, by: User | str, at: datetime, starts_on: date | None = None) -> None:
    """Start the clock of the state the reviews now are in (all the same) and store its end on them (not saved). None in an end state."""
    if not reviews:
        return
    code = STATES[reviews[0].state].step
    if not code:
        for review in reviews:
            review.due_at = None
        return
    day = timezone.localdate(at)
    step = step_on(code, day)
    plans = [_plan(review, step, starts_on or day, step.days) for review in reviews]
    for review, clock in zip(reviews, start_clocks(plans=plans, by=by, at=at), strict=True):
        review.due_at = clock.due_at


def _plan(review: Review, step: Step, starts_on: date, length: int) -> Plan:
    title = f"{step.get_code_display()}时限"
    return Plan(review.subject, step.code, title, review.region_code, starts_on, length, step.unit, step.article)


def end_steps(reviews: Iterable[Review], *, by: User | str, at: datetime) -> None:
    """End whatever clock of the review still runs."""
    subjects = [r.subject for r in reviews]
    clocks = [
        clock
        for n in range(0, len(subjects), _CHUNK)
        for clock in Clock.objects.filter(subject__in=subjects[n : n + _CHUNK]).exclude(state="ended")
    ]
    if clocks:
        end_clocks(clocks=clocks, by=by, at=at)


def resume_step(reviews: Sequence[Review], *, by: User | str, at: datetime) -> None:
    """Take up the clock of the state the reviews went back to: the same first day and length as before, extensions with it (not saved)."""
    code = STATES[reviews[0].state].step
    ended: dict[str, Clock] = {}
    subjects = [r.subject for r in reviews]
    for n in range(0, len(subjects), _CHUNK):
        rows = Clock.objects.filter(subject__in=subjects[n : n + _CHUNK], key=code, state="ended")
        ended |= {clock.subject: clock for clock in rows.prefetch_related("extensions").order_by("pk")}
    day = timezone.localdate(at)
    step = step_on(code, day)
    plans = []
    for review in reviews:
        before = ended.get(review.subject)
        if before is None:
            plans.append(_plan(review, step, day, step.days))
            continue
        length = before.length + sum(e.days for e in before.extensions.all())
        plans.append(
            Plan(review.subject, code, before.title, review.region_code, before.starts_on, length, before.unit, before.article)
        )
    for review, clock in zip(reviews, start_clocks(plans=plans, by=by, at=at), strict=True):
        review.due_at = clock.due_at
