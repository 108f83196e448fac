"""Lake versions: one small file that lists the Delta version of every table, written last by atomic rename.

Layout of a lake folder:
    versions/000001.json     one file a version; the highest number is the current lake
    tables/<name>/           Delta tables: lake tables (`fee_line`), rule tables (`rule_fee_line`), dictionaries (`code_item`),
                             local knowledge (`local_film_limit`), registers (`rejects`, `load_warnings`, `unmapped_values`)
    loads/000001.json        reports of loads whose version was cleaned away (`lake.history`)
    audits/                  where results of audits lie, so that their versions are kept (`upkeep.notes`)
    retention.yml            which versions are kept (`upkeep.retention`)
    staging/                 work of a running load or upkeep; left over from a killed one it is removed by the next

Every reader starts from a version file and reads Parquet files by the list Delta gives for that version, so a load that is
running or was killed is never seen.

Tables by person are parted: parts 0 to 63 hold one person bucket each, part MIXED holds the small loads since the last `compact`.
What a load changes in rows that are there already it does not rewrite in place: it writes the whole unit (encounter, person) anew and
notes in the table `mask` that older rows of that unit count no more. `lake.rows` reads a table with its mask.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import LakeError
from hengjian.kernel.keys import BUCKETS
from hengjian.kernel.whole import write_whole
from hengjian.lake.place import lake_root

_PART = re.compile(r"part=(\d+)/")
LAYOUT = 2
"""How files lie in a lake; an older lake is loaded anew from its folders."""
LOAD, COMPACT, ROTATE = "load", "compact", "rotate"
"""What makes a version."""
MIXED = BUCKETS
"""The part that holds rows of every bucket."""


@dataclass(frozen=True)
class TableState:
    """Where one table stands in a version: its Delta version, its rows, and rows in its files that count no more."""

    delta_version: int
    rows: int
    dead: int = 0


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table: its place below the table's folder, its bytes and its rows."""

    place: str
    size: int
    rows: int

    @property
    def part(self) -> int | None:
        """The part the file lies in; None in a table that is not parted."""
        match = _PART.match(self.place)
        return int(match[1]) if match else None


@dataclass(frozen=True)
class LakeVersion:
    """One version of a lake. `made_by` names what made it, `load` is the report of the load that did (see `ingest.report`); a version
    made by upkeep (COMPACT, ROTATE) carries the report of the last load before it.

    `masks` counts the rows of the table `mask` by what they mask; `key` names the key personal columns are sealed with, `key_file`
    where it was kept at that time.
    """

    root: Path
    number: int
    created_at: str
    data_date: str
    tables: dict[str, TableState]
    load: dict[str, Any] = field(default_factory=dict)
    masks: dict[str, int] = field(default_factory=dict)
    key: str = ""
    key_file: str = ""
    made_by: str = LOAD

    @cached_property
    def _entries(self) -> dict[str, list[DataFile]]:
        return {}

    def entries(self, table: str) -> list[DataFile]:
        """Files of `table` as Delta lists them for this version, by place; it is not looked whether they are there. Raises LakeError."""
        if table not in self.tables:
            return []
        if table not in self._entries:
            self._entries[table] = data_files(self.root, table, self.tables[table].delta_version)
        return self._entries[table]

    @cached_property
    def _files(self) -> dict[str, dict[int | None, list[str]]]:
        return {}

    def files(self, table: str, bucket: int | None = None) -> list[str]:
        """Parquet files of `table` in this version: all, or those that may hold rows of one person bucket. A table never loaded has none.

        Raises LakeError when the table or one of its files is missing, cut short or may not be read.
        """
        if table not in self.tables:
            return []
        if table not in self._files:
            by_bucket: dict[int | None, list[str]] = {None: []}
            for entry in self.entries(table):
                path = table_path(self.root, table) / entry.place
                _present(path, entry.size)
                by_bucket[None].append(str(path))
                if entry.part is not None:
                    by_bucket.setdefault(entry.part, []).append(str(path))
            self._files[table] = {key: sorted(paths) for key, paths in by_bucket.items()}
        found = self._files[table]
        return found[None] if bucket is None else found.get(bucket, []) + found.get(MIXED, [])

    def rows(self, table: str) -> int:
        """Rows of `table` in this version."""
        return self.tables[table].rows if table in self.tables else 0


def table_path(root: Path, table: str) -> Path:
    """Folder of a Delta table."""
    return root / "tables" / table


_CURE = "请管理员检查权限和磁盘，或用备份恢复这个文件夹"


def data_files(root: Path, table: str, version: int) -> list[DataFile]:
    """Files of a table in a Delta version, by place. Raises LakeError."""
    folder = table_path(root, table)
    try:
        os.scandir(folder / "_delta_log").close()
        actions = pa.table(DeltaTable(str(folder), version=version).get_add_actions(flatten=True))
        columns = (actions[name].to_pylist() for name in ("path", "size_bytes", "num_records"))
        return [DataFile(place, size, rows or 0) for place, size, rows in sorted(zip(*columns, strict=True))]
    except (OSError, DeltaError, ValueError, KeyError, pa.ArrowException) as error:
        raise LakeError("数据湖的一张表读不出来", where=str(folder), why=cause_of(error), cure=_CURE) from error


