"""A load as a bureau lives it: what is taken, what is refused and why, and that nothing is lost, doubled or half-written."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from hengjian.kernel.errors import InputError, LakeError
from hengjian.kernel.keys import bucket_of
from hengjian.lake.ingest import load as load_module
from hengjian.lake.versions import open_lake, table_path, version_numbers

from .folder import DEFAULTS, load, make_folder, opened, query, reject_codes, row, write_csv


def lines(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Fee lines numbered from 1, each with these cells."""
    return [row("fee_line", **({"feedetl_sn": str(i)} | cells)) for i, cells in enumerate(changes, 1)]


def test_a_clean_folder_is_taken_whole(tmp_path: Path) -> None:
    report = load(make_folder(tmp_path / "in"), tmp_path / "lake")
    assert report.clean and report.new and report.version == 1
    assert {name: counts["taken"] for name, counts in report.tables.items()} == dict.fromkeys(DEFAULTS, 1)
    assert query(tmp_path / "lake", "SELECT psn_no, det_item_fee_sumamt, bucket FROM {fee_line}") == [
        ("P1", Decimal("100.00"), bucket_of("P1"))
    ]
    assert query(tmp_path / "lake", "SELECT net_amt, net_inscp, fund_amt, fee_ymd FROM {rule_fee_line}") == [
        (10_000, 10_000, 6_000, 20260301)
    ]
    assert query(tmp_path / "lake", "SELECT code, name FROM {code_item}") == [("001102000010000", "诊查费")]
    assert not (tmp_path / "lake" / "staging").exists()


REFUSALS = [
    ({"med_list_codg": ""}, "T01", "med_list_codg"), ({"cnt": "一"}, "T02", "cnt"), ({"fee_ocur_time": "2026-02-30"}, "T03", "fee_ocur_time"),
    ({"rxno": "9" * 51}, "T04", "rxno"), ({"med_list_codg": "0011\x00"}, "T05", "med_list_codg"), ({"det_item_fee_sumamt": "100.005"}, "T06", "det_item_fee_sumamt"),
    ({"list_type": "9"}, "C01", "list_type"), ({"fixmedins_code": "123"}, "C02", "fixmedins_code"), ({"mdtrt_id": "MX"}, "K03", "mdtrt_id"),
    ({"psn_no": "P2"}, "K04", "psn_no"), ({"fixmedins_code": "H99010000002"}, "K04", "fixmedins_code"),
    ({"cnt": "-1", "det_item_fee_sumamt": "-100", "inscp_scp_amt": "-100", "init_feedetl_sn": "77"}, "K06", "init_feedetl_sn"),
    ({"cnt": "-1", "pric": "7", "det_item_fee_sumamt": "-7", "inscp_scp_amt": "-7"}, "L07", "cnt"),
    ({"cnt": "-2", "det_item_fee_sumamt": "-200", "inscp_scp_amt": "-200", "init_feedetl_sn": "1"}, "K07", "cnt"),
    ({"exe_begntime": "2026-03-01 10:00", "exe_endtime": "2026-03-01 09:00"}, "L01", "exe_endtime"), ({"fee_ocur_time": "2999-01-01"}, "L02", "fee_ocur_time"),
    ({"fee_ocur_time": "1900-01-01"}, "L03", "fee_ocur_time"), ({"det_item_fee_sumamt": "101"}, "L06", "det_item_fee_sumamt"),
    ({"pric": "-100", "det_item_fee_sumamt": "-100", "inscp_scp_amt": "-100"}, "L07", "pric"), ({"inscp_scp_amt": "100.01"}, "L08", "inscp_scp_amt"),
    ({"inscp_scp_amt": "-1"}, "L08", "inscp_scp_amt"), ({"cnt": "200000", "pric": "0", "det_item_fee_sumamt": "0", "inscp_scp_amt": "0"}, "L18", "cnt"),
    ({"pric": "2000001", "det_item_fee_sumamt": "2000001"}, "L18", "pric"), ({"cnt": "6", "pric": "2000000", "det_item_fee_sumamt": "12000000"}, "L19", "det_item_fee_sumamt"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "code", "column"), REFUSALS, ids=[f"{c}-{n}" for _, c, n in REFUSALS])
