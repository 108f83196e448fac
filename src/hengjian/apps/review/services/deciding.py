"""复核: a second person decides; returns it; takes the decision back until the feedback is sent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import NotAllowed, check_certificate
from hengjian.apps.review import policies
from hengjian.apps.review.deadlines import step_on
from hengjian.apps.review.models import GIVES_MONEY, OUTCOMES, Review, Verdict
from hengjian.apps.review.services.proposing import checked_amount
from hengjian.apps.review.services.turn import ZERO, day_of, hold, move, need_text, standing, void
from hengjian.apps.review.states import DECIDED, FIRST, SECOND
from hengjian.kernel.errors import InputError


def was_heard(row: Review) -> bool:
    """Whether the institution answered what now stands, or let its limit pass."""
    return row.answers.filter(round=row.round, undone_at__isnull=True).exists()


def check_decision(row: Review, outcome: str, money: Decimal, by: User, day: date) -> None:
    """Everything a decision must keep besides the form: heard, not above what was told, authority, certificate. Raises."""
    if outcome in GIVES_MONEY:
        if row.outcome not in GIVES_MONEY or not was_heard(row):
            raise InputError("机构还没有答复，不能扣减", why="扣减之前先听机构的话", cure="退回初审，由初审送机构答复")
        if money > row.amount:
            raise InputError(
                f"不能高于告知机构的 {row.amount} 元", why="机构只就告知的金额答复过", cure="按告知的金额，或退回初审重新告知"
            )
    policies.check_authority(by, step_on("second", day), row, max(money, row.amount, row.finding.amount_fund), day)
    if outcome == "case":
        check_certificate(by, day)


@transaction.atomic
def decide(
    *,
    review: Review,
    version: int,
    outcome: str,
    reason: str,
    by: User,
    at: datetime,
    basis: str = "fund",
    amount: Decimal | None = None,
) -> Review:
    """复核: the decision of a second person. Money is moved only by the feedback that follows."""
    day = day_of(at)
    row = hold(
        review,
        "decide",
        by=by,
        at=at,
        version=version,
        also=lambda r: policies.check_other_hand(by, r) if r.state == SECOND else None,
    )
    if outcome == "deduct" and amount is not None and amount == row.amount and row.outcome == "part":
        outcome = "part"  # the whole of what was proposed is still a part of the base
    money = checked_amount(row.finding, outcome, basis, amount)
    check_decision(row, outcome, money, by, day)
    reason = need_text(reason, "理由")
    Verdict.objects.create(
        review=row, step="second", outcome=outcome, basis=basis, amount=money, reason=reason, law=row.finding.law, by=by, at=at
    )
    proposed = row.outcome
    row.second_by, row.outcome, row.amount = by, outcome, money
    title = dict(OUTCOMES)[outcome]
    said = f"复核决定：{title}" + (f" {money} 元" if money else "")
    return move(
        row,
        "decide",
        DECIDED,
        said,
        by=by,
        at=at,
        outcome=outcome,
        basis=basis,
        amount=f"{money}",
        reason=reason,
        proposed=proposed,
    )


@transaction.atomic
def return_to_first(*, review: Review, version: int, reason: str, by: User, at: datetime) -> Review:
    """The second reviewer gives it back with a reason: a new round, in which the institution is heard anew where money is proposed."""
    row = hold(review, "return_to_first", by=by, at=at, version=version, also=lambda r: policies.check_other_hand(by, r))
    reason = need_text(reason, "退回的理由")
    void(row, "first", by=by, at=at)
    row.first_by, row.outcome, row.amount = None, "", ZERO
    row.round += 1
    row.seen_at = None
    return move(row, "return_to_first", FIRST, f"退回初审：{reason}", by=by, at=at, reason=reason, round=row.round)


@transaction.atomic
def take_back(*, review: Review, version: int | None, by: User, at: datetime) -> Review:
    """Whoever decided takes the decision back, until the feedback is sent."""

    def own(row: Review) -> None:
        if row.state == DECIDED and row.second_by_id != by.pk:
            raise NotAllowed("只有作出决定的人可以收回", why=f"复核人是{row.second_by}", cure="请复核人收回")

    row = hold(review, "take_back", by=by, at=at, version=version, also=own)
    void(row, "second", by=by, at=at)
    before = standing(row, "first")
    assert before is not None  # nothing is decided that nobody proposed
    row.second_by, row.outcome, row.amount = None, before.outcome, before.amount
    return move(row, "take_back", SECOND, "收回复核决定", by=by, at=at, resume=True)
