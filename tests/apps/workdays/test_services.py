from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.models import Entry
from hengjian.apps.workdays.deadlines import SHANGHAI
from hengjian.apps.workdays.models import Clock, Extension, Stop
from hengjian.apps.workdays.queries import clocks_of, clocks_visible_to
from hengjian.apps.workdays.services import (
    Plan,
    end_clock,
    end_clocks,
    extend_clock,
    resume_clock,
    start_clock,
    start_clocks,
    stop_clock,
)
from hengjian.kernel.errors import InputError

PERIOD = {
    "subject": "review:1", "key": "first", "title": "初审", "region_code": "990102",
    "starts_on": date(2026, 11, 24), "length": 10, "unit": "wd", "article": "《办法》第九条",
}  # fmt: skip


def _shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def _events() -> list[str]:
    return list(Entry.objects.filter(event__startswith="clock.").order_by("number").values_list("event", flat=True))


@pytest.fixture
def clock(cast, now) -> Clock:
    return start_clock(**PERIOD, by=cast["kezhang"], at=now)


def test_starting_stores_the_due_instant_and_journals(clock, cast):
    assert clock.due_at == _shanghai("2026-12-08T17:00") and clock.state == "running" and not clock.is_provisional
    assert Clock.objects.get() == clock
    entry = Entry.objects.get(event="clock.started")
    assert entry.subject == "review:1" and entry.summary == "初审起算：10 个工作日，2026-12-08 17:00 截止"
    assert entry.actor == f"user:{cast['kezhang'].pk}"


def test_the_same_period_is_not_counted_twice(clock, cast, now):
    with pytest.raises(InputError, match="已经在计时"):
        start_clock(**PERIOD, by=cast["kezhang"], at=now)
    with pytest.raises(InputError, match="已经在计时"):
        start_clocks(plans=[Plan(**PERIOD | {"subject": "review:2"})] * 2, by="夜间任务", at=now)
    start_clock(**PERIOD | {"key": "answer"}, by=cast["kezhang"], at=now)
    end_clock(clock=clock, by=cast["kezhang"], at=now)
    start_clock(**PERIOD, by=cast["kezhang"], at=now)  # a second round after the first has ended
    assert clocks_of("review:1").count() == 3


def test_a_batch_starts_all_or_none(cast, now):
    plans = [Plan(**PERIOD | {"subject": f"review:{n}"}) for n in range(1200)]
    clocks = start_clocks(plans=plans, by=cast["kezhang"], at=now)
    assert len({c.pk for c in clocks}) == 1200 == Clock.objects.count()
    assert Entry.objects.filter(event="clock.started").count() == 1200
    with pytest.raises(InputError):
        start_clocks(plans=[Plan(**PERIOD | {"subject": "review:9999"}), plans[700]], by=cast["kezhang"], at=now)
    assert Clock.objects.count() == 1200
    ended = end_clocks(clocks=clocks, by="夜间任务", at=now + timedelta(days=1))
    assert len(ended) == 1200 and not Clock.objects.exclude(state="ended").exists()


@pytest.mark.parametrize("length", [0, -1])
def test_a_period_of_no_days_is_refused(cast, now, length):
    with pytest.raises(InputError, match="至少一天"):
        start_clock(**PERIOD | {"length": length}, by=cast["kezhang"], at=now)


def test_stopped_days_do_not_count(clock, cast, now):
    later = now + timedelta(days=2)
    stopped = stop_clock(clock=clock, from_on=date(2026, 11, 26), reason="调取病历", by=cast["chushen"], at=later)
    assert (stopped.state, stopped.due_at) == ("stopped", None)
    resumed = resume_clock(clock=clock, to_on=date(2026, 12, 3), by=cast["chushen"], at=now + timedelta(days=8))
    assert resumed.state == "running"
    # 25 Nov is day 1; 26 Nov–2 Dec stand still (five workdays); 3 Dec is day 2; day 10 is 15 Dec
    assert resumed.due_at == _shanghai("2026-12-15T17:00")
    assert _events() == ["clock.started", "clock.stopped", "clock.resumed"]


def test_stopping_twice_takes_off_both(clock, cast, now):
    for first, again in ((26, 27), (30, 30)):
        day = datetime(2026, 11, first, 10, tzinfo=SHANGHAI)
        stop_clock(clock=clock, from_on=day.date(), reason="鉴定", by=cast["chushen"], at=day)
        clock = resume_clock(clock=clock, to_on=date(2026, 11, again), by=cast["chushen"], at=day + timedelta(days=1))
    assert Stop.objects.count() == 2
    assert clock.due_at == _shanghai("2026-12-09T17:00")  # one day; the second stop was taken back the same day


def test_stops_may_not_overlap(clock, cast, now):
    on_friday = now + timedelta(days=3)
    stop_clock(clock=clock, from_on=date(2026, 11, 25), reason="鉴定", by=cast["chushen"], at=on_friday)
    with pytest.raises(InputError, match="不在计时"):
        stop_clock(clock=clock, from_on=date(2026, 11, 26), reason="鉴定", by=cast["chushen"], at=on_friday)
    resume_clock(clock=clock, to_on=date(2026, 11, 27), by=cast["chushen"], at=on_friday)
    with pytest.raises(InputError, match="前一次中止"):
        stop_clock(clock=clock, from_on=date(2026, 11, 26), reason="鉴定", by=cast["chushen"], at=on_friday)
    stop_clock(clock=clock, from_on=date(2026, 11, 27), reason="鉴定", by=cast["chushen"], at=on_friday)


