"""A copy of the shipped rulebook that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

from hengjian.rulebook.loader import PARTS, SHIPPED


def copy_rulebook(folder: Path) -> Path:
    """The shipped rulebook, copied into `folder`."""
    for name in PARTS:
        shutil.copytree(SHIPPED / name, folder / name)
    return folder


def change(path: Path, old: str, new: str) -> None:
    """Put `new` in the place of the first `old`, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
