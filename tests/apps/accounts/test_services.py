from __future__ import annotations

from datetime import date, timedelta

import pytest

from hengjian.apps.accounts.models import Certificate, Post, Unit, User
from hengjian.apps.accounts.policies import NotAllowed, can, check_certificate
from hengjian.apps.accounts.queries import as_tree, certificate_state, clashes, people_for, state_of, units_for
from hengjian.apps.accounts.services import (
    add_unit,
    change_password,
    close_unit,
    end_post,
    grant_post,
    move_person,
    open_account,
    register_certificate,
    rename_unit,
    reset_password,
    set_active,
)
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.kernel.errors import InputError

DAY = date(2026, 11, 24)


@pytest.fixture
def newcomer(cast, now) -> User:
    return open_account(
        by=cast["guanli"], at=now, login="xinren", name="新人", unit=cast["chushen"].unit, password="first-pass-2026"
    )


def _grant(cast, now, user, role, **changed) -> Post:
    return grant_post(
        **{
            "by": cast["anquan"],
            "at": now,
            "user": user,
            "role": role,
            "region_code": "990100",
            "valid_from": DAY,
            "reason": "任命",
        }
        | changed
    )


def test_a_new_account_has_no_right_and_must_change_its_password(newcomer):
    assert newcomer.must_change and not any(can(newcomer, act, DAY) for act in ("clue.read", "account.manage", "desk.read"))
    assert Entry.objects.get(event="account.opened", subject=f"user:{newcomer.pk}").summary == "建立账号 xinren（新人，审核科）"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"login": "chushen"}, "已有人用"),
        ({"login": "a"}, "登录名须是"),
        ({"login": "有空 格"}, "登录名须是"),
        ({"name": "  "}, "姓名不能空"),
        ({"password": "short-1"}, "密码不够强"),
        ({"password": "12345678901234"}, "密码不够强"),
        ({"password": "xinren-2026"}, "与姓名或登录名太像"),
        ({"password": "password123456"}, "太常见"),
        ({"password": "only-letters-here"}, "没有混用字母和数字"),
    ],
)
def test_what_makes_no_good_account_is_refused(cast, now, changed, says):
    asked = {"login": "xinren", "name": "新人", "unit": cast["chushen"].unit, "password": "first-pass-2026"} | changed
    before = User.objects.count()
    with pytest.raises(InputError) as refusal:
        open_account(by=cast["guanli"], at=now, **asked)
    assert says in str(refusal.value) and refusal.value.cure
    assert User.objects.count() == before


