from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.accounts.services import grant_post, set_active
from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.clues.services import (
    assign_clues,
    close_clue,
    declare_recusal,
    return_clue,
    settle_findings,
    take_next,
)
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.apps.workdays.models import Clock
from hengjian.kernel.errors import InputError

pytestmark = pytest.mark.django_db


@pytest.fixture
def clues(audits) -> list[Clue]:
    audits.write(300)
    audits.arrive()
    return list(Clue.objects.order_by("-priority", "pk"))


def give(clue, to, by, now, **more):
    return assign_clues(clue_ids=[clue.pk], to=to, by=by, at=now, **more)[0]


def test_a_clue_that_is_given_starts_its_clock(clues, cast, now):
    clue = give(clues[0], cast["chushen"], cast["kezhang"], now)
    clue.refresh_from_db()
    assert (clue.state, clue.assignee, clue.assigned_at, clue.version) == ("in_hand", cast["chushen"], now, 1)
    clock = Clock.objects.get(subject=clue.subject)
    assert (clock.key, clock.length, clock.unit, clock.due_at) == ("clue.verify", 15, "wd", clue.due_at)
    assert (f"{clue.due_at.astimezone(now.tzinfo):%m-%d %H:%M}", clock.is_provisional) == ("12-15 17:00", False)
    entry = Entry.objects.get(event="clue.assigned")
    assert entry.subject == clue.subject and "分派给何文杰" in entry.summary and entry.actor_name == "陈思远"


def test_given_to_another_the_clock_goes_on(clues, cast, now):
    give(clues[0], cast["chushen"], cast["kezhang"], now)
    later = now + timedelta(days=3)
    give(clues[0], cast["chushen2"], cast["kezhang"], later)
    clue = Clue.objects.get(pk=clues[0].pk)
    assert clue.assignee == cast["chushen2"] and Clock.objects.count() == 1
    assert "由何文杰改派给夏知秋" in Entry.objects.get(event="clue.reassigned").summary


@pytest.mark.parametrize(
    "login", ["chushen", "juzhang", "fuhe", "shuju", "caiwu", "guanli", "anquan", "shenji", "yibao", "yishi"]
)
def test_only_who_may_hand_out_hands_out(clues, cast, now, login):
    with pytest.raises(NotAllowed):
        give(clues[0], cast["chushen"], cast[login], now)
    assert Clue.objects.get(pk=clues[0].pk).state == "new"


@pytest.mark.parametrize("login", ["fuhe", "kezhang", "shuju", "yibao"])
def test_a_clue_goes_only_to_who_may_review_first(clues, cast, now, login):
    with pytest.raises(NotAllowed, match="不能交给"):
        give(clues[0], cast[login], cast["kezhang"], now)


def test_a_closed_account_gets_nothing(clues, cast, now):
    set_active(by=cast["guanli"], at=now, user=cast["chushen"], active=False, reason="调离")
    cast["chushen"].refresh_from_db()
    with pytest.raises(NotAllowed):
        give(clues[0], cast["chushen"], cast["kezhang"], now)


def test_other_counties_clues_are_out_of_reach(clues, cast, now):
    post = cast["kezhang"].posts.get()
    post.region_code = "990102"
    post.save()
    other = next(c for c in clues if c.region_code == "990103")
    with pytest.raises(NotAllowed, match="地区"):
        give(other, cast["chushen"], cast["kezhang"], now)


def test_a_stale_page_is_refused(clues, cast, now):
    give(clues[0], cast["chushen"], cast["kezhang"], now, version=0)
    with pytest.raises(InputError, match="刚被别人改过"):
        give(clues[0], cast["chushen2"], cast["kezhang"], now, version=0)
    with pytest.raises(InputError, match="已经在何文杰手里"):
        give(clues[0], cast["chushen"], cast["kezhang"], now)


def test_many_are_given_together_or_not_at_all(clues, cast, now):
    barred = next(c for c in clues if c.institution)
    declare_recusal(user=cast["chushen"], institution=barred.institution, reason="配偶在院", by=cast["chushen"], at=now)
    wanted = [c.pk for c in clues[:20]] + [barred.pk]
    with pytest.raises(NotAllowed, match="回避"):
        assign_clues(clue_ids=wanted, to=cast["chushen"], by=cast["kezhang"], at=now)
    assert not Clue.objects.filter(state="in_hand").exists() and not Clock.objects.exists()


def test_who_stands_aside_gets_no_clue_of_that_institution_not_even_about_a_person(clues, cast, now):
    by_person = next(c for c in clues if c.grouping == "person")
    code = by_person.findings.values_list("institution_code", flat=True).first()
    institution = next(c.institution for c in clues if c.institution and c.institution.code == code)
    declare_recusal(user=cast["chushen"], institution=institution, reason="曾在院工作", by=cast["chushen"], at=now)
    Clue.objects.filter(pk=by_person.pk).update(institution=None)
    with pytest.raises(NotAllowed, match="回避"):
        give(by_person, cast["chushen"], cast["kezhang"], now)
    taken = set()
    while clue := take_next(by=cast["chushen"], at=now):
        taken.add(clue.pk)
    assert not Finding.objects.filter(clue__in=taken, institution_code=code).exists()
    left = Clue.objects.filter(state="new")
    assert left and {f.institution_code for c in left for f in c.findings.all()} == {code}


def test_people_of_the_institution_itself_are_barred(clues, cast, now, institutions):
    cast["chushen"].unit.institution_code = institutions[0].code
    cast["chushen"].unit.save()
    own = next(c for c in clues if c.institution == institutions[0])
    with pytest.raises(NotAllowed, match="回避"):
        give(own, cast["chushen"], cast["kezhang"], now)


