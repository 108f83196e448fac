"""The tables of a database as parts of a survey."""

from __future__ import annotations

from functools import partial

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.mapping import ALL_TABLES
from hengjian.lake.ingest.naming import called
from hengjian.lake.ingest.readers.database import Database
from hengjian.lake.ingest.survey import Part, Survey

_UNTOLD = "表名没有对应数据湖的表"


def survey_database(database: Database) -> Survey:
    """Every table and view; the connection must stay open until they are read. Raises InputError when there is none."""
    names = database.tables()
    if not names:
        cure = "核对库名；表在别的模式里时加 --schema 模式名"
        raise InputError("数据库里没有表", where=database.place, why="这个用户看不到任何表或视图", cure=cure)
    found = Survey(database.place)
    for name in names:
        table = called(name, ALL_TABLES)
        rows = database.count(name) if table else 0
        found.parts.append(
            Part(
                name,
                table,
                partial(database.read, name, rows),
                partial(database.peek, name),
                ALL_TABLES,
                _UNTOLD,
                False,
                max(rows, 1) * 200,
                rows,
            )
        )
    if not database.agreed:
        found.notes.append("这种数据库不保证各表是同一时刻的样子；请在没有人写的时候加载")
    return found
