"""What is in a folder: which file belongs to which table, the manifest, and what is ignored."""

from __future__ import annotations

import csv
import io
import os
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from hengjian.kernel.errors import InputError
from hengjian.lake.causes import cause_of
from hengjian.lake.ingest import values
from hengjian.lake.ingest.readers import Batch, Header, read_csv, read_parquet
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.schema.local import LOCAL

_LETTERS = tuple(string.ascii_lowercase)
_SUFFIXES = (".csv", ".csv.gz", ".parquet")
_LATER = {".xlsx": "Excel", ".xls": "Excel", ".zip": "压缩包", ".ndjson": "NDJSON", ".json": "JSON"}
_DATA = (*_SUFFIXES, ".gz", ".xlsx", ".xls", ".zip", ".ndjson")
_BESIDE = {"truth.csv": "合成城市的真值，只供 hengjian score 评分", "truth.parquet": "合成城市的真值，只供 hengjian score 评分"}
"""What may lie beside the data without being part of it."""


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
    """A folder to load: files by table in load order, manifest, what was left out with the reason, and what of that looks like data."""

    folder: Path
    files: tuple[SourceFile, ...]
    manifest: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def data_date(self, today: date) -> date:
        """The day of extract: what is later lies in the future. Raises InputError when the manifest's is no day, or not yet come.

        A synthetic city has its own calendar and may be loaded on any day.
        """
        text = self.manifest.get("data_date")
        if not text:
            return today
        where = str(self.folder / "manifest.csv")
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


def find_files(folder: Path) -> Source:
    """Look at a folder. Raises InputError when it is missing, unreadable, or has nothing to load."""
    try:
        if not folder.exists():
            raise InputError("没有这个文件夹", where=str(folder), cure="检查路径；要送的是放数据文件的文件夹")
        if not folder.is_dir():
            raise InputError("这不是文件夹", where=str(folder), cure="把数据文件放进一个文件夹，再送这个文件夹")
        names = _names(folder)
        if names.pop("knowledge", False):
            names |= {f"knowledge/{name}": is_folder for name, is_folder in _names(folder / "knowledge").items()}
    except OSError as error:
        raise InputError(
            "文件夹读不了", where=str(folder), why=cause_of(error), cure="请管理员开读和进入这个文件夹的权限"
        ) from error
    files, ignored, unread = [], {}, []
    for name, is_folder in names.items():
        if name == "manifest.csv" or name.startswith("."):
            continue
        if (table := table_of(name)) and not is_folder:
            files.append(_plain_file(folder / name, name, table))
        elif is_folder:
            ignored[name] = "这是文件夹，里面的文件没有读；要读的文件请放到上一层"
            if name.lower().endswith(_DATA) or _holds_data(folder / name):
                unread.append(name)
        else:
            ignored[name] = _BESIDE.get(name) or _why_ignored(name)
            if name.lower().endswith(_DATA) and name not in _BESIDE:
                unread.append(name)
    if not files:
        known = "、".join(
            f"{name}.csv" for name in ("person", "institution", "encounter", "settlement", "diagnosis", "fee_line")
        )
        why = "文件夹是空的" if not ignored else "没有一个文件名以表名开头"
        raise InputError("没有可以加载的文件", where=str(folder), why=why, cure=f"文件名以表名开头，例如 {known}")
    order = {name: place for place, name in enumerate(TABLES)}
    files.sort(key=lambda f: (order.get(f.table.name, len(order)), f.name))
    return Source(folder, tuple(files), read_manifest(folder), ignored, tuple(unread))


def _plain_file(path: Path, name: str, table: Table) -> SourceFile:
    """A CSV or Parquet file."""
    parquet = name.lower().endswith(".parquet")
    read = partial(read_parquet if parquet else read_csv, path, table)
    try:
        size = max(path.stat().st_size, 1)
        rows = int(pq.read_metadata(path).num_rows) if parquet else size * (8 if name.lower().endswith(".gz") else 1) // 200
    except Exception:  # refused when it is read, with its reason
        size, rows = 1, 0
    return SourceFile(name, table, read, size, rows)


def _names(folder: Path) -> dict[str, bool]:
    """What lies in a folder, by name: whether it is a folder itself."""
    with os.scandir(folder) as entries:
        return {entry.name: entry.is_dir() for entry in sorted(entries, key=lambda e: e.name)}


def _holds_data(folder: Path) -> bool:
    try:
        return any(name.lower().endswith(_DATA) for name in os.listdir(folder))
    except OSError:  # nobody knows: say so rather than nothing
        return True


def table_of(name: str) -> Table | None:
    """The table a file belongs to: its name begins with the table's, followed by nothing or by what is no letter."""
    lower = name.lower()
    suffix = next((s for s in sorted(_SUFFIXES, key=len, reverse=True) if lower.endswith(s)), None)
    if suffix is None:
        return None
    stem = lower.removesuffix(suffix)
    tables: Mapping[str, Table] = LOCAL if stem.startswith("knowledge/") else TABLES
    stem = stem.removeprefix("knowledge/")
    for table in sorted(tables, key=len, reverse=True):
        if stem.startswith(table) and stem[len(table) : len(table) + 1] not in _LETTERS:
            return tables[table]
    return None


def _why_ignored(name: str) -> str:
    for suffix, label in _LATER.items():
        if name.lower().endswith(suffix):
            return f"还不能读 {label}，请导出为 CSV 或 Parquet"
    return "文件名没有对应的表" if name.lower().endswith(_SUFFIXES) else "不是数据文件"


def read_manifest(folder: Path) -> dict[str, str]:
    """`manifest.csv` as key → value; nothing when there is none."""
    path = folder / "manifest.csv"
    try:
        if not path.is_file():
            return {}
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        rows = [row for row in csv.reader(io.StringIO(text)) if len(row) >= 2]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        cure = "请管理员开读的权限" if isinstance(error, OSError) else "用 UTF-8 保存，每行写“键,值”"
        raise InputError("清单读不出", where=str(path), why=cause_of(error), cure=cure) from error
    return {row[0].strip(): row[1].strip() for row in rows if row[0].strip() != "key"}
