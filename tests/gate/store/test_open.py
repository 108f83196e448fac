"""Where a store may be, and how it is recognised."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from hengjian.crypto.seal import Sealer
from hengjian.gate.acts import Feedback, Layout, Person
from hengjian.gate.store import StoreError, open_store
from hengjian.kernel.errors import InputError

from .parts import LAYOUT, NOW, SEALER, Opener, messages, note, reminder, visit

OTHER = Sealer("kother", bytes(32))


def test_a_store_is_made_once_and_found_again(opened: Opener) -> None:
    assert opened().use_layout(LAYOUT) == LAYOUT
    assert opened().layout == LAYOUT and opened().warmed == {}


def test_many_open_a_new_store_at_once(opened: Opener) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: opened(), range(8)))
    assert all(s.use_layout(LAYOUT) == LAYOUT for s in stores)


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    open_store(tmp_path / "gate.db", sealer=SEALER).close()
    assert {p.stat().st_mode & 0o077 for p in tmp_path.iterdir()} == {0}


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "没有写地址"),
        ("mysql://root:s3cret@host/x", "不认识"),
        ("{tmp}/none/gate.db", "上一级文件夹不存在"),
        ("{tmp}", "文件夹"),
        ("{tmp}/text.db", "不是闸口的库"),
        ("{tmp}/other.db", "别的程序"),
        ("postgresql://boss:s3cret@127.0.0.1:1/x", "ConnectionTimeout|OperationalError"),
        ("postgresql://boss:s3cret@127.0.0.1:port/x", ""),
    ],
)
def test_a_bad_address_is_told_in_a_sentence(tmp_path: Path, address: str, why: str) -> None:
    (tmp_path / "text.db").write_text("不是数据库" * 500, encoding="utf-8")
    with sqlite3.connect(tmp_path / "other.db") as con:
        con.execute("CREATE TABLE person (x)")
    con.close()
    with pytest.raises(InputError) as refused:
        open_store(address.format(tmp=tmp_path), sealer=SEALER)
    assert any(part in str(refused.value) for part in why.split("|")) and "办法" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_wrong_password_and_missing_rights_are_told(postgres) -> None:
    with pytest.raises(InputError, match="打不开") as refused:
        open_store(postgres.address(password="wrong"), sealer=SEALER)
    assert "wrong" not in str(refused.value)
    with psycopg.connect(postgres.address(), autocommit=True) as con:
        con.execute("CREATE ROLE clerk LOGIN PASSWORD 'c'")
        con.execute("CREATE DATABASE norights")
    with pytest.raises(InputError) as refused:
        open_store(postgres.address(user="clerk", password="c", database="norights"), sealer=SEALER)
    assert "InsufficientPrivilege" in str(refused.value) and "权限" in str(refused.value)


def test_another_key_is_told(opened: Opener, address: str) -> None:
    opened()
    with pytest.raises(InputError) as refused:
        open_store(address, sealer=OTHER)
    assert "ktest" in str(refused.value) and "kother" in str(refused.value)


def test_a_store_follows_the_key_of_the_lake(opened: Opener, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hengjian.gate.store.keys.PIECE", 3)
    gate, sent = opened(), messages(2, 5)
    gate.accept(sent)
    gate.note_checks([note(reminders=[reminder("J1"), reminder("J2")])])
    said = [Feedback("J1", "1", "病情需要", NOW), Feedback("J2", "1", "", NOW)]
    gate.feedback(said)
    asked: list[str] = []
    renewed = open_store(address, sealer=OTHER, former=lambda key_id: asked.append(key_id) or SEALER)
    try:
        assert asked == ["ktest"] and [renewed.feedback_of(f.jr_id) for f in said] == said
        assert sorted(raw for _, raw in renewed.unloaded()) == sorted(m.raw.strip() for m in sent)
        for write in (lambda: gate.accept(messages(3, 1)), lambda: gate.feedback(said)):  # it still has the old key
            with pytest.raises(StoreError, match="换了密钥"):
                write()
        assert renewed.waiting()[0] == 10
    finally:
        renewed.close()
    open_store(address, sealer=OTHER).close()


def test_another_format_is_told(opened: Opener, address: str) -> None:
    with opened().db.writing(durable=True) as work:
        work.run("UPDATE meta SET value = '0' WHERE name = 'format'")
    with pytest.raises(InputError, match="别的版本"):
        open_store(address, sealer=SEALER)


def test_a_column_that_is_not_kept_is_told(opened: Opener) -> None:
    opened().use_layout(LAYOUT)
    fewer = Layout(LAYOUT.columns | {"fee_line": ("mdtrt_key", "net_amt")})
    more = Layout(LAYOUT.columns | {"fee_line": (*LAYOUT.columns["fee_line"], "rxno")})
    assert opened().use_layout(fewer) == LAYOUT
    with pytest.raises(InputError) as refused:
        opened().use_layout(more)
    assert "fee_line.rxno" in str(refused.value) and "gate warm" in str(refused.value)


def test_a_layout_that_cannot_be_read_is_told(opened: Opener, address: str) -> None:
    store = opened()
    for text in ("{", "[]", '{"encounter": ["in_day"]}'):
        with store.db.writing(durable=True) as work:
            work.run("DELETE FROM meta WHERE name = 'layout'")
            work.run("INSERT INTO meta (name, value) VALUES ('layout', ?)", (text,))
        with pytest.raises(InputError, match="读不懂"):
            open_store(address, sealer=SEALER)


def test_a_gate_with_an_old_layout_writes_no_more(opened: Opener) -> None:
    gate, other = opened(), opened()
    gate.use_layout(LAYOUT)
    gate.put_persons([(Person(5), visit("M1"))])
    other.renew_layout(LAYOUT)
    gate.put_persons([(Person(6), visit("M2"))])
    assert other.person(5) and other.person(6)
    other.renew_layout(Layout(LAYOUT.columns | {"fee_line": ("mdtrt_key", "net_amt")}))
    assert other.person(5) is None
    with pytest.raises(StoreError, match="重新预热"):
        gate.put_persons([(Person(6), visit("M2"))])
