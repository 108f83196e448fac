from __future__ import annotations

from datetime import date, datetime

import pytest

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.apps.workdays.deadlines import SHANGHAI
from hengjian.apps.workdays.models import Clock, Day, Year
from hengjian.apps.workdays.notice import Told
from hengjian.apps.workdays.queries import office_calendar
from hengjian.apps.workdays.services import end_clock, extend_clock, resume_clock, start_clock, stop_clock
from hengjian.apps.workdays.table import announce_year, clear_day, import_days, set_day
from hengjian.kernel.errors import InputError

TYPHOON = {"day": date(2026, 11, 27), "is_workday": False, "name": "台风停工", "source": "市政府通告 2026 年第 9 号"}


def _clock(subject, now, *, starts_on=date(2026, 11, 24), length=5, unit="wd") -> Clock:
    return start_clock(
        subject=subject, key="first", title="初审", region_code="990100", starts_on=starts_on, length=length, unit=unit,
        article="第九条", by="夜间任务", at=now,
    )  # fmt: skip


def _due(clock: Clock) -> tuple[str, bool]:
    clock.refresh_from_db()
    return clock.due_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M"), clock.is_provisional


def test_setting_a_day_moves_the_running_clocks_it_touches_and_journals_each(cast, now):
    touched, over_before, starts_later = (
        _clock("review:1", now),
        _clock("review:2", now, length=2),
        _clock("review:3", now, starts_on=date(2026, 11, 27)),
    )
    ended, stopped = _clock("review:4", now), _clock("review:5", now, starts_on=date(2026, 11, 20))
    end_clock(clock=ended, by="夜间任务", at=now)
    stop_clock(clock=stopped, from_on=date(2026, 11, 23), reason="鉴定", by="夜间任务", at=now)
    moved = set_day(**TYPHOON, by=cast["guanli"], at=now)
    assert [c.subject for c in moved] == ["review:1"]
    assert _due(touched) == ("12-02 17:00", False)
    assert _due(over_before) == ("11-26 17:00", False) and _due(starts_later) == ("12-04 17:00", False)
    stopped.refresh_from_db()
    assert stopped.due_at is None
    entry = Entry.objects.get(event="clock.moved")
    assert entry.subject == "review:1"
    assert entry.summary == "初审的截止由 2026-12-01 改为 2026-12-02：2026-11-27 改为放假"
    assert Entry.objects.get(event="workdays.day_set").summary == "2026-11-27 定为放假（台风停工，市政府通告 2026 年第 9 号）"
    assert verify().whole


def test_a_day_that_becomes_a_workday_moves_the_due_date_forward(cast, now):
    clock = _clock("review:1", now)
    set_day(day=date(2026, 11, 28), is_workday=True, name="补班", source="通知", by=cast["guanli"], at=now)
    assert _due(clock) == ("11-30 17:00", False)


def test_the_last_day_itself_may_become_free(cast, now):
    clock = _clock("review:1", now, length=3)
    set_day(**TYPHOON, by=cast["guanli"], at=now)
    assert _due(clock) == ("11-30 17:00", False)


def test_clearing_a_day_brings_the_date_back(cast, now):
    clock = _clock("review:1", now)
    set_day(**TYPHOON, by=cast["guanli"], at=now)
    assert [c.pk for c in clear_day(day=TYPHOON["day"], by=cast["guanli"], at=now)] == [clock.pk]
    assert _due(clock) == ("12-01 17:00", False) and not Day.objects.exists()
    with pytest.raises(InputError, match="没有单独设定过"):
        clear_day(day=TYPHOON["day"], by=cast["guanli"], at=now)


def test_setting_a_day_again_replaces_it(cast, now):
    set_day(**TYPHOON, by=cast["guanli"], at=now)
    set_day(**TYPHOON | {"is_workday": True}, by=cast["guanli"], at=now)
    assert Day.objects.get().is_workday


