"""Saved maps: another site's names become ours, what was sent is kept, and a mistake in the map is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.load import load as load_source
from hengjian.lake.ingest.mapping import ALL_TABLES, read_map, translate
from hengjian.lake.ingest.readers import Batch, FileRefused, match_header
from hengjian.lake.ingest.readers.spelling import column_of
from hengjian.lake.ingest.source import find_files
from hengjian.lake.schema import TABLES

from .folder import DEFAULTS, NOW, make_folder, query, row, write_csv

FEE = TABLES["fee_line"]


def saved(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "map.yml"
    path.write_text(text, encoding="utf-8")
    return path


# headers ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("明细金额（元）", "det_item_fee_sumamt"), ("单价(元)", "pric"), ("单 价", "pric"), ("数量*", "cnt"), ("＊数量", "cnt"), ("ＰＳＮ＿ＮＯ", "psn_no"),
        ("Psn No", "psn_no"), ("人员编号（psn_no）", "psn_no"), ("psn_no(人员编号)", "psn_no"), ("【必填】人员编号", "psn_no"), ("就诊Id", "mdtrt_id"),
        ("明细金额（万元）", None), ("明细金额(分)", None), ("人员编号（mdtrt_id）", None), ("(元)", None), ("金额", None), ("数量（旧系统）", None),
    ],
)  # fmt: skip
def test_headers_match_through_width_blanks_units_and_stars(header: str, column: str | None) -> None:
    assert column_of(FEE, header) == column


def test_no_two_columns_of_a_table_are_spelled_alike() -> None:
    for table in ALL_TABLES.values():
        for spelling, name in table.headers.items():
            assert column_of(table, spelling) == name, (table.name, spelling)


def test_a_header_that_nearly_names_a_column_gives_way_to_one_that_does() -> None:
    cells = ["设备编号", "设备编号（文本）", "dev_type", "机构"]
    assert match_header(TABLES["device"], cells).unknown == ("设备编号（文本）",)
    with pytest.raises(FileRefused, match="不止一次"):
        match_header(TABLES["device"], ["设备编号*", "设备编号（文本）", "dev_type", "机构"])


def test_a_map_stands_above_names() -> None:
    cells = ["dev_no", "dev_type", "机构", "设备名称"]
    assert match_header(TABLES["device"], cells, {"设备名称": None}).unknown == ("设备名称",)
    with pytest.raises(FileRefused, match="不止一次"):
        match_header(TABLES["device"], cells, {"设备名称": "dev_no"})


# values ----------------------------------------------------------------------------------------------------------------
def test_values_change_and_what_was_sent_is_kept() -> None:
    batch = Batch(pa.table({"chrgitm_lv": ["甲类 ", "01", None, "丙"], "cnt": ["1", "2", "3", "4"]}), pa.array([2, 3, 4, 5]))
    done = translate(batch, FEE, {"chrgitm_lv": {"甲类": "01", "丙": ""}})
    assert done.data["chrgitm_lv"].to_pylist() == ["01", "01", None, None]
    assert done.sent is not None and done.sent["chrgitm_lv"].to_pylist() == ["甲类 ", "01", None, "丙"]
    assert done.lines.equals(batch.lines) and done.data["cnt"].equals(batch.data["cnt"])
    assert translate(batch, FEE, {"chrgitm_lv": {"乙": "02"}}) is batch
    numbers = Batch(pa.table({"list_type": pa.array([1, 2])}), pa.array([2, 3]))
    assert translate(numbers, FEE, {"list_type": {"1": "101"}}).data["list_type"].to_pylist() == ["101", "2"]


# a whole load ----------------------------------------------------------------------------------------------------------
MAP = """
files:
  - file: 收费_*.csv
    table: fee_line
    headers:
      就诊流水: mdtrt_id
      金额(元): det_item_fee_sumamt
      数量:            # 另有一列才是
      实收数量: cnt
    values:
      chrgitm_lv: {甲类: "01"}
  - file: [person.csv, institution.csv]
    headers: {}
values:
  fee_line:
    chrgitm_lv: {甲类: "03", 乙类: "02"}
    list_type: {诊疗: "201"}
ignore:
  - 旧*.csv
