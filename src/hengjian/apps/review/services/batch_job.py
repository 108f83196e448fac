"""The job behind a batch: in pieces, each a transaction of its own, so that a killed job has lost nothing and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from hengjian.apps.accounts.models import User
from hengjian.apps.bulk import insert_objects
from hengjian.apps.clues.models import Finding
from hengjian.apps.journal.services import Act, record, record_many
from hengjian.apps.review.deadlines import end_steps, resume_step, start_step
from hengjian.apps.review.models import OUTCOMES, Batch, Review, Verdict
from hengjian.apps.review.services.batches import STATE_OF
from hengjian.apps.review.services.proposing import COLUMN_OF
from hengjian.apps.review.states import ANSWER, DECIDED, SECOND, VERBS
from hengjian.apps.runs.models import Run

PIECE = 1_000


def run_batch(*, batch_id: int, at: Callable[[], datetime]) -> None:
    """Do what is left of a batch. Rows that somebody else moved meanwhile are left alone and counted."""
    batch = Batch.objects.select_related("by", "run").get(pk=batch_id)
    if batch.state not in ("queued", "running") or batch.run is None:
        return
    Batch.objects.filter(pk=batch_id).update(state="running")
    Run.objects.filter(pk=batch.run_id, started_at__isnull=True).update(started_at=at())
    for start in range(0, len(batch.review_ids), PIECE):
        with transaction.atomic():
            _piece(batch, batch.review_ids[start : start + PIECE], at())
            share = min(1000, 1000 * (start + PIECE) // max(1, len(batch.review_ids)))
            step = f"已办 {min(start + PIECE, batch.count):,} / {batch.count:,} 条"
            Run.objects.filter(pk=batch.run_id).update(state="running", beat_at=at(), done_share=share, step=step)
    _finish(batch, at())


@transaction.atomic
def _finish(batch: Batch, at: datetime) -> None:
    held = Batch.objects.select_for_update().get(pk=batch.pk)
    if held.state != "running":
        return
    done = batch.verdicts.count()
    counts = {"done": done, "left": batch.count - done}
    held.state = "done"
    held.save(update_fields=["state"])
    Run.objects.filter(pk=batch.run_id).update(state="done", ended_at=at, beat_at=at, done_share=1000, counts=counts)
    left = f"，{counts['left']} 条情况有变，留在原处" if counts["left"] else ""
    record(by=batch.by, at=at, event="batch.done", subject=batch.subject, summary=f"批量办完 {done} 条{left}", counts=counts)


def _piece(batch: Batch, keys: Sequence[int], at: datetime) -> None:
    """One piece. Whatever no longer is as it was stated is passed over."""
    rows = list(
        Review.objects.select_for_update(of=("self",))
        .select_related("finding")
        .filter(
            pk__in=keys, state=STATE_OF[batch.step], finding__state="in_hand", finding__rule_fingerprint=batch.rule_fingerprint
        )
        .order_by("pk")
    )
    if batch.step == "first":
        rows = [r for r in rows if r.owner_id in (None, batch.by_id)]
        _propose_all(batch, rows, at)
    else:
        rows = [r for r in rows if r.first_by_id != batch.by_id and (batch.outcome == "none" or r.gives_money)]
        if batch.outcome == "deduct":
            heard = Review.objects.filter(pk__in=[r.pk for r in rows], answers__undone_at__isnull=True)
            appealed = set(heard.filter(answers__kind="appeal", answers__round=F("round")).values_list("pk", flat=True))
            answered = set(heard.filter(answers__round=F("round")).values_list("pk", flat=True))
            rows = [r for r in rows if r.pk in answered and r.pk not in appealed]
        _decide_all(batch, rows, at)


def _propose_all(batch: Batch, rows: Sequence[Review], at: datetime) -> None:
    column = COLUMN_OF[batch.basis]
    takes = batch.outcome == "deduct"
    if takes:
        rows = [r for r in rows if r.finding.amount_fund > 0 and getattr(r.finding, column) > 0 and r.institution_code]
    if not rows:
        return
    money = {r.pk: getattr(r.finding, column) if takes else Decimal(0) for r in rows}
    _verdicts(batch, rows, lambda r: (batch.outcome, batch.basis, money[r.pk]), at)
    changes: dict[str, Any] = {"first_by": batch.by, "outcome": batch.outcome, "amount": Decimal(0)}
    if takes:
        amount = Subquery(Finding.objects.filter(review__pk=OuterRef("pk")).values(column)[:1])
        changes |= {"amount": amount, "sent_at": at, "seen_at": None}
    verb, to, after = ("propose", ANSWER, "送机构答复") if takes else ("pass_on", SECOND, "送复核")
    title = dict(OUTCOMES)[batch.outcome]
    said = {r.pk: f"初审：{title}{f' {money[r.pk]} 元' if takes else ''}，{after}（{batch}）" for r in rows}
    move_many(rows, verb, to, said, changes, by=batch.by, at=at, detail={"batch": batch.pk, "outcome": batch.outcome})


def _decide_all(batch: Batch, rows: Sequence[Review], at: datetime) -> None:
    if not rows:
        return
    takes = batch.outcome == "deduct"
    bases = dict(
        Verdict.objects.filter(review__in=rows, step="first", undone_at__isnull=True)
        .order_by("pk")
        .values_list("review_id", "basis")
    )
    _verdicts(batch, rows, lambda r: (r.outcome, bases[r.pk], r.amount) if takes else ("none", bases[r.pk], Decimal(0)), at)
    changes: dict[str, Any] = (
        {"second_by": batch.by} if takes else {"second_by": batch.by, "outcome": "none", "amount": Decimal(0)}
    )
    titles = dict(OUTCOMES)
    said = {r.pk: f"复核决定：{f'{titles[r.outcome]} {r.amount} 元' if takes else titles['none']}（{batch}）" for r in rows}
    move_many(rows, "decide", DECIDED, said, changes, by=batch.by, at=at, detail={"batch": batch.pk, "outcome": batch.outcome})


def _verdicts(batch: Batch, rows: Sequence[Review], of: Callable[[Review], tuple[str, str, Decimal]], at: datetime) -> None:
    made = []
    for row in rows:
        outcome, basis, amount = of(row)
        made.append(
            Verdict(
                review=row, step=batch.step, outcome=outcome, basis=basis, amount=amount, reason=batch.reason,
                law=row.finding.law, by=batch.by, at=at, batch=batch,
            )
        )  # fmt: skip
    insert_objects(made)


def move_many(
    rows: Sequence[Review],
    verb: str,
    to: str,
    said: dict[int, str],
    changes: dict[str, Any],
    *,
    by: User,
    at: datetime,
    detail: dict[str, Any],
    resume: bool = False,
) -> None:
    """Move held reviews of one state at once: clocks, rows and entries, each in a few statements."""
    end_steps(rows, by=by, at=at)
    for row in rows:
        row.state = to
    (resume_step if resume else start_step)(rows, by=by, at=at)
    by_due: dict[datetime | None, list[int]] = {}
    for row in rows:
        by_due.setdefault(row.due_at, []).append(row.pk)
    for due_at, keys in by_due.items():
        Review.objects.filter(pk__in=keys).update(state=to, version=F("version") + 1, changed_at=at, due_at=due_at, **changes)
    event = VERBS[verb].event
    record_many(by=by, at=at, acts=[Act(event, r.subject, said[r.pk], detail | {"version": r.version + 1}) for r in rows])
