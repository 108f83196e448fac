from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from django.db import transaction

from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.queries import entries
from hengjian.apps.journal.services import Act, record, record_many
from hengjian.apps.journal.verify import verify


@pytest.fixture
def written(cast, now):
    """A day of acts by two people, one at the last second of the day before."""
    with transaction.atomic():
        midnight = now.replace(hour=0)
        record(
            by=cast["chushen"],
            at=midnight - timedelta(seconds=1),
            event="review.proposed",
            subject="review:1",
            summary="初审：扣减",
            amount="12.30",
        )
        record(
            by=cast["chushen"],
            at=midnight,
            event="review.proposed",
            subject="review:12",
            summary="初审：不扣",
            lines=["一", "二"],
        )
        record(by=cast["fuhe"], at=now, event="review.decided", subject="review:1", summary="=复核：扣减")
    return cast


@pytest.fixture
def auditor(client, written):
    client.force_login(written["shenji"])
    return client


def _found(client, **asked: str) -> list[str]:
    page = client.get("/journal/", asked).content.decode()
    return re.findall(r'class="code"[^>]*>(review:\d+|user:\d+)</a>', page)


@pytest.mark.parametrize(
    ("asked", "subjects"),
    [
        ({"event": "review."}, ["review:1", "review:12", "review:1"]),
        ({"event": "review.decided"}, ["review:1"]),
        ({"since": "2026-11-24", "event": "review."}, ["review:1", "review:12"]),
        ({"until": "2026-11-23", "event": "review."}, ["review:1"]),
        ({"since": "2026-11-23", "until": "2026-11-23", "event": "review."}, ["review:1"]),
        ({"subject": "review:1"}, ["review:1", "review:1"]),
        ({"subject": "review:"}, ["review:1", "review:12", "review:1"]),
        ({"actor": "周启明"}, ["review:1"]),
        ({"actor": "何文杰"}, ["review:12", "review:1"]),
        ({"q": "不扣"}, ["review:12"]),
        ({"q": "没有这样的话"}, []),
    ],
)
def test_filters_stand_in_the_address(auditor, asked, subjects):
    assert _found(auditor, **asked) == subjects


def test_an_actor_is_found_by_the_exact_identifier(written):
    pk = written["chushen"].pk
    assert {e.actor for e in entries({"actor": f"user:{pk}"})} == {f"user:{pk}"}


def test_a_filter_that_makes_no_sense_is_left_out(auditor):
    assert auditor.get("/journal/", {"since": "gestern", "event": "no.such", "page": "x", "size": "7"}).status_code == 200


def test_pages_follow_each_other(auditor, now):
    with transaction.atomic():
        record_many(by="测试", at=now, acts=[Act("page.test", "t:1", f"第 {n} 件") for n in range(45)])
    shown = [
        re.findall(r"第 (\d+) 件", auditor.get("/journal/", {"event": "page.test", "page": p}).content.decode())
        for p in ("1", "2", "3")
    ]
    assert [len(s) for s in shown] == [20, 20, 5] and shown[0][0] == "44" and shown[2][-1] == "0"


def test_one_entry_shows_its_details_and_its_place(auditor, written):
    entry = Entry.objects.get(summary="初审：不扣")
    page = auditor.get(f"/journal/{entry.number}/").content.decode()
    assert "一<br>二" in page and entry.digest in page and entry.previous in page and "内容与摘要相符" in page
    assert f"/journal/{entry.number - 1}/" in page and f"/journal/{entry.number + 1}/" in page
    assert auditor.get("/journal/999999/").status_code == 404


def test_the_export_holds_what_the_filter_leaves_and_is_journalled(auditor, written):
    answer = auditor.get("/journal/export/", {"event": "review.", "since": "2026-11-24"})
    assert answer["Content-Disposition"].endswith('.xlsx"')
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:3] == ("序号", "时间", "行为人") and [r[5] for r in rows[1:]] == ["review:1", "review:12"]
    formula = sheet.cell(2, 7)
    assert formula.value == "=复核：扣减" and formula.data_type == "s"
    kept = Entry.objects.get(event="journal.exported")
    assert (
        kept.summary == "导出操作日志 2 条"
        and '"since":"2026-11-24"' in kept.detail
        and kept.actor == f"user:{written['shenji'].pk}"
    )
    assert verify().whole


def test_too_many_rows_are_refused_with_the_cure(auditor, monkeypatch):
    monkeypatch.setattr("hengjian.apps.journal.views.EXPORT_LIMIT", 2)
    answer = auditor.get("/journal/export/", {"event": "review."})
    assert answer.status_code == 400 and "共 3 条，一次最多导出 2 条" in answer.content.decode()
    assert not Entry.objects.filter(event="journal.exported").exists()


def test_nobody_else_reads_it_least_of_all_the_own_entries(client, written):
    entry = Entry.objects.get(summary="初审：不扣")
    for login, user in written.people.items():
        client.force_login(user)
        status = 200 if login == "shenji" else 403
        for address in ("/journal/", f"/journal/{entry.number}/", "/journal/export/"):
            assert client.get(address).status_code == status, (login, address)
