"""A sheet of a workbook as batches: header below titles, empty rows passed over, lines numbered as the sheet numbers its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pyarrow as pa

from hengjian.lake.ingest.readers.base import NOTHING, Batch, FileRefused, Header, Renamed
from hengjian.lake.ingest.readers.cells import text_of, to_array
from hengjian.lake.ingest.readers.content import Content
from hengjian.lake.ingest.readers.header import LINES, choose, repeats
from hengjian.lake.ingest.readers.workbook import Block, Book, Sheet, open_book
from hengjian.lake.schema import Table


def list_sheets(content: Content, rows: int) -> list[tuple[Sheet, list[list[str]]]]:
    """Every sheet of a workbook with its first rows as text, empty rows at its top included. Raises FileRefused F05."""
    with open_book(content) as book:
        return [(sheet, _first_rows(next(book.blocks(sheet, first_only=True), None), rows)) for sheet in book.sheets]


def read_sheet(content: Content, name: str, table: Table, renamed: Renamed = NOTHING) -> tuple[Header, Iterator[Batch]]:
    """Header and batches of one sheet. Raises FileRefused."""
    with ExitStack() as opened:
        book = opened.enter_context(open_book(content))
        sheet = next((s for s in book.sheets if s.name == name), None)
        if sheet is None:
            raise FileRefused("F05", f"工作簿里没有工作表“{name}”")
        top = next(book.blocks(sheet, first_only=True), None)
        rows = _first_rows(top, LINES + (top.first if top else 0))
        place, header = choose(table, rows, renamed)
        last = place + 1 if place + 1 < len(rows) and repeats(table, header, rows[place + 1], renamed) else place
        if top is not None and (nameless := _nameless(rows[place], top)):
            header = Header(header.names, (*header.unknown, *nameless))
        return header, _batches(book, sheet, table, header, last + 1, opened.pop_all())


def _batches(book: Book, sheet: Sheet, table: Table, header: Header, above: int, opened: ExitStack) -> Iterator[Batch]:
    """`above`: rows of the sheet down to its header."""
    columns = [(place, table[name]) for place, name in enumerate(header.names) if name]
    with opened:
        for block in book.blocks(sheet):
            skipped = max(0, above - block.first + 1)
            numbers, rows = [], []
            for number, row in enumerate(block.rows[skipped:], block.first + skipped):
                if any(row) or any(cell != "" for cell in row):
                    numbers.append(number)
                    rows.append(row)
            if rows:
                data = {c.name: to_array(_cells(rows, place - block.left), c, epoch=book.epoch) for place, c in columns}
                yield Batch(pa.table(data), pa.array(numbers, pa.int64()), (), block.done)


def _cells(rows: Sequence[Sequence[Any]], place: int) -> list[Any]:
    """One column; beyond the cells of the block it is empty."""
    return [row[place] for row in rows] if rows and 0 <= place < len(rows[0]) else [""] * len(rows)


def _first_rows(block: Block | None, count: int) -> list[list[str]]:
    """The first rows of a sheet as text, from its first row and column on."""
    if block is None:
        return []
    return [[] for _ in range(min(block.first - 1, count))] + [
        [""] * block.left + [text_of(cell) or "" for cell in row] for row in block.rows[: max(0, count - block.first + 1)]
    ]


def _nameless(cells: Sequence[str], top: Block) -> list[str]:
    """Columns that hold something below an empty header."""
    width = max((len(row) for row in top.rows), default=0) + top.left
    found = []
    for place in range(top.left, width):
        named = place < len(cells) and cells[place].strip()
        below = any(row[place - top.left] != "" for row in top.rows[1:])
        if not named and below:
            found.append(f"{_letters(place)} 列（没有表头）")
    return found


def _letters(place: int) -> str:
    """The name of a column as a sheet shows it: A, B, … AA."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text
