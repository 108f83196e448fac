"""Running the gate: granian with its workers under one parent that starts, reloads and stops them.

SIGTERM: no new request is taken, those that were are answered, what they brought is committed. SIGHUP: every worker makes a new judge and
swaps it in; no worker ends.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hengjian.gate.kin import end_with_parent
from hengjian.gate.reload import STOP, ask
from hengjian.gate.security import Signature
from hengjian.gate.settings import ENVIRONMENT, GateSettings
from hengjian.gate.sites import read_keys
from hengjian.gate.trades import read_variants
from hengjian.gate.worker import TROUBLE
from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError

logger = logging.getLogger(__name__)
_PATIENCE = 60
"""Seconds a stopping gate gets to answer and commit."""
_LOOK = 0.2
_TRIES = 3
"""How often the server may end before it has answered once."""
_PAUSE = 5.0
"""Seconds before a loader that died is started again."""
_LOADER = [sys.executable, "-m", "hengjian.gate.loader"]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_settings(settings: GateSettings) -> None:
    """What can be known to be wrong before a worker starts. Raises InputError."""
    read_variants(settings.site)
    if settings.signature is Signature.REQUIRED:
        if settings.site is None:
            raise InputError(
                "没有站点文件夹，核对不了签名",
                why="机构密钥放在站点文件夹里",
                cure="用 --site 指明；或只在本机试用：--host 127.0.0.1",
            )
        if not read_keys(settings.site):
            raise InputError(
                "还没有机构密钥，谁也连不上",
                where=str(settings.site),
                cure="先发一把：hengjian gate keys add 机构编号 --site 站点文件夹；或只在本机试用：--host 127.0.0.1",
            )


def serve(settings: GateSettings, host: str, port: int, workers: int, *, ready: Callable[[], None] = lambda: None) -> int:
    """Run until SIGTERM or SIGINT; the exit code. `ready` is called once the gate answers. Raises InputError when it cannot start."""
    check_settings(settings)
    settings.home.mkdir(parents=True, exist_ok=True)
    with _alone(settings.home):
        return _serve(settings, host, port, workers, ready)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """While no other gate runs on this home. Raises InputError."""
    with (home / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            cure = "换一个 --home，或停掉那一个；要多用几个核，用 --workers"
            raise InputError("这个闸口文件夹已经有一个闸口在运行", where=str(home), cure=cure) from error
        yield


def _serve(settings: GateSettings, host: str, port: int, workers: int, ready: Callable[[], None]) -> int:
    trouble = settings.home / TROUBLE
    for mark in (trouble, settings.home / STOP):
        mark.unlink(missing_ok=True)
    _need_port(host, port)
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())  # the handler only sets a mark: it may interrupt anything
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: ask(settings.home))
    told, ended, environment = False, 0, {**os.environ, ENVIRONMENT: settings.as_text()}
    server = _started(_command(host, port, workers), environment)
    loading = settings.lake is not None and settings.load_seconds > 0
    loader = _started(_LOADER, environment) if loading else None
    try:
        while not stop.wait(_LOOK):
            if trouble.exists():
                why = trouble.read_text(encoding="utf-8")
                trouble.unlink(missing_ok=True)
                if not told:
                    raise InputError("闸口没有启动", why=why, cure="按上面说的改好再启动")
                logger.error("a worker could not be started again: %s", why)
            if (code := server.poll()) is not None:
                ended += 1
                if not told and ended > _TRIES:
                    raise InputError("闸口没有启动", why=f"服务进程以 {code} 退出", cure="看上面的日志；改好后再启动")
                logger.error("the server ended with %s; starting it again", code)
                stop.wait(_LOOK)
                server = _started(_command(host, port, workers), environment)
            if loader is not None and loader.poll() is not None:
                stop.wait(_PAUSE)
                loader = _started(_LOADER, environment)
            if not told and answers(host, port):
                told = True
                ready()
        return 0
    finally:
        (settings.home / STOP).touch()
        for process in (server, loader):
            if process is not None:
                _end(process)
        for number, handler in before.items():
            signal.signal(number, handler)


def answers(host: str, port: int) -> bool:
    """Whether a gate answers there."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    try:
        with urllib.request.urlopen(f"http://{name}:{port}/healthz", timeout=2) as response:
            return bool(json.load(response).get("status") == "ok")
    except (OSError, ValueError, urllib.error.URLError):
        return False


def _command(host: str, port: int, workers: int) -> list[str]:
    options = {
        "--interface": "asgi",
        "--host": host,
        "--port": str(port),
        "--workers": str(workers),
        "--backlog": "2048",
        "--backpressure": "512",
        "--http": "1",
        "--http1-header-read-timeout": "10000",
        "--respawn-interval": "0.5",
        "--workers-kill-timeout": str(_PATIENCE - 5),
        "--log-level": "error",
    }
    flags = ("--factory", "--no-ws", "--respawn-failed-workers")
    return [
        sys.executable,
        "-m",
        "granian",
        *(word for pair in options.items() for word in pair),
        *flags,
        "hengjian.gate.worker:application",
    ]


def _started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment, preexec_fn=end_with_parent)


def _need_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = "端口已经有程序在用" if error.errno == 98 else cause_of(error)
            raise InputError(f"不能在 {host}:{port} 上服务", why=why, cure="换一个 --port，或停掉占用它的程序") from error


def _end(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(host: str, port: int, seconds: float = 30.0) -> bool:
    """Wait until a gate answers; False when it did not in time."""
    end = time.monotonic() + seconds
    while not (found := answers(host, port)) and time.monotonic() < end:
        time.sleep(_LOOK)
    return found


def home_of(store: str, home: Path | None) -> Path:
    """The gate's home: the one named, else the folder of its SQLite file, else `gate` here."""
    if home is not None:
        return home
    return Path("gate") if "://" in store or not store else Path(store).resolve().parent
