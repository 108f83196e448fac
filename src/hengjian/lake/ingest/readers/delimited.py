"""CSV: comma, quotes doubled inside quotes, LF or CRLF, line breaks allowed in quotes.

A line with too many or too few fields, or with a quote that is never closed, is refused alone; the next line is read again.
"""

from __future__ import annotations

import codecs
import csv
import zlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.csv as pacsv

from hengjian.lake.ingest.readers.base import NOTHING, Batch, FileRefused, Header, Renamed
from hengjian.lake.ingest.readers.content import Content
from hengjian.lake.ingest.readers.header import Place, find_header
from hengjian.lake.ingest.readers.rows import Rows
from hengjian.lake.ingest.readers.text import blocks
from hengjian.lake.schema import Table

_HEAD = 1 << 16
"""Bytes that are enough to find the header."""
_ENDLESS = 64 << 20
"""Bytes without a line end after which a file counts as no text file."""


def read_csv(content: Content, table: Table, renamed: Renamed = NOTHING) -> tuple[Header, Iterator[Batch]]:
    """Header and batches of a CSV file (or CSV in gzip). Raises FileRefused."""
    parts = blocks(content)
    first, done = next(parts, (b"", 1.0))
    while (len(first) < _HEAD or not (b"\n" in first or b"\r" in first)) and (more := next(parts, None)):
        first, done = first + more[0], more[1]
        if len(first) > _ENDLESS:
            raise FileRefused("F05", "读了 64 MB 还没有一个换行，不像 CSV")
    if b"\n" not in first and b"\r" in first:  # the line ends of old Macs
        parts = ((block.replace(b"\r", b"\n"), share) for block, share in parts)
        first = first.replace(b"\r", b"\n")
    place = find_header(table, first if first.endswith(b"\n") else first + b"\n", renamed)
    return place.header, _batches(place, first[place.end :], done, parts)


def peek_csv(content: Content, rows: int) -> list[list[str]]:
    """The first rows of a CSV, header or title among them, as far as they stand in its first bytes. Raises FileRefused."""
    data = content.head(_HEAD)
    if content.name.lower().endswith(".gz"):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, _HEAD)
        except zlib.error as error:
            raise FileRefused("F05", f"压缩文件不完整：{error}") from error
    text = ""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(data.removeprefix(codecs.BOM_UTF8))
            break
        except UnicodeDecodeError:
            continue
    lines = text.splitlines(keepends=True)
    whole = lines if len(data) < _HEAD else lines[:-1]
    return [cells for _, cells in zip(range(rows), csv.reader(whole), strict=False)]


def _batches(place: Place, rest: bytes, done: float, parts: Iterator[tuple[bytes, float]]) -> Iterator[Batch]:
    header, line = place.header, place.line
    pending, last = rest, False
    while not last:
        following = next(parts, None)
        last = following is None
        rows = Rows(pending, len(header.names), line, last, place.spare)
        if rows.count or rows.bad:
            yield Batch(_parse(rows, header), pa.array(rows.lines), tuple(rows.bad), done)
        pending, line = pending[rows.used :], rows.next_line
        if len(pending) > _ENDLESS:
            raise FileRefused("F05", f"第 {line} 行超过 64 MB，没有换行")
        if following is not None:
            pending, done = pending + following[0], following[1]


def _parse(rows: Rows, header: Header) -> pa.Table:
    positions = [f"c{i}" for i in range(len(header.names))]
    kept = [position for position, name in zip(positions, header.names, strict=True) if name]
    names = [name for name in header.names if name]
    if not rows.count:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    data = rows.good()
    parsed = pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(column_names=positions, block_size=max(1 << 20, len(data) // 4, 2 * rows.longest)),
        parse_options=pacsv.ParseOptions(newlines_in_values=rows.breaks, ignore_empty_lines=False),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(positions, pa.string()),
            include_columns=kept,
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,
        ),
    )
    if len(parsed) != rows.count:
        raise FileRefused("F05", f"应有 {rows.count} 行，读出 {len(parsed)} 行")
    return parsed.rename_columns(names)
