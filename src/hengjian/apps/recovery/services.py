"""Postings and their undoing: the only writers of the four ledgers.

Whoever posts has decided, and has checked the right to decide; settling and undoing are checked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import Act, record, record_many
from hengjian.apps.recovery.lines import FundPart, allot, hold_lines
from hengjian.apps.recovery.models import FundLine, PostedLine, Posting
from hengjian.kernel.errors import InputError

DESTINATION = {"deduct": "settlement", "recover": "fund", "refund": "fund", "fine": "treasury"}
"""Where each kind of money goes."""
_CHUNK = 500


@dataclass(frozen=True)
class Draft:
    """An amount a decision wants to move, and the fee lines it may be taken from. `subject` names the decision; it is posted once."""

    subject: str
    finding_id: str
    kind: str
    amount: Decimal
    institution_code: str
    region_code: str
    law: str
    lines: tuple[FundPart, ...]
    insurance: str = ""


def post(*, draft: Draft, by: User, at: datetime) -> Posting | None:
    """Post one decision: see `post_all`."""
    return post_all(drafts=[draft], by=by, at=at)[0]


@transaction.atomic
def post_all(*, drafts: Sequence[Draft], by: User, at: datetime) -> list[Posting | None]:
    """Post decisions in their order. From each fee line no more is taken than the fund paid less what was taken before.

    The answer stands at the place of its draft: a posting of what could be taken, or None where nothing was left.
    Refused where a decision was posted already.
    """
    _refuse_posted([d.subject for d in drafts])
    held = hold_lines(p for d in drafts for p in d.lines)
    answers: list[Posting | None] = []
    rows: list[Posting] = []
    taken: list[dict[FundLine, Decimal]] = []
    for draft in drafts:
        if draft.amount <= 0:
            raise InputError("入账金额须大于零", where=draft.subject, cure="不扣的决定不入账")
        parts = allot(draft.amount, [held[p.key] for p in draft.lines])
        amount = sum(parts.values(), Decimal(0))
        if not amount:
            answers.append(None)
            continue
        posting = Posting(
            kind=draft.kind,
            destination=DESTINATION[draft.kind],
            amount=amount,
            institution_code=draft.institution_code,
            region_code=draft.region_code,
            insurance=draft.insurance,
            subject=draft.subject,
            finding_id=draft.finding_id,
            law=draft.law[:200],
            posted_by=by,
            posted_at=at,
        )
        answers.append(posting)
        rows.append(posting)
        taken.append(parts)
    Posting.objects.bulk_create(rows, batch_size=_CHUNK)
    PostedLine.objects.bulk_create(
        [
            PostedLine(posting=posting, line=line, amount=amount)
            for posting, parts in zip(rows, taken, strict=True)
            for line, amount in parts.items()
        ],
        batch_size=_CHUNK,
    )
    touched = list({line.pk: line for parts in taken for line in parts}.values())
    FundLine.objects.bulk_update(touched, ["taken"], batch_size=200)
    record_many(
        by=by,
        at=at,
        acts=[_posted(draft, posting) for draft, posting in zip(drafts, answers, strict=True)],
    )
    return answers


def _refuse_posted(subjects: Sequence[str]) -> None:
    double = len(set(subjects)) < len(subjects) or any(
        Posting.objects.filter(subject__in=subjects[n : n + _CHUNK]).exists() for n in range(0, len(subjects), _CHUNK)
    )
    if double:
        raise InputError("这个决定已经入账", why="同一个决定只入账一次", cure="刷新页面，在台账里查看")


def _posted(draft: Draft, posting: Posting | None) -> Act:
    if posting is None:
        return Act("posting.nothing_left", draft.subject, f"没有入账：相关明细的基金支付已全部扣回（应 {draft.amount} 元）")
    less = "" if posting.amount == draft.amount else f"，决定 {draft.amount} 元，其余已在别处扣回或不是基金支付"
    return Act(
        "posting.made",
        draft.subject,
        f"{posting.get_kind_display()} {posting.amount} 元入账{less}",
        {"posting": posting.pk, "kind": posting.kind, "amount": f"{posting.amount}", "wanted": f"{draft.amount}"},
    )


@transaction.atomic
def counter_post(*, posting: Posting, reason: str, by: User, at: datetime) -> Posting:
    """Undo a posting by its counter-posting; its fee lines are free again. Both stay in the ledger."""
    row = Posting.objects.select_for_update().get(pk=posting.pk)
    policies.check(by, "review.feedback", timezone.localdate(at), row.region_code)
    if not reason.strip():
        raise InputError("冲销要写理由", cure="写明哪里错了")
    if row.counters_id is not None:
        raise InputError("冲销本身不能再冲销", cure="重新作出决定")
    if Posting.objects.filter(counters=row).exists():
        raise InputError("这一笔已经冲销", cure="刷新页面")
    lines = list(row.lines.select_related("line").order_by("line__mdtrt_id", "line__feedetl_sn"))
    held = {
        line.pk: line
        for line in FundLine.objects.select_for_update()
        .filter(pk__in=[p.line_id for p in lines])
        .order_by("mdtrt_id", "feedetl_sn")
    }
    counter = Posting.objects.create(
        kind=row.kind,
        destination=row.destination,
        amount=-row.amount,
        institution_code=row.institution_code,
        region_code=row.region_code,
        insurance=row.insurance,
        subject=f"counter:{row.pk}",
        finding_id=row.finding_id,
        law=row.law,
        counters=row,
        posted_by=by,
        posted_at=at,
    )
    PostedLine.objects.bulk_create([PostedLine(posting=counter, line_id=p.line_id, amount=-p.amount) for p in lines])
    for part in lines:
        held[part.line_id].taken -= part.amount
    FundLine.objects.bulk_update(held.values(), ["taken"], batch_size=200)
    record(
        by=by,
        at=at,
        event="posting.countered",
        subject=row.subject,
        summary=f"冲销{row.get_kind_display()} {row.amount} 元：{reason}",
        posting=row.pk,
        counter=counter.pk,
    )
    return counter


@transaction.atomic
def settle(*, postings: Sequence[Posting], note: str, by: User, at: datetime) -> list[Posting]:
    """The cashier notes that the money of these postings arrived or was withheld, with its voucher."""
    if not note.strip():
        raise InputError("登记到账要写凭证号", cure="填结算单号或银行回单号")
    if not postings:
        raise InputError("没有选中任何一笔", cure="先勾选要登记的几笔")
    rows = list(Posting.objects.select_for_update().filter(pk__in=[p.pk for p in postings]).order_by("pk"))
    undone = set(Posting.objects.filter(counters__in=rows).values_list("counters_id", flat=True))
    for row in rows:
        policies.check(by, "recovery.settle", timezone.localdate(at), row.region_code)
        if row.settled_at is not None:
            raise InputError(f"其中一笔（{row.amount} 元）已登记到账", why=f"凭证 {row.settled_note}", cure="刷新页面再选")
        if row.pk in undone or row.counters_id is not None:
            raise InputError(f"其中一笔（{row.amount} 元）已冲销", why="冲销的不用登记到账", cure="去掉这一笔")
        policies.check_not_same(by, row.posted_by_id, "作出")
        row.settled_by, row.settled_at, row.settled_note = by, at, note.strip()[:120]
    Posting.objects.bulk_update(rows, ["settled_by", "settled_at", "settled_note"], batch_size=200)
    record_many(
        by=by,
        at=at,
        acts=[
            Act(
                "posting.settled",
                row.subject,
                f"{row.get_kind_display()} {row.amount} 元到账，凭证 {row.settled_note}",
                {"posting": row.pk, "amount": f"{row.amount}"},
            )
            for row in rows
        ],
    )
    return rows
