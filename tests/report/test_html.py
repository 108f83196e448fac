"""The page: its numbers are those of the findings, it needs nothing but itself, and it reads well on screen, phone and paper."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from hengjian.kernel.errors import InputError
from hengjian.report import write_html

from ..conftest import need_program
from .folder import PLACES, RULES, Folder, make_findings, rule_rows, write_audit, write_lake
from .page import AMOUNTS, Element, counted, read_page, wan, yuan

HOSTILE = """<script>alert(1)</script></style><img src=x onerror=alert(2)> "'&{{ 7*7 }}"""


@pytest.fixture(scope="session")
def page(folder: Folder) -> Element:
    """The page of the audit folder."""
    return read_page(write_html(folder.out, folder.lake))


def section(page: Element, name: str) -> Element:
    """One numbered part of the page."""
    return page.one("section", name)


def sums(findings: list[dict[str, Any]], by: str, amount: str = "amount_fund") -> dict[str, Decimal]:
    """Once-counted sums by a column."""
    given, total = counted(findings, amount), defaultdict[str, Decimal](Decimal)
    for f in findings:
        total[f[by]] += given[f["finding_id"]]
    return dict(total)


# what it is -------------------------------------------------------------------------------------------------------------
def test_the_head_says_what_when_and_which(page: Element) -> None:
    assert page.one("html").attributes["lang"] == "zh-CN"
    assert page.one("title").text == "云溪市医保基金审计报告 SJ-20261122-0001"
    head = page.one("header", "cov")
    assert head.one("h1").text == "云溪市医保基金审计报告"
    for words in ("2025 年 11 月 1 日至 2026 年 10 月 31 日", "报告编号 SJ-20261122-0001", "2026 年 11 月 22 日 10:00 生成"):
        assert words in head.text
    titles = [h.text.split()[0] for h in page.all("h2")]
    assert [t[0] for t in titles] == list("一二三四五六附")


def test_it_says_that_a_finding_is_no_verdict_and_that_the_data_are_invented(page: Element) -> None:
    assert "疑点是待核实的金额，不是认定结果" in page.one("p", "lead").text and page.one("aside", "fair").text
    assert "演示数据，均为合成" in page.one("p", "end").text


def test_the_same_audit_gives_the_same_page(folder: Folder) -> None:
    first = write_html(folder.out, folder.lake).read_bytes()
    assert write_html(folder.out, folder.lake).read_bytes() == first


# what it needs ----------------------------------------------------------------------------------------------------------
def test_it_needs_nothing_but_itself(folder: Folder, page: Element) -> None:
    text = write_html(folder.out, folder.lake).read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|javascript:|@import|@font-face", text, re.I)
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"#g", "#h"}
    tags = {e.tag for e in page.all()}
    assert not tags & {"script", "iframe", "object", "embed", "base", "form", "img", "image", "audio", "video", "use", "a"}
    for element in page.all():
        assert not [name for name in element.attributes if name.startswith("on")], element.attributes
        for name in ("src", "href", "xlink:href", "srcset", "action", "data"):
            assert (element.attributes.get(name) or "data:").startswith("data:"), element.attributes
    assert page.all("style") and not [e for e in page.all("link") if e.attributes["rel"] != "icon"]


def test_charts_are_drawn_in_the_page(folder: Folder, page: Element) -> None:
    own = defaultdict[str, Decimal](Decimal)
    for f in folder.findings:
        own[f["rule_id"]] += f["amount_fund"]
    drawn = {
        row.one("th").text: [r.attributes["width"] for r in row.all("rect")]
        for body in section(page, "rules").all("tbody")
        for row in body.all("tr")
    }
    for rule_id, title, *_ in RULES:
        share = own[rule_id] * 100 / max(own.values())
        assert drawn[title] == ([f"{max(share, Decimal('0.8')):.2f}%"] if share else []), title
    chart = section(page, "months").one("svg", "mc")
    assert chart.attributes["role"] == "img" and "最高" in (chart.attributes["aria-label"] or "")
    tall = [Decimal(r.attributes["height"] or "") for r in chart.all("rect", "m")]
    months = list(by_month(folder).values())
    assert len(tall) == len(months) == 12
    for height, money in zip(tall, months, strict=True):
        assert abs(height - money * 176 / max(months)) <= Decimal("0.05")
    (peak,) = chart.all("rect", "peak")
    assert Decimal(peak.attributes["height"] or "") == max(tall)


