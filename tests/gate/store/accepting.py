"""A process that takes messages as fast as it can and prints the digest of each that is acknowledged, until it is killed.

python -m tests.gate.store.accepting ADDRESS FIRST: numbers the messages from FIRST.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future

from hengjian.gate.store import open_store
from hengjian.gate.writer import Writer
from hengjian.kernel.errors import HengjianError

from .parts import LAYOUT, SEALER, fold_lines, incoming, line

VISITS = 25


def main(address: str, first: int) -> None:
    store = open_store(address, sealer=SEALER)
    store.use_layout(LAYOUT)
    writer = Writer(store, fold_lines).start()
    room, out = threading.Semaphore(64), threading.Lock()

    def said(answer: Future[bool], digest: str) -> None:
        room.release()
        if answer.exception() is None:
            with out:
                sys.stdout.write(digest + "\n")
                sys.stdout.flush()

    number = first
    while True:
        number += 1
        message = incoming(line(f"M{number % VISITS}", number, psn_no=f"P{number % VISITS}"))
        room.acquire()
        try:
            writer.put(message).add_done_callback(lambda answer, digest=message.digest: said(answer, digest))
        except HengjianError:
            room.release()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
