"""Whatever is sent, no address breaks: every address × nasty query strings, every form × nasty fields, as the person whose it is.

The answer may refuse; it is never a fault of the server, never carries script, and never speaks English. Runs on SQLite, and on
PostgreSQL with DATABASE_URL (`test_on_postgres` starts that run): only there text with NUL or a number too large is an error.
"""

from __future__ import annotations

import random
import re
from datetime import date
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.clues.models import Clue
from hengjian.apps.registry.models import Institution, Person
from hengjian.apps.review import services as reviews
from hengjian.apps.review.models import Attachment, Batch, Review
from hengjian.apps.rules import services as changes
from hengjian.apps.rules.models import Proposal
from hengjian.apps.runs.models import Run
from hengjian.web.cast import BUREAU_CAST, DESK_CAST
from hengjian.web.rights import RIGHTS

from ..apps.review.conftest import later, world  # noqa: F401
from ..conftest import LONG
from .crawl import Form, Reached, bodies, crawl, name_of

CAST = (*BUREAU_CAST, *DESK_CAST)
PEOPLE = tuple(row[0] for row in CAST if not row[0].endswith("2"))
SCRIPT = "'\"><script>alert(1)</script><img src=x onerror=alert(2)>"
NASTY = (
    "", " ", "\x00", "a\x00b", "²", "①", "１２", "१२", "-1", "0", "1e400", "NaN", "Infinity", "-0.001", "１，０２３．３６", "9" * 18, "9" * 30,
    "9" * 5000, "0000-00-00", "9999-12-31", "0001-01-01", "2026-02-30", "-9999-12-31", SCRIPT, "%", "_%", "\\", "🀄", "\u202e", "\ufeff", "x" * 20000,
    "医" * 3000, "|", "a|b|c|d|e", "None", "../../etc/passwd", "{{ 7 }}", "[]", "\r\nX-Evil: 1", "-", "--", "id", "-pk", "password",
)  # fmt: skip
RAW = (
    "%ff%fe",
    "=",
    "&&&",
    "q[]=1&q[]=2",
    "page=1&page=2",
    "page=%00",
    "%00=1",
    "state=%ED%A0%80",
    "a=1;b=2",
    "?",
    "q=" + "%25" * 900,
)
"""Query strings no form makes."""
NAMES = (
    "q", "state", "page", "size", "sort", "kind", "region", "category", "amount", "found_from", "found_to", "source", "certainty", "person",
    "due", "rule", "institution", "since", "until", "settled", "level", "who", "year", "day", "user", "parent", "group", "step", "at",
    "closed", "event", "subject", "role", "unit", "run", "next", "code", "active", "table", "when", "official", "family",
)  # fmt: skip
NOT_BY_LINK = {"login", "healthy", "clues:institutions", "runs:findings", "runs:report", "runs:download"}
"""Addresses to GET that no page of this small world links to: they are added by hand, or need an audit's own files."""
BY_HAND = {
    "workdays:clear": ("guanli", (), {"day": "2026-11-28"}),
    "workdays:announce": ("guanli", (), {"year": "2027", "notice": "国办发明电〔2026〕9 号"}),
    "review:undo": ("chushen", ("answer",), {}),
    "review:return": ("fuhe", ("second",), {"version": "2", "reason": "再查"}),
    "review:take_back": ("fuhe", ("decided",), {"reason": "再看"}),
    "review:lapse": ("fuhe", (), {"sel": "4"}),
    "review:undo_batch": ("chushen", ("batch",), {}),
    "review:attachment": ("fuhe", ("file",), {}),
    "desk:withdraw": ("yibao", ("second",), {}),
    "desk:detach": ("yibao", ("answer", "file"), {}),
    "recovery:settle": ("caiwu", (), {"sel": "1", "note": "凭证 12"}),
    "runs:audit": ("kezhang", (), {"how": "full"}),
    "runs:load": ("shuju", ("run",), {"then": "audit"}),
    "runs:retry": ("shuju", ("run",), {}),
    "runs:guide_start": ("kezhang", (), {}),
    "runs:release": ("kezhang", (), {"rule": "service_daily_limit", "to": "active", "reason": "局办公会"}),
    "rules:approve": ("kezhang", ("proposal",), {"note": "对照过公告"}),
    "rules:refuse": ("kezhang", ("proposal",), {"note": "公告没有取消"}),
    "clues:gone": ("kezhang", (), {}),
}
"""Addresses whose button shows only at a certain moment: who presses it, the rows it names (states of reviews, or what), and its fields."""
_ENGLISH = re.compile(
    r">[^<>{}]*\b(This field|Select a valid|Enter a|Ensure this|Not Found|Forbidden|Server Error|is required|must be)\b"
)


