"""Clocks of the law: the only writers. Whoever starts, stops, resumes or ends one has checked the right to its subject; extending is checked here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import Act, record, record_many
from hengjian.apps.workdays.calendar import Calendar
from hengjian.apps.workdays.deadlines import Due, Standstill, due
from hengjian.apps.workdays.models import Clock, Extension, Stop
from hengjian.apps.workdays.queries import office_calendar
from hengjian.kernel.errors import InputError


@dataclass(frozen=True)
class Plan:
    """A clock to start: what it is on (`room:key`), which period of the law, from when, how long."""

    subject: str
    key: str
    title: str
    region_code: str
    starts_on: date
    length: int
    unit: str
    article: str


def start_clock(
    *,
    subject: str,
    key: str,
    title: str,
    region_code: str,
    starts_on: date,
    length: int,
    unit: str,
    article: str,
    by: User | str,
    at: datetime,
) -> Clock:
    """Start a period on a subject; day one is the day after `starts_on`. Refused where one of the same key has not ended."""
    return start_clocks(plans=[Plan(subject, key, title, region_code, starts_on, length, unit, article)], by=by, at=at)[0]


@transaction.atomic
def start_clocks(*, plans: Sequence[Plan], by: User | str, at: datetime) -> list[Clock]:
    """Start many periods at once, as a batch needs."""
    for key in {p.key for p in plans}:
        subjects = [p.subject for p in plans if p.key == key]
        taken = set(subjects) if len(set(subjects)) < len(subjects) else _not_ended(key, subjects)
        if taken:
            title = next(p.title for p in plans if p.key == key)
            raise InputError(f"这件事的时限「{title}」已经在计时", why="同一时限不能同时计两次", cure="先结束原来的时限")
    due_of = cache(partial(due, office_calendar()))  # a batch has few periods and many plans
    clocks = []
    for plan in plans:
        if plan.length < 1:
            raise InputError("时限至少一天", where=plan.title, cure="改为一天以上")
        end = due_of(plan.starts_on, plan.length, plan.unit)
        assert end is not None  # nothing stands still yet
        clocks.append(Clock(**vars(plan), due_at=end.at, is_provisional=end.is_provisional))
    clocks = Clock.objects.bulk_create(clocks, batch_size=500)
    record_many(
        by=by,
        at=at,
        acts=[
            _act(c, "started", f"{c.title}起算：{c.length} 个{_unit(c)}，{_until(c)}", starts_on=f"{c.starts_on}")
            for c in clocks
        ],
    )
    return clocks


def _not_ended(key: str, subjects: Sequence[str]) -> bool:
    return any(
        Clock.objects.filter(key=key, subject__in=subjects[n : n + 500]).exclude(state="ended").exists()
        for n in range(0, len(subjects), 500)
    )


@transaction.atomic
def stop_clock(*, clock: Clock, from_on: date, reason: str, by: User | str, at: datetime) -> Clock:
    """Let the clock stand still: `from_on` is the first day that does not count. Refused once the period is over."""
    clock = _held(clock)
    _need_reason(reason, "中止")
    if clock.state != "running":
        raise InputError(f"「{clock.title}」不在计时，不能中止", why=f"现在是{clock.get_state_display()}", cure="刷新页面")
    _not_over(clock, at, "中止")
    if not clock.starts_on < from_on <= timezone.localdate(at):
        raise InputError("中止日须在起算日之后，且不晚于今天", why=f"起算日是 {clock.starts_on}", cure="改中止日")
    if clock.stops.filter(to_on__gt=from_on).exists():
        raise InputError("中止日落在前一次中止里", why="同一天不能扣除两次", cure="从恢复日起算")
    Stop.objects.create(clock=clock, from_on=from_on, reason=reason, by_name=_name(by))
    clock.state, clock.due_at = "stopped", None
    clock.save(update_fields=["state", "due_at"])
    _tell([clock])
    _note(clock, "stopped", f"{clock.title}自 {from_on} 起中止：{reason}", by, at, from_on=f"{from_on}")
    return clock


@transaction.atomic
def resume_clock(*, clock: Clock, to_on: date, by: User | str, at: datetime) -> Clock:
    """Let the clock go on: `to_on` is the first day that counts again, tomorrow at the latest. The due date is counted anew."""
    clock = _held(clock)
    if clock.state != "stopped":
        raise InputError(f"「{clock.title}」没有中止，不用恢复", why=f"现在是{clock.get_state_display()}", cure="刷新页面")
    stop = clock.stops.get(to_on__isnull=True)
    if not stop.from_on <= to_on <= timezone.localdate(at) + timedelta(days=1):
        raise InputError("恢复日不能早于中止日，最晚是明天", why=f"自 {stop.from_on} 起中止", cure="改恢复日")
    stop.to_on = to_on
    stop.save(update_fields=["to_on"])
    clock.state = "running"
    _set_due(clock, _due_of(clock, office_calendar()))
    _tell([clock])
    _note(clock, "resumed", f"{clock.title}自 {to_on} 起恢复，{_until(clock)}", by, at, to_on=f"{to_on}")
    return clock


@transaction.atomic
def extend_clock(*, clock: Clock, days: int, reason: str, requested_by: User, by: User, at: datetime) -> Clock:
    """More days (of the clock's own unit). `by` approves: it holds the act clock.extend in the region and did not ask for it."""
    clock = _held(clock)
    policies.check(by, "clock.extend", timezone.localdate(at), clock.region_code)
    policies.check_not_same(by, requested_by, "申请延长")
    _need_reason(reason, "延长")
    if days < 1:
        raise InputError("至少延长一天", cure="改天数")
    if clock.state == "ended":
        raise InputError(f"「{clock.title}」已经结束，不能延长", cure="刷新页面")
    _not_over(clock, at, "延长")
    Extension.objects.create(
        clock=clock, days=days, reason=reason, requested_by_name=requested_by.name, approver_name=by.name, approved_at=at
    )
    _set_due(clock, _due_of(clock, office_calendar()))
    _tell([clock])
    ends = "恢复后再算截止" if clock.state == "stopped" else _until(clock)
    _note(
        clock,
        "extended",
        f"{clock.title}延长 {days} 个{_unit(clock)}（{requested_by.name}申请），{ends}：{reason}",
        by,
        at,
        days=days,
        requested_by=f"user:{requested_by.pk}",
    )
    return clock


@transaction.atomic
def end_clock(*, clock: Clock, by: User | str, at: datetime) -> Clock:
    """The matter is done: the clock ends, in time or over it."""
    return end_clocks(clocks=[clock], by=by, at=at)[0]


@transaction.atomic
def end_clocks(*, clocks: Iterable[Clock], by: User | str, at: datetime) -> list[Clock]:
    """End many clocks at once, as a batch needs."""
    wanted = [c.pk for c in clocks]
    held = [c for n in range(0, len(wanted), 500) for c in Clock.objects.select_for_update().filter(pk__in=wanted[n : n + 500])]
    acts = []
    for clock in held:
        if clock.state == "ended":
            raise InputError(f"「{clock.title}」已经结束", cure="刷新页面")
        late = clock.due_at is not None and at > clock.due_at
        clock.state, clock.ended_at = "ended", at
        acts.append(_act(clock, "ended", f"{clock.title}结束" + ("，已超期" if late else ""), late=late))
    for n in range(0, len(held), 500):
        Clock.objects.filter(pk__in=[c.pk for c in held[n : n + 500]]).update(state="ended", ended_at=at)
    record_many(by=by, at=at, acts=acts)
    return held


def recount(*, clocks: Iterable[Clock], calendar: Calendar, why: str, by: User | str, at: datetime) -> list[Clock]:
    """Count running clocks anew after the calendar changed; journals and returns those whose due date moved."""
    moved, acts, changed = [], [], []
    for clock in clocks:
        before, end = clock.due_at, _due_of(clock, calendar)
        assert end is not None and before is not None  # a running clock
        if (before, clock.is_provisional) == (end.at, end.is_provisional):
            continue
        clock.due_at, clock.is_provisional = end.at, end.is_provisional
        changed.append(clock)
        if end.at != before:
            moved.append(clock)
            was = timezone.localdate(before)
            acts.append(
                _act(clock, "moved", f"{clock.title}的截止由 {was} 改为 {end.day}：{why}", was=f"{was}", due=f"{end.day}")
            )
    Clock.objects.bulk_update(changed, ["due_at", "is_provisional"], batch_size=200)
    record_many(by=by, at=at, acts=acts)
    _tell(changed)
    return moved


def _tell(clocks: list[Clock]) -> None:
    """Rooms that keep a copy of `due_at` follow, in this transaction: functions of clocks, named in the setting CLOCK_FOLLOWERS."""
    for follower in settings.CLOCK_FOLLOWERS if clocks else ():
        import_string(follower)(clocks)


def _held(clock: Clock) -> Clock:
    """The clock as the database has it, kept from others until the transaction ends."""
    return Clock.objects.select_for_update().get(pk=clock.pk)


def _due_of(clock: Clock, calendar: Calendar) -> Due | None:
    stops = [Standstill(s.from_on, s.to_on) for s in clock.stops.all()]
    length = clock.length + sum(e.days for e in clock.extensions.all())
    return due(calendar, clock.starts_on, length, clock.unit, stops)


def _set_due(clock: Clock, end: Due | None) -> None:
    clock.due_at = end.at if end else None
    clock.is_provisional = end.is_provisional if end else clock.is_provisional
    clock.save(update_fields=["state", "due_at", "is_provisional"])


def _not_over(clock: Clock, at: datetime, what: str) -> None:
    if clock.due_at is not None and at > clock.due_at:
        raise InputError(f"「{clock.title}」已经到期，不能{what}", why=f"{_until(clock)}", cure="按逾期办理")


def _need_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise InputError(f"{what}要写理由", cure="写明依据和事由")


def _unit(clock: Clock) -> str:
    return clock.get_unit_display()


def _until(clock: Clock) -> str:
    assert clock.due_at is not None
    local = timezone.localtime(clock.due_at)
    return f"{local:%Y-%m-%d %H:%M} 截止" + ("（暂定）" if clock.is_provisional else "")


def _name(by: User | str) -> str:
    return by if isinstance(by, str) else by.name


def _act(clock: Clock, event: str, summary: str, **detail: object) -> Act:
    return Act(f"clock.{event}", clock.subject, summary, {"clock": clock.pk, "key": clock.key} | detail)


def _note(clock: Clock, event: str, summary: str, by: User | str, at: datetime, **detail: object) -> None:
    act = _act(clock, event, summary, **detail)
    record(by=by, at=at, event=act.event, subject=act.subject, summary=act.summary, **act.detail)
