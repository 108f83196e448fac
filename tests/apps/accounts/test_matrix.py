"""Every role × every act × every place really tried, and every address of the site for every role, through HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from hengjian.apps.accounts.models import Post, User
from hengjian.apps.accounts.policies import NotAllowed, can, check
from hengjian.apps.accounts.roles import ACTS, BUREAU, INCOMPATIBLE, INSTITUTION, ROLES, conflict
from hengjian.apps.accounts.services import open_account
from hengjian.web.cast import BUREAU_CAST, DESK_CAST
from hengjian.web.rights import RIGHTS, may_open

DAY = date(2026, 11, 24)
LOGIN_OF = {role: login for login, _, _, role in reversed(BUREAU_CAST)} | {role: login for login, _, role in DESK_CAST}
CAST_REGION = "990100"
PLACES = {"990100": True, "990102": True, "990199": True, "990200": False, "990000": False, "980100": False}
"""Region of the matter → whether a post over 990100 reaches it."""


def test_the_cast_fills_every_role():
    assert LOGIN_OF.keys() == ROLES.keys()


@pytest.mark.parametrize("role", ROLES)
def test_each_act_is_open_to_its_roles_in_their_region_only(cast, role):
    user = cast[LOGIN_OF[role]]
    for act in ACTS:
        holds = act in ROLES[role].acts
        assert can(user, act, DAY) is holds, act
        for region, reaches in PLACES.items():
            assert can(user, act, DAY, region) is (holds and reaches), (act, region)
            if holds and reaches:
                check(user, act, DAY, region)
            else:
                with pytest.raises(NotAllowed) as refusal:
                    check(user, act, DAY, region)
                assert refusal.value.why and refusal.value.cure


@pytest.mark.parametrize("role", ROLES)
def test_nobody_crosses_to_the_other_door(cast, role):
    other = INSTITUTION if ROLES[role].door == BUREAU else BUREAU
    theirs = set().union(*(r.acts for r in ROLES.values() if r.door == other))
    assert theirs and not any(can(cast[LOGIN_OF[role]], act, DAY) for act in theirs)


def test_a_post_over_a_province_reaches_its_cities_and_one_over_a_county_only_itself(cast, now):
    user = open_account(by="测试", at=now, login="sheng", name="省里", unit=cast["chushen"].unit, password="first-pass-2026")
    for region, reached in (("990000", {"990000", "990100", "990102", "990200"}), ("990102", {"990102"})):
        Post.objects.filter(user=user).delete()
        Post.objects.create(user=user, role="supervisor", region_code=region, valid_from=DAY, reason="测", granted_at=now)
        fresh = User.objects.get(pk=user.pk)
        assert {r for r in (*PLACES, "990200") if can(fresh, "clue.read", DAY, r)} - {"990199"} == reached


def test_rights_end_with_the_post_and_with_the_account(cast, now):
    user = cast["chushen"]
    Post.objects.filter(user=user).update(valid_to=DAY)
    assert can(User.objects.get(pk=user.pk), "clue.read", DAY - timedelta(days=1))
    assert not can(User.objects.get(pk=user.pk), "clue.read", DAY)
    Post.objects.filter(user=user).update(valid_to=None)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not can(User.objects.get(pk=user.pk), "clue.read", DAY)


def test_the_three_administrators_keep_apart_from_each_other_and_from_the_work():
    three = ("sysadmin", "security", "logauditor")
    work = {
        a
        for a in ACTS
        if a.split(".")[0] in ("clue", "review", "recovery", "run", "registry", "person", "clock", "board", "desk", "rule")
    }
    assert work and {"journal.read", "post.grant", "account.manage"}.isdisjoint(work)
    for n, one in enumerate(three):
        assert ROLES[one].acts.isdisjoint(work)
        assert all(conflict(one, other) for other in ROLES if other != one)
        assert all(ROLES[one].acts.isdisjoint(ROLES[other].acts) for other in three[n + 1 :])
    assert [r.code for r in ROLES.values() if "journal.read" in r.acts] == ["logauditor"]
    assert [r.code for r in ROLES.values() if "post.grant" in r.acts] == ["security"]


def test_the_hands_that_must_be_two_are_two():
    for pair in ({"review.first", "review.second"}, {"review.second", "recovery.settle"}, {"review.first", "recovery.settle"}):
        assert not any(pair <= r.acts for r in ROLES.values())
        one, other = sorted(pair)
        for a in (r for r in ROLES.values() if one in r.acts):
            for b in (r for r in ROLES.values() if other in r.acts):
                assert conflict(a.code, b.code) and conflict(b.code, a.code)
    assert all(conflict(b, d) for b in ROLES for d in ROLES if ROLES[b].door != ROLES[d].door)
    assert all(len(pair) == 2 and why for pair, why in INCOMPATIBLE.items())


def test_every_act_is_somebodys():
    assert set().union(*(r.acts for r in ROLES.values())) == ACTS.keys()


def _addresses(patterns=None, names=(), converters=()) -> Iterator[tuple[str, dict[str, object]]]:
    """Name of every address of the site, with arguments that lead nowhere for those that take some."""
    samples = {"IntConverter": 987654321, "StringConverter": "zz", "SlugConverter": "zz", "PathConverter": "zz"}
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        found = (*converters, *pattern.pattern.converters.items())
        if isinstance(pattern, URLResolver):
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from _addresses(pattern.url_patterns, inner, found)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, pattern
            yield ":".join((*names, pattern.name)), {k: samples[type(c).__name__] for k, c in found}


def test_every_address_has_its_line_in_the_table_and_every_line_its_address():
    names = {name for name, _ in _addresses()}
    assert names - RIGHTS.keys() == set(), "add these to web/rights.py"
    assert RIGHTS.keys() - names == set(), "these are gone"


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_each_address_answers_as_the_table_says(client, cast, now, role):
    if role == "nobody":
        user = open_account(
            by="测试", at=now, login="xin", name="新人", unit=cast["chushen"].unit, password="x-2026-yyyy", is_demo=True
        )
    else:
        user = cast[LOGIN_OF[role]]
    held = frozenset() if role == "nobody" else frozenset({role})
    seen = {True: 0, False: 0}
    for name, arguments in _addresses():
        right = RIGHTS[name]
        open_to_me = not right.needs_sign_in or right.while_changing or may_open(right, held)
        address = reverse(name, kwargs=arguments)
        client.logout()
        client.force_login(user)
        for method in ("get", "post"):
            answer = getattr(client, method)(address)
            if not open_to_me:
                assert answer.status_code == 403, (method, address)
                assert "岗位" in answer.content.decode()
            elif arguments:
                assert answer.status_code in (200, 302, 400, 404, 405), (method, address)
            else:
                assert answer.status_code in (200, 302, 400, 405), (method, address)
                assert method == "post" or answer.status_code in (200, 302, 405), address
        seen[open_to_me] += 1
    assert seen[True] and seen[False]


def test_without_signing_in_only_the_door_is_open(client, db):
    for name, arguments in _addresses():
        answer = client.get(reverse(name, kwargs=arguments))
        if RIGHTS[name].needs_sign_in:
            assert answer.status_code == 302 and answer["Location"].startswith("/login/"), name
        else:
            assert answer.status_code in (200, 405), name


def test_an_address_without_a_line_is_refused_to_everybody(client, cast, monkeypatch):
    monkeypatch.setattr("hengjian.web.gatekeeper.RIGHTS", {k: v for k, v in RIGHTS.items() if k != "accounts:matrix"})
    for user in cast.people.values():
        client.force_login(user)
        answer = client.get("/people/matrix/")
        assert answer.status_code == 403 and "这一页没有开放" in answer.content.decode()


def test_a_refusal_to_a_part_of_a_page_is_a_toast(client, cast):
    client.force_login(cast["chushen"])
    answer = client.get("/journal/", headers={"HX-Request": "true"})
    assert answer.status_code == 403 and "X-Refusal" in answer.headers and answer["HX-Reswap"] == "none"


def test_who_holds_posts_that_exclude_each_other_opens_neither(client, cast, now):
    """However the second post came about: here past the services."""
    Post.objects.create(
        user=cast["chushen"], role="second", region_code="990100", valid_from=DAY, reason="直接写库", granted_at=now
    )
    user = User.objects.get(pk=cast["chushen"].pk)
    with pytest.raises(NotAllowed, match="您同时是初审员和复核员"):
        check(user, "clue.read", DAY, "990100")
    client.force_login(user)
    assert client.get("/workdays/clocks/").status_code == 403
    assert client.get("/").status_code == 200


def test_the_matrix_page_prints_the_tables(client, cast):
    client.force_login(cast["chushen"])
    page = client.get("/people/matrix/").content.decode()
    assert page.count('<span class="vh">能</span>') == sum(len(r.acts) for r in ROLES.values())
    for words in (*ACTS.values(), *(r.title for r in ROLES.values()), *INCOMPATIBLE.values()):
        assert words in page
