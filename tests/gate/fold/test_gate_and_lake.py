"""The real store, its writer, folding and loading together: what was acknowledged is in the history and in the lake, and both say the same."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from hengjian.gate.acts import ACT_TABLES, Person, Rows
from hengjian.gate.fold import fold_subjects
from hengjian.gate.loading import load_inbox
from hengjian.gate.store import Incoming, Store, open_store
from hengjian.gate.warm import warm
from hengjian.gate.writer import Writer
from hengjian.kernel.keys import key_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import open_lake, version_numbers
from hengjian.lake.wire import Message, Subject, parse, written
from tests.gate.fold.lives import OTHER, lives
from tests.gate.fold.memory import LAYOUT, TODAY, MemoryStore
from tests.gate.fold.test_fold import lake_history
from tests.gate.store.conftest import address, kind, opened  # noqa: F401 - fixtures
from tests.gate.store.parts import SEALER, Opener
from tests.lake.folder import load, make_folder
from tests.lake.wire.messages import PERSON, cancel, detail, fees, person, settlement, visit

NOW = datetime(2026, 10, 31, 12)
SECOND = 1_793_000_000
BOTH = [key_of(PERSON), key_of(OTHER)]


def incoming(raw: bytes) -> Incoming:
    message = parse(raw)
    assert isinstance(message, Message)
    return Incoming.of(message, raw, SECOND)


def fold(subjects: Sequence[Subject], store: Store) -> None:
    fold_subjects(subjects, store, LAYOUT, today=TODAY)


def receive(store: Store, lines: Sequence[bytes]) -> None:
    """As a gate does: everything put, everything acknowledged, everything folded."""
    with Writer(store, fold, most=7) as writer:
        answers = [writer.put(incoming(raw)) for raw in lines]
        for answer in answers:
            answer.result(20)
        writer.stop(60)
    assert store.unfolded() == []


def told(store: Store) -> dict[int, tuple[Person, Rows]]:
    """Of whom something is known, and what."""
    return whole({key: known for key, known in store.persons(BOTH).items() if known[1] or known[0] != Person(key)})


def whole(history: dict[int, tuple[Person, Rows]]) -> dict[int, tuple[Person, Rows]]:
    """Every table, in one order of rows."""
    return {key: (who, {t: sorted(rows.get(t, ()), key=str) for t in ACT_TABLES}) for key, (who, rows) in history.items()}


def test_the_writer_folds_as_folding_in_memory_does(opened: Opener) -> None:  # noqa: F811
    chance, gate = random.Random(3), opened()
    gate.use_layout(LAYOUT)
    lines = lives(chance.choice, 10)
    memory = MemoryStore()
    memory.receive(*lines)
    half = len(lines) // 2
    receive(gate, chance.sample(lines, len(lines))[:half])
    receive(opened(), chance.sample(lines, len(lines)))
    wanted = whole(memory.history())
    assert told(gate) == wanted and sum(len(rows["fee_line"]) for _, rows in wanted.values()) > 5


def test_a_warm_up_from_the_lake_says_what_folding_said(tmp_path: Path) -> None:
    chance = random.Random(4)
    gate = open_store(tmp_path / "gate.db", sealer=SEALER)
    gate.use_layout(LAYOUT)
    receive(gate, lives(chance.choice, 30))
    done = load_inbox(gate, tmp_path / "lake", now=NOW, most=50)
    assert done.messages > 100 and gate.waiting() == (0, 0)
    fresh = open_store(tmp_path / "fresh.db", sealer=SEALER)
    warm(open_lake(tmp_path / "lake"), fresh, LAYOUT, now=NOW)
    assert {key: rows for key, (_, rows) in told(fresh).items()} == {key: rows for key, (_, rows) in told(gate).items()}
    assert any(rows["fee_line"] for _, rows in told(gate).values())
    before = told(gate)
    warm(open_lake(tmp_path / "lake"), gate, LAYOUT, now=NOW)
    assert {key: rows for key, (_, rows) in told(gate).items()} == {key: rows for key, (_, rows) in before.items()}
    gate.close()
    fresh.close()


def test_a_change_of_layout_folds_everything_again(tmp_path: Path) -> None:
    gate = open_store(tmp_path / "gate.db", sealer=SEALER)
    gate.use_layout(LAYOUT)
    receive(gate, lives(random.Random(5).choice, 5))
    before = told(gate)
    gate.renew_layout(type(LAYOUT)({table: (*columns[1:], columns[0]) for table, columns in LAYOUT.columns.items()}))
    assert told(gate) == {}
    gate.renew_layout(LAYOUT)
    receive(gate, [])
    assert told(gate) == before
    gate.close()


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from hengjian.gate.loading import load_inbox
from hengjian.gate.store import open_store
from tests.gate.store.parts import SEALER

store = open_store(sys.argv[1], sealer=SEALER)
store.note_loaded = lambda digests, version: os.kill(os.getpid(), 9)
load_inbox(store, Path(sys.argv[2]), now=datetime(2026, 10, 31, 12))
"""