def test_a_recusal_is_declared_once_for_oneself_or_by_who_hands_out(clues, cast, now, institutions):
    with pytest.raises(NotAllowed):
        declare_recusal(user=cast["chushen2"], institution=institutions[0], reason="同事说的", by=cast["chushen"], at=now)
    with pytest.raises(InputError, match="理由"):
        declare_recusal(user=cast["chushen"], institution=institutions[0], reason=" ", by=cast["chushen"], at=now)
    declare_recusal(user=cast["chushen"], institution=institutions[0], reason="配偶在院", by=cast["kezhang"], at=now)
    with pytest.raises(InputError, match="已经登记"):
        declare_recusal(user=cast["chushen"], institution=institutions[0], reason="配偶在院", by=cast["chushen"], at=now)
    assert Entry.objects.filter(event="clue.recused").count() == 1


def test_the_next_clue_is_the_most_urgent(clues, cast, now):
    order = [take_next(by=cast["chushen"], at=now).pk for _ in range(5)]
    assert order == [c.pk for c in clues[:5]]
    with pytest.raises(NotAllowed):
        take_next(by=cast["kezhang"], at=now)


def test_an_empty_pool_gives_nothing(cast, now):
    assert take_next(by=cast["chushen"], at=now) is None


def test_a_reviewer_of_one_county_takes_from_it_only(clues, cast, now):
    post = cast["chushen"].posts.get()
    post.region_code = "990102"
    post.save()
    while clue := take_next(by=cast["chushen"], at=now):
        assert clue.region_code == "990102"
    assert set(Clue.objects.filter(state="new").values_list("region_code", flat=True)) == {"990103"}


@pytest.mark.django_db(transaction=True)
def test_two_people_who_take_at_once_never_get_the_same(audits, cast, now):
    audits.write(300)
    audits.arrive()
    taken: dict[str, list[int]] = {"chushen": [], "chushen2": []}
    errors: list[BaseException] = []
    go = threading.Barrier(2)

    def take(login: str) -> None:
        try:
            go.wait()
            for _ in range(12):
                taken[login].append(take_next(by=cast[login], at=now).pk)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    both = [threading.Thread(target=take, args=(login,)) for login in taken]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert not errors
    assert len(set(taken["chushen"]) | set(taken["chushen2"])) == 24
    for login, keys in taken.items():
        assert set(Clue.objects.filter(assignee=cast[login]).values_list("pk", flat=True)) == set(keys)
    assert verify().whole and connection.vendor in ("sqlite", "postgresql")


def test_a_clue_goes_back_with_a_reason_and_its_clock_goes_on(clues, cast, now):
    clue = take_next(by=cast["chushen"], at=now)
    clue.refresh_from_db()
    due = clue.due_at
    with pytest.raises(InputError, match="原因"):
        return_clue(clue=clue, version=clue.version, reason="", by=cast["chushen"], at=now)
    with pytest.raises(NotAllowed):
        return_clue(clue=clue, version=clue.version, reason="拿错了", by=cast["chushen2"], at=now)
    with pytest.raises(InputError, match="刚被别人改过"):
        return_clue(clue=clue, version=clue.version + 1, reason="拿错了", by=cast["chushen"], at=now)
    back = return_clue(clue=clue, version=clue.version, reason="拿错了", by=cast["chushen"], at=now)
    assert (back.state, back.assignee, back.due_at) == ("new", None, due)
    with pytest.raises(InputError, match="不在办理中"):
        return_clue(clue=back, version=back.version, reason="再退", by=cast["kezhang"], at=now)


def test_a_clue_closes_once_its_findings_are_decided(clues, cast, now):
    clue = give(max(clues, key=lambda c: c.findings_count), cast["chushen"], cast["kezhang"], now)
    clue.refresh_from_db()
    with pytest.raises(InputError, match="没有决定"):
        close_clue(clue=clue, version=clue.version, reason="查实", by=cast["kezhang"], at=now)
    findings = list(clue.findings.all())
    half = findings[: len(findings) // 2]
    settle_findings(findings=half, reasons={f.pk: "扣减" for f in half}, by=cast["fuhe"], at=now)
    clue.refresh_from_db()
    assert clue.state == "in_hand"
    upheld = {f.pk: n > 0 for n, f in enumerate(findings)}
    settle_findings(findings=findings, reasons={f.pk: "不扣" for f in findings}, by=cast["fuhe"], at=now, upheld=upheld)
    clue.refresh_from_db()
    assert (clue.state, clue.closed_by, clue.closed_reason) == ("closed", "周启明", "疑点已全部决定或撤下")
    assert Clock.objects.get(subject=clue.subject).state == "ended"
    assert {f.state_reason for f in clue.findings.filter(pk__in=[f.pk for f in half])} == {"扣减"}  # decided once
    with pytest.raises(InputError, match="已经办结"):
        close_clue(clue=clue, version=clue.version, reason="再办", by=cast["kezhang"], at=now)


def test_who_hands_out_but_does_not_close_may_not_close(clues, cast, now):
    with pytest.raises(NotAllowed):
        close_clue(clue=clues[0], version=0, reason="查实", by=cast["chushen"], at=now)


def test_two_posts_that_exclude_each_other_hand_out_nothing(clues, cast, now):
    with pytest.raises(NotAllowed):
        grant_post(
            by="测试", at=now, user=cast["kezhang"], role="cashier", region_code="990100", valid_from=now.date(), reason="兼"
        )