def test_a_line_that_cannot_be_understood_is_kept_with_its_reason(
    tmp_path: Path, cells: dict[str, Any], code: str, column: str
) -> None:
    clean = dict.fromkeys(("rxno", "exe_begntime", "exe_endtime"), "")
    report = load(make_folder(tmp_path / "in", fee_line=lines(clean, clean | cells)), tmp_path / "lake")
    assert reject_codes(tmp_path / "lake") == [("fee_line", 3, code, column)]
    assert report.tables["fee_line"] == {"read": 2, "taken": 1, "replaced": 0, "rejected": 1, "duplicate": 0}
    ((file, value, reason, advice),) = query(tmp_path / "lake", "SELECT file, val, reason, advice FROM {rejects}")
    ((_, raw),) = opened(tmp_path / "lake")
    assert file == "fee_line.csv" and reason and advice and '"feedetl_sn"' in raw
    assert value == "" if code == "T01" else value is not None


ODD = [
    ("person", {"brdy": "2027-01-01"}, "L02"), ("person", {"brdy": "1850-01-01"}, "L04"), ("person", {"brdy": "2026-03-02"}, "L04"), ("person", {"insu_admdvs": "99"}, "C06"),
    ("encounter", {"endtime": "2026-02-01"}, "L01"), ("settlement", {"init_setl_id": "S9"}, "K08"), ("institution", {"fixmedins_type": "2"}, "C02"),
    ("diagnosis", {"diag_srt_no": "x"}, "T02"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "cells", "code"), ODD)
def test_other_tables_are_checked_too(tmp_path: Path, table: str, cells: dict[str, Any], code: str) -> None:
    load(make_folder(tmp_path / "in", **{table: [row(table, **cells)]}), tmp_path / "lake")
    assert (table, 2, code) in [(t, line, c) for t, line, c, _ in reject_codes(tmp_path / "lake")]


def test_a_second_main_diagnosis_is_refused(tmp_path: Path) -> None:
    second = row("diagnosis", diag_srt_no="2", diag_code="E11.900")
    load(make_folder(tmp_path / "in", diagnosis=[row("diagnosis"), second]), tmp_path / "lake")
    assert reject_codes(tmp_path / "lake") == [("diagnosis", 3, "L13", "maindiag_flag")]


@pytest.mark.parametrize("kind", ["A", "9999999999", "1.5"])
def test_a_kind_of_diagnosis_that_is_no_number_stops_no_load_and_stands_last(tmp_path: Path, kind: str) -> None:
    rows = [row("diagnosis", diag_type=kind, diag_code="J18.900"), row("diagnosis", diag_type="2", diag_code="I10.x00")]
    for name, listed in {"both": rows, "one": rows[:1]}.items():
        load(make_folder(tmp_path / name, diagnosis=listed), tmp_path / f"lake-{name}")
    assert query(tmp_path / "lake-both", "SELECT main_diag FROM {rule_encounter}") == [("I10.x00",)]
    assert query(tmp_path / "lake-one", "SELECT main_diag FROM {rule_encounter}") == [("J18.900",)]


def test_every_reason_of_a_row_is_told_the_first_by_the_table(tmp_path: Path) -> None:
    load(
        make_folder(tmp_path / "in", fee_line=lines({}, {"fee_ocur_time": "1900-01-01", "pric": "x", "list_type": "9"})),
        tmp_path / "lake",
    )
    ((code, others),) = query(tmp_path / "lake", "SELECT code, others FROM {rejects}")
    assert code == "T02" and others == "C01 list_type；L03 fee_ocur_time"


