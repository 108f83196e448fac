"""The page in every mode and state: no axe violation, a silent console, nothing asked of another host, nothing wider than the window."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

import hengjian

from .test_doctor import PREGNANT, STRANGER, order

MODES = {
    "light": {"viewport": {"width": 1440, "height": 900}},
    "dark": {"viewport": {"width": 1440, "height": 900}},
    "elder": {"viewport": {"width": 1440, "height": 900}},
    "middle": {"viewport": {"width": 1024, "height": 768}},
    "phone": {"viewport": {"width": 390, "height": 844}},
}


SOURCE = Path(hengjian.__file__).parent
GONE = "without a gate"


def _states(page):
    """Every state of the page, one after the other, by name."""
    yield "empty"
    page.fill("#find", "格列")
    yield "searching"
    page.fill("#find", "没有这种药")
    yield "nothing found"
    page.keyboard.press("Escape")
    page.fill("#find", "")
    order(page, "糖化血红蛋白测定")
    order(page, "恒格列净")
    order(page, "艾托格列净", "2")
    order(page, "氨氯地平")
    page.locator(".rem.inform").wait_for()
    page.locator("#sheet .st.pass").first.wait_for()
    yield "reminded"
    page.locator(".rem.no_pay").hover()
    yield "pointed"
    page.click(".rem.no_pay >> text=填写理由继续")
    page.click("form.why button[type=submit]")
    yield "asked for a reason"
    page.check("form.why input >> nth=0")
    page.click("form.why button[type=submit]")
    page.click(".rem.inform >> text=返回修改")
    yield "answered"
    page.click("#show-wire")
    yield "messages"
    page.click("#hide-wire")
    page.click("#send")
    page.wait_for_selector(".receipt")
    yield "sent"
    page.locator("#people button").nth(PREGNANT).click()
    order(page, "妇科调经")
    order(page, "葡萄糖耐量试验（口服）")
    order(page, "葡萄糖测定")
    page.locator(".rem.warn").wait_for()
    yield "reason and warning"
    page.locator("#people button").nth(STRANGER).click()
    order(page, "银杏达莫")
    page.locator(".rem").wait_for()
    yield "unresolved"
    page.route("**/", lambda route: route.abort())
    page.fill(".cnt", "3")
    page.wait_for_selector("#cards .quiet.gone")
    yield GONE


def test_its_colours_are_the_offices():
    ours, office = (
        re.findall(r"(--[\w-]+):\s*([^;]+);", (SOURCE / sheet).read_text(encoding="utf-8"))
        for sheet in ("gate/trial/static/try.css", "web/static/office/app.css")
    )
    assert len({name for name, _ in ours}) > 30
    assert {(n, v) for n, v in ours if not n.startswith("--lv")} <= set(office)


@pytest.mark.parametrize("mode", MODES)
def test_every_state_in_every_mode(demo, chromium, mode):
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(**MODES[mode], bypass_csp=True, locale="zh-CN", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(15_000)
    noise = []
    page.on("console", lambda m: noise.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: noise.append(str(e)))
    page.on("request", lambda r: noise.append(f"asks {r.url}") if not r.url.startswith((demo.base, "data:", "blob:")) else None)
    if mode in ("dark", "elder"):
        page.add_init_script(
            {"dark": "localStorage.setItem('theme', 'dark')", "elder": "localStorage.setItem('elder', '1')"}[mode]
        )
    page.goto(demo.base + "/try")
    expect(page.locator("#people button")).to_have_count(6)
    faults, axe = [], Axe()
    for state in _states(page):
        found = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in axe.run(page).response["violations"]]
        wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        faults += [f"{state}: {what}" for what in [*found, *(n for n in noise if state != GONE or "Failed to load" not in n)]]
        faults += [f"{state} is {wide} wide in a window of {window}"] if wide > window else []
        noise.clear()
    context.close()
    assert not faults, "\n".join(faults)


def test_while_its_book_is_missing_the_page_says_so_and_tries_again(demo, chromium):
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    page.route("**/try/book.json", lambda route: route.abort())
    page.goto(demo.base + "/try")
    page.wait_for_selector("text=试用资料没有取到")
    page.unroute("**/try/book.json")
    page.click("text=再试一次")
    expect(page.locator("#people button")).to_have_count(6)
    context.close()


def test_the_looks_stay_and_the_strict_policy_holds(demo, chromium):
    context = chromium.new_context(locale="zh-CN", color_scheme="dark")
    page = context.new_page()
    noise = []
    page.on("console", lambda m: noise.append(m.text))
    answer = page.goto(demo.base + "/try")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    root = page.locator("html")
    assert root.get_attribute("data-theme") == "dark"
    page.click("#theme")
    page.click("#elder")
    page.reload()
    assert (root.get_attribute("data-theme"), root.get_attribute("data-elder")) == ("light", "1")
    assert page.get_attribute("#elder", "aria-pressed") == "true"
    assert not noise
    context.close()
