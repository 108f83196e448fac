"""The XML of an XLSX sheet, cut between rows into pieces that are whole sheets themselves.

On the way two things are written so that no reader takes them for an empty cell: errors (#N/A) and formulas without a result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from hengjian.lake.ingest.readers.base import FileRefused

PIECE = 32 << 20
"""Bytes of a piece."""
HEAD = 1 << 20
"""Bytes that hold the header and some rows."""
_READ = 1 << 22
_MOST_CELLS = 30_000_000
"""Cells of the rectangle around the cells of a piece."""

_OPEN = re.compile(rb"<(?P<prefix>(?:\w+:)?)sheetData\s*(?P<empty>/?)>")
_NUMBERED = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br=\"\d+\"")
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_PLAIN = re.compile(rb"<\?xml[^>]*encoding=[\"'](?!utf-8)", re.IGNORECASE)
_FAR = re.compile(rb"\br=\"([A-Z]{3})\d")
_FARTHER = re.compile(rb"\br=\"([A-Z]{2})\d")
_NUMBER = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br=\"(\d+)\"")
_UNCOUNTED = re.compile(
    rb"<((?:\w+:)?c)((?:\s+(?!t=)\w+=\"[^\"]*\")*)>(<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>))(?:<((?:\w+:)?v)\s*/>|<((?:\w+:)?v)></(?:\w+:)?v>)?</(?:\w+:)?c>"
)


def can_cut(stream: IO[bytes]) -> bool:
    """Whether the rows can be told apart: UTF-8, and every row says its number."""
    start = stream.read(HEAD)
    found = _OPEN.search(start)
    if not found or start.startswith((b"\xff\xfe", b"\xfe\xff")) or _PLAIN.search(start[:200]):
        return False
    row = _ROW.search(start, found.end())
    return row is None or _NUMBERED.match(start, row.start()) is not None


def cut(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Sheets of about `size` bytes, one after the other, the last with all that follows the rows. Raises FileRefused F05."""
    head, prefix, buffer = _head(stream)
    end, row = b"</" + prefix + b"sheetData>", b"</" + prefix + b"row>"
    looked = 0
    while True:
        close = buffer.find(end, max(0, looked - len(end)))
        if close >= 0:
            yield head + _mended(buffer[:close]) + buffer[close:] + stream.read(_READ * 4)
            return
        looked = len(buffer)
        if len(buffer) >= size and (stop := buffer.rfind(row) + len(row)) >= len(row):
            yield head + _mended(buffer[:stop]) + _closing(prefix)
            buffer, looked = buffer[stop:], 0
        if not (more := stream.read(_READ)):
            raise FileRefused("F05", "工作表不完整，没有结尾")
        buffer += more


def tail(stream: IO[bytes]) -> bytes:
    """A sheet without rows, with all that follows them: what is merged stands there."""
    head, prefix, buffer = _head(stream)
    end = b"</" + prefix + b"sheetData>"
    while (close := buffer.find(end)) < 0:
        if not (more := stream.read(_READ)):
            raise FileRefused("F05", "工作表不完整，没有结尾")
        buffer = buffer[-len(end) :] + more
    return head + buffer[close:] + stream.read(_READ * 4)


def _head(stream: IO[bytes]) -> tuple[bytes, bytes, bytes]:
    """What stands before the rows, the prefix of the tags, and what was read of the rows."""
    start = stream.read(HEAD)
    found = _OPEN.search(start)
    assert found, "asked of a sheet that cannot be cut"
    prefix = found["prefix"]
    if found["empty"]:
        return (
            start[: found.start()] + b"<" + prefix + b"sheetData>",
            prefix,
            b"</" + prefix + b"sheetData>" + start[found.end() :],
        )
    return start[: found.end()], prefix, start[found.end() :]


def _closing(prefix: bytes) -> bytes:
    return b"</" + prefix + b"sheetData></" + prefix + b"worksheet>"


def _mended(rows: bytes) -> bytes:
    """The rows with errors and missing results as text. Raises FileRefused F05 when a few cells lie absurdly far away."""
    width = 16_384 if _FAR.search(rows) else 702 if _FARTHER.search(rows) else 26
    if width > 26 and (first := _NUMBER.search(rows)):
        last = _NUMBER.search(rows, rows.rfind(b"row r=") - 16) if rows.rfind(b"row r=") >= 0 else None
        if last and (int(last[1]) - int(first[1]) + 1) * width > _MOST_CELLS:
            raise FileRefused(
                "F05", "远离数据的地方还有内容（在第 700 列以后，或隔了几万行）", "删去远处的内容，或把数据另存为 CSV"
            )
    rows = rows.replace(b' t="e"', b' t="str"')
    if b"f>" in rows or b"<f" in rows:
        rows = _UNCOUNTED.sub(_without_result, rows)
    return rows


def _without_result(cell: re.Match[bytes]) -> bytes:
    tag, attributes, formula = cell[1], cell[2], cell[3]
    value = tag[:-1] + b"v"
    return b'<%b%b t="str">%b<%b>%b</%b></%b>' % (tag, attributes, formula, value, "#未计算".encode(), value, tag)
