from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hengjian.apps.workdays.calendar import Calendar
from hengjian.apps.workdays.models import Clock, Day, Extension, Year
from hengjian.apps.workdays.services import end_clock, start_clock, stop_clock
from hengjian.apps.workdays.year import HOLIDAY, MADE_UP, WEEKEND, WORK, months

from .test_notice import NOTICE_2026, _book


@pytest.fixture
def signed(client, cast, monkeypatch, now):
    """Sign in by login; the site's hour is `now`."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    def as_(login: str):
        client.force_login(cast[login])
        return client

    return as_


def _clock(now, subject="review:1", **changed) -> Clock:
    period = {
        "key": "first", "title": "初审", "region_code": "990102", "starts_on": date(2026, 11, 20), "length": 5, "unit": "wd", "article": "第九条",
    }  # fmt: skip
    return start_clock(subject=subject, by="夜间任务", at=now, **period | changed)


def test_a_year_is_drawn_with_every_day_once_and_its_kind():
    drawn = months(
        2026, Calendar({date(2026, 12, 5): True}), {date(2026, 12, 5): Day(day=date(2026, 12, 5), is_workday=True, name="补班")}
    )
    boxes = {b.day: b for _, _, weeks in drawn for week in weeks for b in week if b}
    assert len(boxes) == 365 and sum(works for _, works, _ in drawn) == 249
    kinds = {
        d: boxes[date.fromisoformat(f"2026-{d}")].kind for d in ("10-01", "10-04", "10-10", "11-24", "11-28", "12-05", "05-02")
    }
    assert kinds == {
        "10-01": HOLIDAY, "10-04": WEEKEND, "10-10": MADE_UP, "11-24": WORK, "11-28": WEEKEND, "12-05": MADE_UP, "05-02": HOLIDAY,
    }  # fmt: skip
    assert boxes[date(2026, 12, 5)].by_hand and boxes[date(2026, 12, 5)].says == "12 月 5 日，调休上班，补班"


def test_the_year_page_shows_the_year_and_marks_one_nobody_announced(signed):
    page = signed("chushen").get("/workdays/").content.decode()
    assert "2026 年工作日" in page and "<b>248</b> 个工作日" in page and "暂定" not in page
    assert page.count('class="card month"') == 12 and "设定这一天" not in page
    far = signed("chushen").get("/workdays/?year=2090").content.decode()
    assert "2090 年工作日" in far and "暂定" in far
    for nonsense in ("year=1800", "year=99999", "year=x", "day=2026-13-45", "day=x"):
        assert "2026 年工作日" in signed("guanli").get(f"/workdays/?{nonsense}").content.decode()


def test_a_day_is_set_and_cleared_from_the_page(signed, now):
    clock = _clock(now)
    client = signed("guanli")
    page = client.get("/workdays/?year=2026&day=2026-11-25").content.decode()
    assert "2026 年 11 月 25 日" in page and "设定这一天" in page
    asked = {"day": "2026-11-25", "is_workday": "0", "name": "台风停工", "source": "通告第 9 号"}
    answer = client.post("/workdays/set/", asked, follow=True)
    assert "2026-11-25 已定为放假。1 件的截止随之改了，已记入日志。" in answer.content.decode()
    assert "台风停工" in answer.content.decode() and Day.objects.get().source == "通告第 9 号"
    before = clock.due_at
    clock.refresh_from_db()
    assert clock.due_at - before == timedelta(days=3)
    again = client.post("/workdays/clear/", {"day": "2026-11-25"}, follow=True)
    assert "1 件的截止随之改了" in again.content.decode() and not Day.objects.exists()


def test_a_day_without_a_document_is_not_set(signed):
    answer = signed("guanli").post(
        "/workdays/set/", {"day": "2026-11-25", "is_workday": "0", "name": "台风", "source": ""}, follow=True
    )
    assert "字段" in answer.content.decode() and not Day.objects.exists()


def test_a_notice_is_read_looked_at_and_taken_in(signed):
    client = signed("guanli")
    asked = {"year": "2026", "source": "国办发明电〔2025〕7 号", "text": NOTICE_2026, "whole": "on"}
    page = client.post("/workdays/import/", asked).content.decode()
    assert "读到 39 天" in page and "33 天放假，6 天上班" in page and not Day.objects.exists()
    text = re.search(r'name="text" value="([^"]+)"', page).group(1)
    assert text.startswith("2026-01-01 放假 元旦")
    done = client.post("/workdays/import/", asked | {"text": text, "seen": "1"}, follow=True).content.decode()
    assert "已导入 39 天。没有时限因此变动。" in done
    assert Day.objects.count() == 39 and Year.objects.get().notice == "国办发明电〔2025〕7 号"


def test_a_workbook_is_read_too(signed):
    book = SimpleUploadedFile("放假.xlsx", _book((date(2027, 1, 1), "放假", "元旦"), (date(2027, 1, 3), "上班", "调休上班")))
    client = signed("guanli")
    page = client.post("/workdays/import/", {"year": "2027", "source": "通知", "file": book}).content.decode()
    assert "读到 2 天" in page and "2027-01-03 上班 调休上班" in page


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"text": "元旦：1月1日（周一）放假。"}, "是周五，文件写的是周一"),
        ({"text": "  "}, "粘贴通知正文，或选一个 Excel 文件"),
        ({"file": SimpleUploadedFile("a.xlsx", b"x")}, "打不开这个表格文件"),
        ({"file": SimpleUploadedFile("a.xlsx", b"x" * 1024 * 1025)}, "文件超过 1 MB"),
    ],
)
def test_a_notice_that_is_not_understood_comes_back_with_a_sentence(signed, asked, says):
    answer = signed("guanli").post("/workdays/import/", {"year": "2027", "source": "通知"} | asked)
    assert answer.status_code == 400 and says in answer.content.decode() and not Day.objects.exists()


def test_a_year_is_announced_from_the_page(signed):
    client = signed("guanli")
    client.post("/workdays/announce/", {"year": "2090", "notice": "通知"})
    assert "2090 年不再标暂定。没有时限因此变动。" in client.get("/workdays/?year=2090").content.decode()
    page = client.get("/workdays/?year=2090").content.decode()
    assert "依据：通知" in page and "暂定" not in page
    assert "没有填文件" in client.post("/workdays/announce/", {"year": "2091", "notice": ""}, follow=True).content.decode()


def test_clocks_are_listed_by_due_date_in_the_own_region(signed, now):
    near, far, over = _clock(now), _clock(now, "review:2", length=9), _clock(now, "review:3", length=1)
    _clock(now, "review:4", region_code="990200")
    stop_clock(clock=_clock(now, "review:5"), from_on=now.date(), reason="鉴定", by="夜间任务", at=now)
    end_clock(clock=_clock(now, "review:6"), by="夜间任务", at=now)
    assert now < near.due_at < far.due_at and over.due_at < now
    client = signed("kezhang")
    page = client.get("/workdays/clocks/").content.decode()
    assert re.findall(r"review:\d", page) == ["review:3", "review:1", "review:2"]
    assert "超期 1 个工作日" in page and "剩 3 个工作日" in page and "剩 7 个工作日" in page
    for state, shown in (("over", ["review:3"]), ("stopped", ["review:5"]), ("ended", ["review:6"])):
        assert re.findall(r"review:\d", client.get(f"/workdays/clocks/?state={state}").content.decode()) == shown
    assert (
        re.findall(r"review:\d", client.get("/workdays/clocks/?q=review:2").content.decode()) == ["review:2"] * 3
    )  # the filter, the address of the pages, the row
    assert "没有这样的时限" in client.get("/workdays/clocks/?region=98").content.decode()


def test_the_number_of_queries_of_the_list_does_not_grow_with_it(signed, now, django_assert_max_num_queries):
    for n in range(20):
        _clock(now, f"review:{n}")
    client = signed("kezhang")
    client.get("/workdays/clocks/")
    with django_assert_max_num_queries(16):
        client.get("/workdays/clocks/")


def test_an_extension_is_approved_on_the_clocks_page_by_a_second_person(signed, cast, now):
    clock = _clock(now)
    client = signed("kezhang")
    page = client.get(f"/workdays/clocks/{clock.pk}/").content.decode()
    assert "批准延长" in page and "何文杰（审核科）" in page and "陈思远（" not in page
    ask = {"days": "3", "requested_by": str(cast["chushen"].pk), "reason": "病历量大"}
    assert "已批准延长 3 天" in client.post(f"/workdays/clocks/{clock.pk}/extend/", ask, follow=True).content.decode()
    assert Extension.objects.get().requested_by_name == "何文杰"
    own = client.post(f"/workdays/clocks/{clock.pk}/extend/", ask | {"requested_by": str(cast["kezhang"].pk)})
    assert own.status_code == 400 and Extension.objects.count() == 1
    assert "批准延长</button>" not in signed("chushen").get(f"/workdays/clocks/{clock.pk}/").content.decode()


def test_a_clock_of_another_region_is_not_found(signed, now):
    clock = _clock(now, region_code="990200")
    assert signed("kezhang").get(f"/workdays/clocks/{clock.pk}/").status_code == 404
    assert signed("kezhang").post(f"/workdays/clocks/{clock.pk}/extend/", {"days": "3"}).status_code == 404
