"""Wrong arguments, stopped commands and damaged files: one Chinese sentence with a cure, also for programs; never a traceback."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hengjian.cli import main as cli
from hengjian.lake.ingest.report import LoadReport
from hengjian.score import read_truth

from ..lake.folder import load, make_folder, row
from ..lake.test_safety import more
from ..score.folder import fact, write_folder
from ..story.conftest import COMMAND


@pytest.fixture()
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process: exit code, stdout, stderr."""

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hengjian", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingst"], ["没有命令 ingst", "是不是 ingest"]),
        (["nonsense"], ["没有命令 nonsense", "可用的命令", "audit"]),
        (["lake", "foo"], ["没有命令 foo", "versions"]),
        (["ingest"], ["缺少参数"]),
        (["audit"], ["缺少选项 --lake"]),
        (["ingest", "x", "y"], ["多出了参数 y"]),
        (["ingest", "x", "--lakes", "y"], ["没有选项 --lakes", "是不是 --lake"]),
        (["ingest", "x", "--lake"], ["选项 --lake 用法不对", "后面要写一个值"]),
        (["ingest", "x", "--json=1"], ["选项 --json 用法不对", "不能跟值"]),
        (["city", "--people", "x", "--out", "y"], ["选项 --people 的值不对", "应为整数"]),
        (["verify", "--sample", "0"], ["选项 --sample 的值不对", "不能小于 1"]),
    ],
)
def test_wrong_arguments_are_told_in_chinese(run: Any, arguments: list[str], words: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == 2 and not out and "--help" in err and "办法" in err
    for word in words:
        assert word in err
    assert not re.search(r"Usage|Error|Invalid|No such|Missing|Try ", err)


def test_a_failure_of_a_program_is_json_too(run: Any, tmp_path: Path) -> None:
    for arguments in (["ingest", tmp_path / "none"], ["lake", "rejects", "--lake", tmp_path], ["audit"]):
        code, out, err = run(*arguments, "--json")
        assert code == 2 and json.loads(out)["error"] in err and json.loads(out)["cure"]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT")]
)
def test_a_stopped_command_says_so(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def stopped(*_: object, **__: object) -> LoadReport:
        raise error

    monkeypatch.setattr("hengjian.cli.ingest.load", stopped)
    code, out, err = run("ingest", make_folder(tmp_path / "in"), "--lake", tmp_path / "lake")
    assert (code, out.strip()) == (130, "") and err.startswith("已停止")


def test_ctrl_c_in_the_middle_of_a_load(tmp_path: Path) -> None:
    fee = [row("fee_line", feedetl_sn=str(i), rxno=f"R{i}") for i in range(60_000)]
    folder = make_folder(tmp_path / "in", fee_line=fee)
    for attempt in range(5):
        lake = tmp_path / f"lake-{attempt}"
        process = subprocess.Popen(
            [str(COMMAND), "ingest", str(folder), "--lake", str(lake)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not list(lake.glob("staging/rows/stg_fee_line*")) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        if not (lake / "versions").exists():  # on a busy machine the load may be over before it is interrupted
            break
    assert process.returncode == 130 and err.strip().startswith("已停止"), err
    assert not (lake / "versions").exists()


def test_what_nobody_foresaw_is_a_sentence_and_the_details_are_there_to_ask_for(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> LoadReport:
        raise LookupError("no way out\nmore")

    monkeypatch.setattr("hengjian.cli.ingest.load", broken)
    code, _, err = run("ingest", make_folder(tmp_path / "in"))
    assert code == 2 and "no way out" in err and "more" not in err and "HENGJIAN_TRACE=1" in err and "Traceback" not in err
    monkeypatch.setenv("HENGJIAN_TRACE", "1")
    assert "Traceback" in run("ingest", tmp_path)[2]


def test_a_damaged_lake_is_a_sentence_in_every_command(run: Any, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "in", fee_line=[row("fee_line"), row("fee_line", feedetl_sn="2", cnt="x")]), lake)
    assert run("audit", "--lake", lake, "--out", tmp_path / "out")[0] == 0
    for path in (lake / "tables").rglob("*.parquet"):
        path.write_bytes(b"x" * path.stat().st_size)
    change = more(tmp_path / "b", fee_line=[row("fee_line", rxno="1")])
    commands = (
        ["lake", "rejects", "--lake", lake],
        ["audit", "--lake", lake, "--out", tmp_path / "o2"],
        ["ingest", change, "--lake", lake],
    )
    for arguments in commands:
        code, _, err = run(*arguments)
        assert code == 2 and "办法" in err and "Traceback" not in err, (arguments, err)
    shutil.rmtree(lake / "tables" / "rule_fee_line")
    for arguments in commands[1:]:
        code, _, err = run(*arguments)
        assert code == 2 and "读不出来" in err and "Traceback" not in err, (arguments, err)


@pytest.mark.parametrize(
    ("name", "content"),
    [("findings.parquet", b"PAR1 x"), ("rules.csv", b"a,b\n\xff\xfe,1\n"), ("rules.csv", b"a\n1\n"), ("audit.json", b"[1]"), ("score.json", b"{")],
)  # fmt: skip
def test_a_damaged_audit_is_a_sentence(run: Any, tmp_path: Path, name: str, content: bytes) -> None:
    lake, out = tmp_path / "lake", tmp_path / "it's [out]"
    load(make_folder(tmp_path / "in"), lake)
    assert run("audit", "--lake", lake, "--out", tmp_path / "out", "--no-report")[0] == 0
    (tmp_path / "out").rename(out)
    code, _, err = run("show", "abc", "--out", out)
    assert code == 2 and "没有疑点" in err
    (out / name).write_bytes(content)
    code, _, err = run("show", "abc", "--out", out)
    assert code == 2 and "读不出来" in err and name in err and "办法" in err


def test_rejects_are_one_json_document(run: Any, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "in"), lake)
    assert json.loads(run("lake", "rejects", "--lake", lake, "--json")[1]) == []
    load(more(tmp_path / "b", fee_line=[row("fee_line", feedetl_sn=str(i), cnt="x") for i in range(3)]), lake)
    assert [r["code"] for r in json.loads(run("lake", "rejects", "--lake", lake, "--json")[1])] == ["T02"] * 3


def test_the_screen_counts_what_it_does_not_spell_out(run: Any, tmp_path: Path) -> None:
    wrong = [
        {"cnt": "x"}, {"rxno": "9" * 51}, {"fee_ocur_time": "x"}, {"med_list_codg": ""}, {"list_type": "9"}, {"mdtrt_id": "MX"}, {"psn_no": "P2"},
        {"pric": "-1"}, {"fee_ocur_time": "1900-01-01"}, {"fee_ocur_time": "2999-01-01"}, {"fixmedins_code": "1"},
    ]  # fmt: skip
    fee = [row("fee_line", rxno="", feedetl_sn=str(i)) | cells for i, cells in enumerate(wrong)]
    code, out, _ = run("ingest", make_folder(tmp_path / "in", fee_line=fee), "--lake", tmp_path / "lake")
    assert code == 1 and re.search(r"等另 \d+ 种，共 \d+ 行：", out) and out[0] != "\n"


def test_exit_codes_of_what_was_not_read(run: Any, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in")
    (folder / "fees.xlsx").write_bytes(b"x")
    code, out, _ = run("ingest", folder, "--lake", tmp_path / "lake")
    assert code == 1 and "没有读 fees.xlsx" in out
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "person.csv").write_text("psn_no\n", encoding="utf-8")
    code, out, _ = run("ingest", tmp_path / "bad", "--lake", tmp_path / "other")
    assert code == 2 and "表头缺少必填列" in out and "下一步" not in out


def test_a_lake_path_that_is_a_file_is_named(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, err = run("ingest", make_folder(tmp_path / "in"), "--lake", tmp_path / "file")
    assert code == 2 and "这里有一个文件，不是文件夹" in err


def test_a_truth_that_names_a_violation_twice_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, [], [fact(), fact(psn_no="P2")])
    with pytest.raises(Exception, match="真值文件有一行读不懂") as told:
        read_truth(folder / "truth.csv")
    assert "第 3 行" in str(told.value) and "第 2 行" in str(told.value)
