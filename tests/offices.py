"""A running office for tests from outside: `hengjian serve` with its own folder and database, and a browser to visit it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .conftest import need_program

COMMAND = Path(sys.executable).with_name("hengjian")
_PATIENCE = 240
"""Seconds a demonstration may take to be built and served."""


@dataclass(frozen=True)
class RunningOffice:
    """Where it answers, its folder, its process, what it printed, and the environment other commands on it need."""

    base: str
    home: Path
    pid: int
    log: Path
    environment: dict[str, str]

    def command(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run `hengjian` on this office."""
        return subprocess.run(
            [str(COMMAND), *map(str, arguments)], capture_output=True, text=True, check=False, env=self.environment
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(home: Path, database: str = "") -> dict[str, str]:
    """What the processes of an office see: nothing of the test's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "HENGJIAN_", "DATABASE_", "SECRET_"))}
    added = {
        "HENGJIAN_HOME": str(home),
        "HENGJIAN_KEYS": str(home / "keys.json"),
        "DJANGO_SETTINGS_MODULE": "hengjian.web.settings",
    }
    return kept | added | ({"DATABASE_URL": database} if database else {}) | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}


@contextmanager
def running_office(home: Path, *arguments: object, database: str = "") -> Iterator[RunningOffice]:
    """`hengjian serve` with `arguments`, until it answers; ended by SIGINT as a user ends it."""
    port, log = free_port(), home.with_suffix(".log")
    environment = environment_of(home, database)
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [str(COMMAND), "serve", "--home", str(home), "--port", str(port), "--workers", "1", *map(str, arguments)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _answers(base):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.3)
        yield RunningOffice(base, home, process.pid, log, environment)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(base: str) -> bool:
    try:
        with urllib.request.urlopen(base + "/healthy/", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def browser():
    """Debian's chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=need_program("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield opened
        finally:
            opened.close()


def sign_in(page, base: str, login: str, password: str = "yunxi-demo-2026") -> None:
    """Through the sign-in page, as a person does."""
    page.goto(base + "/login/")
    page.fill("input[name=username]", login)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
