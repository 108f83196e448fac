"""The gateway signature (x-tif-*, wire standard 2.2): who speaks, whether it is they, whether it is now and for the first time.

The signature covers time, secret and nonce, not the body: run the gate behind TLS or inside the dedicated network.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple, Protocol

from hengjian.gate.envelope import civil_seconds
from hengjian.gate.sites import KeyBook

WINDOW = 180
"""Seconds by which the timestamp may differ from our clock, either way."""
_TIMESTAMP = re.compile(rb"\d{9,12}")
_NONCE = re.compile(rb"[!-~]{1,64}")


class Signature(Enum):
    """Whether requests must be signed."""

    OFF = "off"
    REQUIRED = "required"


class Nonces(Protocol):
    """The memory of nonces, shared by all gates of a site."""

    def nonce(self, paasid: str, nonce: str, until_sec: int) -> bool:
        """Take a nonce for use until an instant (Unix seconds); False: it was taken before."""
        ...


class Speaker(NamedTuple):
    """Who speaks; "" when signatures are off. `refusal`: why not, as a sentence, and `outcome` as the word of the counters.

    `http`: the status to answer with: 401 only where no header of the signature came at all.
    """

    fixmedins_code: str
    refusal: str = ""
    outcome: str = ""
    http: int = 200


ANYONE = Speaker("")


def sign(timestamp: str, secret: str, nonce: str) -> str:
    """The signature: lower-case hex SHA-256 of timestamp, secret, nonce and timestamp, one after the other."""
    return hashlib.sha256(f"{timestamp}{secret}{nonce}{timestamp}".encode()).hexdigest()


class Guard:
    """Judges the headers of a request."""

    def __init__(self, keys: KeyBook, nonces: Nonces) -> None:
        self.keys, self._nonces = keys, nonces

    def judge(self, headers: Iterable[tuple[bytes, bytes]], now: float) -> Speaker:
        """Who sent these headers at `now` (`time.time()`). A nonce counts as used only once the signature was right."""
        found = {name: value.strip() for name, value in headers if name.startswith(b"x-tif-")}
        paasid, timestamp = found.get(b"x-tif-paasid", b""), found.get(b"x-tif-timestamp", b"")
        nonce, signature = found.get(b"x-tif-nonce", b""), found.get(b"x-tif-signature", b"")
        if not (paasid or timestamp or nonce or signature):
            why = "请求没有签名：缺少请求头 x-tif-paasid、x-tif-timestamp、x-tif-nonce、x-tif-signature"
            return Speaker("", why, "unsigned", 401)
        missing = [
            name
            for name, value in (
                ("x-tif-paasid", paasid),
                ("x-tif-timestamp", timestamp),
                ("x-tif-nonce", nonce),
                ("x-tif-signature", signature),
            )
            if not value
        ]
        if missing:
            return Speaker("", f"签名不全：缺少请求头 {'、'.join(missing)}", "unsigned")
        if not _TIMESTAMP.fullmatch(timestamp) or not _NONCE.fullmatch(nonce):
            why = "签名的请求头写法不对：x-tif-timestamp 写十位秒数，x-tif-nonce 写 1 至 64 个字母、数字或符号"
            return Speaker("", why, "bad_signature")
        account, instant, once = paasid.decode("latin-1")[:64], timestamp.decode(), nonce.decode()
        key = self.keys.find(account, now)
        if key is None:
            return Speaker("", f"没有账号 {account}：请向医保部门申请机构密钥，或核对 x-tif-paasid", "unknown_institution")
        expected = sign(instant, key.secret, once).encode()
        if not hmac.compare_digest(expected, signature.lower()):
            return Speaker("", "签名不对：请核对密钥，以及拼接的次序（时间戳、密钥、随机串、时间戳）", "bad_signature")
        if stopped := key.refusal(civil_seconds(now) // 86400):
            return Speaker("", f"{stopped}，请向医保部门申请新的密钥", "stopped_key")
        if abs(now - int(instant)) > WINDOW:
            apart = (
                f"请求的时间戳与服务器相差 {abs(now - int(instant)):.0f} 秒，超过 {WINDOW} 秒：请校准时钟，每次请求用当时的时间"
            )
            return Speaker("", apart, "old_timestamp")
        if not self._nonces.nonce(account, once, int(instant) + 2 * WINDOW):
            return Speaker("", "这个请求已经收到过（x-tif-nonce 用过了）：重发时请换一个随机串，重新签名", "replay")
        return Speaker(key.fixmedins_code)
