"""One load, from a folder to a new lake version. Killed anywhere before the last step, it leaves the lake as it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import HengjianError
from hengjian.lake.guard import locked, sentences
from hengjian.lake.ingest.leftovers import clear_leftovers
from hengjian.lake.ingest.messages import Inbox, source_of
from hengjian.lake.ingest.personal import LakeKeys, keys_of
from hengjian.lake.ingest.readers import Batch, FileRefused, Header
from hengjian.lake.ingest.reasons import REASONS
from hengjian.lake.ingest.refold import Refold
from hengjian.lake.ingest.report import LoadReport, by_table, counts_of, reasons_of
from hengjian.lake.ingest.resolve import Resolver
from hengjian.lake.ingest.source import Source, SourceFile, find_files
from hengjian.lake.ingest.stage import Stage
from hengjian.lake.ingest.write import Writer, tables_of
from hengjian.lake.place import lake_root
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import (
    LakeVersion,
    end_commit,
    open_lake,
    publish,
    refuse_orphans,
    version_numbers,
)

LINES_AT_ONCE = 2_000_000
"""Fee lines that are written and derived together."""
MEMORY = "1GB"

Progress = Callable[[str, float], None]
"""Called with what is being done (Chinese) and its share, 0 to 1."""


def load_folder(folder: Path, root: Path, *, now: datetime, **how: Any) -> LoadReport:
    """Load a folder into the lake at `root`. Raises InputError for the folder, LakeError for the lake; the lake is then unchanged."""
    return load(find_files(folder), root, now=now, **how)


def load(
    source: Source,
    root: Path,
    *,
    now: datetime,
    keys: Path | None = None,
    progress: Progress | None = None,
    lines_at_once: int = LINES_AT_ONCE,
) -> LoadReport:
    """Load what was found into the lake at `root`. Raises as `load_folder`, and KeyFileError.

    `keys`: the key file; None: where `find_key_file` finds it.
    """
    data_date = source.data_date(now.date())
    tell = progress or (lambda what, share: None)
    root = lake_root(root)
    with locked(root), sentences(root):
        clear_leftovers(root)
        try:
            previous = _previous(root)
            lake_keys = keys_of(root, previous, keys)
            lines = sum(f.rows for f in source.files if f.table.name == "fee_line")
            lines += previous.rows("waiting_fee_line") if previous else 0
            stage = Stage(root / "staging", max(1, min(64, -(-lines // lines_at_once))), data_date, MEMORY, lake_keys.sealer)
            try:
                return _load(source, root, stage, previous, lake_keys, now, tell)
            finally:
                stage.con.close()
        finally:
            with suppress(HengjianError, OSError):
                clear_leftovers(root)


def _previous(root: Path) -> LakeVersion | None:
    """The version this load starts from; None when the lake is new. Raises LakeError when tables stand without a version."""
    if not version_numbers(root):
        refuse_orphans(root)
        return None
    version = open_lake(root)
    refuse_orphans(root, version.tables)
    return version


def _load(
    source: Source, root: Path, stage: Stage, previous: LakeVersion | None, keys: LakeKeys, now: datetime, tell: Progress
) -> LoadReport:
    started = time.perf_counter()
    refused_files, unknown = _read_all(source, stage, tell)
    inbox = Inbox(stage, previous)
    refused_files += _read_messages(source, inbox, tell)
    files = [*source.files, *(source_of(file) for file in source.messages)]
    refold = Refold(inbox, len(files))
    refold.run()
    files += refold.files
    names = {number: file.name for number, file in enumerate(files)}
    tell("核对", 0.0)
    resolver = Resolver(stage, previous, names)
    resolver.run(tables_of({f.table.name for f in files} | {*TABLES}))
    stage.settle()
    number = max(version_numbers(root), default=0) + 1
    writer = Writer(stage, resolver.held, root, root / "staging" / "out", number)
    writer.run(lambda share: tell("写入", share))
    fresh = writer.registers()
    counts = by_table(stage.counts, {n: f.table.name for n, f in enumerate(files)})
    changed = bool(fresh) or any(c["taken"] or c["replaced"] for c in counts.values()) or (previous is None and writer.wrote)
    changed |= bool(resolver.ends()) or bool(inbox.fresh)
    withdrawn = resolver.held.withdrawn()
    changed |= bool(withdrawn)
    seconds = time.perf_counter() - started
    lines = counts.get("fee_line", {}).get("read", 0)
    data_date = source.data_date(now.date()).isoformat()

    def report(version: int, seconds: float) -> LoadReport:
        return LoadReport(
            version=version,
            new=changed,
            data_date=data_date,
            seconds=round(seconds, 2),
            lines=lines,
            lines_per_second=int(lines / seconds) if lines else 0,
            tables=counts,
            files=[{"file": f.name, "table": f.table.name} | counts_of(stage.counts[n]) for n, f in enumerate(files)],
            refused_files=refused_files,
            reasons=reasons_of(stage.con, "rejects"),
            warnings=reasons_of(stage.con, "load_warnings"),
            placeholders=dict(resolver.placeholders),
            recovered=dict(+resolver.recovered),
            waiting=writer.waiting,
            withdrawn=withdrawn,
            messages=refold.told.as_dict() if source.messages else {},
            ignored=source.ignored,
            unread=list(source.unread),
            unknown_columns=unknown,
            manifest=source.manifest,
            keys_made=str(keys.path) if keys.made else "",
            notes=[*source.notes, *resolver.notes, *_timeless(source, stage)],
        )

    if not changed:
        return report(previous.number if previous else 0, seconds)
    states = writer.commit()
    done = report(number, time.perf_counter() - started)
    made = now.isoformat(timespec="seconds")
    publish(LakeVersion(root, number, made, data_date, states, done.as_dict(), dict(writer.masks), keys.key, str(keys.path)))
    end_commit(root)
    tell("写入", 1.0)
    return done


def _timeless(source: Source, stage: Stage) -> list[str]:
    """Columns of instants in which only days were sent: they stand for midnight, and rules that ask for the hour may be misled."""
    return [
        f"{source.files[number].name} 的 {column}（{source.files[number].table[column].label}）有 {count:,} 行只有日期没有时间，按零点记"
        for (number, column), count in sorted(stage.timeless.items())
    ]


def _read_all(source: Source, stage: Stage, tell: Progress) -> tuple[list[dict[str, str]], dict[str, list[str]]]:
    sizes = [file.size for file in source.files]
    total, before = sum(sizes), 0
    refused: list[dict[str, str]] = []
    unknown: dict[str, list[str]] = {}
    for number, file in enumerate(source.files):
        try:
            header, batches = _open(file)
            if header.unknown:
                unknown[file.name] = list(header.unknown)
            for batch in batches:
                stage.take(file, number, batch)
                tell("读取", (before + sizes[number] * batch.done) / total)
        except FileRefused as error:
            stage.forget(number)
            refused.append(_refusal(file.name, error))
        before += sizes[number]
        tell("读取", before / total)
    return refused, unknown


def _read_messages(source: Source, inbox: Inbox, tell: Progress) -> list[dict[str, str]]:
    """Take in the message files; their numbers follow those of the other files. Returns those refused."""
    refused: list[dict[str, str]] = []
    total, before = sum(file.size for file in source.messages), 0
    for number, file in enumerate(source.messages, start=len(source.files)):
        try:
            with _refusing():
                for done in inbox.read(number, file):
                    tell("读取报文", min(1.0, (before + done) / total))
        except FileRefused as error:
            inbox.forget(number)
            refused.append(_refusal(file.name, error))
        before += file.size
    return refused


def _refusal(name: str, error: FileRefused) -> dict[str, str]:
    """A refused file as the report tells of it."""
    why = REASONS[error.code]
    advice = error.advice or why.advice
    return {"file": name, "code": why.code, "title": why.title, "detail": error.detail, "advice": advice}


def _open(file: SourceFile) -> tuple[Header, Iterator[Batch]]:
    """Header and batches of a file; whatever a reader stumbles over refuses the file (FileRefused), never the load."""
    with _refusing():
        header, batches = file.read()

    def each() -> Iterator[Batch]:
        with _refusing():
            yield from batches

    return header, each()


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (FileRefused, HengjianError, MemoryError, GeneratorExit):
        raise
    except Exception as error:
        raise FileRefused("F05", f"读到一半出错（{cause_of(error)}）") from error
