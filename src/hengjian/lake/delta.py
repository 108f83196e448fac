"""Delta tables of a lake: files written by the engine are moved into place and committed together, once per table and load."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, PostCommitHookProperties, Schema
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import LakeError
from hengjian.lake.versions import TableState, table_path

_KEPT = {"delta.enableExpiredLogCleanup": "false"}
"""Old lake versions are read by the log: it is never cut, whoever writes."""
_AFTER = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
_LONG_LOG = 10
"""Commits after which a table gets a checkpoint at the next upkeep, so that opening it stays quick."""


def arrow_type(sql: str) -> pa.DataType:
    """Arrow type of a SQL type of the lake. Raises KeyError for a type the lake does not have."""
    if sql.startswith("DECIMAL"):
        precision, scale = sql[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    return {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
    }[sql]


def commit(
    root: Path,
    table: str,
    columns: dict[str, str],
    written: Path,
    removed: Iterable[str],
    published: TableState | None,
    parted: bool,
) -> tuple[int, int]:
    """Add the Parquet files under `written` to a table and take the files `removed` (absolute paths) out.

    Returns the table's Delta version and the rows added less those of the files removed. `columns`: name → SQL type. `published`:
    where the last lake version saw the table; whatever a killed load left after it is undone. Raises LakeError when a file cannot be
    moved or committed.
    """
    target = table_path(root, table)
    names = {**columns, "part": "INTEGER"} if parted else columns
    schema = Schema.from_arrow(pa.schema([pa.field(name, arrow_type(sql)) for name, sql in names.items()]))
    partition = ["part"] if parted else []
    if published is None and target.exists():
        shutil.rmtree(target)  # left by a load that was killed before its version was published
    target.mkdir(parents=True, exist_ok=True)
    rows, added = _move(written, target)
    if published is None:
        create_table_with_add_actions(str(target), schema, added, mode="error", partition_by=partition, configuration=_KEPT)
        return 0, rows
    delta = DeltaTable(str(target))
    if delta.version() != published.delta_version:
        delta.restore(published.delta_version, post_commithook_properties=_AFTER)
    gone = [_removal(target, Path(path)) for path in removed]
    rows -= sum(pq.read_metadata(path).num_rows for path in removed)
    delta.create_write_transaction([*added, *gone], "append", schema, partition_by=partition, post_commithook_properties=_AFTER)
    return DeltaTable(str(target)).version(), rows


def _move(written: Path, target: Path) -> tuple[int, list[AddAction]]:
    rows, added = 0, []
    for file in sorted(written.rglob("*.parquet")):
        count = pq.read_metadata(file).num_rows
        if not count:
            continue
        place = file.relative_to(written)
        (target / place.parent).mkdir(parents=True, exist_ok=True)
        try:
            os.replace(file, target / place)
        except OSError as error:
            raise LakeError(
                "数据文件放不进数据湖",
                where=str(target / place),
                why=cause_of(error),
                cure="检查磁盘和权限后重新加载",
            ) from error
        stat = (target / place).stat()
        stats = json.dumps({"numRecords": count})
        added.append(AddAction(str(place), stat.st_size, _partition(place), int(stat.st_mtime * 1000), True, stats))
        rows += count
    return rows, added


def _removal(target: Path, path: Path) -> RemoveAction:
    place = path.relative_to(target)
    return RemoveAction(str(place), True, int(time.time() * 1000), path.stat().st_size, dict(_partition(place)))


def _partition(place: Path) -> dict[str, str | None]:
    return {"part": place.parts[0].removeprefix("part=")} if place.parts[0].startswith("part=") else {}


def checkpoint(root: Path, table: str) -> bool:
    """Write a checkpoint where the log of a table has grown since the last one. Versions before it stay readable: the log is kept."""
    folder = table_path(root, table)
    try:
        last = int(json.loads((folder / "_delta_log" / "_last_checkpoint").read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        last = -1
    delta = DeltaTable(str(folder))
    if delta.version() - last < _LONG_LOG:
        return False
    delta.create_checkpoint()
    return True
