"""Batches in the site folder: Parquet files of each batch, and one small file that says which batches there are.

    knowledge/batches.json           the batches, in order; a batch that is not named there does not exist
    knowledge/0001/<table>.parquet   points the batch added
    knowledge/0001/closed.parquet    earlier points (shipped ones too) whose validity it ends, and the day
    knowledge/0001/explained.parquet rows that made no point, with the reason

A batch is written whole before `batches.json` is renamed into place, so a kill leaves the former state. Nothing is ever deleted.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hengjian.kernel.causes import cause_of, is_full
from hengjian.kernel.errors import InputError
from hengjian.kernel.whole import write_whole

FOLDER, INDEX = "knowledge", "batches.json"
CLOSED, EXPLAINED = "closed", "explained"
_LAYOUT = 1


@dataclass
class StoredBatch:
    """One batch as `batches.json` has it. `tables`: per table how many points were added, changed, left as they are, closed.
    `edit`: of a batch that is one change by hand, who proposed and approved it, why, and from which notice."""

    no: int
    made_at: str
    notices: list[str]
    batches: list[str]
    valid_from: list[str]
    mode: str
    files: list[dict[str, Any]]
    tables: dict[str, dict[str, int]]
    reasons: dict[str, int]
    undone_at: str = ""
    refused: list[dict[str, str]] = field(default_factory=list)
    edit: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        return f"{self.no:04d}"


def read_batches(root: Path) -> list[StoredBatch]:
    """All batches of a site, undone ones too; none when it has no imported knowledge. Raises InputError when the file is broken."""
    path = root / FOLDER / INDEX
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["layout"] != _LAYOUT:
            raise ValueError(f"layout {told['layout']}")
        return [StoredBatch(**b) for b in told["batches"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "站点的知识清单读不出",
            where=str(path),
            why=cause_of(error),
            cure="用备份恢复这个文件；各批的内容还在旁边的文件夹里",
        ) from error


def active(batches: list[StoredBatch]) -> list[StoredBatch]:
    """Batches that count."""
    return [b for b in batches if not b.undone_at]


def write_batch(root: Path, batch: StoredBatch, tables: dict[str, pa.Table]) -> None:
    """Add a batch: its files first, then the list. The caller holds the lock."""
    home = root / FOLDER
    folder, part = home / batch.folder, home / f".{batch.folder}.part"
    with _sentences(home):
        for left in (folder, part):  # of an import that was killed
            shutil.rmtree(left, ignore_errors=True)
        part.mkdir(parents=True)
        for name, data in tables.items():
            pq.write_table(data, part / f"{name}.parquet", compression="zstd")
        part.rename(folder)
        write_batches(root, [*read_batches(root), batch])


def write_batches(root: Path, batches: list[StoredBatch]) -> None:
    """Write the list of batches, whole or not at all."""
    told = {"layout": _LAYOUT, "batches": [asdict(b) for b in batches]}
    write_whole(root / FOLDER / INDEX, json.dumps(told, ensure_ascii=False, indent=1))


def read_table(root: Path, batch: StoredBatch, name: str) -> pa.Table | None:
    """One file of a batch, or None. Raises InputError when it is broken."""
    path = root / FOLDER / batch.folder / f"{name}.parquet"
    try:
        return pq.read_table(path)
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException) as error:
        raise InputError("站点的知识读不出", where=str(path), why=cause_of(error), cure="用备份恢复这个文件") from error


@contextmanager
def _sentences(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cure = "腾出空间后重新导入；站点没有改动" if is_full(error) else "检查磁盘和权限后重新导入；站点没有改动"
        raise InputError("这一批没有写成", where=str(home), why=cause_of(error), cure=cure) from error
