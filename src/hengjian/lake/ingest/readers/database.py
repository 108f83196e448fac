"""Tables of a database through SQLAlchemy: typed, streamed, all as they stood at one moment, and nothing is ever written there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.readers.base import NOTHING, Batch, FileRefused, Header, Renamed, match_header
from hengjian.lake.ingest.readers.cells import text_of, to_array
from hengjian.lake.ingest.readers.spelling import column_of, fold
from hengjian.lake.schema import Table

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, TableClause
    from sqlalchemy.engine import URL

_AT_ONCE = 50_000
"""Rows fetched together."""
_INSTALL = "pip install 'hengjian[db]'"
_SAID = {
    "password authentication failed": "用户或密码不对",
    "permission denied": "没有权限",
    "does not exist": "没有这个库、表或用户",
    "could not translate host name": "找不到这台主机",
    "Name or service not known": "找不到这台主机",
    "Connection refused": "对方没有在这个端口上应答",
    "timeout": "对方没有应答",
    "file is not a database": "这不是 SQLite 数据库文件",
}
"""What databases say, in words a user understands; their own words follow."""


class Database:
    """An open database: one read transaction over all its tables. `place` names it without the password."""

    def __init__(self, connection: Connection, place: str, schema: str | None, secret: str, agreed: bool) -> None:
        self._connection, self.place, self.schema, self._secret, self.agreed = connection, place, schema, secret, agreed

    def tables(self) -> list[str]:
        """Names of tables and views. Raises InputError."""
        from sqlalchemy import inspect
        from sqlalchemy.exc import SQLAlchemyError

        try:
            inspector = inspect(self._connection)
            if self.schema and self.schema not in inspector.get_schema_names():
                raise InputError(
                    f"数据库里没有模式“{self.schema}”",
                    where=self.place,
                    why="现有：" + "、".join(inspector.get_schema_names()),
                    cure="改正 --schema",
                )
            views = set(inspector.get_view_names(self.schema))
            if self._connection.dialect.name == "postgresql":
                views |= set(inspector.get_materialized_view_names(self.schema))
            return sorted({*inspector.get_table_names(self.schema), *views})
        except SQLAlchemyError as error:
            raise InputError("数据库的表列不出来", where=self.place, why=self._told(error), cure="请管理员开读的权限") from None

    def count(self, name: str) -> int:
        """Rows of a table; 0 when it cannot be read: it is refused when it is."""
        from sqlalchemy import func, select

        try:
            with self._alone():
                return int(self._connection.execute(select(func.count()).select_from(self._table(name))).scalar_one())
        except FileRefused:
            return 0

    def peek(self, name: str, rows: int) -> list[list[str]]:
        """The headers and the first rows as text. Raises FileRefused."""
        from sqlalchemy import select, text

        with self._alone():
            result = self._connection.execute(select(text("*")).select_from(self._table(name)).limit(rows))
            return [list(result.keys()), *([text_of(cell) or "" for cell in row] for row in result)]

    def read(self, name: str, rows: int, table: Table, renamed: Renamed = NOTHING) -> tuple[Header, Iterator[Batch]]:
        """Header and batches. Row n has line n + 1, as in a CSV. Raises FileRefused."""
        with self._alone():
            headers = self._headers(name, table, renamed)
        header = match_header(table, [said for _, said in headers], renamed)
        wanted = {sent: column for (sent, _), column in zip(headers, header.names, strict=True) if column}
        return Header(header.names, header.unknown), self._batches(name, rows, table, wanted)

    def _headers(self, name: str, table: Table, renamed: Renamed) -> list[tuple[str, str]]:
        """Columns of a table, and the spelling to go by: the name, or the comment where only that names a column."""
        from sqlalchemy import inspect

        listed = []
        for column in inspect(self._connection).get_columns(name, self.schema):
            sent, comment = str(column["name"]), str(column.get("comment") or "")
            known = fold(sent) in renamed or column_of(table, sent)
            listed.append((sent, comment if not known and comment and column_of(table, comment) else sent))
        return listed

    def _batches(self, name: str, rows: int, table: Table, wanted: dict[str, str]) -> Iterator[Batch]:
        from sqlalchemy import column as named
        from sqlalchemy import select

        query: Any = select(*(named(sent) for sent in wanted)).select_from(self._table(name))
        streaming = {"stream_results": True, "yield_per": _AT_ONCE}
        line = 2
        try:
            with self._alone():
                for part in self._connection.execute(query, execution_options=streaming).partitions():
                    cells = list(zip(*part, strict=True))
                    data = {column: to_array(cells[place], table[column]) for place, column in enumerate(wanted.values())}
                    lines = pa.array(np.arange(line, line + len(part), dtype=np.int64))
                    line += len(part)
                    yield Batch(pa.table(data), lines, (), min(1.0, (line - 2) / max(rows, 1)))
        except FileRefused as error:
            raise FileRefused(
                "F05", f"第 {line - 1} 行之后读不出：{error.detail}" if line > 2 else error.detail, error.advice
            ) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A step of its own: when it fails, the tables that follow are still read. Raises FileRefused."""
        from sqlalchemy.exc import SQLAlchemyError

        step = self._connection.begin_nested()
        try:
            yield
        except SQLAlchemyError as error:
            if step.is_active:
                step.rollback()
            raise FileRefused(
                "F05", self._told(error), "请数据库管理员给这个用户读（SELECT）这张表的权限，或检查连接后重新加载"
            ) from None
        finally:
            if step.is_active:
                step.close()

    def _table(self, name: str) -> TableClause:
        from sqlalchemy import table

        return table(name, schema=self.schema)

    def _told(self, error: Exception) -> str:
        return _told(error, self._secret)


