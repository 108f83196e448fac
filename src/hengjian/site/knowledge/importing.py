"""An import from end to end: read, compare with what stands, and, once agreed, write the batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from hengjian.kernel.dates import day_date
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import KnowledgeRow
from hengjian.site.knowledge import sources
from hengjian.site.knowledge.diff import Difference, compare
from hengjian.site.knowledge.origin import REPLACING, Options
from hengjian.site.knowledge.points import Batch, Codes, Made, make
from hengjian.site.knowledge.sources import Progress
from hengjian.site.knowledge.store import CLOSED, EXPLAINED, StoredBatch, active, read_batches, write_batch, write_batches
from hengjian.site.knowledge.stored import frames
from hengjian.site.knowledge.tables import DRUG_CODE, KINDS

MODES = ("replace", "add")


@dataclass
class Prepared:
    """An import that is read and compared, and not yet written."""

    batch: Batch
    difference: Difference
    mode: str

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.difference.added or self.difference.changed or self.difference.closed)

    @property
    def files(self) -> list[dict[str, Any]]:
        """By file: shape, rows read, rows that made points, rows explained by reason. Read = taken + explained."""
        taken, explained = defaultdict(int), defaultdict(lambda: defaultdict(int))  # type: ignore[var-annotated]
        for number, _ in self.batch.taken():
            taken[number] += 1
        for e in self.batch.explained:
            explained[e.source][e.reason] += 1
        return [
            {"file": s.name, "shape": s.shape.title, "rule": s.rule, "rows": self.batch.rows[i], "taken": taken[i],
             "explained": dict(sorted(explained[i].items())), "unknown_columns": list(s.unknown)}
            for i, s in enumerate(self.batch.sources)
        ]  # fmt: skip


def prepare(
    paths: list[Path],
    root: Path,
    shipped: Mapping[str, Sequence[KnowledgeRow]],
    options: Options,
    mode: str,
    progress: Progress,
) -> Prepared:
    """Read files and compare them with what stands at the site. `mode`: `replace`, `add`, or empty: as the notices have it."""
    site = root if root.is_dir() else None
    codes = Codes()
    if site and (frame := frames(site, codes=True).get(DRUG_CODE)):
        for fold, code, rule in zip(*(frame.data.column(c).to_pylist() for c in ("fold", "code", "rule")), strict=True):
            codes.add(fold, code, rule or "")
    batch = make(sources.find(paths), options, codes, progress)
    names = {p.origin.batch for p in batch.points}
    replaces = {name: mode == "replace" or (not mode and name in REPLACING) for name in names}
    return Prepared(batch, compare(site, shipped, batch, replaces), mode or "notice")


def apply(root: Path, prepared: Prepared, now: datetime, edit: Mapping[str, str] | None = None) -> StoredBatch:
    """Write the batch. The caller holds the lock of the site since before `prepare`. `edit`: see `StoredBatch`."""
    no = max((b.no for b in read_batches(root)), default=0) + 1
    written = [*prepared.difference.added, *prepared.difference.changed]
    by_table: dict[str, list[Made]] = defaultdict(list)
    for point in written:
        by_table[point.table].append(point)
    tables = {table: _points(no, points) for table, points in sorted(by_table.items())}
    tables[CLOSED] = _columns({"table": pa.string(), "kid": pa.string(), "end": pa.int32()}, prepared.difference.closed)
    names = [s.name for s in prepared.batch.sources]
    tables[EXPLAINED] = _columns(
        dict.fromkeys(("file",), pa.string())
        | {"line": pa.int64()}
        | dict.fromkeys(("reason", "detail", "name", "table"), pa.string()),
        [(names[e.source], e.line, e.reason, e.detail, e.name, e.table) for e in prepared.batch.explained],
    )
    reasons: dict[str, int] = defaultdict(int)
    for e in prepared.batch.explained:
        reasons[e.reason] += 1
    batch = StoredBatch(
        no,
        now.isoformat(timespec="seconds"),
        sorted({p.origin.notice for p in written}),
        sorted({p.origin.batch for p in written}),
        sorted({day_date(p.period.start).isoformat() for p in written}),
        prepared.mode,
        prepared.files,
        prepared.difference.counts(),
        dict(sorted(reasons.items())),
        refused=prepared.batch.refused,
        edit=dict(edit or {}),
    )
    write_batch(root, batch, tables)
    return batch


def undo(root: Path, number: int | None, now: datetime) -> StoredBatch:
    """Mark the last batch that counts as undone. Raises InputError when there is none, or another is named. The caller holds the lock."""
    batches = read_batches(root)
    counted = active(batches)
    if not counted:
        raise InputError(
            "没有可以撤销的批次",
            where=str(root),
            why="这个站点没有导入过知识，或都已撤销",
            cure="用 hengjian knowledge list 查看",
        )
    last = counted[-1]
    if number is not None and number != last.no:
        known = next((b for b in batches if b.no == number), None)
        why = "没有这一批" if known is None else "这一批已经撤销" if known.undone_at else f"它后面还有第 {last.no} 批"
        raise InputError(
            f"第 {number} 批不能撤销", where=str(root), why=why, cure="从最后一批起逐批撤销；hengjian knowledge list 列出各批"
        )
    last.undone_at = now.isoformat(timespec="seconds")
    write_batches(root, batches)
    return last


def _points(no: int, points: list[Made]) -> pa.Table:
    """Points as the columns that `rows.Frame` reads."""
    cells = list(dict.fromkeys(c for p in points for c in p.values))
    columns = {"kid": pa.array([f"{no:04d}-{n:06d}" for n in range(1, len(points) + 1)])}
    columns |= {c: pa.array([p.values.get(c, "") for p in points], pa.string()) for c in cells}
    columns["notice"] = pa.array([p.origin.notice for p in points], pa.string())
    columns["batch"] = pa.array([p.origin.batch for p in points], pa.string())
    columns["row"] = pa.array([p.row for p in points], pa.string())
    columns["start"] = pa.array([p.period.start for p in points], pa.int32())
    columns["end"] = pa.array([p.period.end for p in points], pa.int32())
    columns["official"] = pa.array([p.official for p in points], pa.bool_())
    columns["line"] = pa.array([p.rows[0][1] for p in points], pa.int32())
    return pa.table(columns)


def _columns(spec: dict[str, pa.DataType], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    return pa.table({name: pa.array([r[i] for r in rows], kind) for i, (name, kind) in enumerate(spec.items())})


def table_title(table: str) -> str:
    """The official rule a table belongs to."""
    return KINDS[table].title
