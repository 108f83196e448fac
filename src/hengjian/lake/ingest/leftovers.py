"""What killed loads leave behind, and its removal: staging, files and tables that no version lists, half-written version files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from hengjian.lake.versions import end_commit, open_lake, table_path, unpublished, version_numbers

_LOAD = re.compile(r"^[a-z]+-(\d{6,})[.-]")
"""The load that wrote a file, in its name."""

_SCRATCH = re.compile(r"\.tmp$|#\d+$")
"""What a Delta commit writes before it takes its name: `0…1.json#1`, and older writers' `.tmp`."""


def clear_leftovers(root: Path) -> None:
    """Remove what killed loads left in a lake. Only while the lake is locked. Raises LakeError, OSError.

    Files in the tables are looked at only when a commit was cut short: then every file of a load later than the newest version goes.
    """
    shutil.rmtree(root / "staging", ignore_errors=True)
    fresh = unpublished(root)
    if fresh is None:
        return
    version = open_lake(root) if version_numbers(root) else None
    for name in fresh - (version.tables.keys() if version else set()):
        if table_path(root, name).is_dir():
            shutil.rmtree(table_path(root, name))
    newest = version.number if version else 0
    for path in (root / "tables").rglob("*.parquet"):
        if path.parent.name != "_delta_log" and _number(path) > newest:
            path.unlink(missing_ok=True)
    logs = (path for path in (root / "tables").glob("*/_delta_log/*") if _SCRATCH.search(path.name))
    for scratch in (*(root / "versions").glob(".*.part"), *logs):
        scratch.unlink(missing_ok=True)
    end_commit(root)


def _number(path: Path) -> int:
    found = _LOAD.match(path.name)
    return int(found[1]) if found else 0