def test_accounts_are_the_system_administrators_of_the_region(cast, now, newcomer):
    elsewhere = Unit.objects.create(name="邻市", kind="bureau", region_code="990200")
    asked = {"at": now, "login": "linshi", "name": "邻人", "password": "first-pass-2026"}
    with pytest.raises(NotAllowed, match="地区"):
        open_account(by=cast["guanli"], unit=elsewhere, **asked)
    for login, user in cast.people.items():
        if login == "guanli":
            continue
        for act in (
            lambda user=user: open_account(by=user, unit=cast["chushen"].unit, **asked),
            lambda user=user: reset_password(by=user, at=now, user=newcomer, password="first-pass-2027"),
            lambda user=user: set_active(by=user, at=now, user=newcomer, active=False, reason="调离"),
            lambda user=user: move_person(by=user, at=now, user=newcomer, unit=cast["caiwu"].unit),
            lambda user=user: add_unit(
                by=user, at=now, name="某科", kind="department", region_code="990100", parent=newcomer.unit
            ),
            lambda user=user: rename_unit(by=user, at=now, unit=newcomer.unit, name="改名"),
            lambda user=user: close_unit(by=user, at=now, unit=newcomer.unit, reason="撤并"),
            lambda user=user: register_certificate(
                by=user, at=now, user=newcomer, number="X1", issuer="局", valid_from=DAY, valid_to=DAY + timedelta(days=1)
            ),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_closing_an_account_asks_why_happens_once_and_not_to_oneself(cast, now, newcomer):
    by = cast["guanli"]
    with pytest.raises(NotAllowed, match="另一个人"):
        set_active(by=by, at=now, user=by, active=False, reason="试")
    with pytest.raises(InputError, match="理由"):
        set_active(by=by, at=now, user=newcomer, active=False, reason=" ")
    set_active(by=by, at=now, user=newcomer, active=False, reason="调离")
    with pytest.raises(InputError, match="已经停用"):
        set_active(by=by, at=now, user=newcomer, active=False, reason="调离")
    set_active(by=by, at=now, user=newcomer, active=True, reason="调回")
    assert [e.summary for e in Entry.objects.filter(event="account.activity").order_by("number")] == [
        "停用账号 新人：调离",
        "恢复账号 新人：调回",
    ]


def test_a_password_is_changed_by_oneself_and_reset_by_another(cast, now, newcomer):
    with pytest.raises(InputError, match="原密码不对"):
        change_password(by=newcomer, at=now, old="wrong", new="my-own-pass-88")
    change_password(by=newcomer, at=now, old="first-pass-2026", new="my-own-pass-88")
    assert not newcomer.must_change and newcomer.check_password("my-own-pass-88")
    reset_password(by=cast["guanli"], at=now, user=newcomer, password="second-pass-99")
    newcomer.refresh_from_db()
    assert newcomer.must_change and newcomer.check_password("second-pass-99")
    assert not any("pass-" in e.summary + e.detail for e in Entry.objects.all())


def test_a_person_moves_and_the_posts_stay(cast, now, newcomer):
    moved = move_person(by=cast["guanli"], at=now, user=newcomer, unit=cast["caiwu"].unit)
    assert moved.unit == cast["caiwu"].unit
    assert Entry.objects.get(event="account.moved").summary == "新人 由 审核科 调到 财务科"
    with pytest.raises(NotAllowed):
        move_person(by=cast["guanli"], at=now, user=cast["guanli"], unit=cast["caiwu"].unit)


# posts


@pytest.mark.parametrize(
    ("login", "role"),
    [("chushen", "second"), ("chushen", "cashier"), ("fuhe", "first"), ("kezhang", "cashier"), ("guanli", "security"),
     ("shenji", "sysadmin"), ("guanli", "first"), ("kezhang", "logauditor"), ("chushen", "clerk"), ("yibao", "first")],
)  # fmt: skip
def test_posts_that_exclude_each_other_are_not_granted(cast, now, login, role):
    with pytest.raises(NotAllowed, match="不能再任") as refusal:
        _grant(cast, now, cast[login], role)
    assert refusal.value.why.startswith("不相容岗位：") and not Post.objects.filter(user=cast[login], role=role).exists()


def test_periods_that_do_not_meet_exclude_nothing(cast, now, newcomer):
    _grant(cast, now, newcomer, "first", valid_to=DAY + timedelta(days=30))
    _grant(cast, now, newcomer, "second", valid_from=DAY + timedelta(days=30))
    with pytest.raises(NotAllowed):
        _grant(cast, now, newcomer, "cashier", valid_from=DAY + timedelta(days=29), valid_to=DAY + timedelta(days=31))
    assert clashes(DAY) == []


def test_nobody_grants_to_oneself_or_beyond_the_own_region(cast, now, newcomer):
    with pytest.raises(NotAllowed, match="另一个人"):
        _grant(cast, now, cast["anquan"], "security")
    with pytest.raises(NotAllowed, match="地区"):
        _grant(cast, now, newcomer, "first", region_code="990200")
    with pytest.raises(NotAllowed, match="地区"):
        _grant(cast, now, newcomer, "first", region_code="990000")
    with pytest.raises(NotAllowed, match="不能授予和收回岗位"):
        _grant(cast, now, newcomer, "first", by=cast["guanli"])


@pytest.mark.parametrize("changed", [{"role": "king"}, {"region_code": "99"}, {"region_code": "99010x"}, {"valid_to": DAY}])
def test_a_post_that_makes_no_sense_is_refused(cast, now, newcomer, changed):
    role = changed.pop("role", "first")
    with pytest.raises((InputError, NotAllowed)):
        _grant(cast, now, newcomer, role, **changed)


def test_a_post_is_taken_back_from_today_and_only_once(cast, now, newcomer):
    post = _grant(cast, now, newcomer, "first", valid_from=DAY - timedelta(days=9))
    end_post(by=cast["anquan"], at=now, post=post, reason="轮岗")
    post.refresh_from_db()
    assert post.valid_to == DAY and not can(User.objects.get(pk=newcomer.pk), "review.first", DAY)
    with pytest.raises(InputError, match="已经收回"):
        end_post(by=cast["anquan"], at=now, post=post, reason="轮岗")
    future = _grant(cast, now, newcomer, "second", valid_from=DAY + timedelta(days=9))
    end_post(by=cast["anquan"], at=now, post=future, reason="不去了")
    future.refresh_from_db()
    assert not any(future.holds_on(DAY + timedelta(days=n)) for n in range(20))
    with pytest.raises(NotAllowed):
        end_post(by=cast["guanli"], at=now, post=future, reason="轮岗")


def test_the_report_finds_clashes_however_they_came_about(cast, now):
    post = {"region_code": "990100", "reason": "直接写库", "granted_at": now}
    Post.objects.create(user=cast["chushen"], role="second", valid_from=DAY - timedelta(days=3), **post)
    Post.objects.create(user=cast["fuhe"], role="cashier", valid_from=DAY + timedelta(days=3), **post)
    Post.objects.create(user=cast["fuhe2"], role="first", valid_from=date(2026, 1, 1), valid_to=DAY, **post)  # over
    Post.objects.create(user=cast["caiwu"], role="first", valid_from=DAY, **post)
    User.objects.filter(pk=cast["caiwu"].pk).update(is_active=False)
    found = [(c.user.login, c.holds_on(DAY), c.since, c.why) for c in clashes(DAY)]
    assert found == [
        ("chushen", True, DAY - timedelta(days=3), "初审与复核由两个人担任"),
        ("fuhe", False, DAY + timedelta(days=3), "审核与拨付由两个人担任"),
    ]


# certificates


def test_an_act_that_needs_a_certificate_is_refused_without_a_valid_one(cast, now):
    check_certificate(cast["chushen"], DAY)
    with pytest.raises(NotAllowed, match="须持有效的执法证件") as refusal:
        check_certificate(cast["chushen2"], DAY)
    assert refusal.value.why == "没有登记执法证件"
    last = Certificate.objects.get(user=cast["chushen"])
    check_certificate(cast["chushen"], last.valid_to - timedelta(days=1))
    with pytest.raises(NotAllowed) as refusal:
        check_certificate(cast["chushen"], last.valid_to)
    assert last.number in refusal.value.why and f"{last.valid_to}" in refusal.value.why
    with pytest.raises(NotAllowed):
        check_certificate(cast["chushen"], last.valid_from - timedelta(days=1))


def test_a_renewed_certificate_carries_on_without_a_gap(cast, now):
    first = Certificate.objects.get(user=cast["chushen"])
    register_certificate(
        by=cast["guanli"], at=now, user=cast["chushen"], number="X2", issuer="局", valid_from=first.valid_to,
        valid_to=first.valid_to + timedelta(days=365),
    )  # fmt: skip
    for n in range(-2, 3):
        check_certificate(cast["chushen"], first.valid_to + timedelta(days=n))


@pytest.mark.parametrize(("starts", "ends", "state"), [
    (-10, 61, "valid"), (-10, 60, "expiring"), (-10, 1, "expiring"), (-10, 0, "expired"), (1, 99, "future"), (0, 99, "valid"),
])  # fmt: skip
def test_validity_is_told_the_same_by_the_query_and_by_the_row(cast, starts, ends, state):
    own = Certificate.objects.create(
        user=cast["chushen2"], number="X3", issuer="局", valid_from=DAY + timedelta(days=starts), valid_to=DAY + timedelta(days=ends),
        registered_at="2026-11-24T02:00:00Z",
    )  # fmt: skip
    assert state_of(own, DAY) == (state, ends)
    tabs = {key for key, q in certificate_state(DAY).items() if Certificate.objects.filter(q, pk=own.pk).exists()}
    assert tabs == ({"valid", "expiring"} if state == "expiring" else {state})


def test_a_certificate_is_registered_once_and_with_its_period(cast, now):
    asked = {"by": cast["guanli"], "at": now, "user": cast["chushen2"], "issuer": "局", "valid_from": DAY}
    with pytest.raises(InputError, match="止日须在起日之后"):
        register_certificate(number="X4", valid_to=DAY, **asked)
    register_certificate(number="X4", valid_to=DAY + timedelta(days=1), **asked)
    with pytest.raises(InputError, match="已经登记过"):
        register_certificate(number="X4", valid_to=DAY + timedelta(days=2), **asked)


# units


def test_units_grow_are_renamed_and_closed(cast, now):
    by, bureau = cast["guanli"], Unit.objects.get(kind="bureau")
    hospital = add_unit(by=by, at=now, name="新医院", kind="institution", region_code="990102", institution_code="H9")
    office = add_unit(by=by, at=now, name="医保办", kind="department", region_code="990102", parent=hospital)
    rename_unit(by=by, at=now, unit=office, name="医保科")
    with pytest.raises(InputError, match="还有 1 个下级单位"):
        close_unit(by=by, at=now, unit=hospital, reason="注销")
    person = open_account(by=by, at=now, login="yibaoke", name="经办", unit=office, password="first-pass-2026")
    with pytest.raises(InputError, match="还有 1 个在用的账号"):
        close_unit(by=by, at=now, unit=office, reason="注销")
    move_person(by=by, at=now, user=person, unit=bureau)
    close_unit(by=by, at=now, unit=office, reason="注销")
    close_unit(by=by, at=now, unit=hospital, reason="注销")
    for act in (
        lambda: close_unit(by=by, at=now, unit=hospital, reason="注销"),
        lambda: add_unit(by=by, at=now, name="又一科", kind="department", region_code="990102", parent=hospital),
        lambda: move_person(by=by, at=now, user=person, unit=office),
        lambda: open_account(by=by, at=now, login="yibaoke2", name="经办", unit=office, password="first-pass-2026"),
    ):
        with pytest.raises(InputError, match="已经停用"):
            act()
    assert [e.event for e in Entry.objects.filter(event__startswith="unit.").order_by("number")] == [
        "unit.added", "unit.added", "unit.renamed", "unit.closed", "unit.closed",
    ]  # fmt: skip
    assert verify().whole


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"name": " "}, "没有填名称"),
        ({"name": "审核科"}, "这一级已经有审核科"),
        ({"kind": "institution"}, "要写机构编号"),
        ({"institution_code": "H8"}, "只有定点机构有机构编号"),
        ({"parent": None}, "科室要有上级"),
        ({"kind": "institution", "institution_code": "H99010200001", "parent": None}, "已经登记过"),
        ({"region_code": "9901"}, "六位数字"),
    ],
)
def test_what_makes_no_unit_is_refused(cast, now, changed, says):
    asked = {"name": "新科", "kind": "department", "region_code": "990100", "parent": Unit.objects.get(kind="bureau")} | changed
    with pytest.raises(InputError, match=says):
        add_unit(by=cast["guanli"], at=now, **asked)


def test_a_unit_stands_below_its_parent(cast):
    tree = [(depth, unit.name) for depth, unit in as_tree(units_for(cast["guanli"], "unit.manage", DAY))]
    assert tree[0] == (0, "镜川市医疗保障局") and (1, "审核科") in tree and tree[-1] == (0, "镜川市中心医院")
    assert len(tree) == Unit.objects.count()


def test_people_are_found_in_the_regions_of_the_post_only(cast, now):
    elsewhere = Unit.objects.create(name="邻市", kind="bureau", region_code="990200")
    open_account(by="测试", at=now, login="linshi", name="邻人", unit=elsewhere, password="first-pass-2026")
    assert people_for(cast["guanli"], "account.manage", DAY).count() == len(cast.people)
    assert not people_for(cast["chushen"], "account.manage", DAY).exists()
