"""反馈: the signed list goes out, and what was decided becomes postings, once. From here nothing is taken back, only countered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.services import settle_findings
from hengjian.apps.journal.services import Act, record_many
from hengjian.apps.recovery.services import Draft, post_all
from hengjian.apps.registry.models import Person
from hengjian.apps.review import policies
from hengjian.apps.review.deadlines import end_steps, step_on
from hengjian.apps.review.evidence import fund_parts
from hengjian.apps.review.models import OUTCOMES, Review
from hengjian.apps.review.services.turn import Stale, day_of
from hengjian.apps.review.states import CLOSED, DECIDED, VERBS
from hengjian.kernel.errors import InputError

_CHUNK = 500


@dataclass(frozen=True)
class Sent:
    """What a feedback did: reviews closed, postings made, their money, and decisions for which nothing was left to take."""

    reviews: int
    postings: int
    amount: Decimal
    nothing_left: int


@transaction.atomic
def send_feedback(*, reviews: Sequence[Review], by: User, at: datetime) -> Sent:
    """Send the decisions to their institutions and post the money. All or nothing; a decision that somebody took back stops the whole."""
    rows = _held([r.pk for r in reviews])
    if not rows:
        raise InputError("没有选中任何一条", cure="先勾选要反馈的决定")
    day = day_of(at)
    for row in rows:
        policies.check_can("send_feedback", by, row, day)
    gone = Counter(row.get_state_display() for row in rows if row.state != DECIDED)
    if gone:
        listed = "、".join(f"{n} 条{name}" for name, n in gone.items())
        raise Stale("其中有的已不是待反馈", why=listed, cure="刷新页面，重新选择")
    money = [row for row in rows if row.gives_money]
    postings = post_all(drafts=_drafts(money, step_on("feedback", day).money), by=by, at=at) if money else []
    end_steps(rows, by=by, at=at)
    for row in rows:
        row.state, row.version, row.changed_at, row.due_at = CLOSED, row.version + 1, at, None
    Review.objects.bulk_update(rows, ["state", "version", "changed_at", "due_at"], batch_size=200)
    event, titles = VERBS["send_feedback"].event, dict(OUTCOMES)
    record_many(
        by=by,
        at=at,
        acts=[
            Act(
                event,
                row.subject,
                f"反馈机构：{titles[row.outcome]}" + (f" {row.amount} 元" if row.gives_money else ""),
                {"outcome": row.outcome, "amount": f"{row.amount}"},
            )
            for row in rows
        ],
    )
    settle_findings(
        findings=[row.finding for row in rows],
        reasons={row.finding.pk: titles[row.outcome] for row in rows},
        upheld={row.finding.pk: row.outcome != "none" for row in rows},
        by=by,
        at=at,
    )
    made = [p for p in postings if p is not None]
    return Sent(len(rows), len(made), sum((p.amount for p in made), Decimal(0)), len(postings) - len(made))


def _held(wanted: Sequence[int]) -> list[Review]:
    keys = sorted(set(wanted))
    return [
        row
        for n in range(0, len(keys), _CHUNK)
        for row in Review.objects.select_for_update(of=("self",))
        .select_related("finding")
        .filter(pk__in=keys[n : n + _CHUNK])
        .order_by("pk")
    ]


def _drafts(rows: Sequence[Review], kind: str) -> list[Draft]:
    """What to post. The fund's part of each fee line is read from the lake the finding was made on."""
    parts = fund_parts([row.finding for row in rows])
    numbers = sorted({row.finding.psn_no for row in rows if row.finding.psn_no})
    insurance: dict[str, str] = {}
    for n in range(0, len(numbers), _CHUNK):
        insurance |= dict(Person.objects.filter(psn_no__in=numbers[n : n + _CHUNK]).values_list("psn_no", "insurance"))
    return [
        Draft(
            subject=row.subject,
            finding_id=row.finding.finding_id,
            kind=kind,
            amount=row.amount,
            institution_code=row.institution_code,
            region_code=row.region_code,
            law=row.finding.law,
            lines=tuple(parts[row.finding_id]),
            insurance=insurance.get(row.finding.psn_no, ""),
        )
        for row in rows
    ]
