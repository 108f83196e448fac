"""初审: what the first reviewer proposes, and how it is taken back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.clues.models import Finding
from hengjian.apps.review import policies
from hengjian.apps.review.deadlines import step_on
from hengjian.apps.review.evidence import fund_parts
from hengjian.apps.review.models import BASES, GIVES_MONEY, OUTCOMES, Review, Verdict
from hengjian.apps.review.services.turn import ZERO, day_of, hold, move, need_text, standing, void
from hengjian.apps.review.states import ANSWER, FIRST, SECOND
from hengjian.kernel.errors import InputError

COLUMN_OF = {"total": "amount_total", "inscope": "amount_inscope", "fund": "amount_fund"}


def base_amount(finding: Finding, basis: str) -> Decimal:
    """The finding's money by one of the three named sums."""
    if basis not in COLUMN_OF:
        raise InputError("没有选金额口径", cure="在整行、范围内、基金支付中选一个")
    amount: Decimal = getattr(finding, COLUMN_OF[basis])
    return amount


def checked_amount(finding: Finding, outcome: str, basis: str, amount: Decimal | None) -> Decimal:
    """The money of an outcome: the whole base for a deduction, less than it for a part, none otherwise. Raises InputError."""
    if outcome not in dict(OUTCOMES):
        raise InputError("没有选处理意见", cure="在五种处理意见中选一种")
    base = base_amount(finding, basis)
    if outcome not in GIVES_MONEY:
        return ZERO
    name = dict(BASES)[basis]
    if finding.amount_fund <= 0 or base <= 0:
        raise InputError("这一条没有可扣的钱", why="医保基金没有为它付钱", cure="选不扣、转检查或转立案")
    if outcome == "deduct":
        if amount is not None and amount != base:
            raise InputError("金额改过，请选“部分扣减”", why=f"扣减按{name} {base} 元", cure="要少扣，选部分扣减并写明原因")
        return base
    if amount is None or not amount.is_finite() or amount <= 0:
        raise InputError("部分扣减要写金额", cure=f"写大于零、小于 {base} 元的金额")
    if amount != amount.quantize(Decimal("0.01")):
        raise InputError("金额最多两位小数", cure="改为元、角、分")
    if amount >= base:
        raise InputError(f"部分扣减须小于{name} {base} 元", why=f"填的是 {amount} 元", cure="改金额，或选扣减")
    return amount.quantize(Decimal("0.01"))


@transaction.atomic
def propose(
    *,
    review: Review,
    version: int,
    outcome: str,
    reason: str,
    by: User,
    at: datetime,
    basis: str = "fund",
    amount: Decimal | None = None,
    worth: str = "",
) -> Review:
    """初审. A deduction goes to the institution, which is heard first; everything else goes to 复核."""
    day = day_of(at)

    def mine(row: Review) -> None:
        policies.check_owner(by, row)
        policies.check_step(by, step_on("first", day), row, day)

    row = hold(review, "propose", by=by, at=at, version=version, also=mine)
    finding = row.finding
    if finding.state != "in_hand":
        raise InputError(f"这条疑点{finding.get_state_display()}，不用再审", why=finding.state_reason, cure="取下一条")
    money = checked_amount(finding, outcome, basis, amount)
    reason = need_text(reason, "理由")
    if outcome in GIVES_MONEY:
        if not row.institution_code:
            raise InputError("这条疑点不属于一家机构，不能扣减", cure="选转检查或转立案")
        if not fund_parts([finding])[finding.pk]:
            raise InputError("找不到这条疑点的费用明细，不能扣减", why="扣减要落到费用明细上", cure="选转检查或转立案")
    verb, to = ("propose", ANSWER) if outcome in GIVES_MONEY else ("pass_on", SECOND)
    Verdict.objects.create(
        review=row,
        step="first",
        outcome=outcome,
        basis=basis,
        amount=money,
        reason=reason,
        law=finding.law,
        worth=worth,
        by=by,
        at=at,
    )
    row.first_by, row.outcome, row.amount = by, outcome, money
    if to == ANSWER:
        row.sent_at, row.seen_at = at, None
    title = dict(OUTCOMES)[outcome]
    said = f"初审：{title} {money} 元，送机构答复" if to == ANSWER else f"初审：{title}，送复核"
    return move(row, verb, to, said, by=by, at=at, outcome=outcome, basis=basis, amount=f"{money}", reason=reason)


@transaction.atomic
def undo_proposal(*, review: Review, version: int | None, by: User, at: datetime) -> Review:
    """The first reviewer takes the own proposal back, until the institution has seen or answered it."""

    def own(row: Review) -> None:
        if row.state in (ANSWER, SECOND) and row.first_by_id != by.pk:
            raise NotAllowed("只有提出的人可以收回", why=f"初审人是{row.first_by}", cure="请初审人收回，或在复核时退回")

    row = hold(review, "undo_proposal", by=by, at=at, version=version, also=own)
    if row.state == ANSWER and row.seen_at is not None:
        raise InputError("机构已经看到，不能收回", why="看到以后的更改要让机构知道", cure="等机构答复后，由复核退回初审")
    if row.answers.filter(round=row.round, undone_at__isnull=True).exists():
        raise InputError("机构已经答复，不能收回", cure="由复核退回初审")
    before = standing(row, "first")
    void(row, "first", by=by, at=at)
    row.first_by, row.outcome, row.amount = None, "", ZERO
    if row.round == 1:
        row.sent_at = None  # as if it had never been sent
    what = dict(OUTCOMES)[before.outcome] if before else ""
    return move(row, "undo_proposal", FIRST, f"收回初审（{what}）", by=by, at=at, resume=True)
