"""Workbooks of daily life: titles, merged cells, dates as numbers, long numbers, errors, hidden sheets, passwords, a million rows."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from hengjian.lake.ingest.readers import Content, FileRefused, pieces
from hengjian.lake.ingest.readers.sheet import read_sheet
from hengjian.lake.ingest.readers.workbook import open_book
from hengjian.lake.ingest.source import find_files
from hengjian.lake.schema import TABLES

from ..conftest import need_program
from .folder import DEFAULTS, load, make_folder, query, reject_codes, row

DEVICE = TABLES["device"]
HEAD = ["dev_no", "dev_type", "fixmedins_code", "dev_name"]
GOOD = ["1", "H99010000001"]


def write(path: Path, rows: Iterable[Sequence[Any]], sheet: str = "Sheet1", **options: Any) -> Path:
    """A workbook of one sheet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), options) as book:
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "yyyy/m/d h:mm"})
        for number, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, dt.date):
                    page.write_datetime(number, column, cell, day)
                elif cell is not None:
                    page.write(number, column, cell)
    return path


def read(path: Path, sheet: str = "Sheet1", table: Any = DEVICE) -> tuple[list[dict[str, Any]], list[int]]:
    """Rows and their lines."""
    _, batches = read_sheet(Content.of(path), sheet, table)
    rows, lines = [], []
    for batch in batches:
        rows += batch.data.to_pylist()
        lines += batch.lines.to_pylist()
    return rows, lines


