"""Which key sealed which version of a lake, and where the lake remembers its key file to be.

A version file names the key of its sealed columns (`key_id`) and the path of the key file (`keys_file`, a hint only: it moves with no
data). Whether a version still needs a key is asked of the whole text of its file, so a key named anywhere in it is never dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import LakeError
from hengjian.lake.place import lake_root
from hengjian.lake.versions import open_lake, version_numbers

KEY_ID, KEYS_FILE = "key_id", "keys_file"


def key_uses(root: Path, key_ids: Iterable[str]) -> dict[str, list[int]]:
    """Every key with the versions that name it. Raises LakeError when a version cannot be read; no lake: none."""
    texts = {number: _text(root, number) for number in version_numbers(lake_root(root))}
    return {key_id: [number for number, text in texts.items() if json.dumps(key_id) in text] for key_id in key_ids}


def keys_hint(root: Path) -> str | None:
    """Where the newest version remembers its key file to be."""
    numbers = version_numbers(lake_root(root))
    hint = json.loads(_text(root, numbers[-1])).get(KEYS_FILE) if numbers else None
    return hint if isinstance(hint, str) and hint else None


def _text(root: Path, number: int) -> str:
    path = open_lake(root, number).root / "versions" / f"{number:06d}.json"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        cure = "请管理员检查权限和磁盘，或用备份恢复这个文件夹"
        raise LakeError("版本文件读不出来", where=str(path), why=cause_of(error), cure=cure) from error