def test_odd_rows_are_taken_and_flagged(tmp_path: Path) -> None:
    fee = lines(
        {"chrgitm_lv": "甲"}, {"med_list_codg": "LOCAL1"}, {"setl_id": "S9"}, {"det_item_fee_sumamt": "100.30", "pric": "100"}
    )
    report = load(
        make_folder(tmp_path / "in", fee_line=fee, settlement=[row("settlement", psn_cash_pay="9")]), tmp_path / "lake"
    )
    assert report.clean
    flags = query(tmp_path / "lake", "SELECT tab, line, code, col FROM {load_warnings} ORDER BY ALL")
    assert flags == [
        ("fee_line", 2, "C01", "chrgitm_lv"), ("fee_line", 3, "C03", "med_list_codg"), ("fee_line", 4, "K09", "setl_id"),
        ("fee_line", 5, "L06", "det_item_fee_sumamt"), ("settlement", 2, "L09", "medfee_sumamt"),
        ("settlement", 2, "L11", "medfee_sumamt"),
    ]  # fmt: skip
    assert query(tmp_path / "lake", "SELECT tab, col, val, rows FROM {unmapped_values}") == [
        ("fee_line", "chrgitm_lv", "甲", 1)
    ]


def test_unknown_people_and_places_hide_no_line(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", person=[], institution=[])
    report = load(folder, tmp_path / "lake")
    assert report.clean and report.placeholders == {"person": 1, "institution": 1}
    assert query(tmp_path / "lake", "SELECT psn_no, gend, brdy_day FROM {rule_person}") == [("P1", None, None)]
    assert query(tmp_path / "lake", "SELECT lv_grp FROM {rule_institution}") == [(None,)]
    load(make_folder(tmp_path / "later", encounter=[], settlement=[], diagnosis=[], fee_line=[]), tmp_path / "lake")
    assert query(tmp_path / "lake", "SELECT psn_no, gend FROM {rule_person}") == [("P1", "1")]
    assert query(tmp_path / "lake", "SELECT lv_grp FROM {rule_institution}") == [(3,)]


def test_inside_one_load_the_first_of_a_key_stays(tmp_path: Path) -> None:
    fee = [row("fee_line"), row("fee_line"), row("fee_line", cnt="2", det_item_fee_sumamt="200")]
    report = load(make_folder(tmp_path / "in", fee_line=fee), tmp_path / "lake")
    assert report.tables["fee_line"] == {"read": 3, "taken": 1, "replaced": 0, "rejected": 1, "duplicate": 1}
    assert reject_codes(tmp_path / "lake") == [("fee_line", 4, "D02", "mdtrt_id")]
    assert query(tmp_path / "lake", "SELECT cnt FROM {fee_line}") == [(Decimal("1.0000"),)]


def test_the_same_folder_twice_changes_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", fee_line=lines({}, {"cnt": "x"}))
    load(folder, tmp_path / "lake")
    again = load(folder, tmp_path / "lake")
    assert not again.new and again.version == 1 and version_numbers(tmp_path / "lake") == [1]
    assert again.tables["fee_line"] == {"read": 2, "taken": 0, "replaced": 0, "rejected": 1, "duplicate": 1}
    assert query(tmp_path / "lake", "SELECT COUNT(*) FROM {fee_line}") == [(1,)]


def test_a_later_load_replaces_and_the_old_version_stays_readable(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "a", fee_line=lines({}, {})), lake)
    report = load(make_folder(tmp_path / "b", fee_line=lines({"cnt": "2", "det_item_fee_sumamt": "200"}, {}, {})), lake)
    assert report.tables["fee_line"] == {"read": 3, "taken": 1, "replaced": 1, "rejected": 0, "duplicate": 1}
    count = "SELECT feedetl_sn, cnt FROM {fee_line} ORDER BY 1"
    assert query(open_lake(lake, 1), count) == [("1", 1), ("2", 1)]
    assert query(open_lake(lake, 2), count) == [("1", 2), ("2", 1), ("3", 1)]
    assert query(lake, "SELECT feedetl_sn, net_cnt_e4 FROM {rule_fee_line} ORDER BY 1") == [
        ("1", 20_000),
        ("2", 10_000),
        ("3", 10_000),
    ]
    assert open_lake(lake).rows("fee_line") == open_lake(lake).rows("rule_fee_line") == 3


