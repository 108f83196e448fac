"""CSV: comma, quotes doubled inside quotes, LF or CRLF, line breaks allowed in quotes.

A line with too many or too few fields, or with a quote that is never closed, is refused alone; the next line is read again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from hengjian.lake.ingest.readers.base import BadLine, Batch, FileRefused, Header, match_header
from hengjian.lake.ingest.readers.text import blocks
from hengjian.lake.schema import Table

_QUOTE, _COMMA, _NEWLINE, _RETURN = 34, 44, 10, 13
_LONGEST = 1 << 20
"""Bytes after which a quote that is still open counts as never closed."""

Ints = npt.NDArray[np.int64]


def read_csv(path: Path, table: Table) -> tuple[Header, Iterator[Batch]]:
    """Header and batches of a CSV file (or CSV in gzip). Raises FileRefused."""
    parts = blocks(path)
    first, done = next(parts, (b"", 1.0))
    while first and b"\n" not in first and (more := next(parts, None)):
        first, done = first + more[0], more[1]
    end = first.find(b"\n")
    head, rest = (first, b"") if end < 0 else (first[:end], first[end + 1 :])
    cells = next(csv.reader([head.decode().rstrip("\r")]), [])
    header = match_header(table, cells)
    return header, _batches(header, rest, done, parts)


def _batches(header: Header, rest: bytes, done: float, parts: Iterator[tuple[bytes, float]]) -> Iterator[Batch]:
    line = 2
    pending, last = rest, False
    while not last:
        following = next(parts, None)
        last = following is None
        rows = Rows(pending, len(header.names), line, last)
        if rows.count or rows.bad:
            yield Batch(_parse(rows.good(), header, rows.count, rows.quoted), pa.array(rows.lines), tuple(rows.bad), done)
        pending, line = pending[rows.used :], rows.next_line
        if following is not None:
            pending, done = pending + following[0], following[1]


def _parse(data: bytes, header: Header, count: int, quoted: bool) -> pa.Table:
    positions = [f"c{i}" for i in range(len(header.names))]
    kept = [position for position, name in zip(positions, header.names, strict=True) if name]
    names = [name for name in header.names if name]
    if not count:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    parsed = pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(column_names=positions, block_size=max(1 << 20, len(data) // 4)),
        parse_options=pacsv.ParseOptions(newlines_in_values=quoted, ignore_empty_lines=False),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(positions, pa.string()),
            include_columns=kept,
            strings_can_be_null=True,
            null_values=[""],
            check_utf8=False,
        ),
    )
    if len(parsed) != count:
        raise FileRefused("F05", f"应有 {count} 行，读出 {len(parsed)} 行")
    return parsed.rename_columns(names)


class Rows:
    """The rows of a block: spans and physical lines of good rows, and lines that are no rows.

    `used` bytes were consumed; what follows is the beginning of a row that the block does not end. `last` = there is no more.
    """

    def __init__(self, data: bytes, fields: int, line: int, last: bool) -> None:
        self.data, self.bad, self.used, self.next_line = data, [], 0, line
        self.quoted = b'"' in data
        self._fields, self._last = fields, last
        self._starts: list[Ints] = []
        self._ends: list[Ints] = []
        self._lines: list[Ints] = []
        if last and data and not data.endswith(b"\n"):
            self.data = data + b"\n"
        while self.used < len(self.data) and self._scan():
            pass
        self.lines = np.concatenate(self._lines) if self._lines else np.zeros(0, np.int64)
        self.count = len(self.lines)

    bad: list[BadLine]

    def good(self) -> bytes:
        """The good rows, one after the other."""
        if not self.count:
            return b""
        starts, ends = np.concatenate(self._starts), np.concatenate(self._ends)
        if (starts[1:] == ends[:-1]).all():
            return self.data[int(starts[0]) : int(ends[-1])]
        cuts = np.flatnonzero(starts[1:] != ends[:-1])
        opens = starts[np.concatenate([[0], cuts + 1])]
        closes = ends[np.concatenate([cuts, [len(ends) - 1]])]
        return b"".join(self.data[a:b] for a, b in zip(opens.tolist(), closes.tolist(), strict=True))

    def _scan(self) -> bool:
        """Read rows from `used` on. False when the rest has to wait for more bytes; True when a line was refused and reading resumes."""
        base = self.used
        text = np.frombuffer(self.data, np.uint8)[base:]
        newlines = np.flatnonzero(text == _NEWLINE)
        if not len(newlines):
            return False
        commas = np.flatnonzero(text == _COMMA)
        ends = newlines
        if self.quoted:
            quotes = np.flatnonzero(text == _QUOTE)
            ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
            commas = commas[np.searchsorted(quotes, commas) % 2 == 0]
        starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else np.zeros(0, np.int64)
        fields = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
        physical = np.searchsorted(newlines, starts)
        spans = np.diff(np.searchsorted(newlines, ends), prepend=-1)
        wrong = fields != self._fields
        broken = wrong & (spans > 1)
        stop = int(np.argmax(broken)) if broken.any() else len(ends)
        tail = int(ends[-1]) + 1 if len(ends) else 0
        unclosed = stop == len(ends) and tail < len(text) and (self._last or len(text) - tail > _LONGEST)
        self._keep(text, base, starts[:stop], ends[:stop], physical[:stop], wrong[:stop])
        if stop == len(ends) and not unclosed:
            self.used, self.next_line = base + tail, self.next_line + int(np.searchsorted(newlines, tail))
            return False
        at = int(starts[stop]) if stop < len(ends) else tail
        close = int(newlines[np.searchsorted(newlines, at)])
        number = int(np.searchsorted(newlines, at))
        self._refuse(base + at, base + close, self.next_line + number, "引号没有闭合")
        self.used, self.next_line = base + close + 1, self.next_line + number + 1
        return True

    def _keep(
        self, text: npt.NDArray[np.uint8], base: int, starts: Ints, ends: Ints, physical: Ints, wrong: npt.NDArray[np.bool_]
    ) -> None:
        if not len(starts):
            return
        blank = (ends == starts) | ((ends == starts + 1) & (text[starts] == _RETURN))
        for i in np.flatnonzero(wrong & ~blank).tolist():
            found = _fields_of(self.data[base + int(starts[i]) : base + int(ends[i])])
            detail = f"应有 {self._fields} 个字段，实有 {found} 个"
            self._refuse(base + int(starts[i]), base + int(ends[i]), self.next_line + int(physical[i]), detail)
        fine = ~wrong & ~blank
        self._starts.append(base + starts[fine])
        self._ends.append(base + ends[fine] + 1)
        self._lines.append(self.next_line + physical[fine])

    def _refuse(self, start: int, end: int, line: int, detail: str) -> None:
        self.bad.append(BadLine(line, self.data[start:end].decode("utf-8", "replace").rstrip("\r")[:4000], detail))


def _fields_of(line: bytes) -> int:
    rows: Sequence[list[str]] = list(csv.reader([line.decode("utf-8", "replace")]))
    return len(rows[0]) if rows else 0