# its numbers ------------------------------------------------------------------------------------------------------------
def by_month(folder: Folder) -> dict[str, Decimal]:
    """Once-counted fund by month in which the window begins."""
    given = counted(folder.findings, "amount_fund")
    months = {f"{2025 + (m > 12)} 年 {(m - 1) % 12 + 1} 月": Decimal(0) for m in range(11, 23)}
    for f in folder.findings:
        months[f"{f['window_start'].year} 年 {f['window_start'].month} 月"] += given[f["finding_id"]]
    return months


def test_the_four_sums_are_those_of_the_findings(folder: Folder, page: Element) -> None:
    whole = [sum(counted(folder.findings, name).values()) for name in AMOUNTS]
    certain = [f["finding_id"] for f in folder.findings if f["certainty"] == "certain"]
    given = counted(folder.findings, "amount_fund")
    sure = sum(given[i] for i in certain)
    boxes = page.one("section", "figs")
    assert [b.text for b in boxes.all("b")] == [wan(s) for s in (*whole, sure)] and 0 < sure < whole[2]
    assert f"占基金支付的 {sure * 100 / whole[2]:.1f}%" in boxes.text
    lead = page.one("p", "lead").text
    assert f"发现疑点 {len(folder.findings)} 条，涉及基金 {wan(whole[2])} 万元" in lead
    assert f"占同期基金支付的 {whole[2] * 100 / Decimal('123456789.01'):.2f}%" in lead


def test_each_rule_has_its_own_sum_and_its_score(folder: Folder, page: Element) -> None:
    part = section(page, "rules")
    rows = {row[0]: row for row in part.rows("tbody")}
    assert set(rows) == {r[1] for r in RULES}
    scores = {t["theme"]: t for t in json.loads((folder.out / "score.json").read_text(encoding="utf-8"))["themes"]}
    for rule_id, title, _, certainty, *_ in RULES:
        own = [f["amount_fund"] for f in folder.findings if f["rule_id"] == rule_id]
        assert rows[title][3:5] == [str(len(own)), wan(sum(own, Decimal(0)))]
        assert rows[title][1] == {"certain": "违规", "suspected": "可疑"}[certainty]
        assert rows[title][6:] == [f"{scores[rule_id][name] * 100:.1f}" for name in ("precision", "recall")]
    whole = sum(f["amount_fund"] for f in folder.findings)
    once = sum(counted(folder.findings, "amount_fund").values())
    (foot,) = part.rows("tfoot")
    assert foot[3:5] == [str(len(folder.findings)), wan(whole)] and foot[5].endswith(wan(once)) and once < whole
    assert f"各规则相加多出 {wan(whole - once)} 万元" in part.text


def test_institutions_add_up_and_are_compared_by_their_visits(folder: Folder, page: Element) -> None:
    found = sums(folder.findings, "fixmedins_code")
    names = {code: name for code, name, _ in PLACES}
    order = sorted(found, key=lambda code: -found[code])
    files = folder.lake.files("encounter")
    visits = dict(duckdb.sql(f"SELECT fixmedins_code, COUNT(*) FROM read_parquet({files!r}) GROUP BY 1").fetchall())
    rows = section(page, "orgs").rows("tbody")
    for code, row in zip(order[:8], rows, strict=False):
        count = sum(f["fixmedins_code"] == code for f in folder.findings)
        assert row[0].startswith(names[code]) and row[1:3] == [str(count), wan(found[code])]
        assert row[4] == str((Decimal(count) * 100 / visits[code]).quantize(Decimal("0.1"), ROUND_HALF_EVEN))
    assert len(found) > 8 and rows[8][0] == f"其余 {len(found) - 8} 家" and len(rows) == 9
    assert rows[8][2] == wan(sum((found[c] for c in order[8:]), Decimal(0)))
    ((_, count, total, *_),) = section(page, "orgs").rows("tfoot")
    assert (count, total) == (str(len(folder.findings)), wan(sum(found.values())))


