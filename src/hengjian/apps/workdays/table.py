"""The office's holiday table: the only writer. Whatever changes here counts the running clocks it touches anew, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import record
from hengjian.apps.workdays.calendar import SATURDAY, computed
from hengjian.apps.workdays.models import Clock, Day, Year
from hengjian.apps.workdays.notice import Told
from hengjian.apps.workdays.queries import office_calendar
from hengjian.apps.workdays.services import recount
from hengjian.kernel.errors import InputError

_WORD = {True: "上班", False: "放假"}


@transaction.atomic
def set_day(*, day: date, is_workday: bool, name: str, source: str, by: User, at: datetime) -> list[Clock]:
    """Set a day by hand, with the document it stands in. Returns the clocks whose due date moved."""
    _may(by, at)
    _need(name, "名称")
    _need(source, "文件")
    Day.objects.update_or_create(day=day, defaults={"is_workday": is_workday, "name": name, "source": source})
    record(
        by=by,
        at=at,
        event="workdays.day_set",
        subject=f"day:{day}",
        summary=f"{day} 定为{_WORD[is_workday]}（{name}，{source}）",
        is_workday=is_workday,
    )
    return _recount([day], f"{day} 改为{_WORD[is_workday]}", by, at)


@transaction.atomic
def clear_day(*, day: date, by: User, at: datetime) -> list[Clock]:
    """Take a day out of the table: the computed calendar holds again."""
    _may(by, at)
    if not Day.objects.filter(day=day).delete()[0]:
        raise InputError(f"{day} 没有单独设定过", cure="刷新页面")
    works = computed(day).is_workday
    record(
        by=by, at=at, event="workdays.day_cleared", subject=f"day:{day}", summary=f"{day} 取消单独设定，按日历{_WORD[works]}"
    )
    return _recount([day], f"{day} 按日历{_WORD[works]}", by, at)


@transaction.atomic
def announce_year(*, year: int, notice: str, by: User, at: datetime) -> list[Clock]:
    """Say that the year's holidays are announced and stand in the table: due dates in it are no longer provisional."""
    _may(by, at)
    _need(notice, "文件")
    Year.objects.update_or_create(year=year, defaults={"notice": notice})
    record(
        by=by, at=at, event="workdays.year_announced", subject=f"year:{year}", summary=f"{year} 年放假安排已公布（{notice}）"
    )
    return _recount([date(year, 1, 1), date(year, 12, 31)], f"{year} 年放假安排已公布", by, at)


@transaction.atomic
def import_days(*, days: Sequence[Told], source: str, whole_year: int | None, by: User, at: datetime) -> list[Clock]:
    """Take a notice's days into the table. For a `whole_year`, weekdays the calendar guessed as free and the notice does not name become
    workdays, and the year counts as announced. Raises InputError for a day of another year."""
    _may(by, at)
    _need(source, "文件")
    days = [*days, *(unnamed(days, whole_year) if whole_year else ())]
    if whole_year and (stray := [d.day for d in days if abs(d.day.year - whole_year) > 1]):
        raise InputError(f"{stray[0]} 不在 {whole_year} 年", cure="核对年份")
    for told in days:
        Day.objects.update_or_create(
            day=told.day, defaults={"is_workday": told.is_workday, "name": told.name, "source": source}
        )
    free = sum(not d.is_workday for d in days)
    record(
        by=by,
        at=at,
        event="workdays.imported",
        subject=f"year:{whole_year}" if whole_year else "days",
        summary=f"导入 {source}：{free} 天放假，{len(days) - free} 天上班",
        days=[f"{d.day} {_WORD[d.is_workday]} {d.name}" for d in days],
    )
    moved = _recount([d.day for d in days], f"按{source}", by, at)
    if whole_year:
        announced = announce_year(year=whole_year, notice=source, by=by, at=at)
        moved += [c for c in announced if c.pk not in {m.pk for m in moved}]
    return moved


def unnamed(days: Sequence[Told], year: int) -> list[Told]:
    """Weekdays of the year the computed calendar guesses as free and the notice leaves out: one works on them."""
    named = {d.day for d in days}
    every = (date(year, 1, 1) + timedelta(n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days))
    return [
        Told(day, True, "照常上班")
        for day in every
        if day.weekday() < SATURDAY and day not in named and not computed(day).is_workday
    ]


def _recount(days: Sequence[date], why: str, by: User, at: datetime) -> list[Clock]:
    """Count the running clocks anew that have anything between the first and the last of the days on their way."""
    first, last = min(days), max(days)
    running = Clock.objects.select_for_update().filter(state="running", starts_on__lt=last, due_at__date__gte=first)
    return recount(
        clocks=running.prefetch_related("stops", "extensions").order_by("pk"), calendar=office_calendar(), why=why, by=by, at=at
    )


def _may(by: User, at: datetime) -> None:
    policies.check(by, "holiday.manage", timezone.localdate(at))


def _need(text: str, what: str) -> None:
    if not text.strip():
        raise InputError(f"没有填{what}", cure="写明放假通知的文号或名称")
