"""The duty report: its figures are those of the registers counted another way, rows find their institution, nothing personal is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import sync_playwright

from hengjian.kernel.amounts import to_fen, to_yuan
from hengjian.kernel.errors import LakeError
from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.report import write_html, write_workbook
from hengjian.report.duty import Duty, gather_duty
from hengjian.report.duty.figures import FLAGGED, REFUSED, Tally
from hengjian.report.duty.page import TOP_ORGS, TOP_REASONS

from ..conftest import need_program
from ..lake.folder import load, make_folder, row
from .duty_lake import UNMAPPED, Count, Registers, counted, many, org_code, register_row
from .folder import make_findings, write_audit
from .page import Element, read_page, wan
from .test_html import OUTSIDE, SQUEEZED
from .test_workbook import Book, exact


def gathered(lake: LakeVersion | None) -> Duty:
    with duckdb.connect() as con:
        return gather_duty(con, lake)


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registers, LakeVersion]:
    """3,000 rows of 40 institutions in two loads."""
    made = many(3_000, 40, seed=1)
    return made, made.write(tmp_path_factory.mktemp("year") / "lake")


@pytest.fixture(scope="session")
def page(year: tuple[Registers, LakeVersion], tmp_path_factory: pytest.TempPathFactory) -> Element:
    """The duty part of the page of that year."""
    out = tmp_path_factory.mktemp("out")
    write_audit(out, make_findings(40, seed=7))
    return read_page(write_html(out, year[1])).one("section", "data")


def tally(count: Count | None) -> Tally:
    return Tally(count.rows, to_fen(count.yuan)) if count else Tally()


def added(counts: dict[Any, Count]) -> Tally:
    return sum((tally(c) for c in counts.values()), Tally())


# figures ----------------------------------------------------------------------------------------------------------------
def test_every_figure_is_that_of_the_registers(year: tuple[Registers, LakeVersion]) -> None:
    made, lake = year
    duty, told = gathered(lake), counted(made)
    assert (duty.sent, duty.taken, [x.number for x in duty.loads]) == (180_000, 165_000, [1, 2])
    assert (
        duty.refused == added(told["refused"])
        and duty.settled == added(told["settled"])
        and duty.flagged == added(told["flagged"])
    )
    assert duty.ended == {how: tally(count) for how, count in told["ended"].items()}
    assert min(duty.refused.rows, duty.settled.rows, duty.flagged.rows) > 200
    orgs = {o.code: o for o in duty.orgs}
    assert set(orgs) == {*told["refused"], *told["settled"], *told["flagged"]} and "" in orgs
    for code, org in orgs.items():
        assert [org.refused, org.settled, org.flagged] == [tally(told[n].get(code)) for n in ("refused", "settled", "flagged")]
        assert org.name == (made.names[code] if code else UNMAPPED)
        reasons = {(code, r.level, r.code): r.tally for r in org.reasons if r.tally.rows}
        assert reasons == {key: tally(count) for key, count in told["reasons"].items() if key[0] == code}


def test_reasons_add_up_over_institutions_and_refused_rows_have_one_each(year: tuple[Registers, LakeVersion]) -> None:
    duty = gathered(year[1])
    for level in (REFUSED, FLAGGED):
        for reason in (r for r in duty.reasons if r.level == level):
            own = [r for o in duty.orgs for r in o.reasons if (r.level, r.code) == (level, reason.code)]
            assert reason.tally == sum((r.tally for r in own), Tally()) and reason.settled == sum(
                (r.settled for r in own), Tally()
            )
            assert reason.title and reason.advice and "照收" not in reason.title
    assert sum((r.tally for r in duty.reasons if r.level == REFUSED), Tally()) == duty.refused
    assert sum(r.tally.rows for r in duty.reasons if r.level == FLAGGED) > duty.flagged.rows


def test_an_older_version_knows_only_the_loads_before_it(year: tuple[Registers, LakeVersion]) -> None:
    lake = year[1]
    older = LakeVersion(
        lake.root, 1, lake.created_at, lake.data_date, lake.tables, {"tables": {"fee_line": {"read": 7, "taken": 5}}}
    )
    duty = gathered(older)
    assert [x.number for x in duty.loads] == [1] and (duty.sent, duty.taken) == (7, 5)


def test_a_row_flagged_again_in_a_later_load_counts_once_as_it_was_last_sent(tmp_path: Path) -> None:
    first = register_row(1, code="C03", flag=True, col="med_list_codg", load_no=1, amount=Decimal("10.00"))
    again = first | {"load_no": 2, "file": "b.csv", "line": 9, "amount": Decimal("12.00")}
    twin = first | {"load_no": 2, "file": "b.csv", "line": 10, "amount": Decimal("12.00")}
    lost = [first | {"row_key": None}, first | {"row_key": None, "load_no": 2}]
    duty = gathered(Registers(warnings=[first, again, twin, *lost]).write(tmp_path))
    assert duty.flagged == Tally(3, 3_200) and [r.tally for r in duty.reasons] == [Tally(3, 3_200)]


def test_a_flag_of_a_row_that_was_refused_after_all_is_no_flag(tmp_path: Path) -> None:
    flag = register_row(1, code="C03", flag=True, col="med_list_codg")
    duty = gathered(Registers(rejects=[register_row(1, code="K03", col="mdtrt_id")], warnings=[flag]).write(tmp_path))
    assert duty.flagged == Tally() and duty.refused == Tally(1, 1_000)


# whose row it is --------------------------------------------------------------------------------------------------------
H1, H2 = org_code(1), org_code(2)
PLACED: list[tuple[str, dict[str, Any], str]] = [
    ("as sent", {"fixmedins_code": H2, "row_key": "M1/1"}, H2),
    ("by the encounter of a line", {"fixmedins_code": None, "row_key": "M1/1"}, H1),
    ("by the encounter of a diagnosis", {"fixmedins_code": None, "tab": "diagnosis", "row_key": "M1/1/1/1"}, H1),
    ("by the encounter of an operation", {"fixmedins_code": None, "tab": "operation", "row_key": "M1/2"}, H1),
    ("an encounter sent again", {"fixmedins_code": None, "tab": "encounter", "row_key": "M1"}, H1),
    ("an id with a slash", {"fixmedins_code": None, "row_key": "A/B/7"}, H2),
    ("a serial number with a slash", {"fixmedins_code": None, "row_key": "M1/7/8"}, H1),
    ("two readings of a key", {"fixmedins_code": None, "row_key": "X/Y/Z"}, ""),
    ("a key cut short", {"fixmedins_code": None, "tab": "diagnosis", "row_key": "M1/1"}, ""),
    ("a settlement sent again", {"fixmedins_code": None, "tab": "settlement", "row_key": "S1"}, H1),
    ("a settlement nobody knows", {"fixmedins_code": None, "tab": "settlement", "row_key": "M1"}, ""),
    ("an encounter nobody knows", {"fixmedins_code": None, "row_key": "M9/1"}, ""),
    ("no key", {"fixmedins_code": None, "row_key": None}, ""),
    ("a code that is none", {"fixmedins_code": "X12", "row_key": "M1/1"}, H1),
    ("a person", {"fixmedins_code": None, "tab": "person", "row_key": "M1"}, ""),
    ("by an encounter that was refused itself", {"fixmedins_code": None, "row_key": "R1/1"}, H2),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "org"), [p[1:] for p in PLACED], ids=[p[0] for p in PLACED])
@pytest.mark.parametrize("flag", [False, True])
def test_a_row_belongs_to(tmp_path: Path, cells: dict[str, Any], org: str, flag: bool) -> None:
    made = Registers(encounters={"M1": H1, "A/B": H2, "X": H1, "X/Y": H2}, settlements={"S1": H1}, names={H1: "甲", H2: "乙"})
    made.rejects.append(register_row(50, tab="encounter", row_key="R1", code="T03", fixmedins_code=H2))
    asked = register_row(1, code="C03" if flag else "T02", flag=flag, **cells)
    (made.warnings if flag else made.rejects).append(asked)
    duty = gathered(made.write(tmp_path))
    found = [o.code for o in duty.orgs if (o.flagged.rows if flag else o.refused.rows - (o.code == H2))]
    assert found == [org]


def test_what_the_loader_itself_writes_is_read(tmp_path: Path) -> None:
    fee = [
        row("fee_line"),
        row("fee_line", feedetl_sn="2", cnt="两盒"),
        row("fee_line", feedetl_sn="3", med_list_codg="LOCAL1"),
    ]
    load(make_folder(tmp_path / "in", fee_line=fee), tmp_path / "lake")
    duty = gathered(open_lake(tmp_path / "lake"))
    (org,) = [o for o in duty.orgs if o.code == "H99010000001"]
    assert org.name == "云溪市第一医院" and org.refused == Tally(1, 10_000) and org.flagged.rows >= 1
    assert duty.sent == 8 and duty.taken == 7


def test_without_a_lake_or_registers_there_is_nothing(tmp_path: Path) -> None:
    assert gathered(None) == Duty() and gathered(None).is_empty
    assert gathered(Registers(names={H1: "甲"}).write(tmp_path)).is_empty


def test_a_damaged_register_is_a_sentence(tmp_path: Path) -> None:
    lake = Registers(rejects=[register_row(1)]).write(tmp_path)
    for path in tmp_path.rglob("rejects/*.parquet"):
        path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(LakeError, match="退回登记读不出来"):
        gathered(lake)


# the page ---------------------------------------------------------------------------------------------------------------
def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_headline_and_the_institutions_on_the_page(year: tuple[Registers, LakeVersion], page: Element) -> None:
    told = counted(year[0])
    refused, settled, flagged = (added(told[n]) for n in ("refused", "settled", "flagged"))
    boxes = page.one("div", "figs").all("b")
    assert [b.text for b in boxes] == ["18.0 万", "16.5 万", f"{refused.rows:,}", f"{flagged.rows:,}"]
    share = round(Decimal(refused.rows * 100) / 180_000, 2)
    for words in (
        f"{wan(to_yuan(refused.fen))} 万元，占报送的 {share}%",
        f"{wan(to_yuan(flagged.fen))} 万元，已采用并经过审计",
        "占报送的 91.67%",
    ):
        assert words in page.one("div", "figs").text
    table = page.all("table", "duty")[0]
    *rows, last = table.rows("tbody")
    names = {name: code for code, name in year[0].names.items()}
    assert len(rows) == TOP_ORGS + 1 and last[0] == UNMAPPED and rows[-1][0] == f"其余 {40 - TOP_ORGS} 家机构"
    money = {code: told["refused"][code].yuan for code in year[0].names}
    assert [names[r[0]] for r in rows[:-1]] == sorted(money, key=lambda c: -money[c])[:TOP_ORGS]
    for cells in [*rows[:-1], last]:
        own = [told[n][names.get(cells[0], "")] for n in ("refused", "settled", "flagged")]
        assert cells[1:6] == [f"{own[0].rows:,}", wan(own[0].yuan), f"{own[1].rows:,}", f"{own[2].rows:,}", wan(own[2].yuan)]
    ((_, *total),) = table.rows("tfoot")
    for place in (1, 3, 4):
        assert sum(number(cells[place]) for cells in [*rows, last]) == number(total[place - 1])
    assert total[:5] == [
        f"{refused.rows:,}",
        wan(to_yuan(refused.fen)),
        f"{settled.rows:,}",
        f"{flagged.rows:,}",
        wan(to_yuan(flagged.fen)),
    ]


def test_the_main_reasons_are_those_of_most_rows(year: tuple[Registers, LakeVersion], page: Element) -> None:
    made, told = year[0], counted(year[0])
    by_code = {r["code"]: r["reason"] for r in made.rejects}
    first = page.all("table", "duty")[0].rows("tbody")[0]
    org = next(code for code, name in made.names.items() if name == first[0])
    own = {key[2]: count.rows for key, count in told["reasons"].items() if key[:2] == (org, REFUSED)}
    shown = first[6].split("；")
    assert set(shown) <= {f"{by_code[code]}（{rows} 行）" for code, rows in own.items()}
    assert [int(text.rpartition("（")[2].split()[0]) for text in shown] == sorted(own.values(), reverse=True)[:2]


def test_the_reasons_on_the_page_add_up(year: tuple[Registers, LakeVersion], page: Element) -> None:
    told = counted(year[0])
    rows = page.all("table", "duty")[1].rows("tbody")
    for level in (REFUSED, FLAGGED):
        mine = [r for r in rows if r[1] == level]
        assert len(mine) == TOP_REASONS + 1 and mine[-1][0].startswith("其余 ")
        assert sum(number(r[2]) for r in mine) == sum(c.rows for key, c in told["reasons"].items() if key[1] == level)
        codes = [r[0].split()[-1] for r in mine[:-1]]
        for code, cells in zip(codes, mine, strict=False):
            own = [c for key, c in told["reasons"].items() if key[1:] == (level, code)]
            assert cells[2:4] == [f"{sum(c.rows for c in own):,}", wan(sum((c.yuan for c in own), Decimal(0)))]


def test_what_was_put_right_is_told(year: tuple[Registers, LakeVersion], page: Element) -> None:
    ended = counted(year[0])["ended"]
    whole = sum(c.rows for c in ended.values())
    sentence = page.one("p", "ended").text
    assert f"已补正 {whole:,} 行" in sentence
    for how, words in (("taken", "后来收下"), ("corrected", "已有更正行"), ("superseded", "被后来的内容取代")):
        assert f"{words} {ended[how].rows:,} 行" in sentence
    assert "不表示这些费用有问题" in page.text


def test_nothing_to_say_is_one_sentence(tmp_path: Path) -> None:
    write_audit(tmp_path, [])
    data = read_page(write_html(tmp_path, Registers().write(tmp_path / "lake"))).one("section", "data")
    assert data.one("p", "none").text == "历次加载没有退回的行，也没有提示。" and not data.all("table", "duty")


def test_only_small_money_is_told_in_yuan(tmp_path: Path) -> None:
    write_audit(tmp_path, [])
    data = read_page(write_html(tmp_path, Registers(rejects=[register_row(1)], names={H1: "甲"}).write(tmp_path / "lake")))
    assert data.all("table", "duty")[0].rows("tbody")[0][:6] == ["甲", "1", "10.00", "0", "0", "—"]
    assert data.one("p", "ended").text == "退回的行还没有补正的。"


SECRET = "sealed:绝密内容"
HOSTILE = """<script>alert(1)</script>"'&{{ 7*7 }}"""


