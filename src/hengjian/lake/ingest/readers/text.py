"""The bytes of a text file as UTF-8 blocks, whatever its encoding: BOM, else strict UTF-8, else GB18030, decided per file."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from typing import IO

from hengjian.lake.ingest.readers.base import FileRefused
from hengjian.lake.ingest.readers.content import BROKEN, Content, unreadable

BLOCK = 24 << 20
_BOM = codecs.BOM_UTF8
_LOST = "\ufffd".encode()


def blocks(content: Content) -> Iterator[tuple[bytes, float]]:
    """UTF-8 bytes of the file in blocks of about 24 MB, without BOM, each with the share of the file read. Raises FileRefused."""
    encoding, cut = encoding_of(content)
    decoder = codecs.getincrementaldecoder(encoding)() if encoding != "utf-8" else None
    parts = _raw(content)
    raw, done = next(parts, (b"", 1.0))
    raw = raw.removeprefix(_BOM)
    while raw:
        following = next(parts, None)
        if following is None and cut:
            raw = raw[: max(0, len(raw) - cut)]
        block = decoder.decode(raw).encode() if decoder else raw
        yield (block + _LOST if following is None and cut else block), done
        raw, done = following or (b"", 1.0)


def encoding_of(content: Content) -> tuple[str, int]:
    """`utf-8` or `gb18030`, and how many bytes of a character cut off at the very end (half a file) are left over.

    Raises FileRefused F01, F05.
    """
    farthest = 0
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        pending = before = 0
        try:
            for raw, _ in _raw(content):
                if not raw.isascii() or pending:
                    decoder.decode(raw)
                    pending = len(decoder.getstate()[0])
                before += len(raw)
        except UnicodeDecodeError as error:
            farthest = max(farthest, before - pending + error.start)
            continue
        return encoding, pending
    raise FileRefused("F01", f"既不是 UTF-8 也不是 GB18030：{_place(content, farthest)}读不下去")


def _place(content: Content, at: int) -> str:
    """Line and byte of a position, as a user counts them."""
    line, begin, before = 1, 0, 0
    for raw, _ in _raw(content):
        part = raw[: max(0, at - before)]
        if ends := part.count(b"\n"):
            line, begin = line + ends, before + part.rindex(b"\n") + 1
        before += len(raw)
    return f"第 {line} 行第 {at - begin + 1} 个字节起"


def _raw(content: Content) -> Iterator[tuple[bytes, float]]:
    try:
        with content.open() as plain:
            stream: IO[bytes] = gzip.GzipFile(fileobj=plain) if content.name.lower().endswith(".gz") else plain  # type: ignore[assignment]
            while raw := stream.read(BLOCK):
                yield raw, min(1.0, plain.tell() / max(content.size, 1))
    except (*BROKEN, gzip.BadGzipFile) as error:
        raise FileRefused("F05", f"压缩文件不完整：{error}") from error
    except OSError as error:
        raise unreadable(error) from error
