from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from hengjian.apps.accounts.models import Certificate, Post, Unit, User

DAY = date(2026, 11, 24)


@pytest.fixture
def signed(client, cast, monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    def as_(login: str):
        client.force_login(cast[login])
        return client

    return as_


def _logins(page: str) -> list[str]:
    return re.findall(r'<small class="code">(\w+)</small>', page)


@pytest.mark.parametrize(
    ("asked", "logins"),
    [
        ("q=何", {"chushen", "yishi"}),
        ("q=FUHE", {"fuhe", "fuhe2"}),
        ("role=first", {"chushen", "chushen2"}),
        ("role=none", {"xinren"}),
        ("state=closed", {"chushen2"}),
        ("state=open&role=first", {"chushen"}),
        ("q=没有这个人", set()),
    ],
)
def test_people_are_searched_and_narrowed(signed, cast, asked, logins):
    User.objects.create(login="xinren", name="新人", unit=cast["chushen"].unit)
    User.objects.filter(login="chushen2").update(is_active=False)
    assert set(_logins(signed("guanli").get(f"/people/?{asked}").content.decode())) == logins


def test_the_list_narrows_to_a_unit_and_sorts(signed, cast):
    page = signed("guanli").get(f"/people/?unit={cast['chushen'].unit_id}&sort=-name").content.decode()
    assert set(_logins(page)) == {"chushen", "chushen2", "fuhe", "fuhe2"}
    names = re.findall(r'class="strong">(\S+)</a>', page)
    assert names == sorted(names, reverse=True)
    assert signed("guanli").get("/people/?unit=x&sort=password&page=99&size=20").status_code == 200


def test_the_number_of_queries_of_the_list_does_not_grow_with_it(signed, cast, django_assert_max_num_queries):
    client = signed("guanli")
    client.get("/people/")
    with django_assert_max_num_queries(16):
        client.get("/people/")


def test_an_account_is_opened_and_a_refusal_keeps_what_was_filled_in(signed, cast):
    client, unit = signed("guanli"), cast["chushen"].unit_id
    asked = {"login": "xinren", "name": "新人", "unit": unit, "password": "first-pass-2026"}
    refused = client.post("/people/open/", asked | {"password": "short"})
    assert (
        refused.status_code == 400 and "密码不够强" in refused.content.decode() and 'value="xinren"' in refused.content.decode()
    )
    assert "不到十位" in refused.content.decode() and 'value="short"' not in refused.content.decode()
    page = client.post("/people/open/", asked, follow=True).content.decode()
    assert "新人 的账号已建立" in page and "还没有岗位" in page


def test_an_account_is_reset_closed_reopened_and_moved_on_its_page(signed, cast):
    client, who = signed("guanli"), cast["chushen2"]
    address = f"/people/{who.pk}/"
    assert "下次登录时须改" in client.post(f"{address}password/", {"password": "another-pass-77"}, follow=True).content.decode()
    weak = client.post(
        f"{address}password/", {"password": "x"}, headers={"Referer": f"http://testserver{address}"}, follow=True
    )
    assert "密码不够强" in weak.content.decode()
    assert "已调到财务科" in client.post(f"{address}unit/", {"unit": cast["caiwu"].unit_id}, follow=True).content.decode()
    assert "的账号已停用" in client.post(f"{address}activity/", {"active": "0", "reason": "调离"}, follow=True).content.decode()
    page = client.post(f"{address}activity/", {"active": "1", "reason": "调回"}, follow=True).content.decode()
    assert "的账号已恢复" in page
    who.refresh_from_db()
    assert who.check_password("another-pass-77") and who.must_change and who.is_active and who.unit == cast["caiwu"].unit


def test_the_own_page_offers_neither_closing_nor_moving(signed, cast):
    page = signed("guanli").get(f"/people/{cast['guanli'].pk}/").content.decode()
    assert "这是您自己的账号" in page and "停用账号" not in page
    assert signed("guanli").post(f"/people/{cast['guanli'].pk}/activity/", {"active": "0", "reason": "试"}).status_code == 403


def test_people_of_another_region_are_not_found(signed, cast):
    other = User.objects.create(
        login="linshi", name="邻人", unit=Unit.objects.create(name="邻市", kind="bureau", region_code="990200")
    )
    assert signed("guanli").get(f"/people/{other.pk}/").status_code == 404
    assert signed("anquan").get(f"/people/posts/{other.pk}/").status_code == 404


def test_excluded_posts_are_barred_before_and_refused_at_the_act(signed, cast):
    client, address = signed("anquan"), f"/people/posts/{cast['chushen'].pk}/"
    page = client.get(address).content.decode()
    barred = set(re.findall(r'value="(\w+)" required disabled', page))
    assert barred == {"sysadmin", "security", "logauditor", "second", "cashier", "clerk", "doctor"}
    assert "不能：已任初审员：初审与复核由两个人担任" in page
    asked = {"role": "second", "region_code": "990100", "valid_from": "2026-11-24", "reason": "任命"}
    refused = client.post(address, asked)
    assert refused.status_code == 400 and "何文杰 已是初审员，不能再任复核员" in refused.content.decode()
    assert not Post.objects.filter(user=cast["chushen"], role="second").exists()
    granted = client.post(address, asked | {"role": "first", "region_code": "990102"}, follow=True).content.decode()
    assert "已授予 何文杰 初审员" in granted


def test_a_post_is_taken_back_on_the_page(signed, cast):
    post = Post.objects.get(user=cast["chushen"])
    page = signed("anquan").post(f"/people/posts/{post.pk}/end/", {"reason": "轮岗"}, follow=True).content.decode()
    assert "何文杰 的初审员已收回" in page
    post.refresh_from_db()
    assert post.valid_to == DAY


def test_the_own_posts_are_anothers_to_grant(signed, cast):
    page = signed("anquan").get(f"/people/posts/{cast['anquan'].pk}/").content.decode()
    assert "不能给自己授予岗位" in page and "授予岗位</button>" not in page


def test_the_conflict_report_says_none_or_names_them(signed, cast, now):
    assert "没有人同时担任不相容的岗位" in signed("anquan").get("/people/conflicts/").content.decode()
    Post.objects.create(
        user=cast["chushen"], role="second", region_code="990100", valid_from=DAY, reason="写库", granted_at=now
    )
    for login in ("anquan", "shenji"):
        page = signed(login).get("/people/conflicts/").content.decode()
        assert "何文杰" in page and "初审与复核由两个人担任" in page and "今天就有" in page
    assert "不相容岗位（1）" in signed("anquan").get("/people/posts/").content.decode()


def test_units_are_added_renamed_and_closed_on_their_pages(signed, cast):
    client, bureau = signed("guanli"), Unit.objects.get(kind="bureau")
    asked = {"name": "稽核科", "kind": "department", "parent": bureau.pk, "region_code": "990100"}
    assert "稽核科 已建立" in client.post("/people/units/add/", asked, follow=True).content.decode()
    again = client.post("/people/units/add/", asked)
    assert again.status_code == 400 and "这一级已经有稽核科" in again.content.decode()
    unit = Unit.objects.get(name="稽核科")
    assert (
        "已改名" in client.post(f"/people/units/{unit.pk}/", {"act": "rename", "name": "稽查科"}, follow=True).content.decode()
    )
    page = client.post(f"/people/units/{unit.pk}/", {"act": "close", "reason": "撤并"}, follow=True).content.decode()
    assert "稽查科 已停用" in page and "连停用的一起看（1）" in page
    assert "稽查科（停用）" in client.get("/people/units/?closed=1").content.decode()
    busy = client.get(f"/people/units/{cast['chushen'].unit_id}/").content.decode()
    assert "还不能停用：有 4 个在用的账号" in busy


def test_certificates_stand_under_their_validity(signed, cast, now):
    own = {"issuer": "局", "registered_at": now}
    Certificate.objects.create(
        user=cast["fuhe2"], number="DUE", valid_from=date(2022, 1, 1), valid_to=DAY + timedelta(days=60), **own
    )
    Certificate.objects.create(user=cast["fuhe2"], number="OVER", valid_from=date(2021, 1, 1), valid_to=DAY, **own)
    Certificate.objects.create(
        user=cast["fuhe2"], number="NEXT", valid_from=DAY + timedelta(days=1), valid_to=date(2031, 1, 1), **own
    )
    client = signed("guanli")
    for state, numbers in (
        ("", {"DUE", "OVER", "NEXT"}),
        ("valid", {"DUE"}),
        ("expiring", {"DUE"}),
        ("expired", {"OVER"}),
        ("future", {"NEXT"}),
    ):
        page = client.get(f"/people/certificates/?state={state}").content.decode()
        assert {n for n in ("DUE", "OVER", "NEXT") if f">{n}<" in page} == numbers, state
    assert "还有 60 天" in client.get("/people/certificates/?q=DUE").content.decode()


def test_a_certificate_is_registered_on_its_page(signed, cast):
    client = signed("guanli")
    asked = {"user": cast["fuhe2"].pk, "number": "N1", "issuer": "局", "valid_from": "2026-11-24", "valid_to": "2031-11-24"}
    refused = client.post("/people/certificates/add/", asked | {"valid_to": "2026-11-24"})
    assert refused.status_code == 400 and "有效期的止日须在起日之后" in refused.content.decode()
    assert "执法证 N1 已登记" in client.post("/people/certificates/add/", asked, follow=True).content.decode()
