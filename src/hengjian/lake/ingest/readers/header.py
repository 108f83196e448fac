"""Where the header stands: in the first row, or below a title; and what is wrong when it stands nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hengjian.lake.ingest.readers.base import NOTHING, FileRefused, Header, Renamed, match_header, names_of
from hengjian.lake.ingest.readers.quoting import Unclosed, fields_alone, read_row
from hengjian.lake.schema import Table

LINES = 10
"""Lines in which a header is looked for."""
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


def choose(table: Table, rows: Sequence[Sequence[str]], renamed: Renamed = NOTHING) -> tuple[int, Header]:
    """Which of the first rows is the header, and its columns. Raises FileRefused F02 or F03 with what is wrong with the likeliest."""
    told: tuple[int, FileRefused] | None = None
    for place, cells in enumerate(rows):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            return place, match_header(table, cells, renamed)
        except FileRefused as error:
            count = known(table, cells, renamed)
            if told is None or count > told[0]:
                told = (count, error)
    if told is None:
        raise FileRefused("F03", "文件里没有表头")
    if told[1].code == "F02" and (pair := _in_two_rows(table, rows, renamed)) is not None:
        raise FileRefused(
            "F02", f"表头占了两行（第 {pair + 1}、{pair + 2} 行合起来才是表头）", "把两行表头合成一行，重新送这个文件"
        )
    raise told[1]


def known(table: Table, cells: Sequence[str], renamed: Renamed = NOTHING) -> int:
    """How many different columns the cells of a row name."""
    return len({name for name in names_of(table, cells, renamed) if name})


def repeats(table: Table, header: Header, cells: Sequence[str], renamed: Renamed = NOTHING) -> bool:
    """Whether the row below a header says the same columns once more in another language: national names below Chinese ones."""
    again = names_of(table, cells, renamed)
    pairs = [(a, b) for a, b, cell in zip(header.names, again, cells, strict=False) if cell.strip() and (a or b)]
    return len(pairs) > 1 and all(a == b for a, b in pairs)


def _in_two_rows(table: Table, rows: Sequence[Sequence[str]], renamed: Renamed) -> int | None:
    """The first of two neighbouring rows that only together name every required column."""
    required = {c.name for c in table.columns if c.required}
    found = [{name for name in names_of(table, cells, renamed) if name} for cells in rows]
    for place, (above, below) in enumerate(pairwise(found)):
        if above - below and below - above and required <= above | below:
            return place
    return None


def find_header(table: Table, data: bytes, renamed: Renamed = NOTHING) -> Place:
    """Look for the header in the first lines of `data`, which end in line ends. Raises FileRefused F02 or F03."""
    starts = [0]
    while len(starts) <= LINES + 1 and (end := data.find(b"\n", starts[-1])) >= 0:
        starts.append(end + 1)
    window = data[: starts[-1]]
    rows = [_cells(window, start) for start in starts[:-1][:LINES]]
    try:
        place, header = choose(table, [cells for cells, _, _ in rows], renamed)
    except FileRefused as error:
        if any(cell.strip() for cells, _, _ in rows for cell in cells):
            _other_separator(table, window.decode("utf-8", "replace"), max(known(table, cells) for cells, _, _ in rows))
        raise error
    cells, end, lines = rows[place]
    line = place + lines + 1
    if end < len(window):
        again, after, more = _cells(window, end)
        if repeats(table, header, again, renamed):
            end, line = after, line + more
    return _fitted(header, cells, data, end, line)


def _cells(window: bytes, start: int) -> tuple[list[str], int, int]:
    """Cells of the row at `start`, where it ends, and its physical lines."""
    try:
        row = read_row(window, start, 0, True)
    except Unclosed:
        end = window.index(b"\n", start)
        return window[start:end].decode("utf-8", "replace").split(","), end + 1, 1
    return [cell.decode("utf-8", "replace") for cell in row.cells], row.end, row.lines


def _other_separator(table: Table, text: str, least: int) -> None:
    """Raise FileRefused F02 when a line would be a header if its columns were parted by something else than commas."""
    for line in text.splitlines():
        for mark, name in _SEPARATORS.items():
            if mark in line and known(table, line.split(mark)) > max(least, 1):
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
