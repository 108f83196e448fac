"""Where the header of a CSV stands: in the first line, or below a title; and what is wrong when it stands nowhere."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hengjian.lake.ingest.readers.base import FileRefused, Header, match_header
from hengjian.lake.ingest.readers.quoting import Unclosed, fields_alone, read_row
from hengjian.lake.schema import Table

_LINES = 10
"""Physical lines in which a header is looked for."""
_PEEK = 200
"""Lines after the header that tell how many fields the rows have."""
_SEPARATORS = {";": "分号（;）", "\t": "制表符（Tab）", "|": "竖线（|）", "，": "中文逗号（，）", "；": "中文分号（；）"}


@dataclass(frozen=True)
class Place:
    """A header found: its columns, the position after it, the physical line that follows, and the fields its rows may have.

    `spare`: from and to how many fields a row may have when only empty ones at its end make the difference; (0, 0) = no choice.
    """

    header: Header
    end: int
    line: int
    spare: tuple[int, int]


def find_header(table: Table, data: bytes) -> Place:
    """Look for the header in the first lines of `data`, which end in line ends. Raises FileRefused F02 or F03."""
    starts = [0]
    while len(starts) <= _LINES and (end := data.find(b"\n", starts[-1])) >= 0:
        starts.append(end + 1)
    window = data[: starts[-1]]
    told: tuple[int, FileRefused] | None = None
    for number, start in enumerate(starts[:-1]):
        cells, end, lines = _cells(window, start)
        if not any(cell.strip() for cell in cells):
            continue
        try:
            header = match_header(table, cells)
        except FileRefused as error:
            known = _known(table, cells)
            if told is None or known > told[0]:
                told = (known, error)
            continue
        return _fitted(header, cells, data, end, number + lines + 1)
    if told is None:
        raise FileRefused("F03", "文件里没有表头")
    _other_separator(table, window.decode("utf-8", "replace"), told[0])
    raise told[1]


def _cells(window: bytes, start: int) -> tuple[list[str], int, int]:
    """Cells of the row at `start`, where it ends, and its physical lines."""
    try:
        row = read_row(window, start, 0, True)
    except Unclosed:
        end = window.index(b"\n", start)
        return window[start:end].decode("utf-8", "replace").split(","), end + 1, 1
    return [cell.decode("utf-8", "replace") for cell in row.cells], row.end, row.lines


def _known(table: Table, cells: list[str]) -> int:
    return sum(cell.strip().strip("\ufeff").strip().strip('"').lower() in table.headers for cell in cells)


def _other_separator(table: Table, text: str, known: int) -> None:
    """Raise FileRefused F02 when a line would be a header if its columns were parted by something else than commas."""
    for line in text.splitlines():
        for mark, name in _SEPARATORS.items():
            if mark in line and _known(table, line.split(mark)) > max(known, 1):
                raise FileRefused("F02", f"列之间用的是{name}，应当用英文逗号", "另存为用英文逗号分隔的 CSV，重新送这个文件")


def _fitted(header: Header, cells: list[str], data: bytes, end: int, line: int) -> Place:
    """A header that ends in empty cells fits rows with or without them: most rows decide."""
    whole = len(cells)
    least = max(i for i, cell in enumerate(cells) if cell.strip()) + 1
    if least == whole:
        return Place(header, end, line, (0, 0))
    counts = Counter(
        min(max(fields_alone(text), least), whole) for text in data[end:].split(b"\n", _PEEK)[:_PEEK] if text.strip()
    )
    width = counts.most_common(1)[0][0] if counts else whole
    return Place(Header(header.names[:width], header.unknown), end, line, (least, whole))
