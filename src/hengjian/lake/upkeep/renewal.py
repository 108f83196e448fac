"""A new lake version made of another's rows: files are written beside the lake, moved in table by table, and published last.

Killed anywhere before it is published it leaves the lake as it was, and the next writer undoes what it finds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb

from hengjian.kernel.errors import HengjianError
from hengjian.lake import delta
from hengjian.lake.guard import locked, sentences
from hengjian.lake.ingest.layout import columns_of
from hengjian.lake.ingest.leftovers import clear_leftovers
from hengjian.lake.place import lake_root, quoted
from hengjian.lake.versions import (
    LakeVersion,
    TableState,
    begin_commit,
    end_commit,
    open_lake,
    publish,
    refuse_orphans,
    version_numbers,
)

MEMORY = "1GB"
Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do."""


class Renewal:
    """One new version under way. `previous` is the version it is made of."""

    def __init__(self, previous: LakeVersion, made_by: str, now: datetime) -> None:
        self.previous, self.root = previous, previous.root
        self.number = max(version_numbers(previous.root)) + 1
        self._made_by, self._now = made_by, now
        self._scratch = previous.root / "staging"
        self._removed: dict[str, list[str]] = {}
        self._states = dict(previous.tables)
        self.con = duckdb.connect()
        spill = quoted(self._scratch / "spill")
        for setting in (f"memory_limit = '{MEMORY}'", f"temp_directory = {spill}", f"threads = {min(os.cpu_count() or 1, 4)}"):
            self.con.execute(f"SET {setting}").fetchall()

    def folder(self, table: str) -> Path:
        """Where the new files of a table go, laid out as in the table."""
        folder = self._scratch / "out" / table
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def aside(self, name: str) -> Path:
        """A folder for work that is not kept."""
        folder = self._scratch / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def stem(self) -> str:
        """How the names of new files begin: no file that a version names is ever overwritten."""
        return f"{self._made_by}-{self.number:06d}"

    def replace(self, table: str, old: list[str], rows: int, dead: int) -> None:
        """The files written for `table` take the place of the files `old`; it then has so many rows and so many that are masked."""
        self._removed[table] = old
        self._states[table] = TableState(self._states[table].delta_version, rows, dead)

    @property
    def changed(self) -> list[str]:
        """Tables that were replaced."""
        return sorted(self._removed)

    def commit(self) -> None:
        """Move the new files in, table by table."""
        begin_commit(self.root, ())
        for table in self.changed:
            columns, parted = columns_of(table)
            before, after = self.previous.tables[table], self._states[table]
            version, _ = delta.commit(self.root, table, columns, self.folder(table), self._removed[table], before, parted)
            self._states[table] = TableState(version, after.rows, after.dead)

    def publish(
        self, *, masks: Mapping[str, int] | None = None, key: str | None = None, key_file: str | None = None
    ) -> LakeVersion:
        """Publish the new version: what is not told stays as it was."""
        old = self.previous
        done = replace(
            old,
            number=self.number,
            created_at=self._now.isoformat(timespec="seconds"),
            tables=self._states,
            masks=dict(old.masks if masks is None else masks),
            key=old.key if key is None else key,
            key_file=old.key_file if key_file is None else key_file,
            made_by=self._made_by,
        )
        publish(done)
        end_commit(self.root)
        return done


@contextmanager
def renewing(root: Path, made_by: str, now: datetime, what: str) -> Iterator[Renewal]:
    """A renewal of the current version, with the lake locked; whatever was not published is gone afterwards. Raises LakeError."""
    root = lake_root(root)
    open_lake(root)  # a path misspelt is no lake, and none is made
    with locked(root), sentences(root, what):
        clear_leftovers(root)
        try:
            previous = open_lake(root)
            refuse_orphans(root, previous.tables)
            (root / "staging").mkdir()
            work = Renewal(previous, made_by, now)
            try:
                yield work
            finally:
                work.con.close()
        finally:
            with suppress(HengjianError, OSError):
                clear_leftovers(root)
