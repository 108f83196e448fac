"""`hengjian lake versions, show, compact, gc`: what people read, what programs read, and the commands that follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..lake.folder import load, row
from ..lake.test_safety import more
from ..lake.upkeep.lakes import lived_in
from .test_mistakes import run as run


@pytest.fixture()
def lake(tmp_path: Path) -> Path:
    return lived_in(tmp_path)


def test_versions_tell_how_each_came_to_be_and_why_it_is_kept(run: Any, lake: Path) -> None:
    run("lake", "compact", "--lake", lake)
    code, said, err = run("lake", "versions", "--lake", lake)
    assert code == 0, err
    for words in ("加载", "整理", "2026-11-01 09:00", "2026-10-31", "密钥", "KB", "第 5 版：留着，因为最新一版；最近 10 版"):
        assert words in said
    rows = json.loads(run("lake", "versions", "--lake", lake, "--json")[1])
    assert [r["made_by"] for r in rows] == ["load"] * 4 + ["compact"]
    assert rows[1] | {"bytes": 0, "key_id": ""} == {
        "version": 2, "made_by": "load", "created_at": "2026-11-01T09:00:00", "data_date": "2026-10-31", "fee_line": 3, "person": 3,
        "taken": 0, "replaced": 2, "rejected": 0, "waiting": 0, "bytes": 0, "key_id": "", "kept": rows[1]["kept"],
    }  # fmt: skip
    assert rows[2]["waiting"] > 0 and all(r["bytes"] > 1000 and r["key_id"] for r in rows)
    (lake / "retention.yml").write_text("keep_days: 0\nkeep_last: 1\n", encoding="utf-8")
    assert "第 1–4 版：没有要留的原因，下次清理会删去" in run("lake", "versions", "--lake", lake)[1]
    (lake / "retention.yml").write_text("keep_days: x\nkeep_last: 1\n", encoding="utf-8")
    code, _, err = run("lake", "versions", "--lake", lake)
    assert code == 2 and "retention.yml:1" in err


def test_show_tells_how_tables_lie_and_when_to_put_them_in_order(run: Any, lake: Path) -> None:
    code, said, _ = run("lake", "show", "--lake", lake)
    assert (
        code == 0
        and "不再算数" in said
        and "建议整理（不再算数的行占" in said
        and f"hengjian lake compact --lake {lake}" in said
    )
    told = json.loads(run("lake", "show", "--lake", lake, "--json")[1])
    line = told["tables"]["rule_fee_line"]
    assert told["advice"] and line["dead"] > 0 and line["mixed"] > 0 and 0 < line["mixed_share"] <= 1 and line["files"] > 1
    run("lake", "compact", "--lake", lake)
    told = json.loads(run("lake", "show", "--lake", lake, "--json")[1])
    assert told["version"] == 5 and told["advice"] == "" and told["tables"]["rule_fee_line"]["rows"] == line["rows"]
    assert "建议整理" not in run("lake", "show", "--lake", lake)[1]
    assert json.loads(run("lake", "show", "--lake", lake, "--version", 4, "--json")[1])["advice"]


def test_compact_says_what_it_did_and_that_there_is_nothing_to_do(run: Any, lake: Path) -> None:
    code, said, _ = run("lake", "compact", "--lake", lake)
    assert code == 0 and "整理好了，第 5 版" in said and "hengjian lake gc" in said
    code, said, _ = run("lake", "compact", "--lake", lake)
    assert code == 0 and "没有生成新的一版" in said
    told = json.loads(run("lake", "compact", "--lake", lake, "--json")[1])
    assert (told["new"], told["version"]) == (False, 5)
    load(more(lake.parent / "e", fee_line=[row("fee_line", feedetl_sn="7")]), lake)
    told = json.loads(run("lake", "compact", "--lake", lake, "--json")[1])
    assert (told["new"], told["version"]) == (True, 7) and told["bytes_after"] > 0


def test_gc_tries_first_then_cleans(run: Any, lake: Path) -> None:
    code, said, _ = run("lake", "gc", "--lake", lake)
    assert code == 0 and "写好了保留规则" in said and "没有可清理的。留着 4 版" in said
    (lake / "retention.yml").write_text("keep_days: 0\nkeep_last: 2\npinned:\n- {version: 99, reason: x}\n", encoding="utf-8")
    code, said, _ = run("lake", "gc", "--lake", lake, "--dry-run")
    assert (
        code == 0
        and "会删去 2 版（第 1、2 版）" in said
        and "第 99 版已经没有了" in said
        and f"hengjian lake gc --lake {lake}" in said
    )
    told = json.loads(run("lake", "gc", "--lake", lake, "--json")[1])
    assert told["removed"] == [1, 2] and list(told["kept"]) == ["3", "4"] and not told["dry_run"]
    code, said, _ = run("lake", "gc", "--lake", lake)
    assert code == 0 and "没有可清理的。留着 2 版" in said


def test_where_there_is_no_lake(run: Any, tmp_path: Path) -> None:
    for command in ("versions", "show", "compact", "gc"):
        code, _, err = run("lake", command, "--lake", tmp_path / "nothing")
        assert code == 2 and "没有数据湖" in err and not (tmp_path / "nothing").exists()