def test_a_refund_in_a_later_load_is_netted(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "a"), lake)
    refund = row(
        "fee_line",
        feedetl_sn="2",
        init_feedetl_sn="1",
        cnt="-1",
        det_item_fee_sumamt="-100",
        inscp_scp_amt="-100",
        fee_ocur_time="2026-03-02 09:00",
    )
    load(
        make_folder(tmp_path / "b", fee_line=[refund], person=[], institution=[], encounter=[], settlement=[], diagnosis=[]),
        lake,
    )
    assert query(lake, "SELECT feedetl_sn, net_cnt_e4, net_inscp FROM {rule_fee_line} ORDER BY 1") == [("1", 0, 0), ("2", 0, 0)]
    again = refund | {"feedetl_sn": "3"}
    load(
        make_folder(tmp_path / "c", fee_line=[again], person=[], institution=[], encounter=[], settlement=[], diagnosis=[]),
        lake,
    )
    assert ("fee_line", 2, "K07", "cnt") in reject_codes(lake)


def test_an_encounter_never_moves_to_another_person(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "a"), lake)
    load(
        make_folder(
            tmp_path / "b", encounter=[row("encounter", psn_no="P9")], settlement=[], diagnosis=[], fee_line=[], person=[]
        ),
        lake,
    )
    assert reject_codes(lake) == [("encounter", 2, "K04", "psn_no")]
    assert query(lake, "SELECT psn_no FROM {encounter}") == [("P1",)]


def test_missing_tables_and_broken_files_are_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", encounter=[])
    (folder / "operation.csv").write_text("mdtrt_id,psn_no\nM1,P1\n", encoding="utf-8")
    (folder / "entitlement.parquet").write_bytes(b"PAR1")
    write_csv(folder / "notes.csv", [{"a": "1"}])
    report = load(folder, tmp_path / "lake")
    assert [(f["file"], f["code"]) for f in report.refused_files] == [("operation.csv", "F02"), ("entitlement.parquet", "F05")]
    assert report.ignored == {"notes.csv": "文件名没有对应的表"}
    assert report.tables["person"]["taken"] == 1 and report.tables["fee_line"]["rejected"] == 1
    assert "encounter" in report.notes[0]


def test_parts_and_order_of_files_change_nothing(tmp_path: Path) -> None:
    people = [f"P{i}" for i in range(40)]
    tables: dict[str, Any] = {
        "person": [row("person", psn_no=p) for p in people],
        "encounter": [row("encounter", mdtrt_id=f"M{p}", psn_no=p) for p in people],
        "settlement": [row("settlement", setl_id=f"S{p}", mdtrt_id=f"M{p}", psn_no=p) for p in people],
        "diagnosis": [row("diagnosis", mdtrt_id=f"M{p}", psn_no=p) for p in people],
        "fee_line": [
            row("fee_line", mdtrt_id=f"M{p}", psn_no=p, setl_id=f"S{p}", feedetl_sn=str(n)) for p in people for n in range(3)
        ],
    }
    load(make_folder(tmp_path / "a", **tables), tmp_path / "one")
    load(make_folder(tmp_path / "a", **tables), tmp_path / "many", lines_at_once=7)
    load(make_folder(tmp_path / "b", **{name: rows[::-1] for name, rows in tables.items()}), tmp_path / "back")
    sql = "SELECT * FROM {rule_fee_line} ORDER BY mdtrt_key, feedetl_sn"
    rows = query(tmp_path / "one", sql)
    assert len(rows) == 120 and rows == query(tmp_path / "many", sql) == query(tmp_path / "back", sql)
    assert query(tmp_path / "one", "SELECT SUM(fund_amt) FROM {rule_fee_line}") == [
        (40 * 6_000,)
    ]  # the settlements, to the fen


