"""The process beside the workers that takes the inbox into the lake. SIGTERM ends it after the load at hand; killed, it loses nothing."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from datetime import datetime

from hengjian.gate.envelope import civil_seconds
from hengjian.gate.loading import keep_loading
from hengjian.gate.settings import ENVIRONMENT, GateSettings
from hengjian.gate.store import Store, StoreError
from hengjian.gate.trouble import tell
from hengjian.gate.worker import store_of

logger = logging.getLogger(__name__)
_HOUR = 3600
_KEPT = 30 * 86_400
"""Seconds for which messages that are in the lake stay in the inbox too: a visit is seldom changed later."""


def main() -> None:
    """Load until told to stop. The settings are in the environment."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
    settings, stop = GateSettings.of_text(os.environ[ENVIRONMENT]), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if settings.lake is None:
        return
    store = store_of(settings)
    threading.Thread(target=_prune, args=(store, stop), name="gate-prune", daemon=True).start()
    try:
        keep_loading(store, settings.lake, stop, clock=_now, every_seconds=settings.load_seconds)
    finally:
        store.close()


def _prune(store: Store, stop: threading.Event) -> None:
    """Every hour: drop the text of messages that have long been in the lake."""
    while not stop.wait(_HOUR):
        try:
            store.prune(civil_seconds(time.time()) - _KEPT)
        except StoreError as error:
            tell(logger, "the inbox could not be pruned", error)


def _now() -> datetime:
    return datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time


if __name__ == "__main__":
    main()