def test_months_add_up_for_eyes_and_for_readers_aloud(folder: Folder, page: Element) -> None:
    part = section(page, "months")
    assert dict(part.rows("tbody")) == {month: f"{wan(money)} 万元" for month, money in by_month(folder).items()}
    months = by_month(folder)
    top = max(months, key=lambda m: months[m])
    assert f"{top}最高，{wan(months[top])} 万元。" in part.one("p", "note").text


def test_the_first_five_are_told_to_the_fen(folder: Folder, page: Element) -> None:
    groups = defaultdict[tuple[str, str, str], list[dict[str, Any]]](list)
    for f in folder.findings:
        groups[(f["certainty"], f["rule_id"], f["fixmedins_code"])].append(f)

    def money(rows: list[dict[str, Any]]) -> list[Decimal]:
        return [sum((f[name] for f in rows), Decimal(0)) for name in AMOUNTS]

    order = sorted(groups, key=lambda key: (key[0] != "certain", -money(groups[key])[2]))
    titles, names = {r[0]: r[1] for r in RULES}, {code: name for code, name, _ in PLACES}
    shown = section(page, "first").all("article")
    assert len(shown) == 5
    for key, article in zip(order[:5], shown, strict=True):
        rows = groups[key]
        total, inscope, fund = money(rows)
        assert article.one("h3").text == titles[key[1]] + names[key[2]]
        assert f"{len(rows)} 条疑点，涉及 {len({f['psn_no'] for f in rows})} 人" in article.text
        for words in (yuan(fund), f"整行 {yuan(total)}", f"范围内 {yuan(inscope)}", f"其中一条：{top(rows)['message']}"):
            assert words in article.text


