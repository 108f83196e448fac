"""Compaction: every table by person has one file a bucket again, without masked rows; every other table has one file.

Rows keep their `load_no`. Of the table `mask` those rows stay that still tell something: an encounter or person that was there once and
has no row of that person any more, so that who asks what changed since a load also learns of what went.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from deltalake.exceptions import DeltaError

from hengjian.kernel.keys import BUCKETS
from hengjian.lake import delta
from hengjian.lake.ingest.layout import columns_of
from hengjian.lake.place import quoted
from hengjian.lake.rows import MASK, RULE, RULE_PERSON, parquet_sql, rows_sql
from hengjian.lake.upkeep.renewal import Progress, Renewal, renewing
from hengjian.lake.versions import COMPACT, MIXED, LakeVersion

ROWS_AT_ONCE = 1_000_000
"""Rows that are put in order together."""
_UNITS = {RULE: ("rule_encounter", "mdtrt_key"), RULE_PERSON: ("rule_person", "psn_key")}
"""Masks that name a person: the table that tells whether the unit is still there."""


@dataclass(frozen=True)
class Compacted:
    """What a compaction did. Nothing to do: `new` is false and `version` the one that stands."""

    version: int
    new: bool
    seconds: float
    dropped: int = 0
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    tables: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compact(root: Path, *, now: datetime, progress: Progress | None = None, rows_at_once: int = ROWS_AT_ONCE) -> Compacted:
    """Put the current version of a lake in order as a new version. Raises LakeError; the lake is then unchanged."""
    tell = progress or (lambda done, total: None)
    started = time.perf_counter()
    with renewing(root, COMPACT, now, "整理") as work:
        old = work.previous
        names = untidy(old)
        if not names:
            _checkpoints(old)
            return Compacted(old.number, False, 0.0)
        total, done = sum(_bytes(old, name) for name in names), 0
        for name in names:
            if columns_of(name)[1]:
                rows = 0
                for share, count in _by_bucket(work, name, rows_at_once):
                    rows += count
                    tell(done + int(_bytes(old, name) * share), total)
            else:
                rows = _whole(work, name)
            done += _bytes(old, name)
            work.replace(name, old.files(name), rows, 0)
            tell(done, total)
        masks = _masks(work)
        work.commit()
        new = work.publish(masks=masks)
        _checkpoints(new)
    return Compacted(
        version=new.number,
        new=True,
        seconds=round(time.perf_counter() - started, 2),
        dropped=sum(state.dead for state in old.tables.values()),
        files_before=sum(len(old.entries(name)) for name in old.tables),
        files_after=sum(len(new.entries(name)) for name in new.tables),
        bytes_before=sum(_bytes(old, name) for name in old.tables),
        bytes_after=sum(_bytes(new, name) for name in new.tables),
        tables=work.changed,
    )


def untidy(version: LakeVersion) -> list[str]:
    """Tables of a version that are not in order. The masks follow the tables they hide rows of."""
    found = []
    for name, state in sorted(version.tables.items()):
        files = Counter(entry.part for entry in version.entries(name))
        if name != "mask" and (MIXED in files or state.dead or any(count > 1 for count in files.values())):
            found.append(name)
    return found


def _by_bucket(work: Renewal, name: str, rows_at_once: int) -> Iterator[tuple[float, int]]:
    """Write a table by person, some buckets at a time; yields the share that is done and the rows just written."""
    old, columns = work.previous, [*columns_of(name)[0]]
    size = max(1, min(BUCKETS, BUCKETS * rows_at_once // max(1, old.rows(name))))
    groups = [range(first, min(first + size, BUCKETS)) for first in range(0, BUCKETS, size)]
    sorted_out = _sorted_out(work, name, columns, size) if len(groups) > 1 else {}
    con = work.con
    con.execute("SET preserve_insertion_order = false").fetchall()
    for number, buckets in enumerate(groups):
        files = {path for bucket in buckets for path in old.files(name, bucket)}
        if len(groups) > 1:
            files -= set(old.files(name, MIXED))
        parts = [rows_sql(old, name, columns, buckets, files), sorted_out.get(number, "")]
        select = " UNION ALL ".join(f"SELECT {', '.join(columns)} FROM {part}" for part in parts if part)
        rows = 0
        if select:
            how = f"PARTITION_BY (part), OVERWRITE_OR_IGNORE, FILENAME_PATTERN '{work.stem}-{{i}}', "
            ((rows,),) = con.execute(
                f"COPY (SELECT *, bucket AS part FROM ({select})) TO {quoted(work.folder(name))} (FORMAT parquet, {how}COMPRESSION zstd)"
            ).fetchall()
        yield (number + 1) / len(groups), int(rows)


def _sorted_out(work: Renewal, name: str, columns: list[str], size: int) -> dict[int, str]:
    """The rows of the small loads, read once and laid out by group of buckets: what to read for each group."""
    mixed = rows_sql(work.previous, name, columns, None, work.previous.files(name, MIXED))
    if not mixed:
        return {}
    aside = work.aside("mixed") / name
    work.con.execute(
        f"COPY (SELECT *, bucket // {size} AS part FROM {mixed}) TO {quoted(aside)} (FORMAT parquet, PARTITION_BY (part), COMPRESSION lz4)"
    ).fetchall()
    found: dict[int, list[Path]] = {}
    for path in sorted(aside.rglob("*.parquet")):
        found.setdefault(int(path.parent.name.removeprefix("part=")), []).append(path)
    return {group: parquet_sql(map(str, paths)) for group, paths in found.items()}


def _whole(work: Renewal, name: str) -> int:
    """Write a table that is not parted into one file."""
    columns = ", ".join(columns_of(name)[0])
    work.con.execute("SET preserve_insertion_order = true").fetchall()
    target = work.folder(name) / f"{work.stem}.parquet"
    ((rows,),) = work.con.execute(
        f"COPY (SELECT {columns} FROM {rows_sql(work.previous, name)}) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)"
    ).fetchall()
    return int(rows)


def _masks(work: Renewal) -> dict[str, int]:
    """Write the masks that stay; returns their number by what they mask."""
    old, con = work.previous, work.con
    files = old.files("mask")
    if not files:
        return {}
    mask = parquet_sql(files)
    con.execute(f"CREATE TEMP TABLE kept_mask ({', '.join(f'{c} {sql}' for c, sql in MASK.items())})").fetchall()
    for tab, (table, key) in _UNITS.items():
        named = f"(SELECT key, psn_key, MAX(load_no) AS load_no FROM {mask} WHERE tab = '{tab}' GROUP BY key, psn_key)"
        live = rows_sql(old, table, dict.fromkeys((key, "psn_key")))
        there = f"SELECT {key} AS key, psn_key FROM {live} WHERE {key} IN (SELECT key FROM {mask} WHERE tab = '{tab}')"
        gone = f"WHERE NOT EXISTS (SELECT 1 FROM ({there}) AS t WHERE t.key = n.key AND t.psn_key = n.psn_key)" if live else ""
        con.execute(f"INSERT INTO kept_mask SELECT '{tab}', NULL, key, psn_key, load_no FROM {named} AS n {gone}").fetchall()
    kept = dict(con.execute("SELECT tab, COUNT(*) FROM kept_mask GROUP BY tab ORDER BY tab").fetchall())
    if kept:
        target = work.folder("mask") / f"{work.stem}.parquet"
        con.execute(f"COPY (FROM kept_mask ORDER BY ALL) TO {quoted(target)} (FORMAT parquet, COMPRESSION zstd)").fetchall()
    work.replace("mask", files, sum(kept.values()), 0)
    return kept


def _bytes(version: LakeVersion, name: str) -> int:
    return sum(entry.size for entry in version.entries(name))


def _checkpoints(version: LakeVersion) -> None:
    """Shorten what must be read to open a table. It is only speed: where it cannot be done all is as before."""
    for name in version.tables:
        with suppress(OSError, DeltaError, ValueError, KeyError):
            delta.checkpoint(version.root, name)
