from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from hengjian.apps.accounts.services import open_account, reset_password, set_active
from hengjian.apps.journal.models import Entry
from hengjian.web.cast import PASSWORD

LOGIN = "/login/"


class Clock:
    """The hour as the site sees it; tests move it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def on(self, **step: int) -> None:
        self.at += timedelta(**step)


@pytest.fixture
def clock(monkeypatch, now) -> Clock:
    moved = Clock(now)
    for place in ("django.utils.timezone.now", "axes.handlers.proxy.now", "axes.attempts.now"):
        monkeypatch.setattr(place, moved)
    return moved


def _sign_in(client, login: str, password: str = PASSWORD, **extra: str):
    return client.post(LOGIN, {"username": login, "password": password} | extra)


def _accounts_events() -> list[str]:
    kept = Entry.objects.filter(event__startswith="account.").exclude(event="account.opened").order_by("number")
    return list(kept.values_list("event", flat=True))


def test_signing_in_leads_home_and_is_journalled(client, cast, clock):
    answer = _sign_in(client, "chushen")
    assert answer.status_code == 302 and answer["Location"] == "/"
    assert client.get("/").status_code == 200
    assert _accounts_events() == ["account.signed_in"]


def test_five_wrong_passwords_lock_the_account_for_half_an_hour(client, cast, clock):
    for _ in range(4):
        answer = _sign_in(client, "chushen", "wrong-password-1")
        assert answer.status_code == 200
    assert "账号或密码不对" in answer.content.decode()
    locked = _sign_in(client, "chushen", "wrong-password-1")
    assert locked.status_code == 429
    assert "密码错得太多，账号暂时锁定" in locked.content.decode()
    clock.on(minutes=29)
    assert _sign_in(client, "chushen").status_code == 429  # the right one
    assert client.get("/").status_code == 302
    clock.on(minutes=2)
    assert _sign_in(client, "chushen").status_code == 302
    assert client.get("/").status_code == 200


def test_guessing_on_does_not_lengthen_the_lock(client, cast, clock):
    for _ in range(5):
        _sign_in(client, "chushen", "wrong-password-1")
    clock.on(minutes=20)
    assert _sign_in(client, "chushen", "wrong-password-1").status_code == 429
    clock.on(minutes=11)
    assert _sign_in(client, "chushen").status_code == 302


def test_a_lock_holds_from_another_address_and_with_blanks_around_the_name(client, cast, clock):
    for n in range(5):
        client.post(LOGIN, {"username": "chushen", "password": "wrong-password-1"}, REMOTE_ADDR=f"10.0.0.{n}")
    assert client.post(LOGIN, {"username": " chushen ", "password": PASSWORD}, REMOTE_ADDR="10.0.0.9").status_code == 429


def test_another_account_is_not_locked(client, cast, clock):
    for _ in range(5):
        _sign_in(client, "chushen", "wrong-password-1")
    assert _sign_in(client, "fuhe").status_code == 302


def test_a_success_forgets_earlier_mistakes(client, cast, clock):
    for _ in range(3):
        for _ in range(4):
            _sign_in(client, "chushen", "wrong-password-1")
        assert _sign_in(client, "chushen").status_code == 302
        client.post("/logout/")


def test_failures_and_the_lock_are_journalled_without_what_was_typed(client, cast, clock):
    for _ in range(7):
        _sign_in(client, "chushen", "wrong-password-1")
    _sign_in(client, "nobody-here", "wrong-password-2")
    assert _accounts_events() == ["account.sign_in_failed"] * 5 + ["account.locked", "account.sign_in_failed"]
    assert Entry.objects.get(event="account.locked").summary == "连续输错 5 次，锁定半小时（何文杰）"
    assert Entry.objects.get(event="account.locked").subject == f"user:{cast['chushen'].pk}"
    kept = "".join(f"{e.summary}{e.detail}{e.subject}{e.actor}{e.actor_name}" for e in Entry.objects.all())
    assert "wrong-password" not in kept and "nobody-here" not in kept
    assert all("wrong-password" not in a.post_data for a in AccessAttempt.objects.all())


def test_an_empty_form_is_no_failure(client, cast, clock):
    assert _sign_in(client, "", "").status_code == 200
    assert _accounts_events() == []


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/workdays/", "/workdays/"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("https:evil.example", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_next_leads_to_the_own_host_only(client, cast, clock, wanted, goes):
    assert _sign_in(client, "kezhang", next=wanted)["Location"] == goes


def test_a_page_asked_for_is_opened_after_signing_in(client, cast, clock):
    asked = client.get("/workdays/?year=2026")
    assert asked["Location"] == "/login/?next=%2Fworkdays%2F%3Fyear%3D2026"
    assert 'name="next" value="/workdays/?year=2026"' in client.get(asked["Location"]).content.decode()
    part = client.get("/workdays/", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (204, "/login/?next=%2Fworkdays%2F")


def test_half_an_hour_without_a_request_ends_the_session(client, cast, clock):
    _sign_in(client, "chushen")
    for _ in range(4):  # at work for two hours
        clock.on(minutes=28)
        assert client.get("/").status_code == 200
    clock.on(minutes=31)
    assert client.get("/")["Location"] == "/login/"


def test_reading_pages_writes_the_session_once_a_minute(client, cast, clock):
    _sign_in(client, "chushen")
    client.get("/")
    kept = Session.objects.get().expire_date
    clock.on(seconds=59)
    client.get("/")
    assert Session.objects.get().expire_date == kept
    clock.on(seconds=1)
    client.get("/")
    assert Session.objects.get().expire_date == kept + timedelta(seconds=60)


def test_a_closed_account_is_out_at_the_next_request(client, cast, clock):
    _sign_in(client, "chushen")
    assert client.get("/").status_code == 200
    set_active(by=cast["guanli"], at=timezone.now(), user=cast["chushen"], active=False, reason="调离")
    assert client.get("/")["Location"] == "/login/"
    assert _sign_in(client, "chushen").status_code == 200  # the form again
    assert Entry.objects.get(event="account.sign_in_failed").summary == "登录失败（何文杰，账号已停用）"


def test_a_reset_password_ends_other_sessions(client, cast, clock):
    _sign_in(client, "chushen")
    reset_password(by=cast["guanli"], at=timezone.now(), user=cast["chushen"], password="another-pass-77")
    assert client.get("/")["Location"] == "/login/"


def test_a_first_password_must_be_changed_before_anything_else(client, cast, clock):
    open_account(
        by=cast["guanli"], at=clock.at, login="xinren", name="新人", unit=cast["chushen"].unit, password="first-pass-2026"
    )
    _sign_in(client, "xinren", "first-pass-2026")
    for address in ("/", "/workdays/", "/people/matrix/"):
        assert client.get(address)["Location"] == "/password/"
    assert client.get("/password/").status_code == 200
    kept = client.post("/password/", {"old": "first-pass-2026", "new": "first-pass-2026", "again": "first-pass-2026"})
    assert "新密码与原密码相同" in kept.content.decode()
    done = client.post("/password/", {"old": "first-pass-2026", "new": "my-own-pass-88", "again": "my-own-pass-88"})
    assert done["Location"] == "/"
    assert client.get("/").status_code == 200  # still signed in
    client.post("/logout/")
    assert _sign_in(client, "xinren", "first-pass-2026").status_code == 200
    assert _sign_in(client, "xinren", "my-own-pass-88").status_code == 302


def test_signing_out_is_an_act_not_a_link(client, cast, clock):
    _sign_in(client, "chushen")
    assert client.get("/logout/").status_code == 405
    assert client.get("/").status_code == 200
    assert client.post("/logout/")["Location"] == reverse("login")
    assert client.get("/").status_code == 302
    assert _accounts_events() == ["account.signed_in", "account.signed_out"]


def test_the_session_has_a_new_key_after_signing_in(client, cast, clock):
    client.get(LOGIN)
    session = client.session
    session["kept"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    _sign_in(client, "chushen")
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_post_that_begins_tomorrow_opens_nothing_today(client, cast, clock):
    from hengjian.apps.accounts.services import grant_post

    user = open_account(
        by=cast["guanli"],
        at=clock.at,
        login="xinren",
        name="新人",
        unit=cast["chushen"].unit,
        password="first-pass-2026",
        is_demo=True,
    )
    grant_post(
        by=cast["anquan"],
        at=clock.at,
        user=user,
        role="supervisor",
        region_code="990100",
        valid_from=date(2026, 11, 25),
        reason="新任",
    )
    _sign_in(client, "xinren", "first-pass-2026")
    assert client.get("/workdays/").status_code == 403
    clock.on(days=1)
    _sign_in(client, "xinren", "first-pass-2026")
    assert client.get("/workdays/").status_code == 200
