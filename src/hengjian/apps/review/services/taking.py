"""Reviews are made when their clue is in somebody's hand, and follow what becomes of the finding and the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.journal.services import Act, record_many
from hengjian.apps.review.deadlines import end_steps, start_step
from hengjian.apps.review.models import Review
from hengjian.apps.review.services.turn import day_of
from hengjian.apps.review.states import FIRST, OPEN, STATES, VERBS, WITHDRAWN
from hengjian.apps.workdays.models import Clock

_CHUNK = 500
AT_ONCE = 200
"""Reviews opened while a page waits: some tenths of a second."""


def take(*, by: User, at: datetime, most: int = AT_ONCE) -> bool:
    """Open reviews of the findings in the person's hand that have none, `most` at once, the weightiest clues first; whether more are left.

    First reviews nobody has begun follow their clue to its new assignee.
    """
    if not rights.can(by, "review.first", day_of(at)):
        return False
    bare = Finding.objects.filter(state="in_hand", review__isnull=True, clue__assignee=by, clue__state="in_hand")
    keys = list(bare.order_by("-clue__priority", "clue", "pk").values_list("pk", flat=True)[: most + 1])
    with transaction.atomic():
        moved = Review.objects.filter(state=FIRST, finding__clue__assignee=by, finding__clue__state="in_hand").exclude(owner=by)
        Review.objects.filter(pk__in=list(moved.values_list("pk", flat=True)[:most])).update(owner=by)
        clues = Clue.objects.select_for_update().filter(findings__in=keys[:most], assignee=by, state="in_hand").order_by("pk")
        held = {clue.pk: clue for clue in clues}
        findings = bare.filter(pk__in=keys[:most], clue__in=held).order_by("pk")
        _open([(finding, held[finding.clue_id]) for finding in findings], by=by, at=at)
    return len(keys) > most


@transaction.atomic
def ensure_reviews(*, clue: Clue, by: User | str, at: datetime) -> list[Review]:
    """One review for each finding of a clue in hand, owned by its assignee; the 初审 clock starts. Calling it again adds only what is missing."""
    clue = Clue.objects.select_for_update().get(pk=clue.pk)
    if clue.state != "in_hand" or clue.assignee_id is None:
        return []
    Review.objects.filter(finding__clue=clue, state=FIRST).exclude(owner=clue.assignee_id).update(owner=clue.assignee_id)
    findings = Finding.objects.filter(clue=clue, state="in_hand", review__isnull=True).order_by("pk")
    return _open([(finding, clue) for finding in findings], by=by, at=at)


def _open(pairs: Sequence[tuple[Finding, Clue]], *, by: User | str, at: datetime) -> list[Review]:
    """Reviews of findings whose clues are held."""
    reviews = Review.objects.bulk_create(
        [
            Review(
                finding=finding,
                state=FIRST,
                region_code=finding.region_code,
                institution_code=finding.institution_code,
                owner_id=clue.assignee_id,
                changed_at=at,
            )
            for finding, clue in pairs
        ],
        batch_size=_CHUNK,
    )
    start_step(reviews, by=by, at=at)
    for due_at in {r.due_at for r in reviews}:
        keys = [r.pk for r in reviews if r.due_at == due_at]
        for n in range(0, len(keys), _CHUNK):
            Review.objects.filter(pk__in=keys[n : n + _CHUNK]).update(due_at=due_at)
    numbers = {finding.pk: clue.number for finding, clue in pairs}
    record_many(
        by=by,
        at=at,
        acts=[
            Act("review.opened", r.subject, f"进入初审，线索 {numbers[r.finding_id]}", {"finding": r.finding.finding_id})
            for r in reviews
        ],
    )
    return reviews


@transaction.atomic
def follow_withdrawn(*, by: User | str, at: datetime) -> int:
    """A later audit took findings away: their open reviews end, and what was proposed falls with them. How many."""
    rows = list(
        Review.objects.select_for_update(of=("self",))
        .select_related("finding")
        .filter(finding__state="withdrawn", state__in=OPEN)
        .order_by("pk")
    )
    if not rows:
        return 0
    end_steps(rows, by=by, at=at)
    for row in rows:
        row.state, row.version, row.changed_at, row.due_at = WITHDRAWN, row.version + 1, at, None
    Review.objects.bulk_update(rows, ["state", "version", "changed_at", "due_at"], batch_size=200)
    verb = VERBS["withdraw"]
    record_many(
        by=by,
        at=at,
        acts=[Act(verb.event, r.subject, "数据更新后这条疑点不再成立，已撤下", {"why": r.finding.state_reason}) for r in rows],
    )
    return len(rows)


@transaction.atomic
def follow_clocks(clocks: Sequence[Clock]) -> None:
    """Copy the end of clocks that were extended, stopped or moved by the calendar to their reviews (setting CLOCK_FOLLOWERS)."""
    steps = {state.code: state.step for state in STATES.values() if state.step}
    ends = {int(c.subject.removeprefix("review:")): c for c in clocks if c.subject.startswith("review:") and c.state != "ended"}
    keys = sorted(ends)
    for n in range(0, len(keys), _CHUNK):
        rows = Review.objects.select_for_update().filter(pk__in=keys[n : n + _CHUNK], state__in=OPEN).order_by("pk")
        moved = [row for row in rows if steps[row.state] == ends[row.pk].key]
        for row in moved:
            row.due_at = ends[row.pk].due_at
        Review.objects.bulk_update(moved, ["due_at"], batch_size=200)
