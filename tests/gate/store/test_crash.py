"""kill -9 while messages are taken: what was acknowledged is there, once, and is folded in the end."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from hengjian.gate.store import Store
from hengjian.gate.writer import Writer
from hengjian.kernel.keys import key_of
from hengjian.lake.wire import Subject

from ...conftest import LONG
from .accepting import VISITS
from .parts import Opener, fold_lines

ROUNDS = 15 if LONG else 3
HERE = Path(__file__).parents[3]


def taking(address: str, first: int) -> subprocess.Popen[str]:
    """Start a process that takes messages."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-m", "tests.gate.store.accepting", address, str(first)]
    return subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True)


def heard(process: subprocess.Popen[str], count: int) -> list[str]:
    """The next acknowledgements."""
    assert process.stdout is not None
    found = [process.stdout.readline() for _ in range(count)]
    assert all(f.endswith("\n") for f in found), "the process ended by itself"
    return [f.strip() for f in found]


def killed(process: subprocess.Popen[str]) -> list[str]:
    """Kill a process; what it had still acknowledged."""
    process.kill()
    rest, _ = process.communicate()
    return [f.strip() for f in rest.splitlines(keepends=True) if f.endswith("\n")]


def check(store: Store, acknowledged: list[str]) -> None:
    """Whether every acknowledged message is there, once."""
    assert len(set(acknowledged)) == len(acknowledged)
    there = Counter(bytes(digest).hex() for (digest,) in store.db.read("SELECT digest FROM message"))
    assert not set(acknowledged) - set(there) and set(there.values()) <= {1}


def check_folded(opened: Opener) -> None:
    """Whether all that is there is folded, once, by whoever comes next."""
    store = opened()
    while store.waiting()[1]:
        with Writer(store, fold_lines):
            pass
    for n in range(VISITS):
        sent = [
            json.loads(raw)["request"]["input"]["feedetail"][0]["feedetl_sn"]
            for raw in store.messages_of(Subject("encounter", f"M{n}"))
        ]
        _, rows = store.person(key_of(f"P{n}")) or (None, {})
        assert sorted(row[2] for row in rows.get("fee_line", [])) == sorted(sent)  # type: ignore[type-var]
    seen: list[Subject] = []
    with Writer(store, lambda subjects, _: seen.extend(subjects)) as writer:
        writer.run(lambda s: None).result(5)
    assert seen == []


@pytest.mark.parametrize("seed", range(4 if LONG else 1))
def test_what_was_acknowledged_is_there(address: str, opened: Opener, seed: int) -> None:
    luck, acknowledged = random.Random(seed), []
    for n in range(ROUNDS):
        process = taking(address, n * 1_000_000)
        try:
            acknowledged += heard(process, luck.randint(1, 300))
        finally:
            acknowledged += killed(process)
        check(opened(), acknowledged)
    check_folded(opened)


def test_the_server_goes_down_and_comes_back(address: str, kind: str, opened: Opener, request: pytest.FixtureRequest) -> None:
    """With a file there is no server: two processes on one file, of which one is killed."""
    process, second = taking(address, 0), taking(address, 1_000_000)
    acknowledged = []
    try:
        acknowledged += heard(process, 100) + heard(second, 50)
        if kind == "postgres":
            store = opened()
            request.getfixturevalue("postgres").restart()
            assert store.waiting()[0] >= 150  # a reader finds back by itself
        else:
            second.kill()
        acknowledged += heard(process, 200)
    finally:
        acknowledged += killed(process) + killed(second)
    check(opened(), acknowledged)
    check_folded(opened)
