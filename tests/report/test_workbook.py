"""The workbook, opened again with another library: its totals are those of the findings, and no text ever turns into a formula."""

from __future__ import annotations

import inspect
import re
import zipfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from hengjian.kernel.errors import InputError
from hengjian.report import write_workbook

from .folder import PLACES, RULES, Folder, make_findings, rule_rows, write_audit, write_lake
from .page import AMOUNTS, counted, yuan

Rows = list[dict[str, Any]]


class Book:
    """A workbook as the other library reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = CalamineWorkbook.from_path(str(path))

    def about(self) -> dict[str, str]:
        """The first sheet: heading and text."""
        return {row[0]: row[1] for row in self.book.get_sheet_by_name("说明").to_python()[1:] if row[0]}

    def rows(self, sheet: str) -> Rows:
        """Rows of a sheet by column title."""
        head, *rows = self.book.get_sheet_by_name(sheet).to_python()
        return [dict(zip(head, row, strict=True)) for row in rows]

    def xml(self) -> str:
        """Everything in the file as it stands there."""
        with zipfile.ZipFile(self.path) as package:
            return "".join(package.read(name).decode() for name in package.namelist())


def exact(cell: Any) -> Decimal:
    """A number cell as the Decimal it was written from; a text is no number."""
    assert isinstance(cell, (int, float)), cell
    return Decimal(repr(cell))


def added(findings: Rows, name: str) -> Decimal:
    """The plain sum of a column."""
    return sum((f[name] for f in findings), Decimal(0))


@pytest.fixture(scope="session")
def book(folder: Folder) -> Book:
    """The workbook of the audit folder."""
    return Book(write_workbook(folder.out, folder.lake))


def test_it_opens_with_its_sheets(book: Book) -> None:
    assert book.path.name == "findings.xlsx" and book.book.sheet_names == ["说明", "按规则", "按机构", "疑点明细", "履责"]
    assert book.book.get_sheet_by_name("说明").to_python()[0][0] == "云溪市医保基金审计疑点"


def test_the_first_sheet_says_what_it_is_and_how_much(folder: Folder, book: Book) -> None:
    about = book.about()
    total, inscope, fund = (sum(counted(folder.findings, name).values()) for name in AMOUNTS)
    certain = {f["finding_id"] for f in folder.findings if f["certainty"] == "certain"}
    sure = sum(v for k, v in counted(folder.findings, "amount_fund").items() if k in certain)
    assert f"整行 {yuan(total)} 元，符合范围 {yuan(inscope)} 元，基金支付 {yuan(fund)} 元" in about["合计"]
    assert f"其中明确违规的基金支付 {yuan(sure)} 元" in about["合计"]
    assert "不是认定结果" in about["这是什么"] and "均为合成" in about["演示"]
    assert about["报告编号"] == "SJ-20261122-0001" and about["期间"].startswith("2025 年 11 月 1 日至 2026 年 10 月 31 日")


def test_every_rule_has_its_sums_to_the_fen(folder: Folder, book: Book) -> None:
    *rows, total = book.rows("按规则")
    once = {name: counted(folder.findings, name) for name in AMOUNTS}
    assert {row["规则号"] for row in rows} == {r[0] for r in RULES}
    for row in rows:
        own = [f for f in folder.findings if f["rule_id"] == row["规则号"]]
        assert row["疑点条数"] == len(own)
        for name, title, single in zip(
            AMOUNTS, ("整行金额（元）", "范围内金额（元）", "基金支付（元）"), ("整行", "范围内", "基金支付"), strict=True
        ):
            assert exact(row[title]) == added(own, name)
            assert exact(row[f"只计一次后：{single}"]) == sum((once[name][f["finding_id"]] for f in own), Decimal(0))
    assert total["规则"] == "合计" and total["疑点条数"] == len(folder.findings)
    assert exact(total["基金支付（元）"]) == added(folder.findings, "amount_fund")
    assert exact(total["只计一次后：基金支付"]) == sum(once["amount_fund"].values()) < added(folder.findings, "amount_fund")


def test_institutions_add_up_to_the_whole(folder: Folder, book: Book) -> None:
    *rows, total = book.rows("按机构")
    once = counted(folder.findings, "amount_fund")
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for f in folder.findings:
        sums[f["fixmedins_code"]] += once[f["finding_id"]]
    assert {row["机构编号"]: exact(row["基金支付（元）"]) for row in rows} == dict(sums)
    assert [row["基金支付（元）"] for row in rows] == sorted((float(s) for s in sums.values()), reverse=True)
    assert {row["机构编号"]: row["机构名称"] for row in rows}.items() <= {(code, name) for code, name, _ in PLACES}
    for title in ("整行金额（元）", "范围内金额（元）", "基金支付（元）", "其中明确违规（元）", "期间就诊次数", "疑点条数"):
        assert exact(total[title]) == sum(exact(row[title]) for row in rows), title


def test_every_finding_has_its_line_with_numbers_as_numbers(folder: Folder, book: Book) -> None:
    rows = {row["疑点编号"]: row for row in book.rows("疑点明细")}
    titles, names = {r[0]: r[1] for r in RULES}, {code: name for code, name, _ in PLACES}
    assert len(rows) == len(book.rows("疑点明细")) == len(folder.findings)
    for f in folder.findings:
        row = rows[f["finding_id"]]
        assert [exact(row[t]) for t in ("整行金额", "范围内金额", "基金支付")] == [f[name] for name in AMOUNTS]
        assert (exact(row["观察值"]), exact(row["阈值"])) == (f["observed"], f["threshold"])
        told = [
            row[t] for t in ("规则", "机构名称", "机构编号", "人员编号", "就诊ID", "明细流水号", "说明", "依据", "规则指纹")
        ]
        assert told == [
            titles[f["rule_id"]], names[f["fixmedins_code"]], f["fixmedins_code"], f["psn_no"], f["mdtrt_id"], f["feedetl_sn"] or "",
            f["message"], f["law"], f["rule_fingerprint"],
        ]  # fmt: skip
        assert row["窗口"] == f"{f['window_start']:%Y-%m-%d}" and row["数据版本"] == "3"


def test_only_the_findings_of_most_money_are_listed_and_the_first_sheet_says_so(folder: Folder, tmp_path: Path) -> None:
    write_audit(tmp_path, folder.findings)
    book = Book(write_workbook(tmp_path, folder.lake, limit=50))
    dearest = sorted(folder.findings, key=lambda f: (-f["amount_fund"], -f["amount_total"], f["finding_id"]))
    assert [row["疑点编号"] for row in book.rows("疑点明细")] == [f["finding_id"] for f in dearest[:50]]
    rest = len(folder.findings) - 50
    assert f"共有疑点 {rest + 50} 条" in book.about()["列了多少"]
    assert f"只列基金支付最多的 50 条，其余 {rest} 条在 findings.parquet" in book.about()["列了多少"]
    total = book.rows("按规则")[-1]
    assert total["疑点条数"] == rest + 50 and exact(total["基金支付（元）"]) == added(folder.findings, "amount_fund")


def test_without_a_wish_a_hundred_thousand_are_listed(book: Book) -> None:
    assert inspect.signature(write_workbook).parameters["limit"].default == 100_000
    assert "全部列出" in book.about()["列了多少"] and "超过 100,000 条时只列前 100,000 条" in book.about()["列了多少"]


HOSTILE = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    '=HYPERLINK("http://a.b","c")',
    "http://a.b",
    "0012",
    "1e5",
    "<b>&amp;",
    "_x0041_",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_the_text_it_was(tmp_path: Path, text: str) -> None:
    cells = dict.fromkeys(("message", "law", "knowledge_ref", "psn_no", "mdtrt_id", "feedetl_sn"), text)
    findings = [f | cells for f in make_findings(3, seed=1)]
    rules = [row | {"title": text, "basis": text} for row in rule_rows()]
    write_audit(tmp_path, findings, rules=rules)
    lake = write_lake(tmp_path / "lake", make_findings(3, seed=1), names={code: text for code, *_ in PLACES})
    book = Book(write_workbook(tmp_path, lake))
    for row in book.rows("疑点明细"):
        titles = ("规则", "机构名称", "说明", "依据", "知识来源", "人员编号", "就诊ID", "明细流水号")
        assert [row[title] for title in titles] == [text] * len(titles)
    assert [row["机构名称"] for row in book.rows("按机构")[:-1]] == [text] * (len(book.rows("按机构")) - 1)
    assert {row["规则"] for row in book.rows("按规则")} == {text, "合计"}
    assert not re.search(r"<f[ >]|<hyperlink", book.xml())


def test_control_characters_do_not_spoil_the_file(tmp_path: Path) -> None:
    write_audit(tmp_path, [f | {"message": "甲\x00\x0b\x1b[31m乙\n丙"} for f in make_findings(1, seed=1)])
    assert Book(write_workbook(tmp_path, None)).rows("疑点明细")[0]["说明"] == "甲[31m乙\n丙"


def test_an_audit_without_findings_gives_a_workbook_of_noughts(empty: Folder) -> None:
    book = Book(write_workbook(empty.out, empty.lake))
    assert "共有疑点 0 条" in book.about()["列了多少"] and "整行 0.00 元" in book.about()["合计"]
    assert book.rows("疑点明细") == [] and len(book.rows("按规则")) == len(RULES) + 1
    (total,) = book.rows("按机构")
    assert total["机构名称"] == "合计" and total["疑点条数"] == total["基金支付（元）"] == 0


def test_without_the_lake_codes_stand_for_names(folder: Folder, tmp_path: Path) -> None:
    write_audit(tmp_path, folder.findings)
    book = Book(write_workbook(tmp_path, None))
    assert all(row["机构名称"] == row["机构编号"] and row["期间就诊次数"] == "" for row in book.rows("按机构")[:-1])


def test_findings_of_shadow_rules_are_left_out(folder: Folder, tmp_path: Path) -> None:
    rules = [row | {"status": "shadow" if row["rule_id"] == "split_admission" else "active"} for row in rule_rows()]
    write_audit(tmp_path, folder.findings, rules=rules)
    book = Book(write_workbook(tmp_path, folder.lake))
    shadow = sum(f["rule_id"] == "split_admission" for f in folder.findings)
    assert "分解住院" not in {row["规则"] for sheet in ("按规则", "疑点明细") for row in book.rows(sheet)}
    assert len(book.rows("疑点明细")) == len(folder.findings) - shadow
    assert book.about()["影子规则"].startswith(f"{shadow} 条")


def test_a_folder_without_an_audit_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="找不到审计结果"):
        write_workbook(tmp_path, None)
    assert not (tmp_path / "findings.xlsx").exists()