def excel(path: Path, *, form: str) -> Path:
    """The same workbook as LibreOffice writes it."""
    out = path.parent / "converted"
    command = [
        need_program("soffice"),
        "--headless",
        f"-env:UserInstallation=file://{path.parent}/profile",
        "--convert-to",
        form,
        "--outdir",
        str(out),
        str(path),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return out / f"{path.stem}.{form}"


# a whole delivery ------------------------------------------------------------------------------------------------------
def delivery(path: Path) -> Path:
    """One workbook with a sheet for every table, fee lines under a merged title, amounts and days as Excel keeps them."""
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for table, cells in DEFAULTS.items():
            page = book.add_worksheet(TABLES[table].label.replace("/", "") if table == "fee_line" else table)
            top = 0
            if table == "fee_line":
                page.merge_range(0, 0, 1, 5, "2026 年 3 月费用明细")
                top = 2
            for column, (name, cell) in enumerate(cells.items()):
                page.write_string(top, column, name)
                kind = TABLES[table][name].kind
                if kind.sql == "TIMESTAMP" and cell:
                    page.write_datetime(top + 1, column, dt.datetime.fromisoformat(cell), day)
                elif kind.is_number and cell:
                    page.write_number(top + 1, column, float(cell))
                else:
                    page.write(top + 1, column, cell or None)
        book.add_worksheet("说明").write(0, 0, "本表由信息科导出")
    return path


@pytest.mark.parametrize("form", ["as written", "xlsx", "ods", "xls"])
def test_a_workbook_loads_as_the_same_csv_files_load(tmp_path: Path, form: str) -> None:
    (tmp_path / "in").mkdir()
    path = delivery(tmp_path / "2026年3月.xlsx")
    shutil.copy(path if form == "as written" else excel(path, form=form), tmp_path / "in")
    report = load(tmp_path / "in", tmp_path / "lake")
    assert report.clean and {n: c["taken"] for n, c in report.tables.items()} == dict.fromkeys(DEFAULTS, 1), (
        report.refused_files
    )
    assert [why for name, why in report.ignored.items() if name.endswith("/说明")] == ["表头没有对应的表"]
    load(make_folder(tmp_path / "csv"), tmp_path / "other")
    for table in DEFAULTS:
        columns = ", ".join(c.name for c in TABLES[table].columns)
        assert query(tmp_path / "lake", f"SELECT {columns} FROM {{{table}}}") == query(
            tmp_path / "other", f"SELECT {columns} FROM {{{table}}}"
        )


# where the table stands ------------------------------------------------------------------------------------------------
def test_which_sheet_is_which_table(tmp_path: Path) -> None:
    make_folder(tmp_path)
    device = [HEAD, ["D1", *GOOD, "x"]]
    write(tmp_path / "device_2026.xlsx", device)
    write(tmp_path / "a.xlsx", device, "device补")
    write(tmp_path / "b.xlsx", device, "设备与终端")
    write(tmp_path / "c.xlsx", device, "随便")
    write(tmp_path / "d.xlsx", [["甲", "乙", "丙", "丁"], [1, 2, 3, 4]])
    write(tmp_path / "e.xlsx", [["看这里"]])
    write(tmp_path / "knowledge" / "film_limit.xlsx", [["med_list_codg", "exam_codg", "max_per_part", "valid_from"]])
    source = find_files(tmp_path)
    found = {f.name: f.table.name for f in source.files if ".xlsx" in f.name}
    assert found == {
        "device_2026.xlsx/Sheet1": "device", "a.xlsx/device补": "device", "b.xlsx/设备与终端": "device", "c.xlsx/随便": "device",
        "knowledge/film_limit.xlsx/Sheet1": "local_film_limit",
    }  # fmt: skip
    assert source.unread == ("d.xlsx/Sheet1",) and "e.xlsx/Sheet1" in source.ignored


def test_hidden_sheets_are_named_not_read(tmp_path: Path) -> None:
    make_folder(tmp_path)
    with xlsxwriter.Workbook(str(tmp_path / "device.xlsx")) as book:
        for name in ("device", "device旧"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, HEAD)
            page.write_row(1, 0, ["D1", *GOOD, name])
        page.hide()
        book.add_worksheet("空")
    source = find_files(tmp_path)
    assert [f.name for f in source.files if f.table is DEVICE] == ["device.xlsx/device"]
    assert "取消隐藏" in source.ignored["device.xlsx/device旧"] and source.unread == ("device.xlsx/device旧",)
    assert source.ignored["device.xlsx/空"] == "空的工作表"


def test_titles_empty_rows_and_columns_and_a_second_language(tmp_path: Path) -> None:
    rows = [[], ["", "", "设备清单"], [], ["", "", "设备编号*", "设备类别", "机构", "设备名称（型号）", "设备名称(必填)"], ["", "", *HEAD[:3], "", HEAD[3]], [], ["", "", "D1", *GOOD, "", "甲"], [], ["", "", "D2", *GOOD, "", "乙"]]  # fmt: skip
    path = write(tmp_path / "device.xlsx", rows)
    found, lines = read(path)
    assert lines == [7, 9] and [(r["dev_no"], r["dev_name"]) for r in found] == [("D1", "甲"), ("D2", "乙")]


def test_a_header_in_two_rows_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "device.xlsx", [["设备", "", "机构"], ["设备编号", "设备类别", ""], ["D1", *GOOD]])
    with pytest.raises(FileRefused, match="表头占了两行（第 1、2 行") as told:
        read(path)
    assert "合成一行" in told.value.advice
    (tmp_path / "in").mkdir()
    make_folder(tmp_path / "in")
    (tmp_path / "in" / "device.csv").write_text("设备,,机构\n设备编号,设备类别,\nD1,1,H99010000001\n", encoding="utf-8")
    assert "占了两行" in load(tmp_path / "in", tmp_path / "lake").refused_files[0]["detail"]


def test_what_is_merged_over_rows_belongs_to_each_row(tmp_path: Path) -> None:
    path = tmp_path / "device.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Sheet1")
        page.merge_range(0, 0, 0, 3, "标题")
        page.write_row(1, 0, HEAD)
        for number in range(2, 6):
            page.write_row(number, 0, [f"D{number}", 1, "", f"名{number}"])
        page.merge_range(2, 2, 4, 2, "H99010000001")
        page.write(5, 2, "H99010000002")
        page.merge_range(6, 2, 8, 2, "H99010000003")  # only its first row holds more
        page.write_row(6, 0, ["D6", 1])
    rows, lines = read(path)
    assert [(r["dev_no"], r["fixmedins_code"][-1]) for r in rows] == [
        ("D2", "1"),
        ("D3", "1"),
        ("D4", "1"),
        ("D5", "2"),
        ("D6", "3"),
    ]
    assert lines == [3, 4, 5, 6, 7]


