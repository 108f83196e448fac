"""One command, three kinds of processes: pages (granian), background tasks, and the periodic work of every minute."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time

from django.utils import timezone

logger = logging.getLogger(__name__)
_TICK_SECONDS = 60
_PATIENCE = 10
"""Seconds a process gets to end by itself."""


def supervise(host: str, port: int, workers: int) -> int:
    """Run until a signal or until the pages end; a worker that dies is started again. Returns the exit code."""
    serving = f"granian --interface wsgi --host {host} --port {port} --workers {workers} --no-ws --blocking-threads 8 --backpressure 64 --respawn-failed-workers --respawn-interval 0.5"
    pages = [sys.executable, "-m", *serving.split(), "--log-level", "error", "hengjian.web.wsgi:application"]
    tasks = [sys.executable, "-m", "django", "db_worker", "--no-startup-delay"]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server, worker = subprocess.Popen(pages), subprocess.Popen(tasks)
    ticked = 0.0
    try:
        while not stop.wait(1):
            if (code := server.poll()) is not None:
                return code
            if worker.poll() is not None:
                logger.warning("the task worker ended with %s; starting it again", worker.returncode)
                time.sleep(1)
                worker = subprocess.Popen(tasks)
            if time.monotonic() - ticked > _TICK_SECONDS:
                ticked = time.monotonic()
                _tick()
        return 0
    finally:
        for process in (server, worker):
            process.terminate()
        for process in (server, worker):
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _tick() -> None:
    """The minute's work; what goes wrong is logged and tried again the next minute."""
    from django.db import close_old_connections

    from hengjian.web.tick import run

    try:
        run(timezone.now())
    except Exception:
        logger.exception("periodic work failed")
    finally:
        close_old_connections()
