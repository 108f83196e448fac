"""A batch is taken back: what nobody has gone on with returns to its step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import record
from hengjian.apps.review.models import Batch, Review, Verdict
from hengjian.apps.review.services.batch_job import PIECE, move_many
from hengjian.apps.review.services.batches import held_batch
from hengjian.apps.review.services.turn import Stale
from hengjian.apps.review.states import ANSWER, DECIDED, FIRST, SECOND
from hengjian.kernel.errors import InputError


def undo_batch(*, batch: Batch, by: User, at: datetime) -> dict[str, int]:
    """Take a batch back: what nobody has gone on with returns to its step. Counts of returned and left."""
    with transaction.atomic():
        row = held_batch(batch, by)
        if row.state != "done":
            raise Stale(f"这一批{row.get_state_display()}，不能收回", cure="刷新页面")
    keys = list(Verdict.objects.filter(batch=row, undone_at__isnull=True).order_by("review").values_list("review", flat=True))
    returned = 0
    for start in range(0, len(keys), PIECE):
        with transaction.atomic():
            returned += _undo_piece(row, keys[start : start + PIECE], by, at)
    with transaction.atomic():
        row = held_batch(batch, by)
        if not returned and keys:
            raise InputError("已经不能收回", why="机构已看到或已答复，或反馈已发出", cure="逐条在复核中处理")
        row.state = "undone"
        row.save(update_fields=["state"])
        counts = {"returned": returned, "left": len(keys) - returned}
        left = f"，{counts['left']} 条已有下一步，没有收回" if counts["left"] else ""
        record(by=by, at=at, event="batch.undone", subject=row.subject, summary=f"收回批量 {returned} 条{left}", counts=counts)
    return counts


def _undo_piece(batch: Batch, keys: Sequence[int], by: User, at: datetime) -> int:
    rows = Review.objects.select_for_update(of=("self",)).select_related("finding").filter(pk__in=keys).order_by("pk")
    if batch.step == "second":
        held = list(rows.filter(state=DECIDED, second_by=by))
    else:
        answered = Review.objects.filter(answers__round=F("round"), answers__undone_at__isnull=True).values("pk")
        unheard = rows.filter(first_by=by, state__in=(ANSWER, SECOND)).exclude(pk__in=answered)
        held = [r for r in unheard if r.state == SECOND or r.seen_at is None]
    if held:
        pks = [r.pk for r in held]
        Verdict.objects.filter(review__in=pks, batch=batch, undone_at__isnull=True).update(undone_at=at, undone_by=by)
        verb, to = ("take_back", SECOND) if batch.step == "second" else ("undo_proposal", FIRST)
        said = dict.fromkeys(pks, f"收回（{batch}）")
        for some, changes in _decisions(held) if batch.step == "second" else _proposals(held):
            move_many(some, verb, to, said, changes, by=by, at=at, detail={"batch": batch.pk}, resume=True)
    return len(held)


def _decisions(rows: Sequence[Review]) -> list[tuple[list[Review], dict[str, Any]]]:
    """Rows by what the first reviewer proposed, which stands again."""
    first = Verdict.objects.filter(step="first", undone_at__isnull=True)
    proposed = dict(first.filter(review__in=rows).order_by("pk").values_list("review_id", "outcome"))
    amount = Subquery(first.filter(review=OuterRef("pk")).order_by("-pk").values("amount")[:1])
    return [
        ([r for r in rows if proposed[r.pk] == outcome], {"second_by": None, "outcome": outcome, "amount": amount})
        for outcome in sorted(set(proposed.values()))
    ]


def _proposals(rows: Sequence[Review]) -> list[tuple[list[Review], dict[str, Any]]]:
    """Rows by state, and by whether they had been sent in an earlier round."""
    nothing: dict[str, Any] = {"first_by": None, "outcome": "", "amount": Decimal(0)}
    parts = []
    for state in (ANSWER, SECOND):
        some = [r for r in rows if r.state == state]
        parts += [([r for r in some if r.round == 1], nothing | {"sent_at": None}), ([r for r in some if r.round > 1], nothing)]
    return [part for part in parts if part[0]]
