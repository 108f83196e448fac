"""Where `ingest` and `map` read from: a folder, a zip of one, or a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.mapping import NO_MAP, SavedMap, read_map
from hengjian.lake.ingest.readers.database import open_database
from hengjian.lake.ingest.survey import Survey, survey
from hengjian.lake.ingest.tables import survey_database

Folder = Annotated[
    Path | None, typer.Argument(help="放数据文件的文件夹，或它的 zip 压缩包（CSV、Parquet、Excel）", show_default=False)
]
Address = Annotated[
    str,
    typer.Option(
        "--from", help="从数据库读：SQLAlchemy 地址，如 postgresql://用户@主机/库名；密码可放在 ~/.pgpass", show_default=False
    ),
]
Schema = Annotated[str, typer.Option("--schema", help="数据库里的模式名；不写则用默认的", show_default=False)]
MapFile = Annotated[Path | None, typer.Option("--map", help="对照表（hengjian map 写出、人改过的 YAML）", show_default=False)]


@contextmanager
def survey_of(command: str, folder: Path | None, address: str, schema: str) -> Iterator[Survey]:
    """All that lies there; a database stays open until it has been read. Raises InputError."""
    usage = f"看用法：hengjian {command} --help"
    if not folder and not address:
        raise InputError("缺少参数 FOLDER 或选项 --from", why="从哪里读必须写一个", cure=usage)
    if folder and address:
        raise InputError("文件夹和 --from 只能写一个", why="一次只从一个地方读", cure=usage)
    if folder:
        if schema:
            raise InputError("--schema 只用于数据库", cure="去掉 --schema，或写 --from 数据库地址")
        yield survey(folder)
        return
    with open_database(address, schema or None) as database:
        yield survey_database(database)


def saved_map(path: Path | None) -> SavedMap:
    """The map, or none. Raises InputError."""
    return read_map(path) if path else NO_MAP