"""


def test_a_folder_in_other_words_loads(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", fee_line=[])
    names = {"mdtrt_id": "就诊流水", "det_item_fee_sumamt": "金额 （元）", "cnt": "实收数量", "rxno": "数量"}
    lines = [
        row("fee_line", feedetl_sn=str(i), list_type="诊疗", chrgitm_lv=level, rxno="99")
        for i, level in enumerate(["甲类", "乙类"], 1)
    ]
    write_csv(folder / "收费_2026-03.csv", lines, header=names, encoding="gbk")
    write_csv(folder / "旧收费.csv", lines)
    source = find_files(folder, read_map(saved(tmp_path, MAP)))
    report = load_source(source, tmp_path / "lake", now=NOW)
    assert report.clean and "写明不读" in report.ignored["旧收费.csv"]
    assert report.unknown_columns == {"收费_2026-03.csv": ["数量"]}
    assert query(tmp_path / "lake", "SELECT mdtrt_id, chrgitm_lv, list_type, CAST(cnt AS INT), rxno FROM {fee_line} ORDER BY feedetl_sn") == [
        ("M1", "01", "201", 1, None), ("M1", "02", "201", 1, None)
    ]  # fmt: skip


def test_a_map_names_sheets_members_and_hidden_sheets(tmp_path: Path) -> None:
    import xlsxwriter

    folder = make_folder(tmp_path / "in")
    with xlsxwriter.Workbook(str(folder / "a[1].xlsx")) as book:
        for name in ("一", "二"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, ["编号", "dev_type", "机构"])
            page.write_row(1, 0, [f"D{name}", "1", "H99010000001"])
        page.hide()
    text = "files:\n  - {file: 'a[1].xlsx/二', table: device, headers: {编号: dev_no}}\nignore: ['a[1].xlsx/一']\n"
    source = find_files(folder, read_map(saved(tmp_path, text)))
    assert [f.name for f in source.files if f.table.name == "device"] == ["a[1].xlsx/二"] and not source.unread


# mistakes --------------------------------------------------------------------------------------------------------------
MISTAKES = [
    ("files:\n  - file: x.csv\n    table: nonsense\n", 3, "没有表"),
    ("files:\n  - file: x.csv\n    table: person\n    headers:\n      甲: rxno\n", 5, "没有列"),
    ("files:\n  - file: x.csv\n    headers:\n      甲: nonsense\n", 4, "没有一张表有列"),
    ("files:\n  - file: x.csv\n    table: person\n    headers:\n      甲: psn_no\n      乙: psn_no\n", 6, "都对到了"),
    ("files:\n  - file: x.csv\n    headers:\n      甲: psn_no\n      '甲 ': gend\n", 5, "写了两次"),
    ("files:\n  - file: x.csv\n    table: person\n    values:\n      gend: {男: 7}\n", 5, "代码表"),
    ("files:\n  - table: person\n", 2, "没有写文件"),
    ("files:\n  - file: x.csv\n    tabel: person\n", 3, "不认识的条目"),
    ("tables: {}\n", 1, "不认识的条目"),
    ("files: x.csv\n", 1, "一列"),
    ("values:\n  person: [a]\n", 2, "名字: 值"),
    ("values:\n  person:\n    gend: {男: [1]}\n", 3, "一个词"),
    ("ignore: []\nignore: []\n", 2, "写了两次"),
    ("files:\n  - file: 'x\n", 3, "写法有误"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES)
def test_a_mistake_in_a_map_is_refused_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(InputError) as told:
        read_map(saved(tmp_path, text))
    assert words in told.value.what and told.value.where.endswith(f"map.yml:{line}") and told.value.cure


def test_a_file_that_is_not_there_is_refused_with_its_line_a_pattern_is_not(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    find_files(folder, read_map(saved(tmp_path, "files:\n  - {file: 收费_*.csv, table: fee_line}\n")))
    with pytest.raises(InputError, match="不在这批数据里") as told:
        find_files(folder, read_map(saved(tmp_path, "files:\n  - file: fee_line.csv\n  - file: [person.csv, 收费.csv]\n")))
    assert told.value.where.endswith(":3") and "fee_line.csv" in told.value.why


def test_maps_that_cannot_be_read_or_are_empty(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="对照表读不出"):
        read_map(tmp_path / "nothing.yml")
    assert read_map(saved(tmp_path, "# 空的\n")).entries == ()
    assert len(find_files(make_folder(tmp_path / "in"), read_map(saved(tmp_path, "files:\nvalues:\nignore:\n"))).files) == len(
        DEFAULTS
    )
