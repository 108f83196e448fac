"""Through HTTP: the way of a finding, and ill will."""

from __future__ import annotations

import io
import threading
import zipfile
from datetime import UTC, timedelta
from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.models import Entry
from hengjian.apps.recovery.models import Posting
from hengjian.apps.review import services
from hengjian.apps.review.attachments import kind_of
from hengjian.apps.review.models import Attachment, Batch, Review, Step, Verdict
from hengjian.apps.review.panes import bureau_pane

from .conftest import OTHER

PDF = b"%PDF-1.7\n1 0 obj"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def world(world, now, monkeypatch):
    """Pages read the clock: it stands still."""
    monkeypatch.setattr(timezone, "now", lambda: now)
    return world


def as_(world, login) -> Client:
    client = Client()
    client.force_login(world.cast[login])
    return client


def office_book(member: str, extra: str = "") -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as book:
        for name in filter(None, ("[Content_Types].xml", member, extra)):
            book.writestr(name, "<x/>")
    return body.getvalue()


def test_the_way_of_a_finding_from_first_look_to_posting(world):
    review = world.review("first")
    first, clerk, second = as_(world, "chushen"), as_(world, "yibao"), as_(world, "fuhe")
    page = first.get(reverse("review:queue")).content.decode()
    assert "血气分析" in page and "提交并取下一条" in page and "第三十八条第六项" in page
    form = {"version": review.version, "decision": "deduct", "basis": "fund", "amount": "100.00", "reason": "事实清楚"}
    answer = first.post(reverse("review:propose", args=[review.pk]), form, follow=True)
    assert "已提交：扣减 100.00 元" in answer.content.decode()
    listed = clerk.get(reverse("desk:list")).content.decode()
    assert "医疗服务项目限定频次" in listed and "待您答复" in listed
    item = clerk.get(reverse("desk:item", args=[review.pk])).content.decode()
    assert "可以在 12 月 3 日 17:00 前认可或申诉" in item and "不算认可" in item
    row = world.fresh(review)
    assert row.seen_at is not None
    files = {
        "files": [SimpleUploadedFile("护理记录.pdf", PDF), SimpleUploadedFile("说明.docx", office_book("word/document.xml"))]
    }
    assert clerk.post(reverse("desk:attach", args=[review.pk]), files).status_code == 302
    appeal = {"version": row.version, "kind": "appeal", "ground": "clinical", "text": "插管患者专项护理", "lines": ["a/1"]}
    assert "申诉已提交" in clerk.post(reverse("desk:answer", args=[review.pk]), appeal, follow=True).content.decode()
    page = second.get(reverse("review:second")).content.decode()
    assert "插管患者专项护理" in page and "护理记录.pdf" in page and "事实清楚" in page
    form = {"version": world.fresh(review).version, "decision": "part", "basis": "fund", "amount": "40", "reason": "部分采纳"}
    assert second.post(reverse("review:decide", args=[review.pk]), form).status_code == 302
    assert "部分扣减" not in clerk.get(reverse("desk:item", args=[review.pk])).content.decode()  # not before the feedback
    page = second.get(reverse("review:feedback")).content.decode()
    assert "镜川市中心医院" in page and "40.00" in page
    send = {"institution": review.institution_code, "count": 1, "amount": "40.00"}
    assert "入账 1 笔共 40.00 元" in second.post(reverse("review:send"), send, follow=True).content.decode()
    assert Posting.objects.get().amount == 40
    assert "已有结果" in clerk.get(reverse("desk:list")).content.decode()
    assert "部分扣减 40.00 元" in clerk.get(reverse("desk:item", args=[review.pk])).content.decode()


def test_the_undo_of_the_toast_brings_the_finding_back(world):
    review = world.review("first")
    first = as_(world, "chushen")
    form = {"version": 0, "decision": "none", "reason": "不成立"}
    page = first.post(reverse("review:propose", args=[review.pk]), form, follow=True).content.decode()
    assert reverse("review:undo", args=[review.pk]) in page
    assert reverse("review:undo", args=[review.pk]) not in first.get(reverse("review:queue")).content.decode()  # offered once
    first.post(reverse("review:undo", args=[review.pk]))
    assert world.fresh(review).state == "first"


