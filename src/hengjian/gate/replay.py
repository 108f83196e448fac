"""Sending recorded messages again: to a running gate, or, for checks only, straight to the judge in this process."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from hengjian.gate.body import BodyRefused, open_body
from hengjian.gate.envelope import civil_seconds, read_envelope
from hengjian.gate.protocols import Checks
from hengjian.gate.security import sign
from hengjian.gate.sites import SiteKey
from hengjian.gate.store import Store
from hengjian.gate.trades import Kind, Trades
from hengjian.gate.trouble import summary
from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.wire import lines_of

_MOST = 16 * 1024 * 1024
_PATIENCE = 30


@dataclass(frozen=True)
class Replayed:
    """What became of one message. `ms`: from sending to the whole answer. `infcode` None: it was not sent, `said` says why."""

    number: int
    infno: str
    msgid: str
    infcode: int | None
    reminders: int
    said: str
    ms: float


class Ask(Protocol):
    """Whoever is asked about a message: infcode, how many reminders, what was said."""

    def __call__(self, raw: bytes) -> tuple[int | None, int, str]: ...
    def close(self) -> None: ...


def messages_in(path: Path) -> Iterator[bytes]:
    """The messages of a file: NDJSON, or one JSON object over many lines. Raises InputError."""
    try:
        with path.open("rb") as stream:
            begin = stream.read(_MOST + 1)
            with suppress(ValueError):
                if len(begin) <= _MOST and type(json.loads(begin)) is dict:
                    yield begin
                    return
            stream.seek(0)
            for _, raw in lines_of(stream):
                yield raw
    except OSError as error:
        raise InputError("文件读不出来", where=str(path), why=cause_of(error), cure="检查路径和权限") from error


def replay(messages: Iterator[bytes], ask: Ask) -> Iterator[Replayed]:
    """Ask about one message after the other."""
    for number, raw in enumerate(messages, 1):
        try:
            request = read_envelope(open_body(raw, _MOST).node)
        except BodyRefused as error:
            yield Replayed(number, "", "", None, 0, str(error), 0.0)
            continue
        began = time.perf_counter()
        infcode, reminders, said = ask(raw)
        yield Replayed(number, request.infno, request.msgid, infcode, reminders, said, (time.perf_counter() - began) * 1000)


class Remote:
    """A running gate. With a `key` every request is signed. Raises InputError when it cannot be reached."""

    def __init__(self, address: str, key: SiteKey | None = None) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"地址 {address} 不对", cure="写成 http://127.0.0.1:8100")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=_PATIENCE)
        self._address, self._path, self._key = address, parts.path or "/", key

    def __call__(self, raw: bytes) -> tuple[int | None, int, str]:
        headers = {"Content-Type": "application/json; charset=utf-8"} | (_signed(self._key) if self._key else {})
        try:
            self._connection.request("POST", self._path, raw, headers)
            answer = self._connection.getresponse()
            told = json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise InputError(
                "闸口没有应答", where=self._address, why=cause_of(error), cure="看 hengjian gate serve 是否在运行"
            ) from error
        except ValueError as error:
            raise InputError("应答不是国家信封", where=self._address, cure="核对地址是不是闸口") from error
        output = told.get("output") or {}
        found = output.get("result") if isinstance(output, dict) else None
        reminders = len(found) if isinstance(found, list) and found and "rule_id" in found[0] else 0
        return int(told.get("infcode", -1)), reminders, str(told.get("err_msg") or told.get("warn_msg") or "")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class Offline:
    """The judge in this process: checks are judged, nothing is kept; other messages are not sent."""

    def __init__(self, checks: Checks, trades: Trades, store: Store) -> None:
        """`store`: what `checks` reads the past from."""
        self._checks, self._trades, self._store = checks, trades, store

    def __call__(self, raw: bytes) -> tuple[int | None, int, str]:
        request = read_envelope(open_body(raw, _MOST).node)
        route = self._trades.route(request.infno)
        if route.kind is not Kind.CHECK:
            return None, 0, "不是审核报文，离线时不重放"
        try:
            checked = self._checks.check(route.infno, request.envelope, civil_seconds(time.time()))
        except Exception as error:
            return None, 0, f"审核出错：{summary(error)}"
        return 0, len(checked.result), checked.warn_msg

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()


def _signed(key: SiteKey) -> dict[str, str]:
    stamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        "x-tif-paasid": key.paasid,
        "x-tif-timestamp": stamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": sign(stamp, key.secret, nonce),
    }