def _present(path: Path, size: int) -> None:
    """Whether a file of the lake is there, whole and readable. Raises LakeError."""
    try:
        found = path.stat().st_size
    except OSError as error:
        raise LakeError("数据湖的一个数据文件读不出来", where=str(path), why=cause_of(error), cure=_CURE) from error
    if found != size or not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        why = "没有权限" if found == size else f"应有 {size:,} 字节，实有 {found:,} 字节"
        raise LakeError("数据湖的一个数据文件读不出来", where=str(path), why=why, cure=_CURE)


def version_numbers(root: Path) -> list[int]:
    """Numbers of all versions, ascending; none where there is no lake. Raises LakeError when it cannot be seen which there are."""
    folder = root / "versions"
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise LakeError("数据湖的版本看不到", where=str(folder), why=cause_of(error), cure=_CURE) from error
    return sorted(int(name.removesuffix(".json")) for name in names if name.endswith(".json") and name[:-5].isdigit())


def open_lake(root: Path, number: int | None = None) -> LakeVersion:
    """The current version of a lake, or version `number`. Raises LakeError when there is none, or it cannot be read."""
    root = lake_root(root)
    numbers = version_numbers(root)
    if not numbers:
        refuse_orphans(root)
        raise LakeError(
            "这个文件夹里没有数据湖",
            where=str(root),
            why="没有找到 versions 下的版本文件",
            cure="先运行 hengjian ingest 文件夹 --lake 数据湖",
        )
    wanted = numbers[-1] if number is None else number
    if wanted not in numbers:
        raise LakeError(
            f"没有第 {wanted} 版", where=str(root), why=f"现有版本 {numbers[0]} 到 {numbers[-1]}", cure="换一个版本号"
        )
    return _read(root, wanted)


def _read(root: Path, number: int) -> LakeVersion:
    path = root / "versions" / f"{number:06d}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LakeError("版本文件读不出来", where=str(path), why=cause_of(error), cure=_CURE) from error
    except ValueError as error:
        raise LakeError("版本文件读不出来", where=str(path), why=cause_of(error), cure=_RESTORE) from error
    try:
        if raw.get("layout") != LAYOUT:
            raise LakeError(
                "数据湖是旧版程序写的", where=str(path), why="文件的摆法不同", cure="用原来的数据文件夹重新加载进一个新的数据湖"
            )
        tables = {
            name: TableState(int(state["delta_version"]), int(state["rows"]), int(state.get("dead", 0)))
            for name, state in raw["tables"].items()
        }
        load = raw.get("load", {})
        masks = {str(tab): int(count) for tab, count in raw.get("masks", {}).items()}
        if not isinstance(load, dict):
            raise TypeError("load")
        key, key_file = (str(raw.get(name) or "") for name in ("key_id", "keys_file"))
        made = str(raw.get("made_by", LOAD))
        return LakeVersion(
            root, number, str(raw["created_at"]), str(raw["data_date"]), tables, load, masks, key, key_file, made
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LakeError("版本文件读不出来", where=str(path), why="内容不是版本文件应有的样子", cure=_RESTORE) from error


_RESTORE = "用备份恢复这个文件，或把它移走改用上一版"


def unpublished(root: Path) -> set[str] | None:
    """Tables that a load which is committing, or was killed while it did, made anew: no version lists them yet, so they are nobody's.

    None: no commit is under way, and none was cut short.
    """
    try:
        return set(_mark(root).read_text(encoding="utf-8").split())
    except FileNotFoundError:
        return None


def begin_commit(root: Path, fresh: Iterable[str]) -> None:
    """Note that files are about to enter the tables, and which tables (`fresh`) are made for them."""
    _mark(root).parent.mkdir(exist_ok=True)
    write_whole(_mark(root), "\n".join(sorted(fresh)))


def end_commit(root: Path) -> None:
    """Note that every file in the tables belongs to a version."""
    _mark(root).unlink(missing_ok=True)


def _mark(root: Path) -> Path:
    return root / "tables" / ".unpublished"


def refuse_orphans(root: Path, listed: Iterable[str] = ()) -> None:
    """Raises LakeError when published tables stand here that the version (which lists `listed`) does not know: nobody may build
    over them."""
    try:
        tables = root / "tables"
        there = {entry.name for entry in tables.iterdir() if (entry / "_delta_log").is_dir()} if tables.is_dir() else set()
        found = sorted(there - set(listed) - (unpublished(root) or set()))
    except OSError as error:
        raise LakeError("数据湖的表看不到", where=str(root / "tables"), why=cause_of(error), cure=_CURE) from error
    if found:
        raise LakeError(
            "数据湖的版本文件不见了或不完整",
            where=str(root / "versions"),
            why=f"tables 里有 {'、'.join(found[:5])}{' 等' if len(found) > 5 else ''}，最新的版本没有列出它",
            cure="用备份恢复 versions 文件夹；确实不要这些数据时，先把 tables 里的它们移走",
        )


def publish(version: LakeVersion) -> None:
    """Write the version file: the last act of a load or of upkeep. Readers see it whole or not at all."""
    folder = version.root / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    body = {
        "version": version.number,
        "layout": LAYOUT,
        "made_by": version.made_by,
        "created_at": version.created_at,
        "data_date": version.data_date,
        "tables": {name: asdict(state) for name, state in sorted(version.tables.items())},
        "masks": version.masks,
        "key_id": version.key,
        "keys_file": version.key_file,
        "load": version.load,
    }
    text = json.dumps(body, ensure_ascii=False, indent=1)
    os.sync()  # what the version lists reaches the disk before the version does
    write_whole(folder / f"{version.number:06d}.json", text)
