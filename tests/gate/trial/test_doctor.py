"""What a doctor does on the page, in a real browser, against the gate that `hengjian gate demo` starts."""

import json
import re
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from hengjian.gate.settings import GateSettings
from hengjian.gate.worker import store_of

from .conftest import running_demo

DESKTOP = {"width": 1440, "height": 900}
NO_PAY, REASON, INFORM = ".rem.no_pay", ".rem.reason", ".rem.inform"
ELSEWHERE, PREGNANT, CHILD, EMERGENCY, HONEST, STRANGER = range(6)


@contextmanager
def at_desk(chromium, demo, patient=ELSEWHERE):
    """The page, with a patient; nothing may go wrong in its scripts, and nothing be asked of another host."""
    context = chromium.new_context(viewport=DESKTOP, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(15_000)
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith((demo.base, "data:")) else None)
    page.goto(demo.base + "/try")
    page.locator("#people button").nth(patient).click()
    yield page
    assert not wrong
    context.close()


def order(page, text, quantity=""):
    """Type, take the first, quantity, add: without the mouse."""
    page.focus("#find")
    page.keyboard.type(text)
    page.locator("#found [role=option][aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    if quantity:
        page.keyboard.type(quantity)
    page.keyboard.press("Enter")


def checked(page):
    """What the gate was asked last and what it said, as the page shows it to integrators."""
    page.click("#show-wire")
    texts = page.locator("#wires pre").all_inner_texts()
    page.keyboard.press("Escape")
    return texts[0], json.loads(texts[1]), json.loads(texts[2])


@contextmanager
def store_in(home, monkeypatch):
    monkeypatch.setenv("HENGJIAN_KEYS", str(home / "keys.json"))
    store = store_of(GateSettings(home=home, store=str(home / "gate.sqlite"), lake=home / "lake"))
    try:
        yield store
    finally:
        store.close()


def test_an_order_is_typed_reminded_of_and_gone_on_with_for_a_reason(chromium, demo, monkeypatch):
    with at_desk(chromium, demo) as page:
        order(page, "糖化血红蛋白测定")
        card = page.locator(NO_PAY)
        card.wait_for()
        assert "15 天内不超过 1 次" in card.inner_text() and "其中外院" in card.inner_text()
        money = re.search(r"(\d+\.\d\d) 元", card.inner_text())
        assert "第三十八条" in card.inner_text() and money
        assert page.locator("#sheet tr.no_pay").count() == 1
        assert page.inner_text("#sums .bad dd").startswith(money[1])
        page.click("#send")  # never grey: it leads to the reason that is missing
        form = page.locator("form.why")
        form.wait_for()
        page.click("form.why button[type=submit]")
        assert page.locator(".wrong").is_visible()
        page.check("form.why input >> nth=2")
        page.fill("form.why textarea", "外院结果遗失")
        page.click("form.why button[type=submit]")
        assert "原结果缺失或不能用。外院结果遗失" in card.inner_text()
        headers, request, answer = checked(page)
        assert re.search(r"x-tif-signature: [0-9a-f]{64}", headers)
        assert request["infno"] == "3101" and answer["infcode"] == 0
        jr_id = answer["output"]["result"][0]["jr_id"]
        page.click("#send")
        page.wait_for_selector("text=1 条理由已经送给审核人员")
    with store_in(demo.home, monkeypatch) as store:
        said = store.feedback_of(jr_id)
    assert said is not None and (said.way, said.reason) == ("1", "原结果缺失或不能用。外院结果遗失")


def test_going_back_is_told_and_the_line_can_be_dropped(chromium, demo, monkeypatch):
    with at_desk(chromium, demo, PREGNANT) as page:
        order(page, "妇科调经", "2")
        page.locator(REASON).wait_for()
        with page.expect_response(lambda r: '"3103"' in (r.request.post_data or "")) as heard:
            page.click(f"{REASON} >> text=返回修改")
        assert heard.value.json()["infcode"] == 0
        warn = heard.value.request.post_data_json["input"]["data"]["warns"][0]
        assert page.evaluate("document.activeElement.className").startswith("cnt")
        page.click(f"{REASON} .btn:has-text('删去')")
        page.wait_for_selector("text=开出第一条医嘱后马上审核")
        assert page.locator("#sheet tr").count() == 0
    with store_in(demo.home, monkeypatch) as store:
        assert store.feedback_of(warn["warn_rslt_id"]).way == "2"


def test_a_changed_quantity_or_diagnosis_is_judged_at_once(chromium, demo):
    with at_desk(chromium, demo, HONEST) as page:
        order(page, "XC08CAZ961", "2")  # by its code
        page.wait_for_selector("#sheet .st.pass")
        assert page.locator(".rem").count() == 0 and "没有提醒" in page.inner_text("#cards")
        assert re.search(r"手中约还可用 \d+ 天", page.inner_text("#sheet"))  # a fact, no finding
        with page.expect_request(lambda r: r.method == "POST") as asked:
            page.fill(".cnt", "3")
        told = asked.value.post_data_json["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]
        assert told["fsi_order_dtos"][0]["cnt"] == 3
        with page.expect_request(lambda r: r.method == "POST") as asked:
            page.focus("#find-diag")
            page.keyboard.type("糖尿病")
            page.keyboard.press("Enter")
        told = asked.value.post_data_json["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]
        assert [d["dise_codg"][:3] for d in told["fsi_diagnose_dtos"]] == ["I10", "E11"]
        page.fill(".cnt", "0")
        assert page.get_attribute(".cnt", "aria-invalid") == "true"


def test_an_answer_comes_within_a_sixth_of_a_second_of_the_last_key(chromium, demo):
    with at_desk(chromium, demo, HONEST) as page:
        order(page, "氨氯地平")
        page.wait_for_selector("#sheet .st.pass")
        waits = []
        for quantity in range(2, 9):
            waits.append(
                page.evaluate(
                    """async cnt => { const field = document.querySelector(".cnt"), ms = document.getElementById("ms");
                    return new Promise(done => { const began = performance.now();
                      new MutationObserver((_, seen) => { seen.disconnect(); done(performance.now() - began); }).observe(ms, { childList: true });
                      field.value = cnt; field.dispatchEvent(new Event("input")); }); }""",
                    str(quantity),
                )
            )
        assert sorted(waits)[len(waits) // 2] <= 150, waits


@pytest.mark.parametrize(
    ("patient", "text", "level"),
    [(CHILD, "盐酸莫西沙星", REASON), (EMERGENCY, "急诊监护费", ""), (STRANGER, "银杏达莫", NO_PAY)],
)
def test_each_patient_shows_another_side(chromium, demo, patient, text, level):
    with at_desk(chromium, demo, patient) as page:
        order(page, text)
        page.wait_for_selector("#sheet .st.pass, .rem")
        if patient == EMERGENCY:
            order(page, "急诊诊查费")
            page.locator(INFORM).wait_for()
            assert page.locator(".rem").count() == 1
            page.click("#send")  # nothing to write
            page.wait_for_selector("text=2 条医嘱已签名发送")
            return
        page.locator(level).wait_for()
        assert ("没有对应到参保人" in page.inner_text("#notice")) == (patient == STRANGER)


def test_nothing_found_is_said(chromium, demo):
    with at_desk(chromium, demo) as page:
        page.type("#find", "没有这种药")
        assert "没有找到「没有这种药」" in page.inner_text("#found")
        page.keyboard.press("Enter")
        assert page.locator("#sheet tr").count() == 0
        page.keyboard.press("Escape")
        assert page.locator("#found").is_hidden()


def test_a_pointed_line_lights_up(chromium, demo):
    with at_desk(chromium, demo) as page:
        order(page, "糖化血红蛋白测定")
        page.locator(NO_PAY).hover()
        assert page.locator("#sheet tr.lit").count() == 1
        page.locator("#sheet tr.no_pay").hover()
        assert page.locator(f"{NO_PAY}.lit").count() == 1


@pytest.fixture(scope="module")
def another_home(demo, tmp_path_factory):
    """The same city and lake in a folder of its own: a gate is ended here without ending the others' one."""
    home = tmp_path_factory.mktemp("another") / "demo"
    shutil.copytree(demo.home, home, ignore=shutil.ignore_patterns("gate.sqlite*", "stop", "reload*"))
    return home


def test_without_the_gate_the_doctor_goes_on(chromium, another_home):
    with running_demo(another_home) as own, at_desk(chromium, own) as page:
        assert own.said.count("沿用已有") == 1  # the city
        order(page, "糖化血红蛋白测定")
        page.locator(NO_PAY).wait_for()
        own.process.send_signal(2)
        assert own.process.wait(30) == 0
        assert "已停止" in own.said
        order(page, "氨氯地平")
        page.wait_for_selector("#cards >> text=闸口没有应答")
        assert "不影响开方，之后由事后审计审核" in page.inner_text("#cards")
        assert page.locator("#sheet .st.none").count() == 2
        page.click("#send")
        page.wait_for_selector("text=2 条医嘱已签名发送")
        assert "闸口没有应答，不影响开方，之后由事后审计审核" in page.inner_text(".receipt")
    with running_demo(another_home) as again:
        assert again.said.count("沿用已有") == 2  # and what was warmed


def test_the_printed_line_sends_a_signed_message(demo):
    line = next(text for text in demo.said.splitlines() if text.startswith("S="))
    told = json.loads(subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout)
    assert told["output"]["result"][0]["rule_id"] == "service_cycle_limit"
