"""A county without IT, in the browser only: upload, audit, clue, first review, the hospital's appeal with a file, second review, feedback,
posting — and the journal holds. Once on SQLite, once on a real PostgreSQL, both with the real server and the real task worker."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Error

from ..offices import browser, environment_of, running_office, sign_in
from .conftest import hengjian

REASON = "费用明细显示超出限定，医嘱和病程里没有说明。"
APPEAL = "患者病情需要，病程记录第三页有说明，见附件。<script>alert(1)</script>"
_OPEN = """
import sys
from datetime import date
import django; django.setup()
from django.utils import timezone
from hengjian.web.cast import make_cast
from hengjian.web.setup import migrate
migrate()
code, name, region, doctor = sys.argv[1:]
make_cast(at=timezone.now(), since=date(2026, 1, 1), name="镜川市医疗保障局", institution_code=code, institution_name=name,
          doctor_code=doctor, region=region[:4] + "00")
"""
"""An empty office with its people: what the three administrators would have entered."""


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    """A zip of a small city, as a bureau's data centre would hand it over, and beside it the hospital with most planted wrongs."""
    folder = tmp_path_factory.mktemp("story") / "city"
    done = hengjian("city", "--people", 2000, "--seed", 20261126, "--out", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    packed = folder.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.*")):
            if path.name != "truth.csv":
                archive.write(path, path.relative_to(folder))
    return packed


def _guiltiest(city: Path) -> tuple[str, str, str, str]:
    """Code, name, region of the hospital with the most planted wrongs, and the doctor of one of them."""
    folder = city.with_suffix("")
    row = duckdb.execute(f"""
        SELECT t.fixmedins_code, i.fixmedins_name, i.admdvs, COALESCE(MIN(t.atddr_no), '')
        FROM read_csv('{folder}/truth.csv', all_varchar = true) AS t
        JOIN read_csv('{folder}/institution.csv', all_varchar = true) AS i USING (fixmedins_code)
        WHERE t.is_guilty = '1' GROUP BY 1, 2, 3 ORDER BY COUNT(*) DESC, 1 LIMIT 1""").fetchone()
    assert row is not None
    return row


class Desk:
    """One person at a browser of their own."""

    def __init__(self, chromium, base: str, login: str) -> None:
        self.context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", accept_downloads=True)
        self.page, self.base = self.context.new_page(), base
        self.page.set_default_timeout(30_000)
        sign_in(self.page, base, login)

    def go(self, address: str):
        for last in (False, False, True):
            try:
                answer = self.page.goto(self.base + address)
                break
            except Error:  # the page that follows what was sent was still coming
                if last:
                    raise
                self.page.wait_for_load_state()
        assert answer is not None and answer.status == 200, (address, answer and answer.status)
        return self.page

    def wait_done(self, number: str) -> None:
        """Until the run and what follows from it have ended."""
        for _ in range(120):
            page = self.go(f"/runs/{number}/")
            if page.query_selector("[hx-trigger*='every']") is None:
                break
            page.wait_for_timeout(1000)
        assert "没有做成" not in self.page.inner_text("main"), self.page.inner_text("main")


def _last_run(desk: Desk) -> str:
    """Number of the newest run of the list."""
    page = desk.go("/runs/")
    numbers = [
        int(m[1])
        for h in page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
        if (m := re.fullmatch(r"/runs/(\d+)/", h))
    ]
    return str(max(numbers))


def _wait_all(desk: Desk) -> None:
    """Until no run waits or works."""
    for _ in range(180):
        page = desk.go("/runs/")
        text = page.inner_text("main")
        assert "没有做成" not in page.inner_text("tbody"), text
        if not re.search(r"(进行中|排队)", page.inner_text("tbody")):
            return
        page.wait_for_timeout(1000)
    raise AssertionError(text)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_from_upload_to_posting(kind, request, chromium, city, tmp_path):
    database = request.getfixturevalue("postgres").address(database="postgres") if kind == "postgres" else ""
    home = tmp_path / "office"
    code, name, region, doctor = _guiltiest(city)
    made = subprocess.run(
        [sys.executable, "-c", _OPEN, code, name, region, doctor],
        env=environment_of(home, database),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with running_office(home, database=database) as office:
        _upload_and_load(Desk(chromium, office.base, "shuju"), city)
        _switch_rules_on(Desk(chromium, office.base, "kezhang"))
        _audit(Desk(chromium, office.base, "shuju"))
        _assign(Desk(chromium, office.base, "kezhang"), code)
        proposed = _first_review(Desk(chromium, office.base, "chushen"))
        _appeal(Desk(chromium, office.base, "yibao"), tmp_path)
        _second_review(Desk(chromium, office.base, "fuhe"), proposed)
        _posted(Desk(chromium, office.base, "caiwu"), proposed, tmp_path)
        told = office.command("journal", "verify", "--home", home, "--json")
        assert told.returncode == 0, told.stdout + told.stderr
        assert json.loads(told.stdout)["entries"] > 20


def _turned(page: Any, act: Callable[[], Any]) -> None:
    """Do what brings a new page and wait until it stands: one page's answers are never read on the page before it."""
    page.evaluate("window.pageBefore = true")
    act()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if page.evaluate("!window.pageBefore && document.readyState === 'complete'"):
                return
        except Error:  # between the two pages
            pass
        page.wait_for_timeout(50)
    raise AssertionError(f"no new page within a minute: {page.url}")


def _sent(page: Any, button: str) -> None:
    """Press a button and wait for the page that follows the server's answer: what it wrote is there then."""
    _turned(page, page.locator(button).first.click)


def _upload_and_load(desk: Desk, city: Path) -> None:
    page = desk.go("/runs/upload/")
    page.set_input_files("input[name=files]", str(city))
    _sent(page, "button:has-text('上传并核对表头')")
    page.wait_for_url(re.compile(r"/runs/\d+/map/"))
    _sent(page, "button[name=go][value=load]")
    page.wait_for_url(re.compile(r"/runs/\d+/$"))
    _wait_all(desk)


def _switch_rules_on(desk: Desk) -> None:
    page = desk.go("/runs/guide/")
    _sent(page, "button:has-text('试运行')")
    _wait_all(desk)
    page = desk.go("/runs/guide/")
    boxes = page.locator("input[name=rule]")
    assert boxes.count() >= 30
    for n in range(boxes.count()):
        boxes.nth(n).check()
    page.fill("#reason", "局办公会纪要：能办的先启用")
    _sent(page, "button[name=to][value=active]")


def _audit(desk: Desk) -> None:
    page = desk.go("/runs/")
    _sent(page, "form[action='/runs/audit/'] button")
    _wait_all(desk)


def _assign(desk: Desk, code: str) -> None:
    page = desk.go(f"/clues/?q={code}")
    page.check("[data-all]")
    picker = page.locator("select[name=to]")
    picker.select_option(label=next(o for o in picker.locator("option").all_inner_texts() if "何文杰" in o))
    _sent(page, "button:has-text('批量分派')")
    page.wait_for_selector("main >> text=已交给何文杰")


def _first_review(desk: Desk) -> Decimal:
    """Propose to deduct the first finding with money, by keyboard."""
    page = desk.go("/review/")
    page.keyboard.press("1")
    while Decimal(page.input_value("#amount, #amt, [name=amount]").replace(",", "")) == 0:
        _turned(page, partial(page.keyboard.press, "j"))
        page.keyboard.press("1")
    amount = Decimal(page.input_value("[name=amount]").replace(",", ""))
    page.fill("textarea[name=reason]", REASON)
    _sent(page, "button:has-text('提交并取下一条')")
    return amount


def _appeal(desk: Desk, folder: Path) -> None:
    page = desk.go("/desk/")
    _turned(page, page.locator("a[data-main]").first.click)
    record = folder / "病程记录.pdf"
    record.write_bytes(b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")
    page.locator("#files input[type=file]").set_input_files(str(record))
    _sent(page, "#files button:has-text('上传')")
    page.wait_for_selector("text=病程记录.pdf")
    page.check("input[name=ground][value=clinical]")
    page.fill("textarea[name=text]", APPEAL)
    _sent(page, "button:has-text('提交申诉')")
    assert "申诉" in page.inner_text("main")
    assert page.evaluate("document.querySelectorAll('main script').length") == 0


def _half(proposed: Decimal) -> Decimal:
    """Half of an amount in whole fen, as the form takes it."""
    return (proposed / 2).quantize(Decimal("0.01"))


def _second_review(desk: Desk, proposed: Decimal) -> None:
    """Another person reads the appeal, opens the file, and takes only a part."""
    page = desk.go("/review/second/")
    text = page.inner_text("main")
    assert "病程记录.pdf" in text and APPEAL in text
    page.keyboard.press("2")
    page.fill("[name=amount]", str(_half(proposed)))
    page.fill("textarea[name=reason]", "病程记录支持其中一半，其余没有依据。")
    _sent(page, "form[data-decide] button.primary, form button.primary")
    page = desk.go("/review/feedback/")
    _sent(page, "button:has-text('反馈')")


def _posted(desk: Desk, proposed: Decimal, folder: Path) -> None:
    page = desk.go("/recovery/")
    half = _half(proposed)
    assert f"{half:,}" in page.inner_text("main"), page.inner_text("main")