def test_names_and_reasons_of_others_stay_text_and_nothing_personal_is_told(tmp_path: Path) -> None:
    rows = [
        register_row(1, tab="person", col="psn_name", val=SECRET, code="T05", row_key="P1", raw=SECRET),
        register_row(2, col="", val=SECRET, code="F04", row_key=None, reason=HOSTILE, raw=SECRET),
        register_row(3, code="T02", val=HOSTILE, raw=SECRET),
    ]
    lake = Registers(rejects=rows, names={H1: HOSTILE}).write(tmp_path / "lake")
    write_audit(tmp_path, [])
    path = write_html(tmp_path, lake)
    page = read_page(path)
    assert not page.all("script") and HOSTILE in page.one("section", "data").text
    assert "绝密" not in path.read_text(encoding="utf-8")
    assert "绝密" not in Book(write_workbook(tmp_path, lake)).xml()


# findings.xlsx ----------------------------------------------------------------------------------------------------------
def test_the_sheet_of_the_workbook_gives_institution_by_reason(year: tuple[Registers, LakeVersion], tmp_path: Path) -> None:
    made, told = year[0], counted(year[0])
    write_audit(tmp_path, make_findings(5, seed=7))
    *rows, refused, flagged = Book(write_workbook(tmp_path, year[1])).rows("履责")
    got = {(r["机构编号"], r["处理"], r["原因码"]): (r["行数"], exact(r["金额（元）"])) for r in rows if r["行数"]}
    assert got == {key: (c.rows, c.yuan) for key, c in told["reasons"].items()}
    assert {r["机构名称"] for r in rows} == {*made.names.values(), UNMAPPED}
    for total, name in ((refused, "refused"), (flagged, "flagged")):
        assert (total["行数"], exact(total["金额（元）"])) == (added(told[name]).rows, to_yuan(added(told[name]).fen))
    assert sum(r["已补正行数"] or 0 for r in rows) == refused["已补正行数"] == added(told["settled"]).rows


# on the screen ----------------------------------------------------------------------------------------------------------
def test_rows_do_not_stick_out_on_a_phone(year: tuple[Registers, LakeVersion], tmp_path: Path) -> None:
    program = need_program("chromium")
    made = Registers(rejects=list(year[0].rejects), warnings=list(year[0].warnings))
    made.names = {code: f"镜川市{'某' * 60}医院" if n % 2 else f"H{'X' * 80}" for n, code in enumerate(year[0].names)}
    write_audit(tmp_path, [])
    path = write_html(tmp_path, made.write(tmp_path / "lake"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        check: Callable[[str], Any]
        for width in (1366, 390):
            window = browser.new_page(viewport={"width": width, "height": 800})
            window.goto(path.as_uri())
            check = window.evaluate
            assert check("document.documentElement.scrollWidth") <= width and check(OUTSIDE) == [] and check(SQUEEZED) == []
        browser.close()
    assert not re.search(r"None|nan|undefined", read_page(path).one("section", "data").text)
