"""The gate is killed in the middle of uploads: what was acknowledged is there, once."""

import http.client
import json
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

from hengjian.gate.worker import store_of
from tests.conftest import LONG

from .messages import upload
from .running import running

UPLOADS = 10_000 if LONG else 400
KILLS = 20 if LONG else 3
SENDERS = 8


def workers_of(pid):
    """The processes below the command: granian, its workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children] + [below for child in children for below in workers_of(int(child))]


def test_what_was_acknowledged_is_there_once_after_kill_9(tmp_path):
    acknowledged, todo, lock = set(), list(range(UPLOADS)), threading.Lock()
    killed = 0
    with running(tmp_path) as gate:
        progress = threading.Condition()

        def send():
            while True:
                with lock:
                    if not todo:
                        return
                    serial = todo.pop()
                try:
                    told = gate.post(upload("2204", serial))[1]
                    assert told["infcode"] == 0, told
                except (OSError, ValueError, AssertionError, http.client.HTTPException):
                    with lock:
                        todo.append(serial)  # as a hospital does: the same message once more
                    time.sleep(0.02)
                    continue
                with progress:
                    acknowledged.add(serial)
                    progress.notify_all()

        senders = [threading.Thread(target=send) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        for number in range(1, KILLS + 1):
            with progress:
                wanted = UPLOADS * number // (KILLS + 2)
                assert progress.wait_for(lambda: len(acknowledged) >= wanted, timeout=60)  # noqa: B023
            granian, *below = workers_of(gate.process.pid)
            for victim in [granian] if number % 3 == 0 else below:  # at times the server with all its workers
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    killed += 1
        for sender in senders:
            sender.join()
    assert killed >= KILLS and acknowledged == set(range(UPLOADS))
    store = store_of(gate.settings)
    kept = [json.loads(raw)["msgid"] for _, raw in store.unloaded(2 * UPLOADS)]
    store.close()
    assert sorted(kept) == sorted(upload("2204", serial)["msgid"] for serial in range(UPLOADS))