def test_columns_without_a_header_are_told(tmp_path: Path) -> None:
    header, _ = read_sheet(Content.of(write(tmp_path / "device.xlsx", [HEAD, ["D1", *GOOD, "x", "旁注"]])), "Sheet1", DEVICE)
    assert header.unknown == ("E 列（没有表头）",)


def repacked(path: Path, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with another spelling of its sheet's XML."""
    other = path.with_name("other.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name.endswith("sheet1.xml") else old.read(name))
    return other


def test_other_spellings_of_the_same_sheet(tmp_path: Path) -> None:
    path = write(tmp_path / "device.xlsx", [HEAD, *([f"D{i}", *GOOD, "x"] for i in range(9))])
    whole = read(path)
    prefixed = repacked(path, lambda xml: re.sub(rb"<(/?)(?![?!])", rb"<\1x:", xml).replace(b"xmlns=", b"xmlns:x="))
    assert read(prefixed) == whole
    assert read(repacked(path, lambda xml: re.sub(rb' r="[A-Z]*\d+"', b"", xml))) == whole
    assert read(repacked(path, lambda xml: xml.replace(b"<row r", b"<row  spans='1:4' r"))) == whole


# cells -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("epoch", [1900, 1904])
def test_days_as_numbers_in_both_calendars(tmp_path: Path, epoch: int) -> None:
    book = openpyxl.Workbook()
    if epoch == 1904:
        book.epoch = CALENDAR_MAC_1904
    page = book.active
    page.title = "Sheet1"
    serial = 46_082 - (1462 if epoch == 1904 else 0)  # 2026-03-01
    page.append(["mdtrt_id", *[n for n in DEFAULTS["encounter"] if n != "mdtrt_id"]])
    for number, cell in enumerate(
        (serial, serial + 0.354166666666667, dt.datetime(2026, 3, 1, 8, 30), "2026/3/1 8:30", 20260301)
    ):
        page.append(
            [f"M{number}", *[cell if n == "begntime" else v for n, v in DEFAULTS["encounter"].items() if n != "mdtrt_id"]]
        )
    book.save(tmp_path / "encounter.xlsx")
    rows, _ = read(tmp_path / "encounter.xlsx", table=TABLES["encounter"])
    assert [r["begntime"] for r in rows] == [
        "2026-03-01 00:00:00",
        "2026-03-01 08:30:00",
        "2026-03-01 08:30:00",
        "2026/3/1 8:30",
        "20260301",
    ]


def test_numbers_booleans_percents_and_clock_times(tmp_path: Path) -> None:
    line = row("fee_line", feedetl_sn=12345.0, cnt=3, pric=0.1 + 0.2, det_item_fee_sumamt=0.9, inscp_scp_amt=0.9, setl_id=None, rxno=430102199003071, selfpay_prop=0.1)  # fmt: skip
    make_folder(tmp_path / "in", fee_line=[])
    write(tmp_path / "in" / "fee_line.xlsx", [list(line), list(line.values())])
    place = row("institution") | {"onln_hosp_flag": True, "biz_open_time": dt.time(8, 30), "lnt": 112.5}
    book = openpyxl.Workbook()
    book.active.title = "institution"
    book.active.append(list(place))
    book.active.append(list(place.values()))
    book.save(tmp_path / "in" / "机构.xlsx")
    (tmp_path / "in" / "institution.csv").unlink()
    report = load(tmp_path / "in", tmp_path / "lake")
    assert report.clean, report.reasons
    assert query(tmp_path / "lake", "SELECT feedetl_sn, rxno, CAST(pric AS VARCHAR), CAST(selfpay_prop AS VARCHAR) FROM {fee_line}") == [("12345", "430102199003071", "0.300000", "0.1000")]  # fmt: skip
    assert query(tmp_path / "lake", "SELECT onln_hosp_flag, biz_open_time, lnt FROM {institution}") == [("1", "08:30", 112.5)]


def test_a_long_number_that_lost_its_digits_is_refused_not_changed(tmp_path: Path) -> None:
    lines = [
        row("fee_line", rxno=""),
        row("fee_line", feedetl_sn="2", rxno=430102199003070012),
        row("fee_line", feedetl_sn="3", rxno="430102199003070012"),
    ]
    make_folder(tmp_path / "in", fee_line=[])
    write(tmp_path / "in" / "fee_line.xlsx", [list(lines[0]), *(list(line.values()) for line in lines)])
    load(tmp_path / "in", tmp_path / "lake")
    assert reject_codes(tmp_path / "lake") == [("fee_line", 3, "T07", "rxno")]
    assert query(tmp_path / "lake", "SELECT val FROM {rejects}") == [("430102199003070000（Excel 只存 15 位）",)]
    assert query(tmp_path / "lake", "SELECT rxno FROM {fee_line} ORDER BY feedetl_sn") == [(None,), ("430102199003070012",)]


def test_a_long_number_that_a_spreadsheet_exported_short_is_refused(tmp_path: Path) -> None:
    lines = [
        row("fee_line", feedetl_sn=str(i), rxno=cell) for i, cell in enumerate(["4.30102E+17", "1E+15", "A1E+15", "4.3E+2"])
    ]
    load(make_folder(tmp_path / "in", fee_line=lines), tmp_path / "lake")
    assert reject_codes(tmp_path / "lake") == [("fee_line", 2, "T07", "rxno"), ("fee_line", 3, "T07", "rxno")]


@pytest.mark.parametrize("form", ["as written", "xlsx"])
def test_errors_and_formulas(tmp_path: Path, form: str) -> None:
    lines = [
        row("fee_line", feedetl_sn=str(i), rxno="R", cnt="=1+1", det_item_fee_sumamt="=100*2", inscp_scp_amt=0)
        for i in range(1, 4)
    ]
    lines[1]["rxno"] = "=NA()"
    lines[2]["inscp_scp_amt"] = "=1/0"
    make_folder(tmp_path / "in", fee_line=[])
    path = tmp_path / "fee_line.xlsx"
    if form == "xlsx":  # LibreOffice computes them all
        book = openpyxl.Workbook()
        for cells in (list(lines[0]), *(list(line.values()) for line in lines)):
            book.active.append(cells)
        book.save(path)
        path = excel(path, form=form)
    else:
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet()
            page.write_row(0, 0, list(lines[0]))
            for number, line in enumerate(lines, 1):
                for column, cell in enumerate(line.values()):
                    results = {"=1+1": 2, "=100*2": 200, "=NA()": "#N/A", "=1/0": "#DIV/0!"}
                    page.write_formula(number, column, cell, None, results[cell]) if cell in results else page.write(
                        number, column, cell
                    )
    shutil.copy(path, tmp_path / "in" / "fee_line.xlsx")
    load(tmp_path / "in", tmp_path / "lake")
    assert reject_codes(tmp_path / "lake") == [("fee_line", 3, "T05", "rxno"), ("fee_line", 4, "T02", "inscp_scp_amt")]
    assert query(tmp_path / "lake", "SELECT val FROM {rejects} ORDER BY line") == [("#N/A",), ("#DIV/0!",)]
    assert query(tmp_path / "lake", "SELECT CAST(cnt AS INT), CAST(det_item_fee_sumamt AS INT) FROM {fee_line}") == [(2, 200)]


def test_a_formula_that_was_never_computed_is_not_empty(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEAD)
    book.active.append(["D1", "1", "H99010000001", "=A2"])
    book.save(tmp_path / "device.xlsx")
    assert read(tmp_path / "device.xlsx", "Sheet")[0][0]["dev_name"] == "#未计算"
    make_folder(tmp_path / "in")
    shutil.copy(tmp_path / "device.xlsx", tmp_path / "in")
    load(tmp_path / "in", tmp_path / "lake")
    assert reject_codes(tmp_path / "lake") == [("device", 2, "T05", "dev_name")]


# large and broken ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("constant_memory", [True, False])
def test_small_pieces_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, constant_memory: bool) -> None:
    """`constant_memory` writes texts into the cells; otherwise they stand in a list of their own."""
    rows = [["标题"], HEAD, *([f"D{i}", "1", "H99010000001", f"名 {i} <&>"] for i in range(3000))]
    rows[1500] = []
    path = write(tmp_path / "device.xlsx", rows, constant_memory=constant_memory)
    whole = read(path)
    assert len(whole[0]) == 2999 and whole[1][0] == 3 and whole[1][-1] == 3002
    monkeypatch.setattr(pieces, "PIECE", 20_000)
    monkeypatch.setattr(pieces, "HEAD", 2_000)
    monkeypatch.setattr(pieces, "_READ", 3_000)
    assert read(path) == whole
    with open_book(Content.of(path)) as book:
        assert len(list(book.blocks(book.sheets[0]))) > 2


def test_merged_cells_reach_over_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "device.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Sheet1")
        page.write_row(0, 0, HEAD)
        for number in range(1, 2000):
            page.write_row(number, 0, [f"D{number}", "1", "", "x"])
        page.merge_range(1, 2, 1999, 2, "H99010000001")
    monkeypatch.setattr(pieces, "PIECE", 20_000)
    monkeypatch.setattr(pieces, "HEAD", 2_000)
    rows, _ = read(path)
    assert len(rows) == 1999 and {r["fixmedins_code"] for r in rows} == {"H99010000001"}


