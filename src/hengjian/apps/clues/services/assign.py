"""Clues go to people: given, taken, given to another, given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.clues import policies
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.services.clocks import start_verification
from hengjian.apps.clues.states import CLOSED, IN_HAND, NEW, clue_event
from hengjian.apps.journal.services import Act, record, record_many
from hengjian.kernel.errors import InputError

MOST = 500
"""Clues handed out at once."""


@transaction.atomic
def assign_clues(*, clue_ids: Sequence[int], to: User, by: User, at: datetime, version: int | None = None) -> list[Clue]:
    """Give clues to a person, from the pool or from another. All or none; `version` refuses one that was changed meanwhile."""
    if not clue_ids or len(clue_ids) > MOST:
        raise InputError("没有选中线索" if not clue_ids else f"一次最多分派 {MOST} 条", cure="在列表里勾选后再分派")
    clues = list(Clue.objects.select_for_update(of=("self",)).select_related("institution", "assignee").filter(pk__in=clue_ids))
    if len(clues) != len(set(clue_ids)):
        raise InputError("有的线索找不到", cure="刷新页面，重新选择")
    day = timezone.localdate(at)
    policies.check_can_assign(by, clues, day)
    for clue in clues:
        _check_version(clue, version)
        if clue.state == CLOSED:
            raise InputError(f"{clue.number} 已办结，不能分派", cure="刷新页面，重新选择")
        if clue.assignee_id == to.pk:
            raise InputError(f"{clue.number} 已经在{to.name}手里", cure="刷新页面，重新选择")
    policies.check_may_handle(to, clues, day)
    _hand_over(clues, to, by, at)
    return clues


@transaction.atomic
def take_next(*, by: User, at: datetime) -> Clue | None:
    """The most urgent clue of the pool that the person may handle; None when there is none. Two people never get the same."""
    day = timezone.localdate(at)
    rights.check(by, policies.HANDLES, day)
    clue = waiting_for(by, day).select_for_update(skip_locked=True, of=("self",)).first()
    if clue is None:
        return None
    _hand_over([clue], by, by, at)
    return clue


def waiting_for(user: User, day: date) -> QuerySet[Clue]:
    """The pool as a person may take from it, most urgent first; of equals the one that waits longest."""
    rows = scoped(Clue.objects.filter(state=NEW), user, policies.HANDLES, day)
    if barred := policies.barred_from(user):
        rows = rows.exclude(institution__code__in=barred)
        rows = rows.exclude(Q(grouping="person") & Q(findings__institution_code__in=barred))
    return rows.order_by("-priority", "pk")


@transaction.atomic
def return_clue(*, clue: Clue, version: int, reason: str, by: User, at: datetime) -> Clue:
    """Put a clue back into the pool. Its clock goes on: the law knows no pool."""
    clue = _held(clue, version)
    policies.check_can_return(by, clue, timezone.localdate(at))
    if clue.state != IN_HAND:
        raise InputError(f"{clue.number} 不在办理中，不能退回", why=f"现在是{clue.get_state_display()}", cure="刷新页面")
    if not reason.strip():
        raise InputError("请写退回的原因", cure="写一句为什么")
    former = clue.assignee
    clue.state, clue.assignee, clue.assigned_at, clue.version = NEW, None, None, clue.version + 1
    clue.save(update_fields=["state", "assignee", "assigned_at", "version"])
    record(
        by=by,
        at=at,
        event=clue_event(IN_HAND, NEW),
        subject=clue.subject,
        summary=f"{clue.number} 退回待分派：{reason.strip()}",
        former=f"user:{former.pk}" if former else "",
    )
    return clue


def _hand_over(clues: Sequence[Clue], to: User, by: User, at: datetime) -> None:
    acts = []
    for clue in clues:
        former = clue.assignee if clue.state == IN_HAND else None
        event = clue_event(clue.state, IN_HAND)
        words = f"由{former.name}改派给{to.name}" if former else ("取得" if by.pk == to.pk else f"分派给{to.name}")
        acts.append(Act(event, clue.subject, f"{clue.number} {words}", {"to": f"user:{to.pk}"}))
        clue.state, clue.assignee, clue.assigned_at, clue.version = IN_HAND, to, at, clue.version + 1
    Clue.objects.filter(pk__in=[c.pk for c in clues]).update(
        state=IN_HAND, assignee=to, assigned_at=at, version=F("version") + 1
    )
    start_verification(clues, timezone.localdate(at), by=by, at=at)
    record_many(by=by, at=at, acts=acts)


def _held(clue: Clue, version: int | None) -> Clue:
    held = Clue.objects.select_for_update(of=("self",)).select_related("institution", "assignee").get(pk=clue.pk)
    _check_version(held, version)
    return held


def _check_version(clue: Clue, version: int | None) -> None:
    if version is not None and clue.version != version:
        raise InputError(f"{clue.number} 刚被别人改过", why="您看到的不是最新的", cure="刷新页面，再做一次")
