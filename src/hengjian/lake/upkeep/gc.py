"""Clean-up: versions that nothing keeps go, and then every file that no kept version names.

Version files go first: what is left of a clean-up that was killed are files nobody names, and the next one takes them. The report of a
load outlives its version (`lake.history`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hengjian.kernel.errors import LakeError
from hengjian.lake.guard import locked, sentences
from hengjian.lake.history import remember
from hengjian.lake.place import lake_root
from hengjian.lake.upkeep.notes import audits_in_use
from hengjian.lake.upkeep.renewal import Progress
from hengjian.lake.upkeep.retention import FILE, read_retention, write_defaults
from hengjian.lake.upkeep.sizes import Sizes
from hengjian.lake.versions import (
    LakeVersion,
    end_commit,
    open_lake,
    refuse_orphans,
    table_path,
    unpublished,
    version_numbers,
)


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up did, or (`dry_run`) would do. `kept`: version → why; `made`: the retention file was made."""

    dry_run: bool
    removed: list[int]
    kept: dict[int, list[str]]
    files: int
    bytes: int
    made: bool = False
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def clean(root: Path, *, now: datetime, dry_run: bool = False, progress: Progress | None = None) -> Cleaned:
    """Remove versions that nothing keeps and files that no kept version names. Raises LakeError and InputError before anything goes."""
    tell = progress or (lambda done, total: None)
    root = lake_root(root)
    open_lake(root)  # a path misspelt is no lake, and none is made
    with locked(root), sentences(root, "清理"):
        made = not dry_run and write_defaults(root)
        policy = read_retention(root)
        versions = [open_lake(root, number) for number in version_numbers(root)]
        refuse_orphans(root, versions[-1].tables)
        why = policy.reasons(versions, audits_in_use(root, now), now)
        staying, going = [v for v in versions if why[v.number]], [v for v in versions if not why[v.number]]
        named = _named(staying, tell)
        notes = [
            f"{FILE} 里固定的第 {pin.version} 版已经没有了"
            for pin in policy.pinned
            if pin.holds(now.date()) and pin.version not in why
        ]
        if not dry_run:
            for version in going:
                remember(version)
                (root / "versions" / f"{version.number:06d}.json").unlink()
        files = size = 0
        for path in _nobodys(root, named, staying):
            files, size = files + 1, size + path.stat().st_size
            if not dry_run:
                path.unlink()
        if not dry_run:
            _tidy(root, staying)
        return Cleaned(dry_run, [v.number for v in going], {v.number: why[v.number] for v in staying}, files, size, made, notes)


def _named(staying: list[LakeVersion], tell: Progress) -> set[str]:
    """Every data file that a kept version names, seen to be there: nothing is thrown away beside a version that is not whole."""
    sizes, named = Sizes(), set()
    for done, version in enumerate(staying):
        for table in version.tables:
            for entry in sizes.entries(version, table):
                named.add(str(table_path(version.root, table) / entry.place))
        tell(done + 1, len(staying))
    if missing := sorted(path for path in named if not os.path.exists(path)):
        cure = "用备份恢复这个文件；确实没有，就把用到它的版本文件移走，再清理"
        raise LakeError("数据湖的一个数据文件不见了，没有清理", where=missing[0], why=f"共少 {len(missing)} 个", cure=cure)
    return named


def _nobodys(root: Path, named: set[str], staying: list[LakeVersion]) -> Iterator[Path]:
    """Files that no kept version names: data of versions that went, and what killed writers left."""
    known = {table for version in staying for table in version.tables}
    for folder in sorted(path for path in (root / "tables").iterdir() if path.is_dir()):
        for path in sorted(folder.rglob("*")):
            log = "_delta_log" in path.relative_to(folder).parts
            if path.is_file() and (not log or folder.name not in known) and str(path) not in named:
                yield path
    for folder in (root / "staging", root / "versions", root / "loads"):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and (folder.name == "staging" or path.name.startswith(".")):
                yield path


def _tidy(root: Path, staying: list[LakeVersion]) -> None:
    """Remove folders that are empty now, and the tables a killed load began."""
    known = {table for version in staying for table in version.tables}
    for table in (unpublished(root) or set()) - known:
        shutil.rmtree(table_path(root, table), ignore_errors=True)
    end_commit(root)
    shutil.rmtree(root / "staging", ignore_errors=True)
    for folder in (root / "tables").glob("*/part=*"):
        if not any(folder.iterdir()):
            folder.rmdir()
