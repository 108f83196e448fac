"""The body of a request: read within bytes and seconds, decoded however the client wrote it, opened into plain nodes.

What cannot be used raises `BodyRefused` with the sentence for the client.
"""

from __future__ import annotations

import asyncio
import json
import math
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
_FAST = msgspec.json.Decoder()
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
_DEEP = "报文嵌套得太深，没有读；请按接口规范的层次组织节点"


class BodyRefused(Exception):
    """The body cannot be used. `str()` is the sentence for the client; `outcome` is the word of the counters."""

    def __init__(self, sentence: str, outcome: str = "unreadable") -> None:
        self.outcome = outcome
        super().__init__(sentence)


class ClientGone(Exception):
    """The client closed the connection before its request was whole: nobody waits for an answer."""


class Body(NamedTuple):
    """A request as it came: its bytes in UTF-8 on one line, as the lake keeps messages, and the object it holds (numbers as int and float,
    the last of doubled keys).
    """

    raw: bytes
    node: dict[str, Any]


async def read_body(receive: Receive, most: int, seconds: float, declared: bytes | None = None) -> bytes:
    """The whole body. Refuses what is longer than `most` bytes as soon as that is known, and who takes longer than `seconds`.

    `declared`: the header Content-Length, if there is one. Raises BodyRefused, ClientGone.
    """
    if declared is not None and declared.isdigit() and (len(declared) > 15 or int(declared) > most):
        raise _too_long(most)
    try:
        async with asyncio.timeout(seconds):
            message = await receive()
            chunk = message.get("body", b"")
            if not message.get("more_body") and message["type"] == "http.request":
                if len(chunk) > most:
                    raise _too_long(most)
                return bytes(chunk)
            parts, size = [], 0
            while True:
                if message["type"] != "http.request":
                    raise ClientGone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    raise _too_long(most)
                if not message.get("more_body"):
                    return b"".join(parts)
                message = await receive()
    except TimeoutError:
        raise BodyRefused(f"{seconds:g} 秒内没有收完报文，已断开；请检查网络后重发", "slow") from None


def open_body(raw: bytes, most: int, encoding: str = "") -> Body:
    """The body opened. `encoding`: the header Content-Encoding ("" or gzip). Raises BodyRefused."""
    encoding = encoding.strip().lower()
    if encoding == "gzip":
        raw = _unzipped(raw, most)
    elif encoding not in ("", "identity"):
        raise BodyRefused(f"不收 Content-Encoding 为 {encoding[:20]} 的报文；请不压缩，或用 gzip")
    elif raw[:2] == b"\x1f\x8b":
        raise BodyRefused("报文是 gzip 压缩的，而请求头没有写 Content-Encoding: gzip；请补上，或不压缩")
    try:
        node = _FAST.decode(raw)
    except RecursionError:
        raise BodyRefused(_DEEP) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raw, node = _patiently(raw)
    if type(node) is not dict:
        raise BodyRefused("报文不是 JSON 对象；请按接口规范发送一个交易的信封")
    return Body(raw.translate(_ONE_LINE) if b"\n" in raw or b"\r" in raw else raw, node)


def _too_long(most: int) -> BodyRefused:
    return BodyRefused(f"报文超过 {most // 1024} KB，没有收；请分批上传", "too_long")


def _unzipped(raw: bytes, most: int) -> bytes:
    unpack = zlib.decompressobj(wbits=31)
    try:
        found = unpack.decompress(raw, most + 1)
    except zlib.error:
        raise BodyRefused("gzip 压缩的报文解不开；请检查压缩方式，或不压缩") from None
    if len(found) > most:
        raise _too_long(most)
    if not unpack.eof:
        raise BodyRefused("gzip 压缩的报文不完整；请重发")
    return found


def _patiently(raw: bytes) -> tuple[bytes, Any]:
    """What the fast decoder refuses and clients send all the same: BOM, GBK, raw line breaks in texts, NaN, numbers beyond all bounds."""
    try:
        written = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            written = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise BodyRefused("报文既不是 UTF-8 也不是 GBK 编码；请用 UTF-8 发送") from None
    try:
        node = _PATIENT.decode(written.strip())
        if "\\ud" in written or "\\uD" in written:
            node = _without_half_characters(node)
    except RecursionError:
        raise BodyRefused(_DEEP) from None
    except json.JSONDecodeError as error:
        raise BodyRefused(f"报文不是 JSON：第 {error.lineno} 行第 {error.colno} 个字起读不出") from None
    except ValueError:
        raise BodyRefused("报文不是 JSON：有读不出的内容") from None
    return written.encode("utf-8", "replace"), node


def _without_half_characters(node: Any) -> Any:
    """Half a surrogate pair is no character and breaks whoever writes it down: it becomes the mark of unreadable text."""
    written = json.dumps(node, ensure_ascii=False)
    return _PATIENT.decode(written.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def _whole_number(written: str) -> int | None:
    return int(written) if len(written) < 40 else None


def _number(written: str) -> float | None:
    value = float(written)
    return value if math.isfinite(value) else None


_PATIENT = json.JSONDecoder(parse_int=_whole_number, parse_float=_number, parse_constant=lambda _: None, strict=False)
