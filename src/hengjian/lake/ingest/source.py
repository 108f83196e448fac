"""What is to be loaded from a folder, an archive or a database: which part belongs to which table, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest import values
from hengjian.lake.ingest.mapping import NO_MAP, SavedMap, ValueMap, translate
from hengjian.lake.ingest.readers import Batch, Header
from hengjian.lake.ingest.readers.base import Renamed
from hengjian.lake.ingest.survey import MessageFile, Part, Survey, survey
from hengjian.lake.schema import TABLES, Table


@dataclass(frozen=True)
class SourceFile:
    """Rows of one table from one place: a file, a sheet of a workbook, a member of an archive, a database table.

    `name` is what users read in reports (its path inside the folder). `read` gives header and batches and raises FileRefused; `size`
    weighs it in the progress bar; `rows` is about how many rows it has.
    """

    name: str
    table: Table
    read: Callable[[], tuple[Header, Iterator[Batch]]]
    size: int = 1
    rows: int = 0


@dataclass(frozen=True)
class Source:
    """What is to be loaded from one place: files by table in load order, manifest, what was left out with the reason, and what of
    that looks like data. `messages` are files of national messages; `notes` are for whoever reads the report."""

    folder: Path | str
    files: tuple[SourceFile, ...]
    manifest: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    messages: tuple[MessageFile, ...] = ()
    notes: tuple[str, ...] = ()

    def data_date(self, today: date) -> date:
        """The day of extract: what is later lies in the future. Raises InputError when the manifest's is no day, or not yet come.

        A synthetic city has its own calendar and may be loaded on any day.
        """
        text = self.manifest.get("data_date")
        if not text:
            return today
        where = f"{self.folder}/manifest.csv"
        try:
            day = values.read_day(text)
        except values.Unreadable as error:
            raise InputError("数据日期读不出", where=where, why=f"data_date 是“{text}”", cure="写成 2026-10-31") from error
        if day > today and self.manifest.get("synthetic") != "1":
            raise InputError(
                "数据日期还没有到",
                where=where,
                why=f"data_date 是 {day}，今天是 {today}；晚于今天的时间会被当成真的",
                cure="改成导出数据的那一天，并检查这台机器的日期",
            )
        return day


def find_files(folder: Path, saved: SavedMap = NO_MAP) -> Source:
    """Look at a folder or a zip of one. Raises InputError when it is missing, unreadable, or has nothing to load."""
    return choose_files(survey(folder), saved)


def choose_files(found: Survey, saved: SavedMap = NO_MAP) -> Source:
    """Every part with its table, as its name, its header or a saved map tells. Raises InputError when there is nothing to load."""
    saved.refuse_absent([*(part.name for part in found.parts), *found.ignored])
    files, ignored, unread = [], dict(found.ignored), list(found.unread)
    for part in found.parts:
        entry = saved.entry(part.name)
        table = (entry.table if entry else None) or part.table
        if saved.skips(part.name):
            ignored[part.name] = f"对照表 {saved.path} 写明不读"
        elif table is None:
            ignored[part.name] = part.why
            if part.data:
                unread.append(part.name)
        else:
            read = partial(_read, part, table, entry.headers_of(table) if entry else {}, saved.values_of(part.name, table))
            files.append(SourceFile(part.name, table, read, part.size, part.rows))
    if not files and not found.messages:
        raise _nothing(found.place, ignored)
    order = {name: place for place, name in enumerate(TABLES)}
    files.sort(key=lambda f: (order.get(f.table.name, len(order)), f.name))
    unread.sort()
    return Source(found.place, tuple(files), found.manifest, ignored, tuple(unread), tuple(found.messages), tuple(found.notes))


def _read(part: Part, table: Table, renamed: Renamed, changes: ValueMap) -> tuple[Header, Iterator[Batch]]:
    """A part as its table, headers and values as the saved map says."""
    header, batches = part.read(table, renamed)
    return header, (translate(batch, table, changes) for batch in batches) if changes else batches


def _nothing(place: Path | str, ignored: dict[str, str]) -> InputError:
    known = "、".join(f"{name}.csv" for name in ("person", "institution", "encounter", "settlement", "diagnosis", "fee_line"))
    left = "；".join(f"{name}：{why}" for name, why in list(ignored.items())[:3])
    why = f"没有一个文件名以表名开头，也没有表头对得上的（{left}）" if ignored else "文件夹是空的"
    return InputError(
        "没有可以加载的文件",
        where=str(place),
        why=why,
        cure=f"文件名以表名开头，例如 {known}；名字不同的，用 hengjian map 建一份对照表",
    )
