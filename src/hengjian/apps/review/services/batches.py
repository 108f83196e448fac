"""Many certain findings of one rule version at once: stated, sampled, looked at; then a job does them, and one person may take them back."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.clues.policies import barred_from
from hengjian.apps.journal.services import record
from hengjian.apps.review import policies
from hengjian.apps.review.deadlines import ACT_OF_STEP, step_on
from hengjian.apps.review.models import BASES, OUTCOMES, Batch, Review, Step
from hengjian.apps.review.services.proposing import checked_amount
from hengjian.apps.review.services.turn import Stale, day_of, need_text
from hengjian.apps.review.states import FIRST, SECOND
from hengjian.apps.runs.models import Run
from hengjian.kernel.errors import InputError

LEAST, MOST, SHARE = 3, 20, Decimal("0.02")
"""The sample: two in a hundred, three at least, twenty at most."""
BATCHED = ("deduct", "none")
SILENT_AFTER = timedelta(minutes=2)
"""A job that has shown no progress for so long may be started again: it goes on where it stopped."""
STATE_OF = {"first": FIRST, "second": SECOND}
_CHUNK = 1_000


def sample_size(count: int) -> int:
    """How many of a batch must be opened."""
    return min(count, max(LEAST, min(MOST, math.ceil(count * SHARE))))


def draw_sample(batch_id: int, review_ids: Sequence[int]) -> list[int]:
    """The sample of a batch: anybody who knows its number and its rows draws the same."""
    return sorted(random.Random(f"batch:{batch_id}").sample(sorted(review_ids), sample_size(len(review_ids))))


@transaction.atomic
def draw_batch(
    *,
    step: str,
    review_ids: Sequence[int],
    outcome: str,
    reason: str,
    by: User,
    at: datetime,
    basis: str = "fund",
    left_out: Sequence[int] = (),
) -> Batch:
    """State what is to be decided at once, and draw the sample. `left_out` were taken out by hand and stay in the queue."""
    day = day_of(at)
    if step not in STATE_OF:
        raise InputError("没有这个环节", cure="从审核或复核工作台进入批量")
    rights.check(by, ACT_OF_STEP[step], day)
    if outcome not in BATCHED:
        raise InputError("批量只能扣减或不扣", why="其他处理要一条一条看", cure="逐条办理")
    if basis not in dict(BASES):
        raise InputError("没有选金额口径", cure="选一个口径")
    reason = need_text(reason, "共同理由")
    keys = sorted(set(review_ids) - set(left_out))
    rows = [
        r
        for n in range(0, len(keys), _CHUNK)
        for r in Review.objects.select_related("finding").filter(pk__in=keys[n : n + _CHUNK])
    ]
    if len(rows) < 2:
        raise InputError("批量至少两条", cure="一条的逐条办理")
    barred = barred_from(by)
    if any(r.institution_code in barred for r in rows):
        raise rights.NotAllowed("其中有您应当回避的机构", why="登记了回避，或是您所在的单位", cure="请同事办理")
    setting, appealed = step_on(step, day), _appealed(keys) if step == "second" else set()
    total = sum((_fit(row, setting, outcome, basis, appealed, by, day) for row in rows), Decimal(0))
    if len({(r.finding.rule_id, r.finding.rule_fingerprint) for r in rows}) > 1:
        raise InputError("不是同一条规则的同一个版本", why="规则改过，前后的判断不能一起定", cure="按规则和版本分开办理")
    codes = {r.institution_code for r in rows}
    finding = rows[0].finding
    batch = Batch.objects.create(
        step=step,
        rule_id=finding.rule_id,
        rule_fingerprint=finding.rule_fingerprint,
        institution_code=codes.pop() if len(codes) == 1 else "",
        outcome=outcome,
        basis=basis,
        reason=reason,
        count=len(rows),
        amount=total,
        review_ids=sorted(r.pk for r in rows),
        left_out=sorted(set(left_out)),
        sample=[],
        by=by,
        at=at,
    )
    batch.sample = draw_sample(batch.pk, batch.review_ids)
    batch.save(update_fields=["sample"])
    _note(batch, "batch.drawn", f"拟批量{_title(batch)} {len(rows)} 条，{total} 元，抽看 {len(batch.sample)} 条", by, at)
    return batch


def _appealed(keys: Sequence[int]) -> set[int]:
    """Reviews with an appeal that stands in their present round."""
    rows = Review.objects.filter(answers__kind="appeal", answers__undone_at__isnull=True, answers__round=F("round"))
    return {
        pk for n in range(0, len(keys), _CHUNK) for pk in rows.filter(pk__in=keys[n : n + _CHUNK]).values_list("pk", flat=True)
    }


def _fit(row: Review, step: Step, outcome: str, basis: str, appealed: set[int], by: User, day: date) -> Decimal:
    """The money of one row in a batch. Raises where it does not belong there."""
    finding = row.finding
    name = finding.finding_id[:12]
    rights.check(by, ACT_OF_STEP[step.code], day, row.region_code)
    if row.state != STATE_OF[step.code] or finding.state != "in_hand":
        raise Stale(f"{name} 已不在这个环节", why=f"现在是{row.get_state_display()}", cure="刷新页面，重新选择")
    if finding.certainty != "certain":
        raise InputError(f"{name} 是可疑，不能批量", why="可疑的逐条人工看", cure="移出这一条")
    if step.code == "first":
        policies.check_owner(by, row)
        policies.check_step(by, step, row, day)
        return checked_amount(finding, outcome, basis, None)
    policies.check_other_hand(by, row)
    if outcome == "deduct" and not row.gives_money:
        raise InputError(f"{name} 初审没有提出扣减", why="机构还没有答复过", cure="移出这一条")
    if outcome == "deduct" and row.pk in appealed:
        raise InputError(f"{name} 机构有申诉，不能批量扣减", why="申诉的逐条听", cure="移出这一条")
    policies.check_authority(by, step, row, max(row.amount, finding.amount_fund), day)
    return row.amount if outcome == "deduct" else Decimal(0)


@transaction.atomic
def open_sample(*, batch: Batch, review: Review, by: User, at: datetime) -> Batch:
    """Somebody looked at a row of the sample."""
    row = held_batch(batch, by)
    if review.pk in row.sample and review.pk not in row.opened and row.state == "drawn":
        row.opened = sorted([*row.opened, review.pk])
        row.save(update_fields=["opened"])
        _note(row, "batch.sample_opened", f"抽看 {review.finding.finding_id[:12]}", by, at, review=review.pk)
    return row


@transaction.atomic
def start_batch(*, batch: Batch, by: User, at: datetime) -> Batch:
    """Free it for the job, once every drawn row was opened; or let a job that was killed go on. The caller queues `tasks.do_batch`."""
    row = held_batch(batch, by)
    rights.check(by, ACT_OF_STEP[row.step], day_of(at))
    if row.state in ("queued", "running"):
        run = row.run
        if run is None or at - (run.beat_at or run.queued_at) < SILENT_AFTER:
            raise Stale("这一批正在办理", cure="等它办完，进度在本页")
    elif row.state != "drawn":
        raise Stale(f"这一批{row.get_state_display()}，不能再提交", cure="刷新页面")
    left = sorted(set(row.sample) - set(row.opened))
    if left:
        raise InputError(f"还有 {len(left)} 条样本没有看", why="看过样本才能一起定", cure="逐条打开样本再提交")
    if row.run is None:
        row.run = Run.objects.create(
            kind="batch", title=f"批量{_title(row)} {row.count} 条", by=by, queued_at=at, settings={"batch": row.pk}
        )
    else:
        Run.objects.filter(pk=row.run_id).update(beat_at=at, state="queued", ended_at=None, failure="")
    row.state = "queued"
    row.save(update_fields=["run", "state"])
    _note(row, "batch.started", f"批量{_title(row)} {row.count} 条，{row.amount} 元：{row.reason}", by, at, run=row.run_id)
    return row


def held_batch(batch: Batch, by: User) -> Batch:
    """The person's own batch, kept from others until the transaction ends."""
    row = Batch.objects.select_for_update(of=("self",)).select_related("run").get(pk=batch.pk)
    if row.by_id != by.pk:
        raise rights.NotAllowed("这一批不是您发起的", why="谁发起，谁看样本、谁负责", cure=f"请{row.by}办理")
    return row


def _title(batch: Batch) -> str:
    return f"{'初审' if batch.step == 'first' else '复核'}{dict(OUTCOMES)[batch.outcome]}"


def _note(batch: Batch, event: str, summary: str, by: User | str, at: datetime, **detail: object) -> None:
    record(by=by, at=at, event=event, subject=batch.subject, summary=summary, **detail)
