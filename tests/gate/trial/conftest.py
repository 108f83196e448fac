"""One demonstration of the gate for all tests of its page: `hengjian gate demo`, as a user starts it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hengjian.gate.serve import answers

from ...offices import browser, free_port

PATIENCE = 240
_START = "from hengjian.cli.main import main; main()"


@dataclass
class Demo:
    """A running demonstration: where it answers, its folder, its process, what it printed."""

    home: Path
    port: int
    process: subprocess.Popen
    log: Path

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self):
        return self.log.read_text(encoding="utf-8")


@contextmanager
def running_demo(home, people=1500):
    """`hengjian gate demo` until it has said where it is; ended by Ctrl-C, as a user ends it."""
    port, log = free_port(), home.with_suffix(".log")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HENGJIAN_")}
    command = [sys.executable, "-c", _START, "gate", "demo", "--home", str(home), "--people", str(people), "--port", str(port)]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=kept | {"PYTHONIOENCODING": "utf-8"}, start_new_session=True
        )
    found = Demo(home, port, process, log)
    try:
        deadline = time.monotonic() + PATIENCE
        while not (answers("127.0.0.1", port) and "3101" in found.said):
            assert process.poll() is None, found.said
            assert time.monotonic() < deadline, found.said
            time.sleep(0.2)
        yield found
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="package")
def demo(tmp_path_factory):
    """The demonstration, built once."""
    with running_demo(tmp_path_factory.mktemp("gate") / "demo") as found:
        yield found


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened
