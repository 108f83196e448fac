"""What a load must never do: lose what is published, build over a lake it cannot see, stop at one bad file, end in a traceback."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hengjian.kernel.errors import InputError, LakeError
from hengjian.lake import delta
from hengjian.lake.ingest import survey as survey_module
from hengjian.lake.ingest.naming import table_of
from hengjian.lake.ingest.readers import Batch
from hengjian.lake.ingest.source import Source
from hengjian.lake.versions import LakeVersion, TableState, open_lake, table_path, version_numbers

from .folder import load, make_folder, opened, query, reject_codes, row, write_csv

ALL = ("person", "institution", "encounter", "settlement", "diagnosis", "fee_line")


def more(folder: Path, **tables: Any) -> Path:
    """A folder of these tables only."""
    return make_folder(folder, **({name: [] for name in ALL} | tables))


def tree(folder: Path) -> dict[str, int]:
    """Every file below a folder with its size."""
    return {
        str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file() and p.name != ".lock"
    }


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """A folder of an ordinary user, who is held back by missing rights as root is not."""
    folder = Path(tempfile.mkdtemp())
    try:
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        keys = os.environ.get("HENGJIAN_KEYS", "")
        os.environ["HENGJIAN_KEYS"] = str(folder / "keys.json")
        yield folder
    finally:
        os.environ["HENGJIAN_KEYS"] = keys
        if os.getuid() == 0:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(folder)


# where a lake lies -----------------------------------------------------------------------------------------------------
def test_a_lake_by_a_relative_or_linked_path_takes_a_second_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("lake")
    change = more(tmp_path / "b", fee_line=[row("fee_line", cnt="2", det_item_fee_sumamt="200")])
    load(make_folder(tmp_path / "a"), Path("lake"))
    load(change, Path("./lake"))
    load(make_folder(tmp_path / "a"), Path("link"))
    load(change, Path("lake/../lake"))
    assert version_numbers(tmp_path / "lake") == [1, 2, 3, 4]
    assert query(Path("link"), "SELECT cnt FROM {fee_line}") == [(2,)]


@pytest.mark.parametrize("name", ["it's", "空 格", "p#1"])
def test_special_characters_in_a_path(tmp_path: Path, name: str) -> None:
    lake = tmp_path / name / "lake"
    load(make_folder(tmp_path / name / "in"), lake)
    refund = row(
        "fee_line", feedetl_sn="2", init_feedetl_sn="1", cnt="-1", det_item_fee_sumamt="-100", inscp_scp_amt="-100", rxno=""
    )
    load(more(tmp_path / name / "b", fee_line=[refund, row("fee_line", rxno="R")]), lake)
    assert open_lake(lake).rows("fee_line") == 2 and len(open_lake(lake).files("fee_line")) == 2


@pytest.mark.parametrize("name", ["a%20b", "a*", "a?", "a[b]"])
def test_paths_the_libraries_read_as_something_else_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LakeError, match="不能用的字符") as told:
        load(make_folder(tmp_path / "in"), tmp_path / name)
    assert "办法" in str(told.value) and not (tmp_path / name).exists()
    with pytest.raises(LakeError, match="不能用的字符"):
        open_lake(tmp_path / name)


# what is left out ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("fee_line_part1.csv", "fee_line"), ("fee_line_b.csv", "fee_line"), ("person_new.csv", "person"), ("person.csv", "person"),
        ("fee_line2026.parquet", "fee_line"), ("fee_line-补传.CSV.GZ", "fee_line"), ("fee_line补.csv", "fee_line"), ("persons.csv", None),
        ("fee_lines.csv", None), ("knowledge/film_limit_a.csv", "film_limit"), ("external_list_x.csv", "external_list"),
    ],
)  # fmt: skip
def test_a_file_belongs_to_the_table_its_name_begins_with(name: str, table: str | None) -> None:
    found = table_of(name)
    assert (found.name.removeprefix("local_") if found else None) == table


def test_data_that_was_not_read_is_no_success(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    (folder / "truth.csv").write_text("violation_id\n", encoding="utf-8")
    (folder / "README.txt").write_text("", encoding="utf-8")
    assert load(folder, tmp_path / "lake").clean
    for name in ("notes.csv", "fees.xlsx", "all.zip", "old.csv.gz"):
        (folder / name).write_bytes(b"x")
        report = load(folder, tmp_path / "lake")
        assert not report.clean and report.unread == [name] and name in report.ignored
        (folder / name).unlink()
    (folder / "fee_line_2.csv").mkdir()
    (folder / "2025").mkdir()
    write_csv(folder / "2025" / "fee_line.csv", [row("fee_line")])
    report = load(folder, tmp_path / "lake")
    assert report.unread == ["2025", "fee_line_2.csv"] and "文件夹" in report.ignored["fee_line_2.csv"]


# published tables ------------------------------------------------------------------------------------------------------
def test_tables_without_a_version_are_never_built_over(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    folder = make_folder(tmp_path / "in")
    load(folder, lake)
    (lake / "versions").rename(tmp_path / "versions")
    before = tree(lake)
    for act in (lambda: load(folder, lake), lambda: open_lake(lake)):
        with pytest.raises(LakeError, match="版本文件不见了或不完整") as told:
            act()
        assert "备份" in str(told.value)
    assert tree(lake) == before
    (tmp_path / "versions").rename(lake / "versions")
    assert not load(folder, lake).new


def test_rights_that_are_missing_are_named_and_nothing_is_touched() -> None:
    with ordinary_user() as home:
        folder, lake = make_folder(home / "in"), home / "lake"
        load(folder, lake)
        before = tree(lake)
        for path in (lake / "versions", lake / "versions" / "000001.json", lake / "tables", lake):
            mode = path.stat().st_mode
            path.chmod(0)
            for act in (lambda: load(folder, lake), lambda: open_lake(lake).files("fee_line")):
                with pytest.raises(LakeError, match="没有权限"):
                    act()
            path.chmod(mode)
            assert tree(lake) == before
        (file,) = map(Path, open_lake(lake).files("fee_line"))
        file.chmod(0)
        with pytest.raises(LakeError, match="没有权限"):
            open_lake(lake).files("fee_line")


def test_folders_one_may_not_enter_are_a_sentence() -> None:
    with ordinary_user() as home:
        folder = make_folder(home / "outer" / "in")
        (home / "outer").chmod(0o600)
        with pytest.raises(InputError, match="文件夹读不了") as told:
            load(folder, home / "lake")
        assert "没有权限" in str(told.value)
        (home / "outer").chmod(0o755)
        (folder / "manifest.csv").chmod(0)
        with pytest.raises(InputError, match="清单读不出") as told:
            load(folder, home / "lake")
        assert "没有权限" in str(told.value)


# damage ----------------------------------------------------------------------------------------------------------------
DAMAGE = [
    ('{"layout": 2, "tables": [1]}', "版本文件读不出来"), ("[]", "版本文件读不出来"), ("{", "版本文件读不出来"), ("", "版本文件读不出来"),
    ('{"layout": 2, "tables": {"fee_line": 1}, "created_at": "", "data_date": ""}', "版本文件读不出来"),
    ('{"layout": 2, "tables": {"fee_line": {"delta_version": 99, "rows": 1}}, "created_at": "", "data_date": ""}', "一张表读不出来"),
    ('{"layout": 2, "tables": {"nonsense": {"delta_version": 0, "rows": 1}}, "created_at": "", "data_date": ""}', "一张表读不出来"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), DAMAGE)
def test_a_damaged_version_is_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "in"), lake)
    (lake / "versions" / "000001.json").write_text(text, encoding="utf-8")
    with pytest.raises(LakeError, match=words) as told:
        version = open_lake(lake)
        for table in version.tables:
            version.files(table)
    assert "位置" in str(told.value) and "办法" in str(told.value)
    with pytest.raises(LakeError):
        load(more(tmp_path / "b", fee_line=[row("fee_line", rxno="1")]), lake)


@pytest.mark.parametrize("damage", ["gone", "short", "log", "garbage"])
def test_a_damaged_table_is_a_sentence(tmp_path: Path, damage: str) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "in"), lake)
    (file,) = map(Path, open_lake(lake).files("fee_line"))
    if damage == "gone":
        file.unlink()
    elif damage == "short":
        file.write_bytes(file.read_bytes()[:100])
    elif damage == "log":
        shutil.rmtree(lake / "tables" / "fee_line" / "_delta_log")
    else:
        file.write_bytes(b"x" * file.stat().st_size)
    if damage != "garbage":
        with pytest.raises(LakeError, match="读不出来"):
            open_lake(lake).files("fee_line")
    with pytest.raises(LakeError) as told:
        load(more(tmp_path / "b", fee_line=[row("fee_line", rxno="1")]), lake)
    assert "办法" in str(told.value) and version_numbers(lake) == [1]


# bad files -------------------------------------------------------------------------------------------------------------
def test_a_new_lake_with_every_file_refused_tells_why(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "person.csv").write_text("psn_no\nP1\n", encoding="utf-8")
    report = load(tmp_path / "in", tmp_path / "lake")
    assert [f["code"] for f in report.refused_files] == ["F02"] and (report.version, report.new) == (0, False)
    assert version_numbers(tmp_path / "lake") == []
    assert load(make_folder(tmp_path / "a"), tmp_path / "lake").version == 1


def test_whatever_a_reader_stumbles_over_refuses_the_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = survey_module.read_csv

    def stumbling(content: Any, table: Any, renamed: Any) -> tuple[Any, Iterator[Batch]]:
        header, batches = read(content, table, renamed)

        def each() -> Iterator[Batch]:
            yield from batches
            raise RuntimeError("out of luck")

        return header, each() if table.name == "fee_line" else batches

    monkeypatch.setattr(survey_module, "read_csv", stumbling)
    report = load(make_folder(tmp_path / "in"), tmp_path / "lake")
    assert [(f["file"], f["code"]) for f in report.refused_files] == [("fee_line.csv", "F05")]
    assert report.tables["fee_line"]["read"] == 0 and report.tables["person"]["taken"] == 1


def test_bad_rows_of_all_kinds_cost_themselves_only(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", fee_line=[row("fee_line", feedetl_sn=str(i), rxno="") for i in range(1, 9)])
    path = folder / "fee_line.csv"
    text = path.read_text(encoding="utf-8").splitlines()
    text[2] = text[2].replace("H99010000001", "H990100\r00001")
    text[3] = text[3].replace("诊查费", "诊" * 1_000_000)
    text[4] += "," + "9" * 200_000
    text[5] = text[5].replace("诊查费", '"诊查费')
    text[6] = text[6].replace("诊查费", '"诊查费')
    path.write_text("\n".join(text) + "\n", encoding="utf-8", newline="")
    report = load(folder, tmp_path / "lake")
    assert [(line, code) for _, line, code, _ in reject_codes(tmp_path / "lake")] == [
        (3, "T05"), (4, "T04"), (5, "F04"), (6, "F04"), (7, "F04")
    ]  # fmt: skip
    assert report.tables["fee_line"]["read"] == 8 and report.tables["fee_line"]["taken"] == 3


def test_a_line_that_is_no_row_is_kept_as_it_came(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    with (folder / "fee_line.csv").open("a", encoding="utf-8") as handle:
        handle.write("M1,2,坏行\n")
    report = load(folder, tmp_path / "lake")
    ((reason,),) = query(tmp_path / "lake", "SELECT reason FROM {rejects}")
    assert opened(tmp_path / "lake") == [("M1,2,坏行", "M1,2,坏行")]
    assert "字段个数" in reason and "实有 3 个" in reason
    assert [(r["code"], r["title"]) for r in report.reasons] == [("F04", "字段个数与表头不符，或引号没有闭合")]


# dates -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("table", "cells", "code"),
    [
        ("person", {"psn_insu_date": "2999-01-01"}, "L02"), ("person", {"paus_insu_date": "2999-01-01"}, "L02"),
        ("person", {"die_date": "2999-01-01"}, "L02"), ("person", {"psn_insu_date": "1998-12-01"}, None),
        ("institution", {"agre_enddate": "2999-01-01"}, None), ("institution", {"agre_begndate": "2027-01-01"}, None),
    ],
)  # fmt: skip
def test_what_has_not_happened_yet_is_refused_what_is_arranged_is_taken(
    tmp_path: Path, table: str, cells: dict[str, str], code: str | None
) -> None:
    load(make_folder(tmp_path / "in", **{table: [row(table, **cells)]}), tmp_path / "lake")
    found = [(t, c, col) for t, _, c, col in reject_codes(tmp_path / "lake") if t == table]
    assert found == ([(table, code, *cells)] if code else [])


def test_a_data_date_that_has_not_come_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": "2026-11-02"}])
    with pytest.raises(InputError, match="数据日期还没有到"):
        load(folder, tmp_path / "lake")
    made = Source(folder, (), {"data_date": "2026-11-02", "synthetic": "1"})
    assert made.data_date(date(2026, 11, 1)) == date(2026, 11, 2)


# corrections -----------------------------------------------------------------------------------------------------------
MOVED = {"fixmedins_code": "H99010000002"}


def test_an_encounter_moves_to_another_institution_only_with_its_lines(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "a", fee_line=[row("fee_line"), row("fee_line", feedetl_sn="2")]), lake)
    load(more(tmp_path / "b", encounter=[row("encounter", **MOVED)]), lake)
    load(more(tmp_path / "c", encounter=[row("encounter", **MOVED)], settlement=[row("settlement", **MOVED)], fee_line=[row("fee_line", **MOVED)]), lake)  # fmt: skip
    assert {(t, c, col) for t, _, c, col in reject_codes(lake)} == {
        (t, "K04", "fixmedins_code") for t in ("encounter", "settlement", "fee_line")
    }
    codes = "SELECT DISTINCT fixmedins_code FROM (SELECT fixmedins_code FROM {encounter} UNION ALL SELECT fixmedins_code FROM {fee_line} UNION ALL SELECT fixmedins_code FROM {settlement})"
    assert query(lake, codes) == [("H99010000001",)]
    whole = [row("fee_line", **MOVED), row("fee_line", feedetl_sn="2", **MOVED)]
    load(
        more(tmp_path / "d", encounter=[row("encounter", **MOVED)], settlement=[row("settlement", **MOVED)], fee_line=whole),
        lake,
    )
    assert query(lake, codes) == [("H99010000002",)]


def amounts(count: int) -> dict[str, str]:
    return {"cnt": f"{count}", "det_item_fee_sumamt": f"{count * 100}", "inscp_scp_amt": f"{count * 100}"}


@pytest.mark.parametrize("named", ["1", ""])
def test_a_refund_waits_while_more_is_given_back_than_is_left(tmp_path: Path, named: str) -> None:
    lake = tmp_path / "lake"
    refund = row("fee_line", feedetl_sn="2", init_feedetl_sn=named, fee_ocur_time="2026-03-01 10:00:00", **amounts(-2))
    load(make_folder(tmp_path / "a", fee_line=[row("fee_line", **amounts(3)), refund]), lake)
    load(more(tmp_path / "b", fee_line=[row("fee_line", **amounts(1))]), lake)
    assert [(t, c, col) for t, _, c, col in reject_codes(lake)] == [("fee_line", "K07", "cnt")]
    net = "SELECT feedetl_sn, net_cnt_e4 FROM {rule_fee_line} ORDER BY 1"
    assert query(lake, net) == [("1", 10_000)]
    report = load(more(tmp_path / "c", fee_line=[row("fee_line", **amounts(2))]), lake)
    assert report.recovered == {"fee_line": 1} and not report.waiting
    assert query(lake, net) == [("1", 0), ("2", 0)]
    load(more(tmp_path / "d", fee_line=[row("fee_line", **amounts(1)), refund | amounts(-1)]), lake)
    assert query(lake, net) == [("1", 0), ("2", 0)] and len(reject_codes(lake)) == 1
    if not named:
        load(more(tmp_path / "e", fee_line=[row("fee_line", **amounts(1) | {"med_list_codg": "001102000020000"})]), lake)
        assert query(lake, net) == [("1", 10_000)] and {c for _, _, c, _ in reject_codes(lake)} == {"K07", "L07"}


def test_the_report_of_a_version_is_plain_json(tmp_path: Path) -> None:
    load(make_folder(tmp_path / "in"), tmp_path / "lake")
    kept = json.loads((tmp_path / "lake" / "versions" / "000001.json").read_text(encoding="utf-8"))["load"]
    assert kept["unread"] == [] and kept["tables"]["fee_line"]["taken"] == 1


def test_a_folder_with_rows_that_wait_changes_nothing_the_second_time(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    folder = make_folder(tmp_path / "in", fee_line=[row("fee_line"), row("fee_line", mdtrt_id="M9")])
    assert load(folder, lake).waiting == {"fee_line": 1}
    again = load(folder, lake)
    assert not again.new and again.tables["fee_line"]["duplicate"] == 2
    load(more(tmp_path / "b", person=[row("person", psn_no="P2")], fee_line=[row("fee_line", mdtrt_id="M9")]), lake)
    assert not open_lake(lake).rows("reject_ends") and open_lake(lake).rows("rejects") == 1
    report = load(more(tmp_path / "c", encounter=[row("encounter", mdtrt_id="M9")]), lake)
    assert report.recovered == {"fee_line": 1} and query(lake, "SELECT how FROM {reject_ends}") == [("taken",)]


def test_old_versions_outlive_a_hundred_loads_and_a_month(tmp_path: Path) -> None:
    """Delta would drop log entries of more than thirty days at its hundredth commit, and with them the versions that stand on them."""
    columns, states, state = {"load_no": "INTEGER"}, {}, None
    for number in range(1, 108):
        (tmp_path / "out").mkdir(exist_ok=True)
        pq.write_table(pa.table({"load_no": pa.array([number], pa.int32())}), tmp_path / "out" / f"load-{number:06d}.parquet")
        delta_version, rows = delta.commit(tmp_path, "mask", columns, tmp_path / "out", (), state, False)
        states[number] = state = TableState(delta_version, rows)
        for entry in table_path(tmp_path, "mask").glob("_delta_log/*"):
            os.utime(entry, (0, 0))
    for number in (1, 50, 100, 107):
        version = LakeVersion(tmp_path, number, "", "", {"mask": states[number]})
        assert len(version.files("mask")) == number
