"""Messages loaded into a lake: kept, folded, and taken back when later messages say so."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hengjian.cli.main import app
from hengjian.lake.ingest import LoadReport
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import open_lake
from hengjian.lake.wire import written
from tests.lake.folder import load, query, reject_codes, row, write_csv
from tests.lake.wire.messages import (
    PERSON,
    VISIT,
    cancel,
    detail,
    fees,
    person,
    sale,
    settlement,
    visit,
    which,
)


def lines(*sent: Any) -> bytes:
    return b"".join(s if isinstance(s, bytes) else written(*s) if isinstance(s, tuple) else written(s) for s in sent)


def send(tmp_path: Path, name: str, *sent: Any, **more: Any) -> LoadReport:
    """One load of one message file."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "报文.ndjson").write_bytes(lines(*sent))
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": "2026-10-31"}])
    return load(folder, tmp_path / "lake", **more)


def count(lake: Path, table: str) -> int:
    relation = rows_sql(open_lake(lake), table)
    return int(query(lake, f"SELECT COUNT(*) FROM {relation}")[0][0]) if relation else 0


def trial() -> tuple[Any, ...]:
    asked, told = settlement("T1", at="2026-03-01 09:15:00", serial=9)
    return asked | {"infno": "2206"}, told


DAY = (person(), visit(), fees(detail("1"), detail("2")), trial(), settlement())


def test_an_outpatient_day_becomes_rows(tmp_path: Path):
    report = send(tmp_path, "day", *DAY)
    assert report.tables["message"] == {"read": 5, "taken": 5, "replaced": 0, "rejected": 0, "duplicate": 0}
    assert report.messages["not_facts"] == {"预结算只是试算": 1} and report.messages["gaps"] == {}
    assert reject_codes(tmp_path / "lake") == []
    assert query(tmp_path / "lake", "SELECT mdtrt_id, insutype FROM {encounter}") == [(VISIT, "310")]
    assert query(tmp_path / "lake", "SELECT feedetl_sn, setl_id FROM {fee_line} ORDER BY 1") == [("1", "S1"), ("2", "S1")]
    assert {f["file"] for f in report.files} >= {"报文.ndjson", "报文:费用明细"}
    assert report.clean


def test_the_same_file_twice_changes_nothing(tmp_path: Path):
    send(tmp_path, "one", *DAY)
    report = send(tmp_path, "two", *DAY)
    assert not report.new and report.version == 1
    assert report.tables["message"]["duplicate"] == 5


def test_no_name_stands_in_the_files_of_the_lake(tmp_path: Path):
    send(tmp_path, "one", *DAY)
    for path in (tmp_path / "lake").rglob("*"):
        if path.is_file():
            assert "测试患者".encode() not in path.read_bytes(), path
    (shown,) = query(tmp_path / "lake", "SELECT DISTINCT split_part(body, ':', 1) FROM {message}")
    assert shown[0] == open_lake(tmp_path / "lake").key


def test_a_bad_line_is_refused_with_its_reason_and_the_rest_is_taken(tmp_path: Path):
    report = send(tmp_path, "one", *DAY, b"{broken\n", b'{"a": 1}\n')
    assert reject_codes(tmp_path / "lake") == [("message", 6, "M01", ""), ("message", 7, "M04", "")]
    assert report.tables["message"]["rejected"] == 2 and not report.clean
    assert count(tmp_path / "lake", "fee_line") == 2


def test_a_deleted_line_leaves_the_lake_and_a_settled_one_stays(tmp_path: Path):
    send(tmp_path, "one", person(), visit(), fees(detail("1"), detail("2")))
    report = send(tmp_path, "two", which("2205", at="2026-03-01 09:15:00", feedetl_sn="1"))
    assert query(tmp_path / "lake", "SELECT feedetl_sn FROM {fee_line}") == [("2",)]
    assert query(tmp_path / "lake", "SELECT feedetl_sn FROM {rule_fee_line}") == [("2",)]
    assert report.withdrawn == {"fee_line": 1} and report.clean and reject_codes(tmp_path / "lake") == []
    send(tmp_path, "three", settlement())
    send(tmp_path, "four", which("2205", at="2026-03-01 09:30:00", feedetl_sn="0000"))
    assert query(tmp_path / "lake", "SELECT feedetl_sn, setl_id FROM {fee_line}") == [("2", "S1")]


def test_a_deletion_that_comes_first_takes_effect_when_the_line_comes(tmp_path: Path):
    send(tmp_path, "one", which("2205", at="2026-03-01 09:15:00", feedetl_sn="1"))
    assert count(tmp_path / "lake", "fee_line") == 0 and count(tmp_path / "lake", "message") == 1
    send(tmp_path, "two", person(), visit(), fees(detail("1"), detail("2")))
    assert query(tmp_path / "lake", "SELECT feedetl_sn FROM {fee_line}") == [("2",)]


