"""Workbooks: their sheets, and the rows of a sheet in blocks, with what is merged over rows standing in each of them.

calamine reads the cells. It holds a whole sheet in memory, which a million rows do not allow, so the rows of a large XLSX sheet are
cut into pieces of some megabytes and each piece is given to it as a small workbook of its own. Other formats are read whole.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from hengjian.kernel.causes import cause_of
from hengjian.lake.ingest.readers import pieces
from hengjian.lake.ingest.readers.base import FileRefused
from hengjian.lake.ingest.readers.content import BROKEN, Content

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
"""How the old container of Microsoft begins: .xls, and whatever has a password."""
_EPOCH, _EPOCH_OF_MACS = date(1899, 12, 30), date(1904, 1, 1)
_AT_ONCE = 20_000
"""Rows of a block where a sheet is read whole."""
_LARGEST_PART = 1 << 30
"""Bytes of texts and styles that are held in memory."""
_LARGEST_SHEET = 16 << 30
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"

Merged = list[tuple[tuple[int, int], tuple[int, int]]]
"""Ranges of merged cells: (row, column) of the first and the last cell, from 0."""


@dataclass(frozen=True)
class Block:
    """Some rows of a sheet: the number of the first (from 1, as users see it), cells from column `left` (from 0) on, and the
    share of the sheet read. An empty cell is ""."""

    first: int
    left: int
    rows: list[list[Any]]
    done: float


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook. `part`: where an XLSX keeps it, "" = read whole."""

    name: str
    hidden: bool
    part: str = ""
    size: int = 0


@dataclass(frozen=True)
class Book:
    """An open workbook. `frame`: what of an XLSX every piece of a sheet needs."""

    stream: IO[bytes]
    sheets: tuple[Sheet, ...]
    epoch: date = _EPOCH
    frame: dict[str, bytes] = field(default_factory=dict)

    def blocks(self, sheet: Sheet, first_only: bool = False) -> Iterator[Block]:
        """The rows of a sheet; `first_only`: only those at its beginning. Raises FileRefused F05."""
        if not sheet.part:
            yield from _whole(self.stream, sheet)
            return
        with _sentences(), zipfile.ZipFile(self.stream) as archive:
            tail = b"" if first_only or sheet.size <= pieces.PIECE else _tail(archive, sheet)
            spans = _Spans(_read(self, sheet, tail).merged_cell_ranges or []) if tail else None
            with archive.open(sheet.part) as stream:
                for piece in pieces.cut(
                    stream, pieces.HEAD if first_only else max(pieces.PIECE, len(self.frame.get("xl/sharedStrings.xml", b"")))
                ):
                    read = _read(self, sheet, piece)
                    if spans is None:
                        spans = _Spans(read.merged_cell_ranges or [])
                    if read.start:
                        rows = read.to_python()
                        spans.fill(rows, read.start)
                        yield Block(read.start[0] + 1, read.start[1], rows, min(1.0, stream.tell() / max(sheet.size, 1)))
                    if first_only:
                        return


@contextmanager
def open_book(content: Content) -> Iterator[Book]:
    """A workbook, read from a file or from inside an archive. Raises FileRefused F05."""
    with content.seekable() as stream:
        start = stream.read(2048)
        stream.seek(0)
        with _sentences():
            book = _xlsx(stream) if start.startswith(b"PK") else None
        yield book or _other(stream, start)


def _xlsx(stream: IO[bytes]) -> Book | None:
    """The workbook when its sheets can be cut into pieces."""
    with zipfile.ZipFile(stream) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return None
        frame = {n: b"" for n in names if n == "[Content_Types].xml" or (n.endswith((".rels", "sharedStrings.xml", "styles.xml", "workbook.xml")) and "/worksheets/" not in n)}  # fmt: skip
        if sum(archive.getinfo(n).file_size for n in frame) > _LARGEST_PART:
            raise FileRefused("F05", "工作簿里的文字超过 1 GB", "把它分成几个文件，或另存为 CSV")
        frame = {n: archive.read(n) for n in frame}
        targets = {
            r.get("Id"): (r.get("Target", ""), r.get("Type", ""))
            for r in ElementTree.fromstring(frame["xl/_rels/workbook.xml.rels"])
        }
        sheets, epoch = [], _EPOCH
        for element in ElementTree.fromstring(frame["xl/workbook.xml"]).iter():
            tag = element.tag.rpartition("}")[2]
            if tag == "workbookPr" and element.get("date1904") in ("1", "true"):
                epoch = _EPOCH_OF_MACS
            if tag == "sheet":
                target, kind = targets.get(element.get(_RELATION) or element.get(_STRICT_RELATION), ("", ""))
                part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                if not kind.endswith("/worksheet"):
                    continue
                if part not in names:
                    return None
                size = archive.getinfo(part).file_size
                if size > _LARGEST_SHEET:
                    raise FileRefused("F05", f"工作表“{element.get('name')}”解开后超过 16 GB", "另存为 CSV")
                with archive.open(part) as opened:
                    if not pieces.can_cut(opened):
                        return None
                sheets.append(Sheet(element.get("name", ""), element.get("state", "visible") != "visible", part, size))
    return Book(stream, tuple(sheets), epoch, frame)


