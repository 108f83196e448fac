"""Lake versions: one small file that lists the Delta version of every table, written last by atomic rename.

Layout of a lake folder:
    versions/000001.json     one file a version; the highest number is the current lake
    tables/<name>/           Delta tables: lake tables (`fee_line`), rule tables (`rule_fee_line`), dictionaries (`code_item`),
                             local knowledge (`local_film_limit`), registers (`rejects`, `load_warnings`, `unmapped_values`)
    staging/                 work of a running load; left over from a killed one it is removed by the next

Every reader starts from a version file and reads Parquet files by the list Delta gives for that version, so a load that is
running or was killed is never seen.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from deltalake import DeltaTable

from hengjian.kernel.errors import LakeError

_BUCKET = re.compile(r"[/\\]bucket=(\d+)[/\\]")


@dataclass(frozen=True)
class TableState:
    """Where one table stands in a version: its Delta version and its number of rows."""

    delta_version: int
    rows: int


@dataclass(frozen=True)
class LakeVersion:
    """One version of a lake. `load` is the report of the load that made it (see `ingest.report`)."""

    root: Path
    number: int
    created_at: str
    data_date: str
    tables: dict[str, TableState]
    load: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def _files(self) -> dict[str, dict[int | None, list[str]]]:
        return {}

    def files(self, table: str, bucket: int | None = None) -> list[str]:
        """Parquet files of `table` in this version, of one person bucket or all. A table never loaded has none."""
        if table not in self.tables:
            return []
        if table not in self._files:
            by_bucket: dict[int | None, list[str]] = {None: []}
            delta = DeltaTable(str(table_path(self.root, table)), version=self.tables[table].delta_version)
            for uri in delta.file_uris():
                path = unquote(uri.removeprefix("file://"))
                by_bucket[None].append(path)
                if match := _BUCKET.search(path):
                    by_bucket.setdefault(int(match[1]), []).append(path)
            self._files[table] = {key: sorted(paths) for key, paths in by_bucket.items()}
        return self._files[table].get(bucket, [])

    def rows(self, table: str) -> int:
        """Rows of `table` in this version."""
        return self.tables[table].rows if table in self.tables else 0


def table_path(root: Path, table: str) -> Path:
    """Folder of a Delta table."""
    return root / "tables" / table


def version_numbers(root: Path) -> list[int]:
    """Numbers of all versions, ascending."""
    return sorted(int(p.stem) for p in (root / "versions").glob("*.json") if p.stem.isdigit())


def open_lake(root: Path, number: int | None = None) -> LakeVersion:
    """The current version of a lake, or version `number`. Raises LakeError when there is none."""
    numbers = version_numbers(root)
    if not numbers:
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
        tables = {name: TableState(**state) for name, state in raw["tables"].items()}
        return LakeVersion(root, number, raw["created_at"], raw["data_date"], tables, raw.get("load", {}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LakeError(
            "版本文件读不出来", where=str(path), why=str(error), cure="用备份恢复这个文件，或删去它改用上一版"
        ) from error


def publish(version: LakeVersion) -> None:
    """Write the version file: the last act of a load. Readers see it whole or not at all."""
    folder = version.root / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    body = {
        "version": version.number,
        "created_at": version.created_at,
        "data_date": version.data_date,
        "tables": {name: asdict(state) for name, state in sorted(version.tables.items())},
        "load": version.load,
    }
    target = folder / f"{version.number:06d}.json"
    scratch = folder / f".{version.number:06d}.{os.getpid()}"
    with scratch.open("w", encoding="utf-8") as handle:
        json.dump(body, handle, ensure_ascii=False, indent=1)
        handle.flush()
        os.fsync(handle.fileno())
    scratch.replace(target)
