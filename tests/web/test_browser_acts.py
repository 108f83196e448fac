"""What hands do on the pages, in a real browser on a demonstration: keys, filters, settings that stay, files up and down, two people at one thing."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest
from openpyxl import load_workbook

from ..offices import browser, sign_in

DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def at_desk(demo_office):
    """Opens a browser of one's own for a person, signed in, at an address."""
    with browser() as chromium:

        @contextmanager
        def sit_down(login: str, address: str, viewport=DESKTOP):
            context = chromium.new_context(viewport=viewport, locale="zh-CN", accept_downloads=True)
            page = context.new_page()
            page.set_default_timeout(20_000)
            wrong: list[str] = []
            page.on("pageerror", lambda error: wrong.append(str(error)))
            sign_in(page, demo_office.base, login)
            page.goto(demo_office.base + address)
            yield page
            assert not wrong
            context.close()

        yield sit_down


def _rows(page):
    return page.locator("tr[data-row]")


def test_a_list_is_walked_by_keys(at_desk):
    with at_desk("kezhang", "/clues/") as page:
        cur = page.locator("tr[data-row].cur")
        for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
            page.keyboard.press(key)
            assert cur.inner_text() == _rows(page).nth(place).inner_text()
        page.keyboard.press("x")
        assert cur.locator("input[name=sel]").is_checked()
        assert page.inner_text("[data-picked]") == "已选 1 项"
        page.keyboard.press("x")
        assert not cur.locator("input[name=sel]").is_checked()
        page.keyboard.press("?")
        assert page.locator("dialog#keys").is_visible()
        page.keyboard.press("j")  # belongs to the dialog now
        assert cur.inner_text() == _rows(page).nth(1).inner_text()
        page.keyboard.press("Escape")
        assert not page.locator("dialog#keys").is_visible()
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "find"
        page.keyboard.type("njx")  # letters are letters in a field
        assert page.input_value("#find") == "njx" and page.url.endswith("/clues/")
        page.evaluate("document.activeElement.blur()")
        number = cur.locator("a[data-main]").inner_text()
        page.keyboard.press("o")
        page.wait_for_url(re.compile(r"/clues/\d+/$"))
        assert number in page.inner_text("main")
        page.go_back()
        page.keyboard.press("n")
        page.wait_for_url("**/clues/new/")


def test_a_filter_stands_in_the_address_and_the_way_back_undoes_it(at_desk):
    with at_desk("kezhang", "/clues/") as page:
        before, first = page.inner_text("nav.tabs a.on"), _rows(page).first.inner_text()
        page.select_option("select[name=category]", index=2)
        chosen = page.input_value("select[name=category]")
        page.wait_for_url(re.compile(f"category={chosen}"))
        page.wait_for_function("text => document.querySelector('nav.tabs a.on').innerText !== text", arg=before)
        narrowed = page.inner_text("nav.tabs a.on")
        page.reload()
        assert page.input_value("select[name=category]") == chosen
        assert page.inner_text("nav.tabs a.on") == narrowed
        page.go_back()
        page.wait_for_url(lambda address: "category=" not in address)
        page.wait_for_function("text => document.querySelector('nav.tabs a.on').innerText === text", arg=before)
        assert _rows(page).first.inner_text() == first


def test_density_and_columns_are_remembered(at_desk):
    with at_desk("kezhang", "/clues/") as page:
        tall = _rows(page).first.bounding_box()["height"]
        page.click("[data-toggle-density]")
        page.click("summary[title=列设置]")
        page.uncheck("[data-column=rule]")
        page.reload()
        assert _rows(page).first.bounding_box()["height"] < tall
        assert page.get_attribute("[data-toggle-density]", "aria-pressed") == "true"
        assert page.locator("td[data-col=rule]").first.is_hidden() and page.locator("th[data-col=rule]").is_hidden()
        assert page.locator("td[data-col=amount]").first.is_visible()
        page.click("summary[title=列设置]")
        page.check("[data-column=rule]")
        page.click("[data-toggle-density]")
        page.reload()
        assert page.locator("td[data-col=rule]").first.is_visible()
        assert _rows(page).first.bounding_box()["height"] == tall