@contextmanager
def open_database(address: str, schema: str | None = None) -> Iterator[Database]:
    """Open a database by its SQLAlchemy address and begin one read transaction. Raises InputError, never with the password."""
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError:
        raise InputError("读数据库要另装驱动", why="没有安装 SQLAlchemy", cure=_INSTALL) from None
    url = _url(address)
    place, secret = url.render_as_string(hide_password=True), str(url.password or "")
    engine = _engine(url, place)
    try:
        try:
            connection = engine.connect()
        except SQLAlchemyError as error:
            why = _told(error, secret)
            raise InputError(
                "数据库连不上", where=place, why=why, cure="核对主机、端口、库名、用户和密码，并确认这台机器连得到它"
            ) from None
        with connection:
            yield Database(connection, place, schema, secret, _begin(connection))
    finally:
        engine.dispose()


def _url(address: str) -> URL:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    cure = "写成 postgresql://用户:密码@主机:5432/库名；密码里的 @ / : 要写成 %40 %2F %3A"
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise InputError("数据库地址写得不对", why="不是“种类://用户:密码@主机:端口/库名”的形式", cure=cure) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if (
        url.get_backend_name() == "sqlite"
        and url.database not in (None, "", ":memory:")
        and not Path(str(url.database)).is_file()
    ):
        raise InputError(
            "没有这个数据库文件", where=str(url.database), cure="检查路径；绝对路径要写四条斜线：sqlite:////数据/医保.db"
        )
    return url


def _engine(url: URL, place: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    try:
        return create_engine(url)
    except NoSuchModuleError:
        raise InputError(
            f"不认识的数据库种类“{url.drivername}”",
            where=place,
            cure="常用的有 postgresql、mysql+pymysql、oracle+oracledb、mssql+pymssql、sqlite",
        ) from None
    except ModuleNotFoundError as error:
        cure = (
            _INSTALL
            if url.get_backend_name() == "postgresql"
            else f"pip install {error.name}；MySQL 可写 mysql+pymysql:// 并 pip install pymysql"
        )
        raise InputError("缺少这种数据库的驱动", where=place, why=f"没有安装 {error.name}", cure=cure) from None
    except (SQLAlchemyError, TypeError, ValueError):
        raise InputError("数据库地址写得不对", where=place, why="有不认识的设置", cure="去掉 ? 后面的设置再试") from None


def _begin(connection: Connection) -> bool:
    """Begin one read-only transaction in which all tables stand as at one moment; whether the database promises that."""
    kind = connection.dialect.name
    if kind == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
        return True
    levels = connection.dialect.get_isolation_level_values(connection.connection.dbapi_connection)  # type: ignore[arg-type]
    level = next((wanted for wanted in ("REPEATABLE READ", "SNAPSHOT", "SERIALIZABLE") if wanted in levels), None)
    options: dict[str, Any] = {"isolation_level": level} if level else {}
    if kind == "postgresql":
        options["postgresql_readonly"] = True
    connection.rollback()
    connection.execution_options(**options)
    connection.begin()
    return level is not None


def _told(error: Exception, secret: str) -> str:
    """One clause of what the database says, without the password."""
    said = str(getattr(error, "orig", None) or error).strip()
    line = next((line for line in said.splitlines() if line.strip()), type(error).__name__)[:300]
    for hidden in {secret, quote(secret)} - {""}:
        line = line.replace(hidden, "***")
    return next((f"{words}（{line}）" for mark, words in _SAID.items() if mark in line), line)
