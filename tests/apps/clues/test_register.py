from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.services import Alike, Report, close_clue, register_clue
from hengjian.apps.clues.services.register import OUTSIDE
from hengjian.apps.journal.models import Entry
from hengjian.apps.workdays.models import Clock
from hengjian.apps.workdays.services import extend_clock
from hengjian.kernel.errors import InputError

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(institutions) -> Report:
    return Report(
        source="superior",
        title="省局交办：核查康复收费",
        content="请核查。",
        received_on=date(2026, 11, 20),
        source_number="交办〔2026〕12号",
        institution=institutions[1],
        acts_from=date(2026, 1, 1),
        acts_to=date(2026, 6, 30),
        amount=Decimal("120000.00"),
    )


@pytest.mark.parametrize("source", [code for code, _ in OUTSIDE])
def test_each_outside_source_is_registered_with_its_clock(report, cast, now, source):
    clue = register_clue(report=replace(report, source=source), by=cast["chushen"], at=now)
    assert clue.number == "XS-2026-00001" and clue.region_code == "990102" and clue.grouping == "outside"
    clock = Clock.objects.get(subject=clue.subject)
    assert clock.starts_on == report.received_on and clock.due_at == clue.due_at
    assert Entry.objects.get(event="clue.registered").subject == clue.subject
    assert clue.counted_total == 0 and clue.amount_total == report.amount
    assert clue.priority_why[0]["why"] == "外来线索先办"


def test_what_our_own_audit_finds_is_not_registered_by_hand(report, cast, now):
    with pytest.raises(InputError, match="来源"):
        register_clue(report=replace(report, source="audit"), by=cast["chushen"], at=now)


def test_the_same_paper_is_registered_once(report, cast, now):
    first = register_clue(report=report, by=cast["chushen"], at=now)
    with pytest.raises(InputError, match="已经登记") as refused:
        register_clue(report=replace(report, title="换个标题"), by=cast["kezhang"], at=now, not_alike=True)
    assert first.number in refused.value.why
    register_clue(report=replace(report, source="tip"), by=cast["kezhang"], at=now, not_alike=True)
    assert Clue.objects.count() == 2


def test_a_look_alike_is_shown_first(report, cast, now, institutions):
    first = register_clue(report=report, by=cast["chushen"], at=now)
    like = replace(report, source="tip", source_number="", acts_from=date(2026, 6, 30), acts_to=date(2026, 7, 31))
    with pytest.raises(Alike) as found:
        register_clue(report=like, by=cast["chushen"], at=now)
    assert found.value.clues == [first]
    for other in (
        replace(like, acts_from=date(2026, 7, 1)),
        replace(like, institution=institutions[2]),
        replace(like, institution=None),
    ):
        register_clue(report=other, by=cast["chushen"], at=now, not_alike=False)
    assert register_clue(report=like, by=cast["chushen"], at=now, not_alike=True).number == "XS-2026-00005"


def test_a_closed_clue_is_no_look_alike(report, cast, now):
    first = register_clue(report=report, by=cast["chushen"], at=now)
    close_clue(clue=first, version=first.version, reason="查无此事", by=cast["kezhang"], at=now)
    register_clue(report=replace(report, source="tip", source_number=""), by=cast["chushen"], at=now)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": " "}, "标题"),
        ({"received_on": date(2026, 11, 25)}, "不能晚于今天"),
        ({"acts_to": date(2025, 12, 31)}, "止日早于起日"),
        ({"amount": Decimal("-0.01")}, "小于零"),
    ],
)
def test_what_cannot_be_is_refused(report, cast, now, change, words):
    with pytest.raises(InputError, match=words):
        register_clue(report=replace(report, **change), by=cast["chushen"], at=now)
    assert not Clue.objects.exists()


@pytest.mark.parametrize("login", ["juzhang", "fuhe", "shuju", "caiwu", "guanli", "yibao"])
def test_only_who_may_register_registers(report, cast, now, login):
    with pytest.raises(NotAllowed):
        register_clue(report=report, by=cast[login], at=now)


def test_a_clue_follows_its_clock_when_it_is_extended(report, cast, now):
    clue = register_clue(report=report, by=cast["chushen"], at=now)
    clock = Clock.objects.get(subject=clue.subject)
    extended = extend_clock(clock=clock, days=15, reason="取证", requested_by=cast["chushen"], by=cast["kezhang"], at=now)
    before = clue.due_at
    clue.refresh_from_db()
    assert clue.due_at == extended.due_at > before + timedelta(days=14)
