"""Where a lake lies: one absolute path for every library, and its spelling inside SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hengjian.kernel.errors import LakeError

_PATTERN = re.compile(r"[*?\[]")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")


def lake_root(root: Path) -> Path:
    """The folder of a lake without links and dots. Raises LakeError for a path the libraries would read as something else."""
    try:
        whole = root.resolve()
    except (OSError, RuntimeError) as error:
        raise LakeError("数据湖的路径用不了", where=str(root), why="链接绕成了圈", cure="换一个路径") from error
    if found := _PATTERN.search(str(whole)) or _ESCAPED.search(str(whole)):
        raise LakeError(
            "数据湖的路径里有不能用的字符",
            where=str(whole),
            why=f"“{found[0]}”会被当成通配符或转义，读写到别处",
            cure="换一个路径，其中不含 * ? [ 和 %20 这样的写法",
        )
    return whole


def quoted(text: object) -> str:
    """A text as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted_list(paths: Iterable[object]) -> str:
    """Texts as an SQL list of literals."""
    return "[" + ", ".join(map(quoted, paths)) + "]"


def one_file(path: Path) -> str:
    """A path as an SQL literal that names this one file, whatever characters it has."""
    return quoted(_PATTERN.sub(lambda found: f"[{found[0]}]", str(path)))
