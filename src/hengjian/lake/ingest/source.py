"""What is in a folder: which file belongs to which table, the manifest, and what is ignored."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest import values
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.schema.local import LOCAL

_SUFFIXES = (".csv", ".csv.gz", ".parquet")
_LATER = {".xlsx": "Excel", ".xls": "Excel", ".zip": "压缩包", ".ndjson": "NDJSON", ".json": "JSON"}


@dataclass(frozen=True)
class SourceFile:
    """One file of a load. `name` is its path inside the folder."""

    path: Path
    name: str
    table: Table

    @property
    def is_parquet(self) -> bool:
        return self.name.lower().endswith(".parquet")


@dataclass(frozen=True)
class Source:
    """A folder to load: files by table in load order, manifest, and what was left out with the reason."""

    folder: Path
    files: tuple[SourceFile, ...]
    manifest: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)

    def data_date(self, today: date) -> date:
        """The day of extract: what is later lies in the future. Raises InputError when the manifest's is no day."""
        text = self.manifest.get("data_date")
        if not text:
            return today
        try:
            return values.read_day(text)
        except values.Unreadable as error:
            where, cure = str(self.folder / "manifest.csv"), "写成 2026-10-31"
            raise InputError("数据日期读不出", where=where, why=f"data_date 是“{text}”", cure=cure) from error


def find_files(folder: Path) -> Source:
    """Look at a folder. Raises InputError when it is missing, unreadable, or has nothing to load."""
    if not folder.exists():
        raise InputError("没有这个文件夹", where=str(folder), cure="检查路径；要送的是放数据文件的文件夹")
    if not folder.is_dir():
        raise InputError("这不是文件夹", where=str(folder), cure="把数据文件放进一个文件夹，再送这个文件夹")
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
        inner = folder / "knowledge"
        names += [f"knowledge/{e.name}" for e in sorted(os.scandir(inner), key=lambda e: e.name)] if inner.is_dir() else []
    except OSError as error:
        raise InputError(
            "文件夹读不了", where=str(folder), why=error.strerror or str(error), cure="请管理员开读的权限"
        ) from error
    files, ignored = [], {}
    for name in names:
        if name in ("manifest.csv", "knowledge") or name.startswith("."):
            continue
        if table := table_of(name):
            files.append(SourceFile(folder / name, name, table))
        else:
            ignored[name] = _why_ignored(name)
    if not files:
        known = "、".join(
            f"{name}.csv" for name in ("person", "institution", "encounter", "settlement", "diagnosis", "fee_line")
        )
        why = "文件夹是空的" if not ignored else "没有一个文件名以表名开头"
        raise InputError("没有可以加载的文件", where=str(folder), why=why, cure=f"文件名以表名开头，例如 {known}")
    order = {name: place for place, name in enumerate(TABLES)}
    files.sort(key=lambda f: (order.get(f.table.name, len(order)), f.name))
    return Source(folder, tuple(files), read_manifest(folder), ignored)


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
        if stem.startswith(table) and not re.match(r"[a-z_]*[a-z]", stem[len(table) :]):
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
    if not path.is_file():
        return {}
    try:
        raw = path.read_bytes()
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("gb18030")
        rows = [row for row in csv.reader(io.StringIO(text)) if len(row) >= 2]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("清单读不出", where=str(path), why=str(error), cure="用 UTF-8 保存，每行写“键,值”") from error
    return {row[0].strip(): row[1].strip() for row in rows if row[0].strip() != "key"}
