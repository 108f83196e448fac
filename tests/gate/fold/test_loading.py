"""The inbox on its way into the lake: everything, once, whenever it is killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hengjian.gate import loading
from hengjian.gate.loading import keep_loading, load_inbox
from hengjian.kernel.errors import LakeError
from hengjian.lake.guard import locked
from hengjian.lake.ingest import LoadReport
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import open_lake, version_numbers
from hengjian.lake.wire import Message, parse, written
from tests.gate.fold.memory import MemoryStore
from tests.lake.folder import query
from tests.lake.wire.messages import cancel, detail, fees, person, settlement, visit

NOW = datetime(2026, 11, 1, 9)
DAY = [written(*m) for m in (person(), visit(), fees(detail("1"), detail("2")), settlement())]


class Tray(MemoryStore):
    """An inbox in memory; `dies` stands for a process killed just before it marks."""

    def __init__(self, *lines: bytes) -> None:
        super().__init__()
        self.loaded: dict[str, int] = {}
        self.dies = False
        self.marked: Callable[[], None] = lambda: None
        for raw in lines:
            self.take(raw)

    def take(self, raw: bytes) -> None:
        message = parse(raw)
        assert isinstance(message, Message)
        self.lines[message.digest] = raw.strip()

    def unloaded(self, most: int = 20_000) -> list[tuple[str, bytes]]:
        return [(d, raw) for d, raw in self.lines.items() if d not in self.loaded][:most]

    def note_loaded(self, digests: Iterable[str], version: int) -> None:
        if self.dies:
            raise KeyboardInterrupt
        self.loaded |= dict.fromkeys(digests, version)
        self.marked()


def rows(lake: Path, table: str) -> int:
    relation = rows_sql(open_lake(lake), table)
    return int(query(lake, f"SELECT COUNT(*) FROM {relation}")[0][0]) if relation else 0


def test_everything_goes_in_and_is_marked(tmp_path: Path) -> None:
    tray, lake = Tray(*DAY), tmp_path / "lake"
    done = load_inbox(tray, lake, now=NOW)
    assert (done.version, done.messages, done.known) == (1, 4, 0) and set(tray.loaded.values()) == {1}
    assert rows(lake, "message") == 4 and rows(lake, "fee_line") == 2 and rows(lake, "rule_fee_line") == 2
    assert load_inbox(tray, lake, now=NOW).version == 0 and version_numbers(lake) == [1]
    tray.take(written(*cancel()))
    assert load_inbox(tray, lake, now=NOW).version == 2 and rows(lake, "settlement") == 2


def test_killed_between_the_load_and_the_marking_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    tray, lake = Tray(*DAY), tmp_path / "lake"
    tray.dies = True
    with pytest.raises(KeyboardInterrupt):
        load_inbox(tray, lake, now=NOW)
    assert rows(lake, "message") == 4 and not tray.loaded
    tray.dies = False
    done = load_inbox(tray, lake, now=NOW)
    assert (done.version, done.messages, done.known) == (1, 4, 4) and set(tray.loaded.values()) == {1}
    assert rows(lake, "message") == 4 and rows(lake, "fee_line") == 2 and version_numbers(lake) == [1]


def test_many_go_in_a_few_at_a_time(tmp_path: Path) -> None:
    tray, lake = Tray(*DAY), tmp_path / "lake"
    done = load_inbox(tray, lake, now=NOW, most=3)
    assert (done.version, done.messages, len(done.reports)) == (2, 4, 2)
    assert [report.tables["message"]["taken"] for report in done.reports] == [3, 1]


def test_what_the_lake_did_not_take_is_not_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"file": loading.NAME, "code": "F05", "title": "文件损坏或不完整", "detail": "读到一半出错", "advice": ""}
    taken = loading.load

    def broken(*args: Any, **more: Any) -> LoadReport:
        return replace(taken(*args, **more), refused_files=[refused])

    monkeypatch.setattr(loading, "load", broken)
    tray = Tray(*DAY)
    with pytest.raises(LakeError, match="没有进数据湖"):
        load_inbox(tray, tmp_path / "lake", now=NOW)
    assert not tray.loaded


def test_nothing_is_written_in_plain(tmp_path: Path) -> None:
    load_inbox(Tray(*DAY), tmp_path / "lake", now=NOW)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert "测试患者".encode() not in path.read_bytes(), path


def test_while_another_load_is_at_work_the_inbox_waits(tmp_path: Path) -> None:
    tray, lake = Tray(*DAY), tmp_path / "lake"
    with locked(lake), pytest.raises(LakeError, match="正在进行"):
        load_inbox(tray, lake, now=NOW)
    assert not tray.loaded


def test_the_worker_goes_on_after_a_failure_until_it_is_stopped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tray, lake, stop = Tray(*DAY), tmp_path / "lake", threading.Event()
    busy = locked(lake)
    busy.__enter__()
    turns = 0

    def clock() -> datetime:
        nonlocal turns
        turns += 1
        if turns == 2:
            busy.__exit__(None, None, None)
        return NOW

    tray.marked = stop.set
    keep_loading(tray, lake, stop, clock=clock, every_seconds=0.0)
    assert turns == 2 and len(tray.loaded) == 4 and rows(lake, "message") == 4
    assert "正在进行" in caplog.text
