"""Where the site folder is, and writing in it one at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError

NAME = "site"
_LOCK = ".lock"


def site_root(site: Path | None, lake: Path | None = None) -> Path | None:
    """The site folder to read: the one named, else `site` beside the lake, else none (the rulebook as shipped).

    Raises InputError when the one named is no folder.
    """
    if site is not None:
        if not site.is_dir():
            raise InputError(
                "站点文件夹打不开",
                where=str(site),
                why="这里不是文件夹" if site.exists() else "没有这个文件夹",
                cure="检查 --site；第一次使用时由 hengjian knowledge import 或 hengjian rules release 建立",
            )
        return site
    beside = lake.resolve().parent / NAME if lake is not None else None
    return beside if beside is not None and beside.is_dir() else None


@contextmanager
def writing(site: Path) -> Iterator[Path]:
    """The site folder, made where it is not, while nobody else writes in it. Raises InputError."""
    try:
        site.mkdir(parents=True, exist_ok=True)
        handle = (site / _LOCK).open("w")
    except OSError as error:
        raise InputError(
            "站点文件夹写不进去", where=str(site), why=cause_of(error), cure="换一个可写的文件夹，或请管理员开权限"
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                "有人正在改这个站点文件夹", where=str(site), why="一次只能一个命令改它", cure="等它结束再运行"
            ) from error
        try:
            yield site
        except OSError as error:
            raise InputError(
                "站点文件夹写不进去", where=str(site), why=cause_of(error), cure="腾出空间或请管理员开权限；原来的内容没有改动"
            ) from error
