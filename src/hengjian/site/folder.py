"""Where the site folder is."""

from __future__ import annotations

from pathlib import Path

from hengjian.kernel.errors import InputError

NAME = "site"


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
