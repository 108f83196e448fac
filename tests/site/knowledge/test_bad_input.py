"""Workbooks and files of daily life: taken, or refused with row, cause and cure; never silently wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.site.knowledge.origin import Options
from hengjian.site.knowledge.reasons import REASONS

from .tables import NOTICE, A, B, C, csv, look, told, xlsx

DAILY = ("项目编码", "项目名称", "单日上限数量", "计价单位")
ROW = ["001102000040000", "诊查费", 1, "日"]


def values(folder: Path, *rows: list[object], head: tuple[str, ...] = DAILY) -> list[tuple[str, ...]]:
    """Code, limit and unit of the points a file makes."""
    points = look(folder / "site", csv(folder / "表.csv", head, *rows)).batch.points
    return [(p.values["code"], p.values["max_value"], p.values["unit"]) for p in points]


def test_full_width_and_blanks_are_read_as_meant(tmp_path: Path) -> None:
    assert values(
        tmp_path, ["００１１０２０００００４００００ ".replace("０００００４", "００００４"), " 诊查费　", "２４", "小时 "]
    ) == [("001102000040000", "24", "小时")]


def test_merged_cells_count_for_each_row(tmp_path: Path) -> None:
    path = tmp_path / "表.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ("时间区间", "项目A编码", "项目A名称", "项目B编码", "项目B名称"))
        for place, cell in enumerate(("单日", "001103000010000", "监护")):
            page.merge_range(1, place, 2, place, cell)
        page.write_row(1, 3, ("001102000030000", "诊查"))
        page.write_row(2, 3, ("001109000010000", "床位"))
    pairs = [(p.values["a_code"], p.values["b_code"]) for p in look(tmp_path / "site", path).batch.points]
    assert pairs == [("001103000010000", "001102000030000"), ("001103000010000", "001109000010000")]


def test_a_hidden_sheet_is_not_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "表.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, code in (("看得见", ROW[0]), ("藏起来", "001102000050000")):
            page = book.add_worksheet(name)
            page.write_row(0, 0, DAILY)
            page.write_row(1, 0, [code, *ROW[1:]])
            if name == "藏起来":
                page.hide()
    batch = look(tmp_path / "site", path).batch
    assert [p.values["code"] for p in batch.points] == [ROW[0]]
    (refused,) = batch.refused
    assert "藏起来" in refused["file"] and "隐藏" in refused["what"] and "取消隐藏" in refused["cure"]


def test_a_formula_without_a_result_is_refused_with_its_cell(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for cells in (DAILY, ROW, ["001102000050000", "诊查费", "=1+1", "日"]):
        page.append(list(cells))
    book.save(tmp_path / "表.xlsx")
    prepared = look(tmp_path / "site", tmp_path / "表.xlsx")
    assert len(prepared.batch.points) == 1
    assert told(prepared)[3][0] == "Z14" and "单日上限数量" in told(prepared)[3][1]


def test_a_failed_formula_in_text_is_no_value(tmp_path: Path) -> None:
    assert told(look(tmp_path / "s", csv(tmp_path / "表.csv", DAILY, [ROW[0], "诊查费", "#REF!", "日"])))[2][0] == "Z14"


def test_dates_as_numbers_are_days(tmp_path: Path) -> None:
    head = (*DAILY, "生效日期", "失效日期")
    path = xlsx(tmp_path / "表.xlsx", head, [*ROW, 46174, 46539])
    (point,) = look(tmp_path / "site", path, options=Options("公告")).batch.points
    assert (point.period.start, point.period.end) == (day_number(date(2026, 6, 1)), day_number(date(2027, 6, 1)))


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [("2026-13-01", "", "生效日期"), ("2026-06-01", "明年", "失效日期"), ("2026-06-01", "2026-06-01", "不晚于")],
)
def test_days_that_are_none_are_refused(tmp_path: Path, start: str, end: str, words: str) -> None:
    path = csv(tmp_path / "表.csv", (*DAILY, "生效日期", "失效日期"), [*ROW, start, end])
    reason, detail = told(look(tmp_path / "site", path, options=Options("公告")))[2]
    assert reason == "Z16" and words in detail


def test_codes_that_a_spreadsheet_spoiled_are_refused(tmp_path: Path) -> None:
    path = xlsx(
        tmp_path / "表.xlsx",
        DAILY,
        [1102000040000, "诊查费", 1, "日"],
        [12345678901234567, "诊查费", 1, "日"],
        ["诊查费", "诊查费", 1, "日"],
    )
    assert {line: code for line, (code, _) in told(look(tmp_path / "site", path)).items()} == {2: "Z10", 3: "Z10", 4: "Z10"}


def test_a_repeated_code_is_told_and_one_that_contradicts_refused(tmp_path: Path) -> None:
    path = csv(tmp_path / "表.csv", DAILY, ROW, ROW, [ROW[0], "诊查费", 2, "日"])
    prepared = look(tmp_path / "site", path)
    found = told(prepared)
    assert len(prepared.batch.points) == 1 and found[3] == ("Z05", "") and found[4][0] == "Z06"
    assert "max_value=2" in found[4][1] and "第 2 行" in found[4][1]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([ROW[0], "诊查费", "很多", "日"], "Z09"),
        ([ROW[0], "诊查费", "", "日"], "Z08"),
        ([ROW[0], "诊查费", "1", ""], "Z08"),
        (["", "", 1, "日"], "Z08"),
    ],
)
def test_values_that_mean_nothing_are_refused(tmp_path: Path, cells: list[object], reason: str) -> None:
    assert told(look(tmp_path / "site", csv(tmp_path / "表.csv", DAILY, cells)))[2][0] == reason


@pytest.mark.parametrize(("value", "reason"), [("男女", "Z09"), ("", "Z08")])
def test_a_sex_must_be_one(tmp_path: Path, value: str, reason: str) -> None:
    path = csv(tmp_path / "表.csv", ("药品编码", "通用名", "限定性别"), [A, "甲", value])
    assert told(look(tmp_path / "site", path))[2][0] == reason


def test_a_line_that_is_no_row_is_counted(tmp_path: Path) -> None:
    path = csv(tmp_path / "表.csv", DAILY, ROW)
    path.write_text(path.read_text(encoding="utf-8") + "001102000050000,诊查费,1,日,多,出\n", encoding="utf-8")
    prepared = look(tmp_path / "site", path)
    assert told(prepared)[3][0] == "Z13" and prepared.files[0]["rows"] == 2 == prepared.files[0]["taken"] + 1


def test_gb18030_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    for encoding in ("gb18030", "utf-8-sig"):
        path = tmp_path / f"{encoding}.csv"
        path.write_text(",".join(DAILY) + "\n" + ",".join(map(str, ROW)) + "\n", encoding=encoding)
        assert len(look(tmp_path / "site", path).batch.points) == 1


def test_files_that_are_no_knowledge_are_left_out_with_a_cure(tmp_path: Path) -> None:
    folder = tmp_path / "文件夹"
    csv(folder / "表.csv", DAILY, ROW)
    csv(folder / "别的.csv", ("甲", "乙"), [1, 2])
    (folder / "公告.pdf").write_bytes(b"%PDF-1.4")
    (folder / "~$表.xlsx").write_bytes(b"")
    (folder / "坏.xlsx").write_bytes(b"PK\x03\x04nothing")
    refused = {r["file"]: r for r in look(tmp_path / "site", folder).batch.refused}
    assert set(refused) == {"别的.csv", "公告.pdf", "坏.xlsx"} and all(r["what"] and r["cure"] for r in refused.values())


def test_nothing_to_import_is_told(tmp_path: Path) -> None:
    (tmp_path / "空").mkdir()
    with pytest.raises(InputError, match="没有可以导入的知识表"):
        look(tmp_path / "site", tmp_path / "空")
    with pytest.raises(InputError, match="没有这个文件或文件夹"):
        look(tmp_path / "site", tmp_path / "没有")


def test_every_reason_has_a_sentence_and_a_cure() -> None:
    assert all(r.title and r.advice and r.code == code for code, r in REASONS.items())


def test_names_without_codes_are_not_lost(tmp_path: Path) -> None:
    limit = csv(tmp_path / "药品限工伤保险.csv", ("药品通用名", "逻辑依据"), ["甲片", "限工伤保险"], ["乙片", "限工伤保险"])
    codes = csv(tmp_path / "码.csv", ("通用名", "代码"), ["甲片", B], ["丙片", C])
    prepared = look(tmp_path / "site", limit, codes, options=NOTICE)
    assert {(e.reason, e.detail) for e in prepared.batch.explained} == {("Z01", "乙片")}