@pytest.fixture
def office(world, now, monkeypatch, settings, tmp_path):  # noqa: F811
    """A small office in which every kind of page has something on it."""
    monkeypatch.setattr(timezone, "now", lambda: now)
    for name in ("LAKE", "SITE", "RESULTS", "UPLOADS", "DROP", "EXPORTS", "ANCHORS", "ATTACHMENTS"):
        setattr(settings, name, tmp_path / name.lower())
    cast = world.cast
    for state in ("first", "first", "first", "answer", "answer", "second", "second", "decided", "closed"):
        made = world.review(state)
    row = world.review("answer")
    reviews.attach(review=row, name="病历.pdf", chunks=[b"%PDF-1.7\n1 0 obj"], by=cast["yibao"], at=now)
    reviews.ask_doctor(review=row, doctor=cast["yishi"], question="为什么做三次", by=cast["yibao"], at=now)
    given = world.review("answer")
    reviews.attach(review=given, name="说明.pdf", chunks=[b"%PDF-1.7\n2 0 obj"], by=cast["yibao"], at=now)
    given.refresh_from_db()
    reviews.answer(review=given, version=given.version, kind="appeal", ground="data", text="见附件", by=cast["yibao"], at=now)
    group = f"service_daily_limit|{'f' * 64}|{made.institution_code}"
    first = _as(cast, "chushen")
    first.post(reverse("review:draw"), {"step": "first", "group": group, "decision": "deduct", "reason": "同一事实"})
    Clue.objects.create(
        number="XS-2026-00099", source="audit", grouping="institution", group_key="pool", title="待分派", region_code="990100",
        institution=Institution.objects.first(), found_on=now.date(), registered_at=now,
    )  # fmt: skip
    Person.objects.create(psn_no="99010000002860240896", masked_name="吴*", insurance="居民医保", region_code="990102")
    supervisor, operator, admin = (_as(cast, login) for login in ("kezhang", "shuju", "guanli"))
    supervisor.post(
        reverse("clues:new"),
        {
            "source": "hotline",
            "received_on": "2026-11-20",
            "title": "群众反映多收费",
            "institution": "H99010200001",
            "content": "电话",
        },
    )
    for login, kid in (("chushen", "cap-day-01"), ("kezhang", "cap-day-02")):  # one to decide on, one to take back
        changes.propose(by=cast[login], at=now, wanted=_change(kid))
    operator.post(reverse("runs:upload"), {"files": SimpleUploadedFile("就诊.csv", "就诊ID,人员编号\n1,2\n".encode())})
    supervisor.post(reverse("runs:export", args=["ledger"]))
    admin.post(reverse("accounts:unit_add"), {"name": "稽核二科", "kind": "department", "region_code": "990100"})
    return cast


def _change(kid: str) -> changes.Wanted:
    return changes.Wanted("service_daily_limit", kid, "公告", "第 1 行", "取消限制", ends_on=date(2026, 12, 1))


def _as(cast, login: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(cast[login])
    return client


def _fault(answer, what: str) -> str:
    """What is wrong with an answer, or nothing."""
    if answer.status_code >= 500:
        kind, error, trace = answer.exc_info if getattr(answer, "exc_info", None) else (None, None, None)
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
        return f"{what}: {answer.status_code} {kind and kind.__name__}: {str(error)[:120]} {where}"
    if answer.streaming:
        b"".join(answer.streaming_content)  # read to its end, which closes the file
        return ""
    if "html" not in answer.get("Content-Type", ""):
        return ""
    text = answer.content.decode()
    if "><script>alert" in text or "<img src=x" in text:
        return f"{what}: script"
    if found := _ENGLISH.search(text):
        return f"{what}: English: {found.group(0)[:80]}"
    return ""


def _send(client: Client, method: str, address: str, data=None, **more) -> object:
    """Ask, and undo whatever it did: the next request finds the same office and the same session."""
    cookies = client.cookies.output(header="", sep=";")
    with transaction.atomic():
        answer = (
            getattr(client, method)(address, data, **more) if data is not None else getattr(client, method)(address, **more)
        )
        transaction.set_rollback(True)
    if client.cookies.output(header="", sep=";") != cookies:
        client.cookies.clear()
        client.cookies.load(cookies)
    return answer


def _asked(rng: random.Random) -> list[str]:
    """Query strings for one address."""
    made = [urlencode(dict.fromkeys(NAMES, value)) for value in NASTY if len(value) < 1000]
    made += [urlencode({name: rng.choice(NASTY[:-1])[:2000] for name in rng.sample(NAMES, 6)}) for _ in range(8)]
    return [
        *(RAW if LONG else rng.sample(RAW, 4)),
        *(made if LONG else rng.sample(made, 6)),
        urlencode({rng.choice(NAMES): "\x00"}),
    ]


def _reached(office) -> dict[str, Reached]:
    return {login: crawl(_as(office, login)) for login in PEOPLE}


def test_no_address_and_no_form_is_a_fault(office):
    rng, faults, seen, posted = random.Random(20261124), [], set(), set()
    reached = _reached(office)
    for login, found in reached.items():
        client = _as(office, login)
        faults += [f"{login}: dead link {dead}" for dead in found.dead]
        for address, status in found.pages.items():
            name = name_of(address)
            if status >= 500 or not name or (name in seen and not LONG):
                continue
            seen.add(name)
            path = address.split("?")[0]
            for query in _asked(rng):
                faults.append(_fault(_send(client, "get", f"{path}?{query}"), f"{login} GET {path}?{query[:80]}"))
            for verb in ("head", "options", "put", "delete"):
                faults.append(_fault(_send(client, verb, path), f"{login} {verb} {path}"))
        for form in found.forms:
            if form.method != "post" or name_of(form.action) == "logout" or (name_of(form.action) in posted and not LONG):
                continue
            posted.add(name_of(form.action))
            faults += _abuse(client, form, login, rng)
    for name, (login, rows, fields) in BY_HAND.items():
        form = Form(reverse(name, args=[_row(row) for row in rows]), "post", {k: [v] for k, v in fields.items()})
        faults += _abuse(_as(office, login), form, login, rng)
        posted.add(name)
    faults = sorted({f for f in faults if f})
    assert not faults, f"{len(faults)}\n" + "\n".join(faults[:60])
    assert RIGHTS.keys() - seen - posted - NOT_BY_LINK == {"logout"}, (
        "no page leads there: add it to the small world, or by hand"
    )


def _row(what: str) -> int:
    rows = {"batch": Batch, "file": Attachment, "run": Run, "proposal": Proposal}
    found = rows[what].objects.order_by("pk") if what in rows else Review.objects.filter(state=what).order_by("pk")
    return found.values_list("pk", flat=True)[0]


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 25, "9" * 4400], ids=len)
def test_no_guessed_number_is_a_fault(office, number):
    faults = []
    for name, right in RIGHTS.items():
        address = _numbered(name, number)
        if not address or not right.acts:
            continue
        login = next(row[0] for row in CAST if ROLES[row[-1]].acts & set(right.acts))
        for method in ("get", "post"):
            answer = _send(_as(office, login), method, address)
            expected = (404, 405, 400, 302) if "load" in name else (404, 405)
            faults += [_fault(answer, f"{login} {method} {address[:60]}")]
            faults += [] if answer.status_code in expected else [f"{login} {method} {address[:60]}: {answer.status_code}"]
    faults = [f for f in faults if f]
    assert not faults, "\n".join(faults)