def test_a_refusal_by_htmx_keeps_the_page_and_says_why(world):
    review = world.review("first")
    answer = as_(world, "chushen").post(
        reverse("review:propose", args=[review.pk]),
        {"version": 0, "decision": "part", "amount": "abc", "reason": "x"},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 400 and answer["HX-Reswap"] == "none" and "X-Refusal" in answer


def test_a_double_submit_decides_once(world):
    review = world.review("first")
    first = as_(world, "chushen")
    form = {"version": 0, "decision": "none", "reason": "不成立"}
    answers = [first.post(reverse("review:propose", args=[review.pk]), form, headers={"HX-Request": "true"}) for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 400]
    assert Verdict.objects.count() == 1


def test_others_reviews_are_not_found_by_guessing(world):
    far = world.review("first", region="990200")
    theirs = world.review("answer", institution=OTHER)
    unsent = world.review("first")
    clerk, doctor, first = as_(world, "yibao"), as_(world, "yishi"), as_(world, "chushen")
    for pk in (theirs.pk, unsent.pk, 10**9):
        assert clerk.get(reverse("desk:item", args=[pk])).status_code == 404
        for name in ("answer", "withdraw", "attach", "ask"):
            assert clerk.post(reverse(f"desk:{name}", args=[pk]), {"version": 0}).status_code == 404
    assert doctor.get(reverse("desk:advice_item", args=[1])).status_code == 404
    assert doctor.get(reverse("desk:item", args=[theirs.pk])).status_code == 403
    second = as_(world, "fuhe")
    for name in ("item", "propose", "undo", "decide", "return", "take_back"):
        address = reverse(f"review:{name}", args=[far.pk])
        person = first if name in ("item", "propose", "undo") else second
        answer = person.get(address) if name == "item" else person.post(address, {"version": 0})
        assert answer.status_code == 404, name
    assert world.fresh(theirs).seen_at is None


@pytest.mark.parametrize("name", ["queue", "second", "bulk", "feedback", "steps"])
def test_the_desk_does_not_reach_the_bureaus_pages_nor_the_bureau_the_desk(world, name):
    for login in ("yibao", "yishi"):
        assert as_(world, login).get(reverse(f"review:{name}")).status_code == 403
    assert as_(world, "fuhe").get(reverse("desk:list")).status_code == 403
    assert as_(world, "caiwu").get(reverse(f"review:{name}")).status_code == 403


def test_an_attachment_is_for_both_sides_of_its_review_only(world):
    review = world.review("answer")
    clerk = as_(world, "yibao")
    clerk.post(reverse("desk:attach", args=[review.pk]), {"files": SimpleUploadedFile("病历.pdf", PDF)})
    file = Attachment.objects.get()
    address = reverse("review:attachment", args=[file.pk])
    assert as_(world, "fuhe").get(address).status_code == 404  # not yet given
    row = world.fresh(review)
    services.answer(
        review=row, version=row.version, kind="appeal", ground="data", text="见附件", by=world.cast["yibao"], at=world.now
    )
    for login in ("yibao", "fuhe", "chushen", "kezhang"):
        answer = as_(world, login).get(address)
        assert answer.status_code == 200 and b"".join(answer.streaming_content) == PDF
        assert answer["Content-Disposition"].startswith("attachment") and answer["X-Content-Type-Options"] == "nosniff"
    for login in ("yishi", "caiwu", "guanli", "anquan"):
        assert as_(world, login).get(address).status_code == 403
    stranger = User.objects.get(login="yibao")
    stranger.unit.institution_code = OTHER
    stranger.unit.save()
    assert as_(world, "yibao").get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("病历.pdf", b"MZ\x90\x00 program", "不是能收的文件"),
        ("病历.pdf", b"\xff\xd8\xff\xe0 jpeg", "内容和文件名不符"),
        ("病历.exe", PDF, "内容和文件名不符"),
        ("病历.svg", b"<svg onload=alert(1)>", "不是能收的文件"),
        ("病历.html", b"<html><script>", "不是能收的文件"),
        ("病历.docx", b"PK\x03\x04 broken", "不是能收的文件"),
        ("病历.docx", office_book("word/document.xml", "word/vbaProject.bin"), "带有宏"),
        ("病历.docx", office_book("xl/workbook.xml"), "内容和文件名不符"),
        ("病历.zip", office_book("evil.txt"), "不是能收的文件"),
        ("空.pdf", b"", "空文件"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_not_kept(world, settings, name, body, says):
    review = world.review("answer")
    answer = as_(world, "yibao").post(
        reverse("desk:attach", args=[review.pk]),
        {"files": SimpleUploadedFile(name, body)},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 400
    assert says in answer.json()["errors"][0] or (not body and "还没有选文件" in answer.json()["errors"][0])
    assert not Attachment.objects.exists()
    assert not [p for p in settings.ATTACHMENTS.rglob("*") if p.is_file()]


def test_what_the_content_is_decides_the_type():
    assert kind_of(BytesIO(PDF)) == "application/pdf"
    assert kind_of(BytesIO(b"\x89PNG\r\n\x1a\n...")) == "image/png"
    assert kind_of(BytesIO(office_book("xl/workbook.xml"))).endswith("spreadsheetml.sheet")


def test_names_of_files_are_tamed_and_one_file_is_kept_once(world, settings):
    review = world.review("answer")
    by = world.cast["yibao"]
    file = services.attach(review=review, name="../..\\..//etc/\u202epasswd\x00.pdf", chunks=[PDF], by=by, at=world.now)
    assert "/" not in file.name and "\\" not in file.name and "\u202e" not in file.name and "\x00" not in file.name
    assert (settings.ATTACHMENTS / file.path).read_bytes() == PDF and file.path == f"{file.sm3[:2]}/{file.sm3}"
    from hengjian.kernel.errors import InputError

    with pytest.raises(InputError, match="已经传过"):
        services.attach(review=review, name="b.pdf", chunks=[PDF], by=by, at=world.now)
    for n in range(9):
        services.attach(review=review, name="b.pdf", chunks=[PDF + b"%d" % n], by=by, at=world.now)
    with pytest.raises(InputError, match="最多 10 份"):
        services.attach(review=review, name="b.pdf", chunks=[PDF + b"x"], by=by, at=world.now)
    with pytest.raises(InputError, match="超过 20 MB"):
        services.attach(
            review=world.review("answer"), name="big.pdf", chunks=(b"0" * 2**20 for _ in range(21)), by=by, at=world.now
        )


def test_a_file_of_three_hundred_megabytes_is_refused_without_reading_it(world):
    from django.core.handlers.wsgi import WSGIHandler

    review = world.review("answer")
    client = as_(world, "yibao")

    class Unread:
        def read(self, *_):
            raise AssertionError("the body was read")

        readline = read

    seen = {}
    address = reverse("desk:attach", args=[review.pk])
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": address, "SERVER_NAME": "testserver", "SERVER_PORT": "80", "wsgi.input": Unread(),
        "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(), "CONTENT_LENGTH": str(300 * 2**20),
        "CONTENT_TYPE": "multipart/form-data; boundary=x", "HTTP_COOKIE": client.cookies.output(header="", sep=";"),
    }  # fmt: skip
    body = b"".join(WSGIHandler()(environ, lambda status, headers, *_: seen.update(status=status)))
    assert seen["status"].startswith("413") and "超过 201 MB" in body.decode()
    environ["PATH_INFO"] = reverse("desk:answer", args=[review.pk])
    environ["CONTENT_LENGTH"] = str(13 * 2**20)
    WSGIHandler()(environ, lambda status, headers, *_: seen.update(status=status))
    assert seen["status"].startswith("413")


def test_script_text_in_every_field_is_text(world):
    from hengjian.apps.registry.models import Institution, Person

    Institution.objects.update(name=SCRIPT)
    Person.objects.update(masked_name=SCRIPT[:40])
    review = world.review(
        "first", rule_title=SCRIPT[:110], message=SCRIPT, law=f"《{SCRIPT}》第一条", knowledge_ref=f"{SCRIPT} [2026, )",
        evidence='{"lines": [{"mdtrt_id": "M<script>", "feedetl_sn": "1"}], "exempt_checked": ["<script>x</script>"]}',
    )  # fmt: skip
    first, clerk, second, doctor = (as_(world, login) for login in ("chushen", "yibao", "fuhe", "yishi"))
    pages = [first.get(reverse("review:queue"))]
    first.post(reverse("review:propose", args=[review.pk]), {"version": 0, "decision": "deduct", "reason": SCRIPT})
    clerk.post(reverse("desk:ask", args=[review.pk]), {"doctor": world.cast["yishi"].pk, "question": SCRIPT})
    doctor.post(reverse("desk:advise", args=[1]), {"text": SCRIPT})
    clerk.post(reverse("desk:attach", args=[review.pk]), {"files": SimpleUploadedFile("<script>alert(1)<script>.pdf", PDF)})
    pages += [clerk.get(reverse("desk:item", args=[review.pk])), clerk.get(reverse("desk:list") + "?q=" + SCRIPT)]
    row = world.fresh(review)
    clerk.post(
        reverse("desk:answer", args=[review.pk]),
        {"version": row.version, "kind": "appeal", "ground": "data", "text": SCRIPT, "lines": [SCRIPT]},
    )
    pages += [second.get(reverse("review:second")), second.get(reverse("review:item", args=[review.pk]))]
    pages += [clerk.get(reverse("desk:item", args=[review.pk]))]
    second.post(
        reverse("review:decide", args=[review.pk]),
        {"version": world.fresh(review).version, "decision": "deduct", "reason": SCRIPT},
    )
    pages += [second.get(reverse("review:feedback"))]
    supervisor = as_(world, "kezhang")
    supervisor.post(
        reverse("review:steps"),
        {"code": "first", "owner_role": "first", "focus": SCRIPT, "days": 3, "unit": "wd", "article": SCRIPT[:60],
         "money": "deduct", "valid_from": world.now.date()},
    )  # fmt: skip
    assert Step.objects.exists() and world.fresh(review).state == "decided"
    pages += [supervisor.get(reverse("review:steps"))]
    pages += [doctor.get(reverse("desk:advice")), doctor.get(reverse("desk:advice_item", args=[1]))]
    for page in pages:
        assert page.status_code == 200
        text = page.content.decode()
        assert "<script>alert" not in text and "<img src=x" not in text and "<script>x" not in text, page.request["PATH_INFO"]
        assert "&lt;script&gt;" in text, page.request["PATH_INFO"]


@pytest.mark.parametrize(
    ("name", "query"),
    [("queue", "at=99999999999999999999999"), ("queue", "at=x"), ("bulk", "step=nonsense"), ("bulk", "step=first&group=a|b|c|d"),
     ("steps", "step=third"), ("feedback", "institution=%00%27")],
)  # fmt: skip
def test_no_address_is_a_fault(world, name, query):
    world.review("first")
    login = {"feedback": "fuhe", "steps": "kezhang"}.get(name, "chushen")
    assert as_(world, login).get(reverse(f"review:{name}") + f"?{query}").status_code in (200, 400)


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
def test_a_form_without_a_version_is_refused(world, version):
    review = world.review("first")
    answer = as_(world, "chushen").post(
        reverse("review:propose", args=[review.pk]), {"version": version, "decision": "none", "reason": "不成立"}
    )
    assert answer.status_code == 400 and world.fresh(review).state == "first"


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e99", "1e-9", "١٢", "--1", "0x10"])
def test_amounts_nobody_means_are_refused(world, amount):
    review = world.review("first")
    answer = as_(world, "chushen").post(
        reverse("review:propose", args=[review.pk]), {"version": 0, "decision": "part", "amount": amount, "reason": "x"}
    )
    assert answer.status_code in (302, 400)
    row = world.fresh(review)
    assert row.state == "first" or row.amount == 12  # Arabic-Indic digits are digits


def test_a_list_that_changed_between_looking_and_sending_is_not_sent(world):
    world.review("decided")
    second = as_(world, "fuhe")
    send = {"institution": "H99010200001", "count": 1, "amount": "100.00"}
    world.review("decided")
    assert second.post(reverse("review:send"), send).status_code == 400
    assert not Posting.objects.exists()


def test_a_batch_through_the_pages(world):
    reviews = [world.review("first") for _ in range(4)]
    first = as_(world, "chushen")
    group = f"service_daily_limit|{'f' * 64}|H99010200001"
    assert "4" in first.get(reverse("review:bulk"), {"step": "first", "group": group}).content.decode()
    form = {"step": "first", "group": group, "decision": "deduct", "reason": "同一事实", "out": [reviews[0].pk]}
    assert first.post(reverse("review:draw"), form).status_code == 302
    batch = Batch.objects.get()
    assert first.post(reverse("review:start", args=[batch.pk])).status_code == 400  # nothing was looked at
    for pk in batch.sample:
        assert first.get(reverse("review:sample", args=[batch.pk, pk])).status_code == 200
    assert first.post(reverse("review:start", args=[batch.pk])).status_code == 302  # the job runs at once here
    page = first.get(reverse("review:batch", args=[batch.pk])).content.decode()
    assert "办完 3 条" in page and Review.objects.filter(state="answer").count() == 3
    assert as_(world, "chushen2").get(reverse("review:batch", args=[batch.pk])).status_code == 404
    first.post(reverse("review:undo_batch", args=[batch.pk]))
    assert Review.objects.filter(state="first").count() == 4


def test_overdue_answers_are_noted_on_the_page(world, monkeypatch):
    review = world.review("answer")
    monkeypatch.setattr(timezone, "now", lambda: review.due_at + timedelta(hours=1))
    second = as_(world, "fuhe")
    assert "过了答复期限" in second.get(reverse("review:second")).content.decode()
    second.post(reverse("review:lapse"), {"sel": [review.pk]})
    assert world.fresh(review).state == "second"
    clerk = as_(world, "yibao").get(reverse("desk:item", args=[review.pk])).content.decode()
    assert "逾期未答复" in clerk and "提交申诉" not in clerk


def test_the_institutions_workbook_has_its_own_rows_and_no_formula(world):
    world.review("answer", message="=HYPERLINK(1)")
    world.review("answer", institution=OTHER)
    book = openpyxl.load_workbook(BytesIO(as_(world, "yibao").get(reverse("desk:export")).content))
    rows = list(book["疑点"].iter_rows(min_row=2))
    assert len(rows) == 1 and rows[0][3].value == "=HYPERLINK(1)" and rows[0][3].data_type == "s"


def test_the_institution_reads_its_part_of_the_history(world):
    review = world.review("second", outcome="deduct")
    services.return_to_first(
        review=review, version=review.version, reason="内部意见：再查", by=world.cast["fuhe"], at=world.now
    )
    page = as_(world, "yibao").get(reverse("desk:item", args=[review.pk])).content.decode()
    assert "机构认可" in page and "内部意见" not in page and "重新审核" in page


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins_and_the_other_gets_a_sentence(world):
    review = world.review("second")
    clients = [as_(world, "fuhe"), as_(world, "fuhe2")]
    start, answers = threading.Barrier(2), []

    def press(client, outcome):
        try:
            start.wait(10)
            form = {"version": review.version, "decision": outcome, "reason": "我的看法"}
            answers.append(client.post(reverse("review:decide", args=[review.pk]), form, headers={"HX-Request": "true"}))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=pair) for pair in zip(clients, ("deduct", "none"), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(a.status_code for a in answers) == [200, 400]
    assert next(a for a in answers if a.status_code == 400)["X-Refusal"]
    assert Verdict.objects.filter(step="second").count() == 1
    assert Entry.objects.filter(subject=review.subject, event="review.decided").count() == 1


def test_the_day_of_an_act_is_the_day_here_also_before_eight_in_the_morning(world):
    review = world.review("second")
    second = world.cast["fuhe"]
    morning = world.now.replace(hour=6)
    second.certificates.update(valid_from=timezone.localdate(morning))
    pane = bureau_pane(review, second, morning.astimezone(UTC))
    assert next(p for p in pane["picks"] if p["code"] == "case")["off"] is False
