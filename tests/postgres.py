"""A PostgreSQL of our own for the tests: made in a temporary folder, stopped at the end, never as root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

PASSWORD = "s3cret:@/1"


@dataclass(frozen=True)
class Postgres:
    """A running cluster: its port on this machine; `address(user, database)` opens it; `restart()` throws it down and starts it again."""

    port: int
    restart: Callable[[], None]

    def address(
        self, user: str = "boss", database: str = "postgres", password: str = "s3cret%3A%40%2F1", host: str = "127.0.0.1"
    ) -> str:
        return f"postgresql://{user}:{password}@{host}:{self.port}/{database}"


def programs() -> Path:
    """The folder of PostgreSQL's programs; without it the test skips and names the apt package."""
    found = [Path(on_path).resolve().parent] if (on_path := shutil.which("initdb")) else []
    found += sorted((p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)
    if not found:
        pytest.skip("缺少程序 initdb，安装：apt-get install postgresql")
    return found[0]


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Make a cluster, start it, stop it at the end."""
    bin_folder = programs()
    as_user = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        if not shutil.which("runuser"):
            pytest.skip("缺少程序 runuser，安装：apt-get install util-linux")
        as_user = ["runuser", "-u", "postgres", "--"]
    home = Path(tempfile.mkdtemp(prefix="hengjian-pg-"))
    if as_user:
        shutil.chown(home, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secret = home / "secret"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    secret.chmod(0o644)
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c timezone=UTC"

    def run(*arguments: str) -> None:
        done = subprocess.run([*as_user, *arguments], capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        run(
            str(bin_folder / "initdb"),
            "-D",
            f"{home}/data",
            "-U",
            "boss",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        )
        control = (
            str(bin_folder / "pg_ctl"),
            "-D",
            f"{home}/data",
            "-m",
            "immediate",
            "-l",
            f"{home}/log",
            "-o",
            options,
            "-w",
        )
        run(*control, "start")
        try:
            yield Postgres(port, partial(run, *control, "restart"))
        finally:
            run(*control, "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)