def test_no_form_is_taken_without_its_token(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast["kezhang"])
    answers = {name: client.post(_numbered(name, "1") or _plain(name), {"reason": "无"}) for name in RIGHTS}
    assert {name: a.status_code for name, a in answers.items() if a.status_code != 400} == {}
    assert "没有任何数据被改动" in answers["clues:assign"].content.decode()


def test_the_address_of_an_act_opened_as_a_page_says_what_it_is(cast):
    answer = _as(cast, "kezhang").get(reverse("clues:assign"))
    assert answer.status_code == 405 and answer["Allow"] == "POST" and "只接收页面上提交的表单" in answer.content.decode()


def _plain(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return reverse(name, args=["ledger", "1"] if name in ("rules:row", "rules:propose") else ["ledger"])


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/login/", "/nothing/", "/registry/institutions/%00/", "/%00", "/login/?next=%00"])
@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "other"])
def test_a_cookie_with_nul_is_no_fault(address, name):
    answer = Client(raise_request_exception=False).get(address, headers={"cookie": f'{name}="a\\000b"'})
    assert answer.status_code in (400, 404)


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["username", "password", "next", "other"])
def test_signing_in_with_nul_is_no_fault(cast, field):
    sent = {"username": "chushen", "password": "yunxi-demo-2026", "next": "/"} | {field: "a\x00b"}
    assert Client(raise_request_exception=False).post("/login/", sent).status_code == 400


def _numbered(name: str, number: str) -> str:
    """The address with `number` for every number in it; nothing for an address without one."""
    for count in (1, 2):
        try:
            return re.sub(r"(?<=/)12321(?=/|$)", number, reverse(name, args=[12321] * count))
        except NoReverseMatch:
            continue
    return ""


def _abuse(client: Client, form: Form, login: str, rng: random.Random) -> list[str]:
    """One form: as it stands, twice, by GET, without its fields, with each field nasty, with files."""
    faults = []
    everything = list(bodies(form, NASTY))
    chosen = everything if LONG or len(everything) <= 16 else [everything[0], *rng.sample(everything[1:], 16)]
    for what, body in [*chosen, ("nothing", {}), ("all", {name: [rng.choice(NASTY)] for name in form.fields})]:
        htmx = {"headers": {"HX-Request": "true"}} if rng.random() < 0.3 else {}
        faults.append(_fault(_send(client, "post", form.action, body, **htmx), f"{login} POST {form.action} {what}"))
    for name in form.files:
        for file in ("a\x00b.pdf", SCRIPT, "x" * 400 + ".csv", "../../a.csv"):
            body = form.fields | {name: SimpleUploadedFile(file, rng.randbytes(200))}
            faults.append(_fault(_send(client, "post", form.action, body), f"{login} POST {form.action} file {file[:30]!r}"))
    faults.append(_fault(_send(client, "get", form.action), f"{login} GET {form.action}"))
    with transaction.atomic():
        for _ in range(2):
            faults.append(_fault(client.post(form.action, form.fields), f"{login} POST {form.action} twice"))
        transaction.set_rollback(True)
    return faults