@pytest.mark.parametrize("from_on", [date(2026, 11, 24), date(2026, 11, 26)])
def test_a_stop_begins_after_the_start_and_not_in_the_future(clock, cast, now, from_on):
    with pytest.raises(InputError, match="不晚于今天"):
        stop_clock(clock=clock, from_on=from_on, reason="鉴定", by=cast["chushen"], at=now + timedelta(days=1))


@pytest.mark.parametrize("to_on", [date(2026, 11, 24), date(2026, 11, 28)])
def test_resuming_lies_between_the_stop_and_tomorrow(clock, cast, now, to_on):
    at = now + timedelta(days=2)
    stop_clock(clock=clock, from_on=date(2026, 11, 25), reason="鉴定", by=cast["chushen"], at=at)
    with pytest.raises(InputError, match="恢复日"):
        resume_clock(clock=clock, to_on=to_on, by=cast["chushen"], at=at)


def test_what_is_over_cannot_be_stopped_or_extended(clock, cast, now):
    last = _shanghai("2026-12-08T17:00")
    with pytest.raises(InputError, match="已经到期"):
        stop_clock(clock=clock, from_on=date(2026, 12, 1), reason="鉴定", by=cast["chushen"], at=last + timedelta(seconds=1))
    with pytest.raises(InputError, match="已经到期"):
        _extend(clock, cast, at=last + timedelta(seconds=1))
    _extend(clock, cast, at=last)


def test_neither_resumed_without_a_stop_nor_ended_twice(clock, cast, now):
    with pytest.raises(InputError, match="没有中止"):
        resume_clock(clock=clock, to_on=now.date(), by=cast["chushen"], at=now)
    end_clock(clock=clock, by=cast["chushen"], at=now)
    for act in (
        lambda: end_clock(clock=clock, by=cast["chushen"], at=now),
        lambda: stop_clock(clock=clock, from_on=now.date(), reason="鉴定", by=cast["chushen"], at=now),
        lambda: _extend(clock, cast, at=now),
    ):
        with pytest.raises(InputError):
            act()


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reason_is_asked_for(clock, cast, now, reason):
    with pytest.raises(InputError, match="理由"):
        stop_clock(clock=clock, from_on=date(2026, 11, 25), reason=reason, by=cast["chushen"], at=now + timedelta(days=1))
    with pytest.raises(InputError, match="理由"):
        _extend(clock, cast, at=now, reason=reason)
    assert not Stop.objects.exists() and not Extension.objects.exists()


def _extend(clock, cast, *, at, days=5, by="kezhang", asked="chushen", reason="病历多"):
    return extend_clock(clock=clock, days=days, reason=reason, requested_by=cast[asked], by=cast[by], at=at)


def test_extending_adds_days_of_the_clocks_unit(clock, cast, now):
    assert _extend(clock, cast, at=now).due_at == _shanghai("2026-12-15T17:00")
    kept = Extension.objects.get()
    assert (kept.requested_by_name, kept.approver_name, kept.days) == ("何文杰", "陈思远", 5)
    assert "延长 5 个工作日（何文杰申请），2026-12-15 17:00 截止" in Entry.objects.get(event="clock.extended").summary


def test_extending_while_stopped_counts_at_the_resumption(clock, cast, now):
    stop_clock(clock=clock, from_on=date(2026, 11, 25), reason="鉴定", by=cast["chushen"], at=now + timedelta(days=1))
    extended = _extend(clock, cast, at=now + timedelta(days=1))
    assert (extended.state, extended.due_at) == ("stopped", None)
    resumed = resume_clock(clock=clock, to_on=date(2026, 11, 26), by=cast["chushen"], at=now + timedelta(days=1))
    assert resumed.due_at == _shanghai("2026-12-16T17:00")


def test_who_asks_does_not_approve(clock, cast, now):
    with pytest.raises(NotAllowed, match="另一个人"):
        _extend(clock, cast, at=now, asked="kezhang")


@pytest.mark.parametrize("login", ["chushen", "fuhe", "guanli", "anquan", "shenji", "caiwu", "yibao", "shuju"])
def test_only_heads_approve_an_extension(clock, cast, now, login):
    with pytest.raises(NotAllowed):
        _extend(clock, cast, at=now, by=login, asked="chushen2")
    assert not Extension.objects.exists()


def test_a_head_elsewhere_does_not_approve(cast, now):
    elsewhere = start_clock(**PERIOD | {"region_code": "990200"}, by=cast["kezhang"], at=now)
    with pytest.raises(NotAllowed, match="地区"):
        _extend(elsewhere, cast, at=now)


def test_clocks_are_seen_in_the_own_region_by_who_reads_clues(clock, cast, now):
    start_clock(**PERIOD | {"region_code": "990200", "subject": "review:2"}, by="夜间任务", at=now)
    seen = {login: clocks_visible_to(user, now.date()).count() for login, user in cast.people.items()}
    assert {login for login, n in seen.items() if n == 1} == {"juzhang", "kezhang", "chushen", "chushen2", "fuhe", "fuhe2"}
    assert set(seen.values()) == {0, 1}


def test_ending_late_is_said(clock, cast, now):
    end_clock(clock=clock, by=cast["chushen"], at=_shanghai("2026-12-09T09:00"))
    assert Entry.objects.get(event="clock.ended").summary == "初审结束，已超期"
