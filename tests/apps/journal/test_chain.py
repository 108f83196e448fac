from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, connections, transaction

from hengjian.apps.journal.chain import START, canonical, digest_of, sm3
from hengjian.apps.journal.models import Entry, Head
from hengjian.apps.journal.services import Act, record, record_many
from hengjian.apps.journal.verify import verify, write_anchor


def _act(n: int, now) -> None:
    with transaction.atomic():
        record(by="tick", at=now, event="test", subject=f"t:{n}", summary=f"第 {n} 件", n=n)


def test_sm3_is_the_standards():
    assert sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_a_float_is_refused():
    with pytest.raises(TypeError, match="float"):
        canonical({"amount": [1.5]})


@pytest.mark.django_db
def test_entries_are_numbered_from_one_and_chained(now):
    first = record(by="tick", at=now, event="test", subject="t:1", summary="一", b=1, a="甲")
    second = record(by="tick", at=now, event="test", subject="t:2", summary="二")
    assert (first.number, second.number) == (1, 2)
    assert first.previous == START and second.previous == first.digest
    assert first.detail == '{"a":"甲","b":1}'
    verdict = verify()
    assert verdict.whole and verdict.entries == 2 and verdict.digest == second.digest


@pytest.mark.django_db
def test_digest_covers_every_field(now):
    entry = record(by="tick", at=now, event="test", subject="t:1", summary="一", n=1)
    fields = {
        "number": 1, "at": "2026-11-24T02:00:00.000000Z", "actor": "job:tick", "actor_name": "tick",
        "event": "test", "subject": "t:1", "summary": "一", "detail": '{"n":1}',
    }  # fmt: skip
    assert digest_of(START, fields) == entry.digest
    for name in fields:
        assert digest_of(START, fields | {name: "改"}) != entry.digest


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_is_refused(now):
    with pytest.raises(RuntimeError, match="transaction"):
        record(by="tick", at=now, event="test", subject="t:1", summary="一")


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_leaves_no_entry(now):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(by="tick", at=now, event="test", subject="t:1", summary="一")
        raise ZeroDivisionError
    _act(1, now)
    assert [e.number for e in Entry.objects.all()] == [1]


@pytest.mark.django_db(transaction=True)
def test_entries_cannot_be_changed_or_removed(now):
    _act(1, now)
    for sql in (
        "UPDATE journal_entry SET summary = 'x'",
        "DELETE FROM journal_entry",
        "DELETE FROM journal_head",
        *(["TRUNCATE journal_entry"] if connection.vendor == "postgresql" else []),
    ):
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute(sql)
    assert Entry.objects.count() == 1


def _without_triggers(statement: str) -> None:
    """What somebody with the database's keys could do."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in ("journal_no_update", "journal_no_delete"):
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER ALL")
        cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE journal_entry ENABLE TRIGGER ALL")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE journal_entry SET summary = '别的' WHERE number = 3", ["第 3 条被改动（tick，别的）"]),
        ("DELETE FROM journal_entry WHERE number = 3", ["第 3 条缺失"]),
        ("DELETE FROM journal_entry WHERE number IN (2, 3)", ["第 2 至 3 条缺失"]),
        ("DELETE FROM journal_entry WHERE number = 5", ["第 5 至 5 条缺失（末尾）"]),
    ],
)
def test_verify_names_what_was_changed_or_removed(now, statement, said):
    for n in range(1, 6):
        _act(n, now)
    _without_triggers(statement)
    assert [f for f in verify().faults if "接不上" not in f] == said


@pytest.mark.django_db
def test_an_anchor_shows_a_chain_written_anew(now, tmp_path):
    for n in range(1, 4):
        _act(n, now)
    write_anchor(tmp_path, now.date(), now)
    assert verify(tmp_path).whole
    _without_triggers("DELETE FROM journal_entry")
    Head.objects.update(number=0, digest=START)
    for n in range(11, 15):
        _act(n, now)
    assert verify().whole
    assert any("锚文件 journal-20261124.json" in f for f in verify(tmp_path).faults)


@pytest.mark.django_db(transaction=True)
def test_four_writers_leave_no_gap(now):
    def write(writer: int) -> None:
        for n in range(25):
            _act(writer * 100 + n, now)
        connections.close_all()

    threads = [threading.Thread(target=write, args=(w,)) for w in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 101))
    assert verify().whole


@pytest.mark.django_db
def test_many_acts_are_one_stretch_of_the_chain(now):
    with transaction.atomic():
        entries = record_many(by="tick", at=now, acts=[Act("test", f"t:{n}", f"{n}") for n in range(1200)])
    assert [e.number for e in entries] == list(range(1, 1201))
    assert verify().whole
