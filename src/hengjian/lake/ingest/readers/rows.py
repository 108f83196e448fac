"""The rows of a block of CSV, found with whole-array operations.

A line whose quotes all open at the beginning of a field and close before its end, in pairs, is read as it stands; so is a line
without quotes. Only the other lines, and what they may drag along, are read one by one (`quoting`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hengjian.lake.ingest.readers.base import BadLine
from hengjian.lake.ingest.readers.quoting import LONGEST, Row, Unclosed, Unfinished, read_row

_QUOTE, _COMMA, _NEWLINE, _RETURN = 34, 44, 10, 13

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Rows:
    """Good rows of a block with their physical lines, and lines that are no rows.

    `used` bytes were consumed; what follows is the beginning of a row that the block does not end. `last` = there is no more.
    `fields`: of every good row; rows of `spare[0]` to `spare[1]` fields are brought to that number when only empty ones differ.
    `breaks`: some field holds a line end.
    """

    def __init__(self, data: bytes, fields: int, line: int, last: bool, spare: tuple[int, int] = (0, 0)) -> None:
        self.data = data + b"\n" if last and data and not data.endswith(b"\n") else data
        self.bad: list[BadLine] = []
        self.breaks = False
        self._fields, self._line, self._last, self._spare = fields, line, last, spare
        self._odd: list[tuple[int, int, int, bytes | None]] = []  # start, end, physical line, spelling if not as sent
        text = np.frombuffer(self.data, np.uint8, self.data.rfind(b"\n") + 1)
        newlines = np.flatnonzero(text == _NEWLINE)
        starts = np.concatenate([[0], newlines[:-1] + 1]) if len(newlines) else np.zeros(0, np.int64)
        taken, stop = np.zeros(len(newlines), bool), len(newlines)
        quotes = np.flatnonzero(text == _QUOTE) if b'"' in data else np.zeros(0, np.int64)
        if b'"' in data or b"\r" in data:
            quotes, odd = _odd_lines(text, newlines, quotes)
            stop = self._one_by_one(starts, newlines, odd, taken)
        self._whole(text, starts[:stop], newlines[:stop], quotes, taken[:stop])
        self.used = int(starts[stop]) if stop < len(newlines) else len(text)
        self.next_line = line + stop
        self.bad.sort(key=lambda b: b.line)

    @property
    def count(self) -> int:
        """Number of good rows."""
        return len(self.lines)

    def good(self) -> bytes:
        """The good rows, one after the other."""
        if not self.count:
            return b""
        starts, ends = self._starts, self._ends
        cut = starts[1:] != ends[:-1]
        for place in self._spelled:
            cut[place - 1 : place + 1] = True
            if place == 0:
                cut[:1] = True
        cuts = np.flatnonzero(cut)
        first = np.concatenate([[0], cuts + 1]).tolist()
        opens, closes = starts[first].tolist(), ends[np.concatenate([cuts, [len(ends) - 1]])].tolist()
        return b"".join(self._spelled.get(place) or self.data[a:b] for place, a, b in zip(first, opens, closes, strict=True))

    def _one_by_one(self, starts: Ints, newlines: Ints, odd: list[int], taken: Mask) -> int:
        """Read the odd lines and what belongs to them; returns the line from which on more bytes are needed."""
        after = 0
        for number in odd:
            if number < after:
                continue
            start = int(starts[number])
            try:
                row = read_row(self.data, start, self._fields, self._last)
            except Unfinished:
                return number
            except Unclosed:
                self._refuse(start, int(newlines[number]), number, "引号没有闭合")
                after = number + 1
            else:
                after = number + row.lines
                self._settle(row, start, number)
            taken[number:after] = True
        return len(newlines)

    def _settle(self, row: Row, start: int, number: int) -> None:
        cells = self._fitted(row.cells)
        if cells is None:
            self._refuse(start, row.end - 1, number, self._wrong(len(row.cells)))
            return
        same = row.same and len(cells) == len(row.cells)
        self.breaks |= row.lines > 1 or not row.same
        spelling = None if same else Row(row.end, cells, row.same, row.lines).canonical()
        self._odd.append((start, row.end, number, spelling))

    def _fitted(self, cells: list[bytes]) -> list[bytes] | None:
        """The cells of a row of the right length, without or with some empty ones at its end; None when that is not it."""
        if len(cells) == self._fields:
            return cells
        if not self._spare[0] <= len(cells) <= self._spare[1] or any(cells[self._fields :]):
            return None
        return cells[: self._fields] + [b""] * (self._fields - len(cells))

    def _whole(self, text: Bytes, starts: Ints, ends: Ints, quotes: Ints, taken: Mask) -> None:
        """All lines that are rows by themselves."""
        commas = np.flatnonzero(text == _COMMA)
        if len(quotes):
            commas = commas[np.searchsorted(quotes, commas) % 2 == 0]
        fields = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
        blank = (ends == starts) | ((ends == starts + 1) & (text[starts] == _RETURN))
        wrong = (fields != self._fields) & ~blank & ~taken
        for number in np.flatnonzero(wrong).tolist():
            start, end = int(starts[number]), int(ends[number])
            if self._spare[0] <= fields[number] <= self._spare[1]:
                self._settle(read_row(self.data, start, 0, True), start, number)
            else:
                self._refuse(start, end, number, self._wrong(int(fields[number])))
        numbers = np.flatnonzero(~(wrong | blank | taken))
        self._starts, self._ends, self._spelled = starts[numbers], ends[numbers] + 1, {}
        if self._odd:
            others = np.array([row[:3] for row in self._odd], np.int64)
            self._starts = np.concatenate([self._starts, others[:, 0]])
            self._ends = np.concatenate([self._ends, others[:, 1]])
            numbers = np.concatenate([numbers, others[:, 2]])
            order = np.argsort(numbers, kind="stable")
            self._starts, self._ends, numbers = self._starts[order], self._ends[order], numbers[order]
            places = np.searchsorted(numbers, others[:, 2]).tolist()
            self._spelled = {p: row[3] for p, row in zip(places, self._odd, strict=True) if row[3] is not None}
        self.lines = self._line + numbers

    _spelled: dict[int, bytes]

    @property
    def longest(self) -> int:
        """Bytes of the longest good row."""
        spelled = max((len(row) for row in self._spelled.values()), default=0)
        return max(int((self._ends - self._starts).max(initial=0)), spelled)

    def _wrong(self, found: int) -> str:
        return f"应有 {self._fields} 个字段，实有 {found} 个"

    def _refuse(self, start: int, end: int, number: int, detail: str) -> None:
        text = self.data[start : min(end, start + LONGEST)].decode("utf-8", "replace").rstrip("\r")
        self.bad.append(BadLine(self._line + number, text, detail))


def _odd_lines(text: Bytes, newlines: Ints, quotes: Ints) -> tuple[Ints, list[int]]:
    """Quotes of the lines that have an even number of them, and the lines to be read one by one."""
    counts = np.diff(np.searchsorted(quotes, newlines), prepend=0)
    odd = counts % 2 == 1
    quotes = quotes[: int(counts.sum())]
    if odd.any():
        quotes = quotes[~np.repeat(odd, counts)]
    if len(quotes):
        before = text[quotes[0::2] - 1]  # of the very first byte it is the last, a line end
        after = text[quotes[1::2] + 1]
        opens = (before == _COMMA) | (before == _NEWLINE) | (before == _QUOTE)
        closes = (after == _COMMA) | (after == _NEWLINE) | (after == _QUOTE) | (after == _RETURN)
        fine = opens & closes
        if not fine.all():
            odd[np.searchsorted(newlines, quotes[0::2][~fine])] = True
    returns = np.flatnonzero(text == _RETURN)
    if len(returns):
        bare = returns[text[returns + 1] != _NEWLINE]
        odd[np.searchsorted(newlines, bare)] = True
    return quotes, np.flatnonzero(odd).tolist()