def test_workbooks_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    good = write(tmp_path / "x.xlsx", [HEAD, ["D1", *GOOD, "x"]])
    (folder / "device_cut.xlsx").write_bytes(good.read_bytes()[:2000])
    (folder / "device_text.xlsx").write_text("x", encoding="utf-8")
    (folder / "device_page.xls").write_text("<html><table><tr><td>dev_no</td></tr></table>", encoding="utf-8")
    (folder / "fees.xlsx").write_text("x", encoding="utf-8")
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(folder / "device_torn.xlsx", "w") as torn:
        for name in old.namelist():
            torn.writestr(name, old.read(name)[: -120 if "sheet1" in name else None])
    report = load(folder, tmp_path / "lake")
    assert {f["file"]: f["code"] for f in report.refused_files} == dict.fromkeys(
        ("device_cut.xlsx", "device_page.xls", "device_text.xlsx", "device_torn.xlsx"), "F05"
    )
    told = {f["file"]: f["detail"] + f["advice"] for f in report.refused_files}
    assert "网页" in told["device_page.xls"] and "另存为" in told["device_page.xls"] and report.unread == ["fees.xlsx"]
    assert "文本文件" in told["device_text.xlsx"]


def compound_file(stream: str, content: bytes) -> bytes:
    """The old container of Microsoft with one stream: that is what a workbook with a password is."""
    count = len(content) // 512
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + count), 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (128 - len(fat))

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        raw = name.encode("utf-16-le") + b"\0\0"
        return struct.pack("<64sHBBIII36xIQ", raw, len(raw), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child, start, size)

    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        bytes.fromhex("d0cf11e0a1b11ae1"),
        62,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        1,
        0,
        4096,
        0xFFFFFFFE,
        0,
        0xFFFFFFFE,
        0,
    )
    head += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    folder = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry(stream, 2, 0xFFFFFFFF, 2, len(content))
    return head + struct.pack("<128I", *fat) + folder.ljust(512, b"\0") + content


def test_a_password_is_told(tmp_path: Path) -> None:
    path = tmp_path / "device.xlsx"
    path.write_bytes(compound_file("EncryptedPackage", b"x" * 4096))
    with pytest.raises(FileRefused, match="工作簿加了密码") as told:
        read(path)
    assert "去掉密码" in told.value.advice


def test_cells_absurdly_far_away_do_not_eat_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "device.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("Sheet1")
        page.write_row(0, 0, HEAD)
        for number in range(1, 30_000):
            page.write_row(number, 0, [f"D{number}", "1", "H99010000001", "x"])
        page.write(3, 16_383, "x")
    with pytest.raises(FileRefused, match="远离数据"):
        read(path)
