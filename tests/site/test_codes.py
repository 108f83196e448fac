"""The code map: files as they come, what is refused, and what a mapped code does at binding."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from hengjian.engine.run import run_audit
from hengjian.kernel.dates import Period, day_number
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import open_lake
from hengjian.report.codes import MAPPED, NATIONAL, UNKNOWN, code_coverage
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import CodeMapping
from hengjian.site.apply import effective
from hengjian.site.codes import Imported, import_codes, read_codes

from ..lake.folder import NOW as LOADED
from ..lake.folder import load, make_folder, row

NOW = datetime(2026, 11, 1, 9)
START = day_number(date(2021, 5, 1))
BED = {
    "med_list_codg": "SBED01", "hilist_name": "住院诊查费", "cnt": "3", "pric": "20", "det_item_fee_sumamt": "60", "inscp_scp_amt": "60",
}  # fmt: skip


def sent(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "map.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_csv_with_a_title_row_and_chinese_headers_in_gb18030(tmp_path: Path) -> None:
    file = sent(
        tmp_path, "云溪省编码对照表,,\n国家医保编码,省编码,项目名称\n001102000050000,SBED01,住院诊查费\n,S2,未对照\n", "gb18030"
    )
    assert import_codes(tmp_path / "site", file, START, NOW) == Imported(2, 1, 0, 1, 1)
    assert read_codes(tmp_path / "site") == [CodeMapping("001102000050000", "SBED01", Period(START))]
    assert import_codes(tmp_path / "site", file, START, NOW) == Imported(2, 0, 1, 1, 1)


def test_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "map.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("对照")
        for n, cells in enumerate([["院内编码", "国家编码", "生效日期"], ["B1", "001102000050000", "2026-03-01"]]):
            sheet.write_row(n, 0, cells)
    assert import_codes(tmp_path / "site", path, START, NOW).added == 1
    assert read_codes(tmp_path / "site")[0].period == Period(day_number(date(2026, 3, 1)))


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("N1,L1,,\nN2,L1,,\n", "同时对照两个国家编码"),
        ("N1,,,\n", "没有地方编码"),
        ("N1,L1,去年,\n", "日期不对"),
        ("N1,L1,2026-03-01,2026-03-01\n", "有效期是空的"),
        ("", "没有对照"),
        (",L1,,\n", "没有对照"),
    ],
)
def test_a_wrong_file_is_refused_whole(tmp_path: Path, rows: str, what: str) -> None:
    file = sent(tmp_path, f"国家编码,地方编码,生效日期,失效日期\n{rows}")
    with pytest.raises(InputError) as caught:
        import_codes(tmp_path / "site", file, START, NOW)
    assert what in caught.value.what and str(file) in caught.value.where and caught.value.cure
    assert not (tmp_path / "site" / "code_map.csv").exists()


def test_a_code_may_move_when_its_old_mapping_has_ended(tmp_path: Path) -> None:
    text = "国家编码,地方编码,生效日期,失效日期\nN1,L1,2025-01-01,2026-01-01\nN2,L1,2026-01-01,\n"
    assert import_codes(tmp_path / "site", sent(tmp_path, text), START, NOW).added == 2


def test_no_such_file_and_no_such_columns(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="打不开"):
        import_codes(tmp_path / "site", tmp_path / "nothing.csv", START, NOW)
    with pytest.raises(InputError, match="不能作编码对照"):
        import_codes(tmp_path / "site", sent(tmp_path, "甲,乙\n1,2\n"), START, NOW)


def test_a_mapped_code_is_judged_while_its_mapping_lasts(tmp_path: Path) -> None:
    lines = [
        row("fee_line", **BED, feedetl_sn=str(n), fee_ocur_time=f"{day} 09:00:00")
        for n, day in enumerate(("2026-02-28", "2026-03-01", "2026-08-31", "2026-09-01"), 1)
    ]
    load(make_folder(tmp_path / "in", fee_line=lines), tmp_path / "lake")
    text = "国家编码,地方编码,生效日期,失效日期\n001102000050000,SBED01,2026-03-01,2026-09-01\n"
    import_codes(tmp_path / "site", sent(tmp_path, text), START, NOW)
    book = effective(load_rulebook(), tmp_path / "site", date(2026, 11, 1))
    lake = open_lake(tmp_path / "lake")
    run_audit(lake, load_rulebook(), tmp_path / "bare", now=LOADED)
    run_audit(lake, book, tmp_path / "out", now=LOADED)
    bare = pq.read_table(tmp_path / "bare" / "findings.parquet").column("rule_id").to_pylist()
    assert "service_daily_limit" not in bare
    found = pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist()
    assert sorted(f["feedetl_sn"] for f in found if f["rule_id"] == "service_daily_limit") == ["2", "3"]


def test_coverage_of_the_codes_of_a_lake(tmp_path: Path) -> None:
    lines = [
        row("fee_line"),
        row("fee_line", **BED, feedetl_sn="2"),
        row("fee_line", **BED | {"med_list_codg": "SX"}, feedetl_sn="3"),
    ]
    load(make_folder(tmp_path / "in", fee_line=lines), tmp_path / "lake")
    on = day_number(date(2026, 11, 1))
    found = code_coverage(open_lake(tmp_path / "lake"), [CodeMapping("001102000050000", "SBED01", Period(START))], on)
    assert [(s.kind, s.codes, str(s.amount)) for s in found.shares] == [
        (NATIONAL, 1, "100.00"),
        (MAPPED, 1, "60.00"),
        (UNKNOWN, 1, "60.00"),
    ]
    assert [(u.code, u.lines) for u in found.unmapped] == [("SX", 1)]
