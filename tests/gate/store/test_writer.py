"""The writer: together on the disk, then answered, then folded; nothing is lost, nobody is told what is not so."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from hengjian.gate.acts import Feedback
from hengjian.gate.store import Incoming, Sign, Store, StoreError, open_store
from hengjian.gate.store.sqlite import SqliteDatabase
from hengjian.gate.writer import BusyError, StoppedError, Writer
from hengjian.kernel.keys import key_of
from hengjian.lake.wire import Subject

from .parts import LAYOUT, NOW, ORG, SEALER, Opener, fold_lines, incoming, line, messages, note, reminder


@pytest.fixture(autouse=True)
def layout(store: Store) -> None:
    store.use_layout(LAYOUT)


def lines_of(store: Store, psn_no: str) -> list[object]:
    """Numbers of the fee lines of a person."""
    found = store.person(key_of(psn_no))
    return [row[2] for row in found[1].get("fee_line", [])] if found else []


class Gate:
    """A fold that waits until it is let through."""

    def __init__(self) -> None:
        self.open, self.begun = threading.Event(), threading.Event()
        self.seen: list[Subject] = []

    def __call__(self, subjects: Sequence[Subject], store: Store) -> None:
        self.begun.set()
        assert self.open.wait(10)
        self.seen += subjects
        fold_lines(subjects, store)


def test_what_was_put_is_kept_and_folded(store: Store) -> None:
    with Writer(store, fold_lines) as writer:
        found = messages(5, 4)
        assert [writer.put(m).result(5) for m in found] == [True] * 20
        assert not writer.put(found[3]).result(5)
    assert store.waiting() == (20, 0) and (writer.tally.accepted, writer.tally.repeated) == (20, 1)
    assert [len(lines_of(store, f"P{n}")) for n in range(6)] == [4, 4, 4, 4, 4, 0]


def test_asyncio_waits_for_the_disk(store: Store) -> None:
    async def send(writer: Writer) -> list[bool]:
        return await asyncio.gather(*(asyncio.wrap_future(writer.put(m)) for m in messages(10, 5)))

    with Writer(store, fold_lines) as writer:
        assert asyncio.run(send(writer)) == [True] * 50
        assert writer.tally.commits < 50  # together


def test_acknowledgements_do_not_wait_for_a_fold(store: Store) -> None:
    fold = Gate()
    with Writer(store, fold) as writer:
        assert writer.put(incoming(line("M1", 1))).result(5)  # answered, though nothing can be folded
        assert fold.begun.wait(5)
        assert store.waiting() == (1, 1)
        later = writer.put(incoming(line("M1", 2)))
        fold.open.set()
        assert later.result(5)
    assert lines_of(store, "P1") == ["1", "2"] and store.waiting() == (2, 0)


def test_many_messages_of_a_visit_are_folded_together(store: Store) -> None:
    fold = Gate()
    with Writer(store, fold) as writer:
        waiting = [writer.put(m) for m in messages(1, 1)]
        assert fold.begun.wait(5)
        waiting += [writer.put(m) for m in messages(1, 50)[1:]]
        fold.open.set()
        assert all(w.result(5) for w in waiting)
    assert len(lines_of(store, "P0")) == 50 and len(fold.seen) <= 3


def test_a_full_queue_refuses_at_once(store: Store) -> None:
    fold = Gate()
    with Writer(store, fold, waiting=3) as writer:
        writer.put(incoming(line("M1", 1))).result(5)
        assert fold.begun.wait(5)
        kept = [writer.put(m) for m in messages(3, 1)]
        for put in (lambda: writer.put(incoming(line("M9", 9))), lambda: writer.feedback(Feedback("J", "1", "", NOW))):
            with pytest.raises(BusyError) as refused:
                put()
            assert "没有收下" in str(refused.value)
        for _ in range(4):
            writer.note(note())  # nobody waits for them: three may, the fourth is dropped and counted
        fold.open.set()
        assert [k.result(5) for k in kept] == [True] * 3
    assert store.messages_of(Subject("encounter", "M9")) == [] and writer.tally.dropped == 1


def test_notes_are_written_together_and_before_what_is_said_to_them(store: Store) -> None:
    with Writer(store, lambda subjects, store: None) as writer:
        for n in range(50):
            writer.note(note(at=NOW + n, reminders=[reminder(f"J{n}")]))
        assert writer.feedback(Feedback("J49", "1", "需要", NOW)).result(5) is True
        writer.note(note(at=NOW + 50))
    (told,) = store.figures("all", NOW, NOW + 60)
    assert (told.checks, told.reminders, writer.tally.dropped) == (51, 50, 0)


def test_a_note_that_cannot_be_written_takes_no_other_along(store: Store) -> None:
    with Writer(store, lambda subjects, store: None) as writer:
        bad = note(reminders=[None])  # type: ignore[list-item]
        for one in (note(), bad, note()):
            writer.note(one)
    (told,) = store.figures("all", NOW, NOW + 60)
    assert told.checks == 2 and writer.tally.dropped == 1


def test_stopping_commits_what_waits(store: Store) -> None:
    fold = Gate()
    writer = Writer(store, fold).start()
    writer.put(incoming(line("M1", 1))).result(5)
    assert fold.begun.wait(5)
    waiting = [writer.put(m) for m in messages(40, 20)]
    writer.note(note(reminders=[reminder("J1")]))
    said = writer.feedback(Feedback("J1", "1", "需要", NOW))
    threading.Timer(0.05, fold.open.set).start()
    writer.stop()
    assert all(w.done() and w.result() for w in waiting) and said.result()
    with pytest.raises(StoppedError):
        writer.put(incoming(line("M1", 3)))
    writer.note(note())
    writer.stop()
    assert store.waiting() == (801, 0)


def test_an_earlier_one_is_carried_on(opened: Opener, store: Store) -> None:
    store.accept(messages(30, 2))
    other = opened()
    with Writer(other, fold_lines):
        pass  # folds at least what it takes up at its start
    with Writer(other, fold_lines, sweep_seconds=0.01) as writer:
        while other.waiting()[1]:
            writer.run(lambda s: None).result(5)
    assert all(len(lines_of(store, f"P{n}")) == 2 for n in range(30))


def test_a_bad_message_takes_no_other_along(store: Store) -> None:
    bad = Incoming("zz", "2204", "m", ORG, "", NOW, b"{}", ())
    worse = Incoming("ab" * 16, "2204", "m", ORG, "", NOW, b"\xff\xfe", ())
    fold = Gate()
    with Writer(store, fold) as writer:
        writer.put(incoming(line("M1", 1)))
        assert fold.begun.wait(5)
        answers = [writer.put(m) for m in (incoming(line("M1", 2)), bad, worse, incoming(line("M1", 3)))]
        fold.open.set()
        assert answers[0].result(5) and answers[3].result(5)
        for answer in answers[1:3]:
            with pytest.raises(ValueError):
                answer.result(5)
    assert store.waiting() == (3, 0)


def test_a_subject_that_cannot_be_folded_stops_no_other(store: Store) -> None:
    tried: Counter[str] = Counter()

    def fold(subjects: Sequence[Subject], store: Store) -> None:
        tried.update(s.key for s in subjects)
        if any(s.key == "M1" for s in subjects):
            raise KeyError("M1")
        fold_lines(subjects, store)

    with Writer(store, fold, sweep_seconds=0.01) as writer:
        for m in messages(3, 1):
            writer.put(m).result(5)
        while store.waiting()[1] > 1 or not writer.tally.unfoldable:
            writer.run(lambda s: None).result(5)
        before = tried["M1"]
        for _ in range(20):
            writer.run(lambda s: None).result(5)
        assert tried["M1"] == before  # not again and again
        writer.put(incoming(line("M1", 7))).result(5)
    assert tried["M1"] > before  # but when something new has come
    assert lines_of(store, "P0") and lines_of(store, "P2") and not lines_of(store, "P1")


def test_feedback_comes_after_the_check_it_answers(store: Store) -> None:
    with Writer(store, fold_lines) as writer:
        writer.note(note(reminders=[reminder("J1")]))
        assert writer.feedback(Feedback("J1", "1", "需要", NOW)).result(5)
        assert not writer.feedback(Feedback("J2", "1", "需要", NOW)).result(5)


def test_other_work_goes_through_the_same_thread(store: Store) -> None:
    with Writer(store, fold_lines) as writer:
        assert writer.run(lambda s: s.sign_in(Sign("S1", ORG, "op", NOW))).result(5)
        with pytest.raises(ZeroDivisionError):
            writer.run(lambda s: 1 // 0).result(5)
        assert writer.put(incoming(line("M1", 1))).result(5)


def test_a_client_that_goes_away_loses_nothing(store: Store) -> None:
    fold = Gate()
    with Writer(store, fold) as writer:
        writer.put(incoming(line("M1", 1))).result(5)
        assert fold.begun.wait(5)
        left, stays = writer.put(incoming(line("M1", 2))), writer.put(incoming(line("M1", 3)))
        assert left.cancel()
        fold.open.set()
        assert stays.result(5)
    assert lines_of(store, "P1") == ["1", "2", "3"]


def test_a_full_disk_acknowledges_nothing(tmp_path: Path) -> None:
    store = open_store(tmp_path / "full.db", sealer=SEALER)
    store.use_layout(LAYOUT)

    def pragma(text: str) -> list[tuple[int]]:
        """On the connection of the writer."""
        assert isinstance(store.db, SqliteDatabase)
        return store.db._writer.execute(f"PRAGMA {text}").fetchall()

    with Writer(store, fold_lines) as writer:
        assert writer.put(incoming(line("M1", 1))).result(5)
        ((pages,),) = writer.run(lambda s: pragma("page_count")).result(5)
        writer.run(lambda s: pragma(f"max_page_count = {pages}")).result(5)
        big = [incoming(line(f"B{n}", n, name=random.Random(n).randbytes(20_000).hex())) for n in range(5)]
        for answer in [writer.put(m) for m in big]:
            with pytest.raises(StoreError, match="读写失败") as failed:
                answer.result(5)
            assert "磁盘满了" in str(failed.value) and "腾出空间" in str(failed.value)
        writer.run(lambda s: pragma("max_page_count = 1000000")).result(5)
        assert all(writer.put(m).result(5) for m in big)
    assert store.waiting() == (6, 0)
    store.close()


def test_a_store_that_is_away_is_waited_for(store: Store) -> None:
    tried = threading.Event()

    def fold(subjects: Sequence[Subject], store: Store) -> None:
        if not tried.is_set():
            tried.set()
            raise StoreError("闸口的库读写失败")
        fold_lines(subjects, store)

    with Writer(store, fold, again_seconds=0.01) as writer:
        writer.put(incoming(line("M1", 1))).result(5)
        assert tried.wait(5)
        while store.waiting()[1]:
            writer.run(lambda s: None).result(5)
    assert lines_of(store, "P1") == ["1"] and writer.tally.unfoldable == 0
