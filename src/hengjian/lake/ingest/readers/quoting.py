"""One CSV row at a time, for the few lines whose quotes the vectorised reader (`rows`) cannot vouch for.

A quote opens a field only at the field's very beginning and closes it only before a comma or a line end; any other quote is text.
A quoted field may go on over line ends, but not past a line that by itself is a row: then the quote was never closed, and only the
line on which it opens is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 1 << 20
"""Bytes after which a quote that is still open counts as never closed."""

_CELL = rb'(?:"(?:[^"]|"")*"|[^",]*)'
_STRICT = re.compile(_CELL + rb"(?:," + _CELL + rb")*")
_QUOTED = re.compile(rb'"[^"]*"')
_BLANKS = re.compile(rb"[ \t]*")


class Unclosed(Exception):
    """The quote opened on this line is not closed."""


class Unfinished(Exception):
    """The row may go on in the bytes that follow."""


@dataclass(frozen=True)
class Row:
    """A row: position after its line end, its fields, and whether its bytes say to the Arrow parser what they say here."""

    end: int
    cells: list[bytes]
    same: bool
    lines: int

    def canonical(self) -> bytes:
        """The row spelled so that every parser reads it alike."""
        return b",".join(b'"' + c.replace(b'"', b'""') + b'"' if c else b"" for c in self.cells) + b"\n"


def fields_alone(line: bytes) -> int:
    """Fields of a physical line read by itself; 0 when its quotes do not allow that."""
    line = line.removesuffix(b"\r")
    if b'"' not in line:
        return line.count(b",") + 1
    return _QUOTED.sub(b"", line).count(b",") + 1 if _STRICT.fullmatch(line) else 0


def read_row(data: bytes, start: int, fields: int, last: bool) -> Row:
    """The row that begins at `start`, on a line that ends inside `data`. `fields`: of a row of this file, 0 = not known.

    `last`: nothing follows `data`. Raises Unclosed, Unfinished.
    """
    return _Scan(data, start, fields, last).row()


class _Scan:
    def __init__(self, data: bytes, start: int, fields: int, last: bool) -> None:
        self._data, self._start, self._fields, self._last = data, start, fields, last
        self._at, self._same, self._lines = start, True, 1
        self._enter(start, data.index(b"\n", start))
        self._spans: list[
            tuple[int, int, int]
        ] = []  # fields of the line it opens on, fields before it, commas before its close

    def row(self) -> Row:
        cells: list[bytes] = []
        while True:
            cells.append(self._quoted(len(cells)) if self._data.startswith(b'"', self._at) else self._bare())
            if self._at == self._stop:
                break
            self._at += 1
        if self._lines > 1 and self._fields:
            if len(cells) != self._fields:
                raise Unclosed
            for opened_on, before, commas in self._spans:
                if opened_on == self._fields == commas + len(cells) - before:
                    raise Unclosed  # both lines are rows when their quote is taken as text
        return Row(self._end + 1, cells, self._same, self._lines)

    def _enter(self, begin: int, end: int) -> None:
        self._begin, self._end = begin, end
        self._stop = end - 1 if end > begin and self._data[end - 1] == 13 else end

    def _bare(self) -> bytes:
        comma = self._data.find(b",", self._at, self._stop)
        begin, self._at = self._at, comma if comma >= 0 else self._stop
        cell = self._data[begin : self._at]
        if b"\r" in cell:
            self._same = False
        return cell

    def _quoted(self, before: int) -> bytes:
        data, opened, first = self._data, self._at, self._end
        at, lone = opened + 1, False
        while True:
            quote = data.find(b'"', at, self._stop)
            if quote < 0:
                if lone:
                    raise Unclosed
                self._next_line()
                at = self._begin
                continue
            after = quote + 1
            if after < self._stop and data[after] == 34:
                at = after + 1
                continue
            blank = _BLANKS.match(data, after, self._stop)
            close = blank.end() if blank else after
            if close == self._stop or data[close] == 44:
                self._same &= not lone and close == after
                break
            if self._end != first or data[quote - 1] == 44:
                raise Unclosed
            lone, at = True, after
        if self._end != first:
            on_first = before + 1 + data.count(b",", opened, first)
            self._spans.append((on_first, before, data.count(b",", self._begin, quote)))
        self._at = close
        return data[opened + 1 : quote].replace(b'""', b'"')

    def _next_line(self) -> None:
        begin = self._end + 1
        end = self._data.find(b"\n", begin)
        if end < 0:
            raise Unclosed if self._last or len(self._data) - self._start > LONGEST else Unfinished
        if end - self._start > LONGEST or (self._fields and fields_alone(self._data[begin:end]) == self._fields):
            raise Unclosed
        self._lines += 1
        self._enter(begin, end)