def _give_all(page, name: str) -> list[str]:
    """Choose the rows of the page and hand them to a person; the numbers of the clues."""
    numbers = page.locator("tr[data-row] a[data-main]").all_inner_texts()
    page.check("[data-all]")
    assert page.inner_text("[data-picked]") == f"已选 {len(numbers)} 项"
    picker = page.locator("select[name=to]")
    picker.select_option(label=next(o for o in picker.locator("option").all_inner_texts() if name in o))
    page.click("[data-batch]")
    page.wait_for_selector(f"text={len(numbers)} 条线索已交给{name}")
    return numbers


def test_a_page_of_clues_is_given_to_one_person(at_desk, demo_office):
    with at_desk("kezhang", "/clues/?state=new") as page:
        assert page.is_disabled("[data-batch]")
        numbers = _give_all(page, "夏知秋")
        for number in (numbers[0], numbers[-1]):
            page.goto(f"{demo_office.base}/clues/?q={number}")
            assert _rows(page).count() == 1 and "夏知秋" in _rows(page).first.inner_text()


def test_a_list_is_written_to_excel_in_the_background(at_desk, tmp_path):
    with at_desk("kezhang", "/clues/?state=new&category=fraud") as page:
        shown = int(re.sub(r"\D", "", page.inner_text("nav.tabs a.on i")))
        page.click("text=导出 Excel")
        page.click("main form button:has-text('导出 Excel')")
        page.wait_for_url(re.compile(r"/runs/\d+/$"))
        with page.expect_download(timeout=60_000) as waiting:
            page.click("text=下载 Excel", timeout=60_000)
        path = tmp_path / "clues.xlsx"
        waiting.value.save_as(path)
        assert waiting.value.suggested_filename.endswith(".xlsx")
        cells = [
            [str(c) for c in row if c is not None] for row in load_workbook(path).worksheets[0].iter_rows(values_only=True)
        ]
        assert sum(bool(row) and row[0].startswith("XS-") for row in cells) == shown
        assert any("陈思远" in cell for row in cells for cell in row)


def test_a_finding_is_judged_without_a_mouse(at_desk):
    with at_desk("kezhang", "/clues/?state=new&sort=-amount") as page:
        _give_all(page, "何文杰")
    with at_desk("chushen", "/review/") as page:
        queue = page.locator("a[data-q]")
        here = page.locator("a[data-q].on")
        first, second = queue.nth(0).get_attribute("href"), queue.nth(1).get_attribute("href")
        for key, address in (("j", second), ("k", first)):
            page.keyboard.press(key)
            page.wait_for_url("**" + address.replace("?", "\\?"))
            assert here.get_attribute("href") == address
        picks, amount, reason = (
            page.locator("[data-decide] input[name=decision]"),
            page.locator("#amount"),
            page.locator("#reason"),
        )
        for key in "12345":
            radio = picks.nth(int(key) - 1)
            page.keyboard.press(key)
            assert radio.is_checked() or radio.is_disabled()
            assert amount.is_disabled() == (key in "345")
        page.keyboard.press("2")
        page.keyboard.press("m")
        assert page.evaluate("document.activeElement.id") == "amount"
        page.keyboard.press("Escape")
        templates = page.locator("[data-reason]")
        for place, key in list(enumerate("asd"))[: templates.count()]:
            assert templates.nth(place).locator("kbd").inner_text() == key.upper()
            page.keyboard.press(key)
            assert reason.input_value() == templates.nth(place).get_attribute("data-reason")
            reason.focus()
            page.keyboard.press("End")
            page.keyboard.type("1")  # in a text it is a text: no decision
            assert picks.nth(1).is_checked() and reason.input_value().endswith("1")
            page.keyboard.press("Escape")
        page.keyboard.press("3")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-undo-form]")
        assert "已提交：不扣" in page.inner_text("[data-undo-form]")
        assert first not in [a.get_attribute("href") for a in queue.all()]
        page.keyboard.press("u")
        page.wait_for_selector("text=已收回")
        assert here.get_attribute("href") == first


