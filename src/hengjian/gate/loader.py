"""The process beside the workers that takes the inbox into the lake. SIGTERM ends it after the load at hand; killed, it loses nothing."""

from __future__ import annotations

import logging
import os
import signal
import threading
from datetime import datetime

from hengjian.gate.loading import keep_loading
from hengjian.gate.settings import ENVIRONMENT, GateSettings
from hengjian.gate.worker import store_of


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
    try:
        keep_loading(store, settings.lake, stop, clock=_now, every_seconds=settings.load_seconds)
    finally:
        store.close()


def _now() -> datetime:
    return datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time


if __name__ == "__main__":
    main()
