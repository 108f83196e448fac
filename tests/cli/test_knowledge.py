"""`hengjian knowledge`: what people read, what programs read, and what happens on wrong turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..site.knowledge.tables import SHIPPED, A, B, csv
from .test_mistakes import run as run

HEAD = ("药品编码", "通用名", "限定性别")
SAY = ("--notice", "测试公告", "--from", "2026-05-01")


@pytest.fixture()
def table(tmp_path: Path) -> Path:
    return csv(tmp_path / "药品区分性别使用.csv", HEAD, [A, "甲片", "女"])


def test_without_a_terminal_it_only_shows_until_told_yes(run: Any, tmp_path: Path, table: Path) -> None:
    site = tmp_path / "site"
    code, said, _ = run("knowledge", "import", table, "--site", site, *SAY)
    assert code == 2 and "没有写入" in said and "--yes" in said and "药品区分性别使用" in said
    assert "还没有导入过知识" in run("knowledge", "list", "--site", site)[1]
    code, said, _ = run("knowledge", "import", table, "--site", site, *SAY, "--yes")
    assert code == 0 and "已导入，是第 1 批" in said
    code, said, _ = run("knowledge", "import", table, "--site", site, *SAY, "--yes")
    assert code == 0 and "没有变化，没有写入" in said


def test_diff_shows_the_same_and_writes_nothing(run: Any, tmp_path: Path, table: Path) -> None:
    site = tmp_path / "site"
    code, said, _ = run("knowledge", "diff", table, "--site", site, *SAY, "--json")
    told = json.loads(said)
    assert code == 0 and told["tables"]["drug_sex_limit"]["added"] == 1 and told["batch"] is None and not site.exists()
    assert told["rows"] == told["taken"] == 1


def test_list_tells_batches_rules_and_days(run: Any, tmp_path: Path, table: Path) -> None:
    site = tmp_path / "site"
    run("knowledge", "import", table, "--site", site, *SAY, "--yes")
    later = csv(tmp_path / "二.csv", HEAD, [B, "乙片", "男"])
    run("knowledge", "import", later, "--site", site, "--notice", "公告", "--from", "2099-01-01", "--mode", "replace", "--yes")
    told = json.loads(run("knowledge", "list", "--site", site, "--json")[1])
    (row,) = told["tables"]
    assert row["rules"] == ["drug_sex_limit"] and row["family"] and (row["in_force"], row["future"], row["closed"]) == (1, 1, 0)
    assert [b["batch"] for b in told["batches"]] == [1, 2]
    assert told["batches"][1]["tables"]["drug_sex_limit"]["closed"] == 1 + len(SHIPPED.knowledge["drug_sex_limit"])
    assert "今日有效的知识点 1 个" in run("knowledge", "list", "--site", site)[1]
    assert "第 2 批已撤销" in run("knowledge", "undo", "--site", site)[1]
    assert json.loads(run("knowledge", "undo", "--site", site, "--json")[1])["batch"] == 1
    code, _, err = run("knowledge", "undo", "--site", site)
    assert code == 2 and "没有可以撤销的批次" in err


def test_rows_to_mend_are_told_and_the_exit_code_says_so(run: Any, tmp_path: Path) -> None:
    bad = csv(tmp_path / "药品区分性别使用.csv", HEAD, [A, "甲片", "女"], [B, "乙片", "不男不女"])
    code, said, _ = run("knowledge", "import", bad, "--site", tmp_path / "site", *SAY, "--yes")
    assert code == 1 and "第 3 行" in said and "不男不女" in said and "办法" in said
    told = json.loads(run("knowledge", "diff", bad, "--site", tmp_path / "site", *SAY, "--json")[1])
    assert [(e["line"], e["code"]) for e in told["explained"]] == [(3, "Z09")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "没有这个"], ["没有这个文件或文件夹", "检查路径"]),
        (["import", "{table}", "--mode", "全部"], ["--mode", "replace"]),
        (["import", "{table}", "--from", "明天"], ["--from", "2026-06-01"]),
        (["import", "{table}", "--site", "{table}"], ["站点文件夹写不进去"]),
        (["list", "--site", "没有这个"], ["没有这个站点文件夹"]),
        (["undo", "--site", "没有这个"], ["没有这个站点文件夹"]),
    ],
)
def test_wrong_turns_are_told(
    run: Any, tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run("knowledge", *(a.format(table=table) for a in arguments))
    assert code == 2 and all(w in err for w in words), err
