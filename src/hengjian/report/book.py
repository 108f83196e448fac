"""A workbook as every report writes it: few formats, frozen headers, and no text that ever turns into a formula."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from hengjian.report import words
from hengjian.report.fast_sheet import FastSheet

_CELL_CHARS = 32_000
NUMBERS = ("money", "number", "count", "line")
"""Kinds of cells that hold numbers."""


@dataclass(frozen=True)
class Head:
    """A column of a sheet: header, width and the kind of its cells (text, wrap, money, number, count, line)."""

    title: str
    width: int
    kind: str = "text"


class Book:
    """A workbook with the few formats it needs. Text is always stored as text: ids keep their zeros, `=…` is no formula."""

    def __init__(self, path: Path, title: str) -> None:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.file = xlsxwriter.Workbook(str(path), options)
        self.file.set_properties({"title": title, "author": "恒鉴"})
        base: dict[str, object] = {"font_name": "微软雅黑", "font_size": 10, "valign": "top"}
        kinds: dict[str, dict[str, object]] = {
            "text": {"num_format": "@"}, "wrap": {"num_format": "@", "text_wrap": True}, "money": {"num_format": "#,##0.00"},
            "number": {"num_format": "#,##0.####"}, "count": {"num_format": "#,##0"}, "line": {"num_format": "0"}, "title": {"font_size": 16, "bold": True},
            "head": {"bold": True, "bg_color": "#E8F1FE", "bottom": 1, "border_color": "#B9D5FB", "text_wrap": True, "valign": "vcenter"},
        }  # fmt: skip
        self.formats = {name: self.file.add_format(base | kind) for name, kind in kinds.items()}
        self.formats |= {
            f"{n}!": self.file.add_format(base | kinds[n] | {"bold": True, "top": 1}) for n in ("text", "wrap", *NUMBERS)
        }

    def sheet(self, name: str, heads: Sequence[Head], *, freeze: int = 0) -> Worksheet:
        """A sheet with a frozen header, column widths and print setup."""
        sheet = self.file.add_worksheet(name, FastSheet)
        for i, head in enumerate(heads):
            sheet.set_column(i, i, head.width, self.formats[head.kind])
        sheet.set_row(0, 30)
        for i, head in enumerate(heads):
            sheet.write_string(0, i, head.title, self.formats["head"])
        sheet.freeze_panes(1, freeze)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer("&L&A&R第 &P 页，共 &N 页")
        return sheet

    def row(self, sheet: Worksheet, number: int, heads: Sequence[Head], cells: Iterable[Any], *, bold: bool = False) -> None:
        """Write one row; an empty cell is not written."""
        for i, (head, cell) in enumerate(zip(heads, cells, strict=True)):
            self.cell(
                sheet,
                number,
                i,
                cell,
                self.formats[head.kind + ("!" if bold else "")],
                head.kind in NUMBERS,
            )

    @staticmethod
    def cell(sheet: Worksheet, row: int, column: int, value: Any, style: Format, is_number: bool) -> None:
        if value is None or value == "":
            return
        if is_number:
            sheet.write_number(row, column, value, style)
        else:
            sheet.write_string(row, column, words.plain(str(value))[:_CELL_CHARS], style)

    def about(self, name: str, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """A sheet of prose: a heading, and texts with their names."""
        sheet = self.file.add_worksheet(name, FastSheet)
        sheet.set_column(0, 0, 18, self.formats["text"])
        sheet.set_column(1, 1, 96, self.formats["wrap"])
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        sheet.set_row(0, 28)
        sheet.write_string(0, 0, words.plain(title), self.formats["title"])
        for number, (label, text) in enumerate(rows, start=2):
            sheet.write_string(number, 0, label, self.formats["text"])
            sheet.write_string(number, 1, words.plain(text)[:_CELL_CHARS], self.formats["wrap"])


def book_bytes(
    title: str, name: str, heads: Sequence[Head], rows: Iterable[Iterable[Any]], notes: Sequence[tuple[str, str]] = ()
) -> bytes:
    """A workbook of one sheet, and one of prose before it where there are notes, as the bytes of its file."""
    with tempfile.TemporaryDirectory(prefix="hengjian-book-") as folder:
        path = Path(folder) / "book.xlsx"
        book = Book(path, title)
        if notes:
            book.about("说明", title, notes)
        sheet = book.sheet(name, heads)
        for number, cells in enumerate(rows, start=1):
            book.row(sheet, number, heads, cells)
        book.file.close()
        return path.read_bytes()