def test_announcing_a_year_takes_the_provisional_mark_off(cast, now):
    at = datetime(2098, 12, 20, 9, tzinfo=SHANGHAI)
    clock = _clock("review:1", now, starts_on=date(2098, 12, 20), length=20)
    before = _due(clock)
    assert before[1]
    set_up = {"by": cast["guanli"], "at": at}
    assert announce_year(year=2098, notice="国办发〔2097〕1 号", **set_up) == []
    assert _due(clock) == before  # 2099 is still open
    announce_year(year=2099, notice="国办发〔2098〕1 号", **set_up)
    assert _due(clock) == (before[0], False)
    assert Year.objects.count() == 2


def test_importing_a_whole_year_makes_guessed_holidays_workdays_where_the_notice_leaves_them_out(cast, now):
    at = datetime(2099, 1, 2, 9, tzinfo=SHANGHAI)
    clock = _clock("review:1", now, starts_on=date(2099, 1, 4), length=40)
    told = [
        Told(date(2099, 1, 1), False, "元旦"),
        Told(date(2099, 10, 1), False, "国庆节"),
        Told(date(2099, 1, 10), True, "调休上班"),
    ]
    import_days(days=told, source="通知", whole_year=2099, by=cast["guanli"], at=at)
    calendar = office_calendar()
    assert calendar.is_announced(2099) and not calendar.is_announced(2098)
    assert calendar.is_workday(date(2099, 10, 2)) and not calendar.is_workday(date(2099, 10, 1))
    # Spring Festival is not in this invented notice: forty plain weekdays less one for the Saturday worked
    assert _due(clock) == ("02-26 17:00", False)
    summary = Entry.objects.get(event="workdays.imported").summary
    assert summary.startswith("导入 通知：2 天放假，")


def test_importing_single_days_announces_no_year(cast, now):
    import_days(days=[Told(date(2099, 3, 3), False, "停工")], source="通告", whole_year=None, by=cast["guanli"], at=now)
    assert not Year.objects.exists() and Day.objects.count() == 1


def test_days_of_another_year_are_refused_and_nothing_is_kept(cast, now):
    with pytest.raises(InputError, match="不在 2099 年"):
        import_days(days=[Told(date(2097, 1, 1), False, "元旦")], source="通知", whole_year=2099, by=cast["guanli"], at=now)
    assert not Day.objects.exists()


@pytest.mark.parametrize("field", ["name", "source"])
def test_a_document_and_a_name_are_asked_for(cast, now, field):
    with pytest.raises(InputError, match="没有填"):
        set_day(**TYPHOON | {field: " "}, by=cast["guanli"], at=now)


def test_only_the_system_administrator_keeps_the_table(cast, now):
    for login, user in cast.people.items():
        if login == "guanli":
            continue
        for act in (
            lambda user=user: set_day(**TYPHOON, by=user, at=now),
            lambda user=user: clear_day(day=TYPHOON["day"], by=user, at=now),
            lambda user=user: announce_year(year=2099, notice="通知", by=user, at=now),
            lambda user=user: import_days(days=[], source="通知", whole_year=2099, by=user, at=now),
        ):
            with pytest.raises(NotAllowed, match="不能维护节假日表"):
                act()
    assert not Day.objects.exists() and not Year.objects.exists()


FOLLOWED: list[tuple[str, datetime | None]] = []


def follow(clocks: list[Clock]) -> None:
    FOLLOWED.extend((c.subject, c.due_at) for c in clocks)


def test_rooms_that_keep_a_copy_are_told_of_every_change(cast, now, settings):
    settings.CLOCK_FOLLOWERS = (f"{__name__}.follow",)
    FOLLOWED.clear()
    clock = _clock("review:1", now)
    at = now.replace(day=25)
    stop_clock(clock=clock, from_on=at.date(), reason="鉴定", by="夜间任务", at=at)
    resume_clock(clock=clock, to_on=at.date(), by="夜间任务", at=at)
    extend_clock(clock=clock, days=1, reason="病历多", requested_by=cast["chushen"], by=cast["kezhang"], at=at)
    set_day(**TYPHOON, by=cast["guanli"], at=now)
    told = [(subject, due and due.astimezone(SHANGHAI).day) for subject, due in FOLLOWED]
    assert told == [("review:1", None), ("review:1", 1), ("review:1", 2), ("review:1", 3)]
