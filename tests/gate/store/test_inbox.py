"""Messages are kept once, sealed, and folded whatever happens between."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from hengjian.gate.acts import Feedback
from hengjian.gate.store import Store, open_store
from hengjian.kernel.errors import SealError
from hengjian.lake.wire import Subject

from .parts import NOW, SEALER, Opener, incoming, line, messages, note, reminder

M1, M2 = Subject("encounter", "M1"), Subject("encounter", "M2")


def test_a_message_is_kept_once(store: Store) -> None:
    one, two = incoming(line("M1", 1)), incoming(line("M1", 2))
    assert store.accept([one, two, one]) == [True, True, False]
    assert store.accept([two]) == [False]
    assert store.accept([]) == []
    assert sorted(store.messages_of(M1)) == sorted([one.raw.strip(), two.raw.strip()])
    assert store.messages_of(M2) == []


def test_a_msgid_tells_its_contents(store: Store) -> None:
    one, other = incoming(line("M1", 1)), incoming(line("M1", 1, amount="11.00"))
    store.accept([one, other])
    assert one.msgid == other.msgid
    assert store.digests_of_msgid(one.msgid) == sorted([one.digest, other.digest])
    assert store.digests_of_msgid("none") == []


def test_what_arrives_while_a_subject_is_folded_is_folded_later(opened: Opener) -> None:
    gate, other = opened(), opened()
    gate.accept([incoming(line("M1", 1))])
    with gate.folding([M1, M2]) as due:
        assert due == [M1]
        other.accept([incoming(line("M1", 2))])
    assert gate.unfolded() == [M1]
    with gate.folding([M1]) as due:
        assert due == [M1] and len(gate.messages_of(M1)) == 2
    assert gate.unfolded() == []
    with gate.folding([M1]) as due:
        assert due == []


def test_a_fold_that_fails_is_to_be_done_again(store: Store) -> None:
    store.accept([incoming(line("M1", 1))])
    with pytest.raises(ZeroDivisionError), store.folding([M1]):
        raise ZeroDivisionError
    assert store.unfolded() == [M1]


def test_only_one_folds(opened: Opener) -> None:
    gate, other = opened(), opened()
    gate.accept([incoming(line("M1", 1))])
    begun, seen = threading.Event(), []

    def fold() -> None:
        begun.set()
        with other.folding([M1]) as due:
            seen.append(due)

    thread = threading.Thread(target=fold)
    with gate.folding([M1]):
        thread.start()
        assert begun.wait(5)
        thread.join(0.2)
        assert not seen
    thread.join(5)
    assert seen == [[]]  # the first had done it


def test_what_is_loaded_is_told_and_pruned(store: Store) -> None:
    old, young, waiting = incoming(line("M1", 1), NOW), incoming(line("M2", 2), NOW), incoming(line("M3", 3), NOW)
    late = incoming(line("M2", 4), NOW + 100)
    store.accept([old, young, waiting, late])
    assert [d for d, _ in store.unloaded(3)] == sorted([old.digest, young.digest, waiting.digest])
    assert dict(store.unloaded())[late.digest] == late.raw.strip()
    store.note_loaded([old.digest, young.digest, late.digest], 7)
    assert [d for d, _ in store.unloaded()] == [waiting.digest] and store.waiting() == (1, 4)
    assert store.prune(NOW + 50) == 0  # none of them is folded
    with store.folding([Subject("encounter", f"M{n}") for n in (1, 2, 3)]):
        pass
    assert store.prune(NOW + 50) == 1  # of M2 something came later, M3 is in no lake
    assert store.messages_of(M1) == [] and store.dropped(M1) == 1
    assert len(store.messages_of(M2)) == 2 and store.dropped(M2) == 0
    assert store.accept([old]) == [False] and store.unfolded() == []


def test_nothing_can_be_read_in_the_file(tmp_path: Path) -> None:
    store = open_store(tmp_path / "gate.db", sealer=SEALER)
    store.accept([incoming(line("MDT990001", 1, psn_no="PSN990001", name="张三丰"))])
    store.note_checks([note(reminders=[reminder("J1")])])
    store.feedback([Feedback("J1", "1", "患者张三丰对青霉素过敏", NOW)])
    store.close()
    raw = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"2204" in raw and b"drug_sex_limit" in raw  # it is the file that was written
    for secret in ("张三丰", "PSN990001", "MDT990001", "feedetail", "青霉素"):
        assert secret.encode() not in raw and secret.encode("utf-16-le") not in raw


def test_a_message_that_was_tampered_with_is_told(store: Store) -> None:
    store.accept([incoming(line("M1", 1)), incoming(line("M2", 2))])
    with store.db.writing(durable=True) as work:
        ((body,),) = work.rows("SELECT body FROM message WHERE msgid LIKE '%0001'")
        work.run("UPDATE message SET body = ?", (body,))
    with pytest.raises(SealError):
        store.messages_of(M2)
    assert store.unfolded() == [M1]  # the other is logged and left


def test_strange_characters_are_kept(store: Store) -> None:
    raw = line("M1", 1).replace(b'"msgid":"H99010000001', b'"msgid":"\\u0000\\ud800')
    assert store.accept([incoming(raw)]) == [True]
    assert store.messages_of(M1) == [raw.strip()]


def test_two_gates_take_the_same_messages(opened: Opener) -> None:
    gates, found = [opened(), opened()], messages(20, 10)
    fresh: list[list[str]] = [[], []]

    def take(n: int) -> None:
        luck, mine = random.Random(n), list(found)
        luck.shuffle(mine)
        for start in range(0, len(mine), 20):
            part = mine[start : start + 20]
            fresh[n] += [m.digest for m, new in zip(part, gates[n].accept(part), strict=True) if new]

    threads = [threading.Thread(target=take, args=(n,)) for n in (0, 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(fresh[0] + fresh[1]) == sorted(m.digest for m in found)