def _other(stream: IO[bytes], start: bytes) -> Book:
    if b"<html" in start.lower() or b"<table" in start.lower():
        raise FileRefused("F05", "这其实是网页（HTML），只是改了扩展名", "用 Excel 打开，另存为 xlsx 或 CSV")
    if start and not start.startswith((_COMPOUND, b"PK")) and b"\0" not in start:
        raise FileRefused(
            "F05", "这其实是文本文件，只是改了扩展名", "把扩展名改成 .csv；不是用英文逗号分隔的，用 Excel 打开另存为 xlsx"
        )
    if start.startswith(_COMPOUND) and _holds(stream, "EncryptedPackage".encode("utf-16-le")):
        raise FileRefused("F05", "工作簿加了密码", "去掉密码另存一份，重新送这个文件")
    stream.seek(0)
    with _sentences(), CalamineWorkbook.from_filelike(stream) as book:
        sheets = tuple(
            Sheet(meta.name, meta.visible != SheetVisibleEnum.Visible)
            for meta in book.sheets_metadata
            if meta.typ == SheetTypeEnum.WorkSheet
        )
    return Book(stream, sheets)


def _holds(stream: IO[bytes], mark: bytes) -> bool:
    """Whether the mark stands anywhere in the stream."""
    stream.seek(0)
    before = b""
    while more := stream.read(1 << 20):
        if mark in before + more:
            return True
        before = more[-len(mark) :]
    return False


def _whole(stream: IO[bytes], sheet: Sheet) -> Iterator[Block]:
    stream.seek(0)
    with _sentences(), CalamineWorkbook.from_filelike(stream) as book:
        read = book.get_sheet_by_name(sheet.name)
        if not read.start or not read.end:
            return
        last = read.end[0] + 1
        spans = _Spans(read.merged_cell_ranges or [])
        rows: list[list[Any]] = []
        for number, row in enumerate(read.iter_rows(), 1):
            rows.append(row)
            if len(rows) == _AT_ONCE or number == last:
                first = number - len(rows) + 1
                spans.fill(rows, (first - 1, read.start[1]))
                yield Block(first, read.start[1], rows, number / last)
                rows = []


def _read(book: Book, sheet: Sheet, content: bytes) -> CalamineSheet:
    """The cells of a piece of a sheet."""
    small = io.BytesIO()
    with zipfile.ZipFile(small, "w", zipfile.ZIP_STORED) as archive:
        for name, data in book.frame.items():
            archive.writestr(name, data)
        archive.writestr(sheet.part, content)
    small.seek(0)
    with CalamineWorkbook.from_filelike(small) as opened:
        return opened.get_sheet_by_name(sheet.name)


def _tail(archive: zipfile.ZipFile, sheet: Sheet) -> bytes:
    with archive.open(sheet.part) as stream:
        return pieces.tail(stream)


class _Spans:
    """Fills what is merged over rows into each of the rows, block after block."""

    def __init__(self, merged: Merged) -> None:
        self._tops: dict[int, list[tuple[int, int]]] = {}
        self._open: dict[int, tuple[int, Any]] = {}
        for (top, left), (bottom, _) in merged:
            if bottom > top:
                self._tops.setdefault(top, []).append((left, bottom))

    def fill(self, rows: list[list[Any]], start: tuple[int, int]) -> None:
        """Rows that are empty stay empty."""
        if not self._tops:
            return
        for number, row in enumerate(rows, start[0]):
            for column, (bottom, value) in list(self._open.items()):
                place = column - start[1]
                if number > bottom:
                    del self._open[column]
                elif 0 <= place < len(row) and row[place] == "" and any(cell != "" for cell in row):
                    row[place] = value
            for column, bottom in self._tops.get(number, ()):
                if 0 <= column - start[1] < len(row):
                    self._open[column] = (bottom, row[column - start[1]])


@contextmanager
def _sentences() -> Iterator[None]:
    """What the libraries raise, as a refusal of the file."""
    try:
        yield
    except PasswordError as error:
        raise FileRefused("F05", "工作簿加了密码", "去掉密码另存一份，重新送这个文件") from error
    except CalamineError as error:
        raise FileRefused("F05", f"不是完整的工作簿（{cause_of(error)}）") from error
    except (*BROKEN, OSError, ElementTree.ParseError, KeyError) as error:
        raise FileRefused("F05", f"工作簿损坏（{cause_of(error)}）") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise FileRefused("F05", "工作簿损坏，读不下去", "用 Excel 打开，另存一份，重新送这个文件") from error
        raise