def top(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The finding of most money."""
    return max(rows, key=lambda f: (f["amount_fund"], f["amount_total"], f["finding_id"]))


def test_refused_rows_balance_or_are_shown_to_be_missing(folder: Folder, tmp_path: Path) -> None:
    rows = section(read_page(write_html(folder.out, folder.lake)), "data").rows("tbody")
    assert ["费用明细", "104,218,366", "104,190,102", "0", "21,844", "6,420", "相等"] in rows
    counts = {"read": 10, "taken": 7, "replaced": 0, "rejected": 1, "duplicate": 0}
    write_audit(tmp_path, folder.findings)
    page = read_page(write_html(tmp_path, replace(folder.lake, load={"tables": {"device": counts}})))
    rows = section(page, "data").rows("tbody")
    assert rows == [["设备与终端", "10", "7", "0", "1", "0", "差 2"]]


def changed(finding: dict[str, Any], number: int, **cells: Any) -> dict[str, Any]:
    """The same finding with another id and these cells."""
    return finding | {"finding_id": f"{number:064x}"} | cells


def money(fund: str) -> dict[str, Decimal]:
    """The three amounts of a finding."""
    return {"amount_total": Decimal(fund) * 2, "amount_inscope": Decimal(fund) + 1, "amount_fund": Decimal(fund)}


def test_a_line_hit_twice_and_a_stay_with_its_lines_count_once(tmp_path: Path) -> None:
    line = next(f for f in make_findings(50, seed=3) if f["grain"] == "line")
    stay = line | {"grain": "encounter", "feedetl_sn": None, "rule_id": "split_admission", "certainty": "suspected"}
    day = line | {"grain": "day", "feedetl_sn": None, "rule_id": "film_overcharge", "certainty": "suspected"}
    rows = [
        changed(line, 1, rule_id="service_daily_limit", certainty="certain", **money("100.00")),
        changed(line, 2, rule_id="drug_sex_limit", certainty="suspected", **money("80.00")),
        changed(line, 3, rule_id="duplicate_charge_pair", certainty="certain", feedetl_sn="other", **money("30.05")),
        changed(stay, 4, **money("150.25")),
        changed(stay, 5, rule_id="care_after_death", **money("140.00")),
        changed(day, 6, **money("7.10")),
    ]
    write_audit(tmp_path, rows, score=False)
    page = read_page(write_html(tmp_path, None))
    # 100.00 + 30.05 of lines, 150.25 − 130.05 of the stay, 7.10 of the day
    assert [b.text for b in page.one("section", "figs").all("b")] == ["314.70", "159.35", "157.35", "130.05"]
    foot = section(page, "rules").rows("tfoot")[0]
    assert foot[4] == "507.40" and foot[5].endswith("157.35") and "多出 350.05 元" in section(page, "rules").text
    assert section(page, "orgs").rows("tfoot")[0][2] == "157.35"


def test_a_rule_is_called_what_its_findings_are(tmp_path: Path) -> None:
    line = next(f for f in make_findings(50, seed=3) if f["grain"] == "line")
    rows = [
        changed(
            line, 1, rule_id="service_daily_limit", certainty="suspected"
        ),  # not yet approved, though the rule may be certain
        changed(line, 2, rule_id="duplicate_charge_pair", certainty="certain", feedetl_sn="a"),
        changed(line, 3, rule_id="duplicate_charge_pair", certainty="suspected", feedetl_sn="b"),
    ]
    write_audit(tmp_path, rows, score=False)
    shown = {row[0]: row[1] for row in section(read_page(write_html(tmp_path, None)), "rules").rows("tbody")}
    assert shown["医疗服务项目限定频次"] == "可疑" and shown["医疗服务项目重复收费"] == "违规可疑"


def test_shadow_rules_count_nowhere_and_waiting_rules_are_named(folder: Folder, tmp_path: Path) -> None:
    rules = rule_rows()
    for row in rules:
        row["status"] = {"split_admission": "shadow", "care_after_death": "waiting"}.get(row["rule_id"], "active")
    write_audit(tmp_path, folder.findings, rules=rules)
    page = read_page(write_html(tmp_path, folder.lake))
    active = [f for f in folder.findings if f["rule_id"] != "split_admission"]
    assert [b.text for b in page.one("section", "figs").all("b")][2] == wan(sum(counted(active, "amount_fund").values()))
    assert "分解住院" not in [row[0] for row in section(page, "rules").rows("tbody")]
    shadow = [f["amount_fund"] for f in folder.findings if f["rule_id"] == "split_admission"]
    assert f"分解住院 {len(shadow)} 条、基金 {wan(sum(shadow, Decimal(0)))} 万元" in section(page, "rules").text
    assert "没有运行的规则：死亡后仍有就诊" in section(page, "rules").text


def test_the_sql_it_prints_gives_the_same_numbers(folder: Folder, page: Element, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = {
        entry.one("dt").inside[0]: entry.one("pre").text for entry in page.one("dl", "sql").all("div") if entry.all("pre")
    }
    monkeypatch.chdir(folder.out)
    with duckdb.connect() as con:
        files = folder.lake.files("encounter")
        con.execute(f"CREATE VIEW encounter AS SELECT * FROM read_parquet({files!r})")
        con.execute(printed.pop("finding"))
        con.execute(printed.pop("once"))
        told = {name: con.execute(sql).fetchall() for name, sql in printed.items()}
    assert told["四个金额、疑点条数"][0][:4] == (
        len(folder.findings), *(sum(counted(folder.findings, name).values()) for name in AMOUNTS)
    )  # fmt: skip
    assert {row[0]: row[4] for row in told["按机构"]} == sums(folder.findings, "fixmedins_code")
    assert {row[0]: row[7] for row in told["按规则"]} == sums(folder.findings, "rule_id")
    assert sum(row[3] for row in told["按月份"]) == told["四个金额、疑点条数"][0][3]
    assert len(told["最值得先看的五条"]) == 5 and sum(n for _, n in told["每百次就诊"]) > 12 * len(folder.findings)


# odd audits -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("with_lake", [True, False])
def test_an_audit_without_findings_gives_a_decent_page(empty: Folder, with_lake: bool) -> None:
    page = read_page(write_html(empty.out, empty.lake if with_lake else None))
    assert "没有发现疑点" in page.one("p", "lead").text and "不等于没有问题" in page.one("p", "lead").text
    assert {b.text for b in page.one("section", "figs").all("b")} == {"0.0"}
    assert len(section(page, "rules").rows("tbody")) == len(RULES)
    assert not page.all("article") and not page.all("rect", "m")
    assert [section(page, name).one("p", "none").text for name in ("orgs", "months", "first")] == [
        "没有机构有疑点。", "各月都没有疑点。", "没有需要先看的。"
    ]  # fmt: skip
    for element in page.one("main").all():
        assert not re.search(r"None|nan|NaN|undefined|\{\{|\{%", element.text)


def test_a_finding_without_institution_or_person_is_not_lost(tmp_path: Path) -> None:
    rows = [
        changed(f, i, fixmedins_code=None, psn_no=None, mdtrt_id=None, feedetl_sn=None, grain="group", window_start=None)
        for i, f in enumerate(make_findings(3, seed=1))
    ]
    write_audit(tmp_path, rows, score=False)
    page = read_page(write_html(tmp_path, None))
    total = sum(f["amount_fund"] for f in rows)
    ((name, count, fund, *_),) = section(page, "orgs").rows("tbody")
    assert (name, count, fund) == ("不止一家机构", "3", yuan(total))
    assert f"另有 {yuan(total)} 元没有写明日期" in section(page, "months").text


def test_hostile_text_stays_text(folder: Folder, tmp_path: Path) -> None:
    findings = [f | {"message": HOSTILE, "law": HOSTILE} for f in folder.findings]
    rules = [row | {"title": f"{HOSTILE}{row['rule_id']}", "basis": HOSTILE} for row in rule_rows()]
    write_audit(tmp_path, findings, rules=rules)
    audit = tmp_path / "audit.json"
    told = audit.read_text(encoding="utf-8").replace("云溪市", "<script>云溪市").replace("SJ-2026", "</style><script>SJ-2026")
    audit.write_text(told, encoding="utf-8")
    lake = write_lake(tmp_path / "lake", folder.findings, names={code: HOSTILE + code for code, *_ in PLACES})
    lake.load["reasons"][0]["title"] = HOSTILE
    page = read_page(write_html(tmp_path, lake))
    tags = {e.tag for e in page.all()}
    assert not tags & {"script", "img"} and not [e for e in page.all() if "onerror" in e.attributes]
    assert len(page.all("style")) == 1 and page.one("h1").text.startswith("<script>云溪市")
    assert HOSTILE in section(page, "data").text
    for article in section(page, "first").all("article"):
        assert article.text.count(HOSTILE) == 4  # rule, institution, sentence, law
    assert section(page, "orgs").rows("tbody")[0][0].startswith(HOSTILE)


def test_a_person_is_named_nowhere(folder: Folder, tmp_path: Path) -> None:
    findings = [f | {"message": f"人员 {f['psn_no']} 有疑点。"} for f in folder.findings]
    write_audit(tmp_path, findings)
    path = write_html(tmp_path, folder.lake)
    text = path.read_text(encoding="utf-8")
    assert "人员 5301***" in text and not [f["psn_no"] for f in findings if f["psn_no"] in text]


def test_a_folder_without_an_audit_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="找不到审计结果") as told:
        write_html(tmp_path, None)
    assert str(tmp_path) in str(told.value) and "hengjian audit" in str(told.value)
    write_audit(tmp_path, [])
    (tmp_path / "audit.json").write_text('{"period": ["2026-01-01"]}', encoding="utf-8")
    with pytest.raises(InputError, match="审计说明读不出来"):
        write_html(tmp_path, None)


# in a browser -----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    program = need_program("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def long_names(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with names as long as a sender may write them."""
    out = tmp_path_factory.mktemp("long")
    write_audit(out, [f | {"message": "M" * 200} for f in folder.findings])
    names = {code: f"镜川市{'某某' * 40}医院" if i % 2 else f"H{'X' * 80}" for i, (code, *_) in enumerate(PLACES)}
    return write_html(out, write_lake(out / "lake", folder.findings, names=names))


def opened(browser: Browser, path: Path, width: int, **more: Any) -> Page:
    """The page in a window of this width."""
    page = browser.new_page(viewport={"width": width, "height": 800}, **more)
    page.goto(path.as_uri())
    return page


OUTSIDE = """() => [...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width > 1 && (box.right > innerWidth + 0.5 || box.left < -0.5) && !e.closest('.vh, .defs, pre');
}).map(e => e.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("which", ["plain", "long names", "empty"])
def test_nothing_sticks_out_to_the_side(
    browser: Browser, folder: Folder, empty: Folder, long_names: Path, width: int, which: str
) -> None:
    audit = empty if which == "empty" else folder
    page = opened(browser, long_names if which == "long names" else write_html(audit.out, audit.lake), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE) == []
    page.close()


SQUEEZED = """() => [...document.querySelectorAll('h1, h2, h3, caption, th, td')].filter(e => {
  const box = e.getBoundingClientRect(), em = parseFloat(getComputedStyle(e).fontSize);
  return box.width > 1 && e.innerText.trim().length > 3 && box.width < 2.5 * em && !e.closest('.vh');
}).map(e => e.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("width", [1366, 390])
def test_no_text_is_squeezed_to_one_character_a_line(browser: Browser, folder: Folder, width: int) -> None:
    page = opened(browser, write_html(folder.out, folder.lake), width)
    assert page.evaluate(SQUEEZED) == []
    page.close()


def test_it_asks_the_network_for_nothing_and_reports_no_error(browser: Browser, folder: Folder) -> None:
    path = write_html(folder.out, folder.lake)
    page = browser.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()] and errors == []
    page.close()


CONTRAST = """() => {
  const light = text => {
    const [r, g, b] = text.match(/[0-9.]+/g).map(Number)
      .map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.querySelector('.page')).backgroundColor);
  const ink = ['.lead', '.lead b', '.cov p', 'td.r', 'thead th', '.law'].map(name => light(getComputedStyle(document.querySelector(name)).color));
  return [paper, Math.min(...ink.map(i => (Math.max(i, paper) + 0.05) / (Math.min(i, paper) + 0.05)))];
}"""


def test_it_is_readable_by_day_by_night_and_on_paper(browser: Browser, folder: Folder) -> None:
    page = opened(browser, write_html(folder.out, folder.lake), 1366, color_scheme="light")
    light, by_day = page.evaluate(CONTRAST)
    page.emulate_media(color_scheme="dark")
    dark, by_night = page.evaluate(CONTRAST)
    page.emulate_media(color_scheme="dark", media="print")
    paper, printed = page.evaluate(CONTRAST)
    assert light == paper == 1.0 and dark < 0.05
    assert min(by_day, by_night, printed) >= 4.5
    page.close()


def test_it_prints_on_several_sheets_of_a4(browser: Browser, folder: Folder) -> None:
    page = opened(browser, write_html(folder.out, folder.lake), 1366)
    printed = page.pdf(prefer_css_page_size=True)
    sheets = re.findall(rb"/Type\s*/Page\b(?!s)", printed)
    assert 3 <= len(sheets) <= 8
    boxes = {tuple(round(float(x)) for x in box.split()) for box in re.findall(rb"/MediaBox ?\[([^\]]*)\]", printed)}
    assert boxes == {(0, 0, 595, 842)}
    page.close()


def test_findings_of_one_day_are_told_as_one_day(folder: Folder, tmp_path: Path) -> None:
    first = folder.findings[0]
    one_day = [changed(first, i, window_start=first["window_start"] + timedelta(hours=i)) for i in range(3)]
    write_audit(tmp_path, one_day)
    (article,) = section(read_page(write_html(tmp_path, None)), "first").all("article")
    day = first["window_start"]
    assert f"{day.year} 年 {day.month} 月 {day.day} 日。" in article.text and "至" not in article.all("p")[0].text