def test_theme_and_large_print_stay(at_desk):
    with at_desk("fuhe", "/") as page:
        root, small = page.locator("html"), page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        theme = root.get_attribute("data-theme")
        page.click("[data-toggle-theme]")
        page.click("[data-toggle-elder]")
        for _ in range(2):
            assert root.get_attribute("data-theme") != theme
            assert page.get_attribute("[data-toggle-elder]", "aria-pressed") == "true"
            assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") > small
            page.click("#side a[href='/clues/']")
            page.wait_for_url("**/clues/")
        page.click("[data-toggle-theme]")
        page.click("[data-toggle-elder]")
        page.reload()
        assert root.get_attribute("data-theme") == theme and root.get_attribute("data-elder") is None


def test_the_menu_of_a_phone_opens_and_closes(at_desk):
    in_sight = """wanted => { const entry = document.querySelector("#side a[href='/clues/']"), box = entry.getBoundingClientRect();
                  return wanted === (box.left >= 0 && box.right > 0 && getComputedStyle(entry).visibility === "visible"); }"""
    with at_desk("kezhang", "/", PHONE) as page:
        entry = page.locator("#side a[href='/clues/']")
        page.wait_for_function(in_sight, arg=False)
        page.click("[data-menu]")
        page.wait_for_function(in_sight, arg=True)
        page.keyboard.press("Escape")
        page.wait_for_function(in_sight, arg=False)
        page.click("[data-menu]")
        page.wait_for_function(in_sight, arg=True)
        entry.click()
        page.wait_for_url("**/clues/")


def test_two_presses_are_one_act(at_desk):
    with at_desk("chushen", "/clues/") as page:
        sent = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.dblclick("form[action='/clues/next/'] button", no_wait_after=True)
        page.wait_for_url(re.compile(r"/clues/\d+/$"))
        page.wait_for_selector("text=归您办理")
        assert len(sent) == 1


def test_an_upload_tells_how_far_it_is(at_desk, demo_office):
    table = max((demo_office.home / "city").glob("*.csv"), key=lambda path: path.stat().st_size)
    with at_desk("shuju", "/runs/upload/") as page:
        page.evaluate(
            """() => { window.told = []; new MutationObserver(() => window.told.push(document.querySelector("[data-percent]").textContent))
                       .observe(document.querySelector("[data-percent]"), { childList: true, characterData: true, subtree: true }); }"""
        )
        page.set_input_files("input[name=files]", str(table))
        assert table.name in page.inner_text("[data-chosen]")
        line = page.context.new_cdp_session(page)
        speed = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": table.stat().st_size / 1.5}
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", speed)
        page.click("button:has-text('上传并核对表头')")
        page.wait_for_function("() => window.told.some(text => /^已传 [1-9]/.test(text))")
        assert page.locator(".up-bar").is_visible()
        line.send("Network.emulateNetworkConditions", speed | {"uploadThroughput": -1})
        page.wait_for_url(re.compile(r"/runs/\d+/map/"))
        assert table.name in page.inner_text("main")


def test_the_second_of_two_people_at_one_finding_is_told(at_desk):
    with at_desk("fuhe", "/review/second/") as one:
        at = re.search(r"at=(\d+)", one.locator("a[data-q].on").get_attribute("href"))[1]
        with at_desk("fuhe2", f"/review/second/?at={at}") as other:
            for page in (one, other):
                page.keyboard.press("3")
                page.fill("#reason", "病程记录支持，不扣。")
            one.keyboard.press("Control+Enter")
            one.wait_for_selector("[data-undo-form]")
            other.keyboard.press("Control+Enter")
            other.wait_for_selector("[data-toast]:not([hidden])")
            told = other.inner_text("[data-toast]")
            assert "这一条现在是" in told or "有了变化" in told, told
            assert other.input_value("#reason") == "病程记录支持，不扣。"