def test_a_load_killed_before_its_version_leaves_the_lake_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = tmp_path / "lake"
    for first in (True, False):
        folder = make_folder(
            tmp_path / f"in{first}",
            fee_line=lines({}, {}) if first else lines({"cnt": "2", "det_item_fee_sumamt": "200"}, {}, {}),
        )
        before = [] if first else query(lake, "SELECT feedetl_sn, cnt FROM {fee_line} ORDER BY 1")
        with monkeypatch.context() as patch:
            patch.setattr(load_module, "publish", lambda version: (_ for _ in ()).throw(KeyboardInterrupt()))
            with pytest.raises(KeyboardInterrupt):
                load(folder, lake)
        assert version_numbers(lake) == ([] if first else [1])
        if not first:
            assert query(lake, "SELECT feedetl_sn, cnt FROM {fee_line} ORDER BY 1") == before
        (lake / "staging" / "left").mkdir(parents=True)
        load(folder, lake)
        rows = query(lake, "SELECT feedetl_sn, cnt FROM {fee_line} ORDER BY 1")
        assert rows == ([("1", 1), ("2", 1)] if first else [("1", 2), ("2", 1), ("3", 1)])
        assert not (lake / "staging").exists()


def test_tables_are_real_delta_tables(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "in"), tmp_path / "lake")
    delta = DeltaTable(str(table_path(tmp_path / "lake", "fee_line")))
    assert delta.metadata().partition_columns == ["part"] and delta.to_pyarrow_table().num_rows == 1
    assert delta.to_pyarrow_table()["fee_ocur_time"].to_pylist()[0].hour == 9


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p / "nothing", "没有这个文件夹"),
        (lambda p: write_csv(p / "fee_line.csv", [row("fee_line")]), "这不是文件夹"),
        (lambda p: (p / "empty").mkdir() or p / "empty", "文件夹是空的"),
        (lambda p: write_csv(p / "x" / "other.csv", [{"a": 1}]).parent, "没有一个文件名以表名开头"),
    ],
)
def test_folders_that_cannot_be_loaded(tmp_path: Path, make: Any, words: str) -> None:
    with pytest.raises(InputError) as error:
        load(make(tmp_path), tmp_path / "lake")
    assert words in str(error.value) and "办法" in str(error.value)
    assert not (tmp_path / "lake").exists()


def test_a_lake_that_cannot_be_written(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LakeError, match="写不进去"):
        load(folder, tmp_path / "file" / "lake")
    (tmp_path / "lake").mkdir()
    with (tmp_path / "lake" / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(LakeError, match=r"另一次加载.*正在进行"):
            load(folder, tmp_path / "lake")


FULL_DISK = """
import resource, sys
from datetime import datetime
from pathlib import Path
import duckdb, pyarrow.parquet, deltalake  # noqa: F401
from hengjian.kernel.errors import LakeError
from hengjian.lake.ingest import load_folder
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    load_folder(Path(sys.argv[1]), Path(sys.argv[2]), now=datetime(2026, 11, 1))
except LakeError as error:
    print(error)
"""


def test_a_full_disk_is_a_sentence_and_the_lake_is_unchanged(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "a"), tmp_path / "lake")
    folder = make_folder(tmp_path / "b", fee_line=lines(*({"rxno": f"R{i * 7919}"} for i in range(2_000))))
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder), str(tmp_path / "lake")], capture_output=True, text=True, check=False
    )
    assert "磁盘写满了" in done.stdout and "办法" in done.stdout, done.stdout + done.stderr
    assert version_numbers(tmp_path / "lake") == [1]
    assert load(folder, tmp_path / "lake").tables["fee_line"]["rejected"] == 0


def test_a_bad_manifest_is_a_sentence(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": "昨天"}])
    with pytest.raises(InputError, match="数据日期读不出"):
        load(folder, tmp_path / "lake")
