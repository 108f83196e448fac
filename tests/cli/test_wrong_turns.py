"""Wrong paths, missing rights, empty folders: every command answers with a sentence and a cure, never with a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hengjian.rulebook import load_rulebook

from ..lake.folder import make_folder, row
from ..story.conftest import hengjian

WAITING = {r.rule_id: r.knowledge for r in load_rulebook().active if r.knowledge.startswith("local_") or r.knowledge == "price"}
"""Rules whose knowledge travels with the data."""
"""Active rules without their table, and which."""


@pytest.fixture()
def lake(tmp_path: Path) -> Path:
    """A lake of one clean visit."""
    assert hengjian("ingest", make_folder(tmp_path / "in"), "--lake", tmp_path / "lake").returncode == 0
    return tmp_path / "lake"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingest", "nothing", "--lake", "lake"], "没有这个文件夹"),
        (["ingest", "empty", "--lake", "lake"], "文件夹是空的"),
        (["ingest", "file", "--lake", "lake"], "这不是文件夹"),
        (["ingest", "empty", "--map", "nothing"], "对照表读不出"),
        (["map", "nothing"], "没有这个文件夹"),
        (["audit", "--lake", "nothing"], "没有数据湖"),
        (["lake", "versions", "--lake", "empty"], "没有数据湖"),
        (["lake", "rejects", "--lake", "nothing"], "没有数据湖"),
        (["show", "abc", "--out", "empty"], "办法"),
        (["score", "--findings", "nothing", "--truth", "nothing"], "办法"),
        (["city", "--people", "3", "--out", "city"], "人数"),
        (["city", "--people", "2000", "--out", "file/x"], "办法"),
        (["demo", "--people", "3", "--out", "out"], "人数"),
    ],
)
def test_a_wrong_turn_is_a_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    done = hengjian(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr and "Traceback" not in done.stderr


def test_help_has_examples() -> None:
    assert "恒鉴" in hengjian("--help").stdout
    for command in ("demo", "city", "map", "ingest", "audit", "score", "show", "docs"):
        said = hengjian(command, "--help").stdout
        assert f"例：hengjian {command}" in said, command


def test_exit_codes_tell_what_happened(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", fee_line=[row("fee_line"), row("fee_line", feedetl_sn="2", cnt="x")])
    done = hengjian("ingest", folder, "--lake", tmp_path / "lake")
    assert done.returncode == 1 and "应为数字" in done.stdout and "下一步" in done.stdout


def test_machines_read_json(lake: Path, tmp_path: Path) -> None:
    again = json.loads(hengjian("ingest", tmp_path / "in", "--lake", lake, "--json").stdout)
    assert again["new"] is False and again["tables"]["fee_line"]["duplicate"] == 1
    assert json.loads(hengjian("lake", "versions", "--lake", lake, "--json").stdout)[0]["fee_line"] == 1
    assert json.loads(hengjian("lake", "show", "--lake", lake, "--json").stdout)["tables"]["rule_fee_line"]["rows"] == 1
    told = json.loads(hengjian("audit", "--lake", lake, "--out", tmp_path / "out", "--json").stdout)
    assert told["lines"] == 1 and told["findings"] == 0 and told["waiting"] == WAITING


def test_an_audit_that_finds_nothing_still_reports(lake: Path, tmp_path: Path) -> None:
    done = hengjian("audit", "--lake", lake, "--out", tmp_path / "out")
    assert done.returncode == 0 and "缺知识表" in done.stdout, done.stderr
    assert (tmp_path / "out" / "report.html").stat().st_size > 0
    assert hengjian("show", "abc", "--out", tmp_path / "out").returncode == 2


def test_audit_names_an_unknown_rule_and_an_unwritable_folder(lake: Path, tmp_path: Path) -> None:
    done = hengjian("audit", "--lake", lake, "--out", tmp_path / "out", "--rules", "nonsense")
    assert done.returncode == 2 and "没有这条规则" in done.stderr
    (tmp_path / "file").write_text("x", encoding="utf-8")
    done = hengjian("audit", "--lake", lake, "--out", tmp_path / "file" / "out")
    assert done.returncode == 2 and "写不进去" in done.stderr
    assert hengjian("audit", "--lake", lake, "--version", 9).returncode == 2


def test_a_demo_never_removes_somebody_elses_lake(lake: Path, tmp_path: Path) -> None:
    done = hengjian("demo", "--people", 2000, "--out", tmp_path)
    assert done.returncode == 2 and "不是演示数据" in done.stderr
    assert json.loads(hengjian("lake", "versions", "--lake", lake, "--json").stdout)