def test_a_cancelled_visit_leaves_nothing_not_even_placeholders(tmp_path: Path):
    send(tmp_path, "one", visit(insutype="310"), fees(detail("1")))
    assert count(tmp_path / "lake", "person") == 1 and count(tmp_path / "lake", "institution") == 1
    report = send(tmp_path, "two", which("2202", at="2026-03-01 09:30:00"))
    for table in ("encounter", "fee_line", "diagnosis", "person", "institution", "rule_encounter", "rule_fee_line", "rule_person", "rule_institution"):  # fmt: skip
        assert count(tmp_path / "lake", table) == 0, table
    assert report.withdrawn == {"encounter": 1, "diagnosis": 1, "fee_line": 1}


def test_a_row_that_waits_is_taken_back_too(tmp_path: Path):
    send(tmp_path, "one", person(), fees(detail("1")))
    assert count(tmp_path / "lake", "waiting_fee_line") == 1
    send(tmp_path, "two", which("2205", at="2026-03-01 09:30:00", feedetl_sn="1"))
    assert count(tmp_path / "lake", "waiting_fee_line") == 0
    assert query(tmp_path / "lake", "SELECT how FROM {reject_ends}") == [("withdrawn",)]


@pytest.mark.parametrize("sent", ["message", "file"])
def test_a_visit_waits_for_its_insurance_until_the_person_comes(tmp_path: Path, sent: str):
    report = send(tmp_path, "one", visit(), fees(detail("1")))
    assert report.messages["gaps"] == {"险种还不知道": 1} and count(tmp_path / "lake", "encounter") == 0
    if sent == "message":
        send(tmp_path, "two", person())
    else:
        write_csv(tmp_path / "two" / "person.csv", [row("person", psn_no=PERSON)])
        write_csv(tmp_path / "two" / "manifest.csv", [{"key": "data_date", "value": "2026-10-31"}])
        load(tmp_path / "two", tmp_path / "lake")
    assert query(tmp_path / "lake", "SELECT insutype FROM {encounter}") == [("310",)]
    assert count(tmp_path / "lake", "fee_line") == 1 and count(tmp_path / "lake", "waiting_fee_line") == 0


def test_goods_records_and_settlements_tell_of_one_scan_in_any_order(tmp_path: Path):
    told = {"drugtracinfo": [{"feedetl_sn": "1", "drug_trac_codg": "81000010000000000001", "trdn_flag": "0"}]}
    asked, answered = settlement()
    asked["input"] |= told
    before = (person(), visit(), fees(detail("1", med_list_codg="XJ01FAA051A001010201187")), (asked, answered))
    for name, loads in {"a": [before, (sale(),)], "b": [(sale(),), before], "c": [(*before, sale())]}.items():
        for number, sent in enumerate(loads):
            (tmp_path / name).mkdir(exist_ok=True)
            send(tmp_path / name, f"{number}", *sent)
        assert query(tmp_path / name / "lake", "SELECT mdtrt_id, setl_id FROM {trace_code}") == [(VISIT, "S1")], name
    send(tmp_path / "a", "gone", cancel())
    assert query(tmp_path / "a" / "lake", "SELECT mdtrt_id, setl_id FROM {trace_code}") == [(None, "S1")]


def test_messages_in_an_archive_beside_tables(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "一天.zip", "w") as archive:
        archive.writestr("manifest.csv", "key,value\ndata_date,2026-10-31\n")
        archive.writestr("day.jsonl", lines(*DAY))
        archive.writestr("institution.csv", "fixmedins_code,fixmedins_name,fixmedins_type,hosp_lv,admdvs\nH99010000001,云溪市第一医院,1,02,990100\n")  # fmt: skip
    report = load(tmp_path / "一天.zip", tmp_path / "lake")
    assert report.clean and not any(report.placeholders.values())
    assert count(tmp_path / "lake", "settlement") == 1


def test_a_day_is_ingested_and_audited_at_the_terminal(tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "day.ndjson").write_bytes(lines(visit(insutype="310"), fees(detail("1")), trial()))
    (folder / "later.ndjson").write_bytes(
        lines(which("2205", at="2026-03-01 09:30:00", feedetl_sn="1"), fees(detail("2", "M9")))
    )
    runner = CliRunner()
    done = runner.invoke(app, ["ingest", str(folder), "--lake", str(tmp_path / "lake")])
    assert "报文 message" in done.output and "报文 1 笔不算事实：预结算只是试算" in done.output
    assert "报文还缺 1 处：就诊信息还没有到。例如：就诊 M9" in done.output
    assert runner.invoke(app, ["audit", "--lake", str(tmp_path / "lake"), "--out", str(tmp_path / "out")]).exit_code == 0