def test_killed_between_the_load_and_the_marking(tmp_path: Path) -> None:
    gate, lake = open_store(tmp_path / "gate.db", sealer=SEALER), tmp_path / "lake"
    lines = lives(random.Random(6).choice, 5)
    gate.accept([incoming(raw) for raw in lines])
    (waiting, _) = gate.waiting()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "gate.db"), str(lake)], env=os.environ, cwd=Path.cwd(), check=False
    )
    assert killed.returncode == -9 and version_numbers(lake) == [1] and gate.waiting()[0] == waiting
    done = load_inbox(gate, lake, now=NOW)
    assert (done.messages, done.known, version_numbers(lake)) == (waiting, waiting, [1]) and gate.waiting()[0] == 0
    with duckdb.connect() as con:
        count = con.execute(f"SELECT COUNT(*), COUNT(DISTINCT digest) FROM {rows_sql(open_lake(lake), 'message')}").fetchall()
    assert count == [(waiting, waiting)]
    gate.close()


def rows_of(history: dict[int, tuple[Person, Rows]]) -> dict[int, Rows]:
    return {key: rows for key, (_, rows) in history.items() if any(rows.values())}


def test_messages_that_were_dropped_are_made_up_for_by_the_lake(tmp_path: Path) -> None:
    gate, lake = open_store(tmp_path / "gate.db", sealer=SEALER), tmp_path / "lake"
    gate.use_layout(LAYOUT)
    day = [written(*m) for m in (person(), visit(), fees(detail("1")), settlement())]
    receive(gate, day)
    assert load_inbox(gate, lake, now=NOW).visits == 0
    assert gate.prune(SECOND + 1) == 4
    before = told(gate)
    receive(gate, [written(*cancel())])
    assert told(gate) == before
    assert load_inbox(gate, lake, now=NOW).visits == 1
    assert rows_of(told(gate)) == rows_of(whole({k: (Person(k), v) for k, v in lake_history(lake).items()}))
    ((paid,),) = [
        [row[LAYOUT.place("fee_line", "fund_amt")] for row in rows["fee_line"]] for rows in rows_of(told(gate)).values()
    ]
    assert paid == 0 and rows_of(before) != rows_of(told(gate))
    gate.close()


def test_a_visit_that_came_by_file_goes_on_through_the_gate(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    load(make_folder(tmp_path / "in"), lake)
    gate = open_store(tmp_path / "gate.db", sealer=SEALER)
    warm(open_lake(lake), gate, LAYOUT, now=NOW)
    asked, answered = fees(detail("2", "M1", psn_no="P1"))
    receive(gate, [written(asked, answered)])
    assert load_inbox(gate, lake, now=NOW).visits == 1
    kept = {key: rows for key, (_, rows) in whole(gate.persons([key_of("P1")])).items()}
    assert kept == lake_history(lake) and len(kept[key_of("P1")]["fee_line"]) == 2
    gate.close()
