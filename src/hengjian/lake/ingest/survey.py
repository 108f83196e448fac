"""What lies in a folder, an archive or a database: everything that has columns, whichever table it may belong to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

import pyarrow.parquet as pq

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.manifest import read_manifest
from hengjian.lake.ingest.naming import FILE_SUFFIXES, begins, called, fitting, stem, table_of, tables_at
from hengjian.lake.ingest.readers import Batch, Content, FileRefused, Header, read_csv, read_parquet
from hengjian.lake.ingest.readers.archive import members
from hengjian.lake.ingest.readers.base import NOTHING, Renamed
from hengjian.lake.ingest.readers.delimited import peek_csv
from hengjian.lake.ingest.readers.parquet import peek_parquet
from hengjian.lake.ingest.readers.sheet import list_sheets, read_sheet
from hengjian.lake.ingest.readers.workbook import SUFFIXES as BOOKS
from hengjian.lake.schema import TABLES, Table

MESSAGES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_DATA = (*FILE_SUFFIXES, *BOOKS, *MESSAGES, ".gz", ".xlsb", ".et", ".zip")
_BESIDE = {"truth.csv": "合成城市的真值，只供 hengjian score 评分", "truth.parquet": "合成城市的真值，只供 hengjian score 评分"}
"""What may lie beside the data without being part of it."""
_TOP = 30
"""Rows at the top of a sheet that are looked at."""
NO_TABLE = "文件名没有对应的表"


@dataclass(frozen=True)
class Part:
    """Something with columns: a file, a sheet, a database table. `table`: the one its name or header tells; otherwise `why` not.

    `data`: it looks like data, so leaving it out is worth a warning. `peek(n)` gives the first n rows as text, titles and header
    among them. `read` and `peek` raise FileRefused.
    """

    name: str
    table: Table | None
    read: Callable[[Table, Renamed], tuple[Header, Iterator[Batch]]]
    peek: Callable[[int], list[list[str]]]
    tables: Mapping[str, Table] = field(default_factory=lambda: TABLES)
    why: str = ""
    data: bool = True
    size: int = 1
    rows: int = 0


@dataclass(frozen=True)
class MessageFile:
    """A file of national messages, one JSON object a line. `open` gives its bytes and raises FileRefused."""

    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    size: int = 1


@dataclass
class Survey:
    """All that was found at `place`."""

    place: Path | str
    parts: list[Part] = field(default_factory=list)
    messages: list[MessageFile] = field(default_factory=list)
    manifest: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave(self, name: str, why: str, data: bool) -> None:
        """List something as left out; `data`: it looks like data."""
        self.ignored[name] = why
        if data:
            self.unread.append(name)


def survey(place: Path) -> Survey:
    """Look at a folder or a zip of one. Raises InputError when it is missing or unreadable."""
    found = Survey(place)
    try:
        if not place.exists():
            raise InputError("没有这个文件夹", where=str(place), cure="检查路径；要送的是放数据文件的文件夹，或它的 zip 压缩包")
        if place.is_file() and place.name.lower().endswith(".zip"):
            _archive(found, Content.of(place), "")
            return found
        if not place.is_dir():
            raise InputError("这不是文件夹", where=str(place), cure="把数据文件放进一个文件夹，再送这个文件夹或它的 zip 压缩包")
        names = _names(place)
        if names.pop("knowledge", False):
            names |= {f"knowledge/{name}": is_folder for name, is_folder in _names(place / "knowledge").items()}
    except FileRefused as error:
        raise InputError(error.detail, where=str(place), cure=error.advice or "重新导出或重新传输这个文件") from error
    except OSError as error:
        raise InputError(
            "文件夹读不了", where=str(place), why=cause_of(error), cure="请管理员开读和进入这个文件夹的权限"
        ) from error
    for name, is_folder in names.items():
        if is_folder:
            _folder(found, name, name.lower().endswith(_DATA) or _holds_data(place / name))
        else:
            _file(found, Content.of(place / name, name), name)
    return found


def _archive(found: Survey, archive: Content, prefix: str) -> None:
    """The members of a zip, as if they lay in a folder. Raises FileRefused F05."""
    contents, refused = members(archive)
    folders: dict[str, bool] = {}
    for path, content in contents.items():
        parent, _, name = path.rpartition("/")
        if parent in ("", "knowledge"):
            _file(found, Content(prefix + path, content.size, content.open), path)
        else:
            folders[parent] = folders.get(parent, False) or name.lower().endswith(_DATA)
    for path, holds_data in folders.items():
        _folder(found, prefix + path, holds_data)
    for path, why in refused.items():
        found.leave(prefix + path, why, True)


def _folder(found: Survey, name: str, data: bool) -> None:
    if not name.startswith("."):
        found.leave(name, "这是文件夹，里面的文件没有读；要读的文件请放到上一层", data)


def _file(found: Survey, content: Content, inner: str) -> None:
    """A file; `inner` is its path inside the folder or archive."""
    lower, name = inner.lower(), content.name
    if inner == "manifest.csv":
        found.manifest |= read_manifest(content, found.place)
    elif inner.startswith((".", "~$")):  # "~$": left by a workbook that is open in Excel
        return
    elif lower in _BESIDE:
        found.leave(name, _BESIDE[lower], False)
    elif lower.endswith(FILE_SUFFIXES):
        found.parts.append(_plain(content, inner))
    elif lower.endswith(BOOKS):
        _book(found, content, inner)
    elif lower.endswith(MESSAGES):
        found.messages.append(MessageFile(name, content.open, max(content.size, 1)))
    elif lower.endswith(".zip"):
        if content.path is None:
            found.leave(name, "压缩包里的压缩包没有读；请解开，把文件放到外层", True)
            return
        try:
            _archive(found, content, f"{name}/")
        except FileRefused as error:
            found.leave(name, error.detail, True)
    else:
        label = {
            ".xlsb": "还不能读 xlsb，请另存为 xlsx",
            ".et": "还不能读 WPS 的 et，请另存为 xlsx",
            ".json": "还不能读 JSON，报文请每行一条，存成 .ndjson",
        }
        why = next((words for suffix, words in label.items() if lower.endswith(suffix)), "不是数据文件")
        found.leave(name, why, lower.endswith(_DATA))


def _plain(content: Content, inner: str) -> Part:
    """A CSV or Parquet file."""
    parquet = inner.lower().endswith(".parquet")
    size = max(content.size, 1)
    rows = size * (8 if inner.lower().endswith(".gz") else 1) // 200
    if parquet and content.path:
        try:
            rows = int(pq.read_metadata(content.path).num_rows)
        except Exception:  # refused when it is read, with its reason
            size, rows = 1, 0
    read = partial(read_parquet if parquet else read_csv, content)
    peek = partial(peek_parquet if parquet else peek_csv, content)
    return Part(content.name, table_of(inner), read, peek, tables_at(inner), NO_TABLE, size=size, rows=rows)


def _book(found: Survey, content: Content, inner: str) -> None:
    """The sheets of a workbook."""
    tables = tables_at(inner)
    of_file = begins(stem(inner), tables)
    try:
        sheets = list_sheets(content, _TOP)
    except FileRefused as error:
        why = NO_TABLE if of_file else error.detail + (f"；{error.advice}" if error.advice else "")
        # refused when it is read, with its reason, if its name or a map says which table it is
        found.parts.append(Part(content.name, of_file, partial(read_sheet, content, ""), lambda n: [], tables, why, True))
        return
    parts = []
    for sheet, top in sheets:
        name = f"{content.name}/{sheet.name}"
        if not any(any(row) for row in top):
            found.leave(name, "空的工作表", False)
            continue
        like = fitting(top, tables, NOTHING)
        table = called(sheet.name, tables) or (of_file if of_file in like else like[0] if len(like) == 1 else None)
        why = "表头没有对应的表" if not like else f"表头同时符合{'、'.join(t.label for t in like)}，不知道是哪张表"
        if sheet.hidden:
            table, why = None, "隐藏的工作表没有读；要读请在 Excel 里取消隐藏"
        rows = sheet.size // 700 or len(top)
        parts.append(
            Part(
                name,
                table,
                partial(read_sheet, content, sheet.name),
                partial(_cut, top),
                tables,
                why,
                _has_columns(top),
                max(sheet.size, content.size // len(sheets), 1),
                rows,
            )
        )
    if of_file and parts and not any(part.table for part in parts):
        first = next((i for i, part in enumerate(parts) if "隐藏" not in part.why), None)
        if first is not None:
            parts[first] = Part(**{**vars(parts[first]), "table": of_file})
    found.parts += parts


def _has_columns(rows: list[list[str]]) -> bool:
    """Whether a sheet looks like data rather than like a page of text."""
    return any(sum(1 for cell in row if cell.strip()) >= 4 for row in rows)


def _cut(rows: list[list[str]], count: int) -> list[list[str]]:
    return rows[:count]


def _names(folder: Path) -> dict[str, bool]:
    """What lies in a folder, by name: whether it is a folder itself."""
    with os.scandir(folder) as entries:
        return {entry.name: entry.is_dir() for entry in sorted(entries, key=lambda e: e.name)}


def _holds_data(folder: Path) -> bool:
    try:
        return any(name.lower().endswith(_DATA) for name in os.listdir(folder))
    except OSError:  # nobody knows: say so rather than nothing
        return True
