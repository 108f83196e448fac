"""Rotation of the key of a lake: a new version in which every personal cell and every digest is sealed with a new key.

Files are rewritten one by one, masked rows with them, so rows, masks and `load_no` stay as they are. Old versions stay readable with the
old key until they are cleaned away. Killed anywhere, the lake is sealed as before; the key drawn for it waits for the next attempt.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hengjian.crypto.keys import NEW, KeyRing
from hengjian.kernel.errors import LakeError
from hengjian.lake.keyuse import key_uses
from hengjian.lake.upkeep.renewal import Progress, Renewal, renewing
from hengjian.lake.upkeep.reseal import Resealer, holds_sealed
from hengjian.lake.versions import ROTATE, table_path

_ROWS = 100_000
"""Rows that are sealed anew together."""


def rotate(lake_root: Path, ring: KeyRing, progress: Progress | None = None, *, now: datetime | None = None) -> None:
    """Seal the current version of a lake anew with a new key. Raises LakeError, KeyFileError, SealError; the lake is then unchanged."""
    tell = progress or (lambda done, total: None)
    now = now or datetime.now()  # noqa: DTZ005 - civil time
    with renewing(lake_root, ROTATE, now, "换钥") as work:
        old = work.previous
        opens = ring.sealer(old.key)
        key = _waiting_key(work, ring) or ring.add()
        reseal = Resealer(opens, ring.sealer(key))
        names = [name for name in sorted(old.tables) if holds_sealed(name) and old.entries(name)]
        total, done = sum(entry.size for name in names for entry in old.entries(name)), 0
        for name in names:
            old.files(name)  # says which file is missing or cut short before any work is done
            for number, entry in enumerate(old.entries(name)):
                part = f"part={entry.part}" if entry.part is not None else ""
                target = work.folder(name) / part / f"{work.stem}-{number:05d}.parquet"
                _file(table_path(work.root, name) / entry.place, target, name, reseal)
                done += entry.size
                tell(done, total)
            work.replace(name, old.files(name), old.tables[name].rows, old.tables[name].dead)
        work.commit()
        ring.make_current(key)
        work.publish(key=key, key_file=str(ring.path))


def _waiting_key(work: Renewal, ring: KeyRing) -> str:
    """A key that was drawn for a rotation that did not end; empty text when there is none."""
    drawn = [key.id for key in ring.keys if key.state == NEW]
    return next((key for key, versions in key_uses(work.root, drawn).items() if not versions), "")


def _file(source: Path, target: Path, name: str, reseal: Resealer) -> None:
    """Rewrite one file, some rows at a time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetFile(source) as file:
        schema, rows = file.schema_arrow, 0
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for batch in file.iter_batches(_ROWS):
                fresh = reseal.rows(name, pa.Table.from_batches([batch])).cast(schema)
                writer.write_table(fresh)
                rows += len(fresh)
        if rows != file.metadata.num_rows:
            raise LakeError("换钥没有完成", where=str(source), why="读到的行数与文件所记的不符", cure="检查磁盘后重新换钥")
