"""The store in PostgreSQL: one for several gates. Its tables lie in a schema of their own, beside whatever else the database holds."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from hengjian.gate.store.database import StoreError, Transaction, Values
from hengjian.gate.store.tables import NONCE, TABLES, spelled
from hengjian.kernel.errors import InputError

try:
    import psycopg
except ImportError:  # the extra is not installed; `open_store` says so
    psycopg = None  # type: ignore[assignment]

WORDS = {"big": "BIGINT", "key": "BIGINT", "serial": "BIGSERIAL PRIMARY KEY", "blob": "BYTEA", "clustered": ""}
SCHEMA = "hengjian_gate"
_MAKING, _FOLDING = 7_482_001, 7_482_002
"""Advisory locks: who makes the tables, who folds."""
_PATIENCE = 5
"""Seconds to wait for the server when a connection is opened."""


class PostgresDatabase:
    """One schema of one PostgreSQL database. See `database.Database`."""

    def __init__(self, address: str) -> None:
        self._address, self.shown = address, shown(address)
        if psycopg is None:
            raise _refused(self.shown, "没有安装 PostgreSQL 的驱动", "运行 pip install 'hengjian[gate]'")
        self._own, self._writing, self._claiming, self._turn = (
            threading.local(),
            threading.RLock(),
            threading.Lock(),
            threading.Lock(),
        )
        self._open: set[psycopg.Connection[tuple[Any, ...]]] = set()
        self._writer: psycopg.Connection[tuple[Any, ...]] | None = None
        self._claimer: psycopg.Connection[tuple[Any, ...]] | None = None
        self._folder: psycopg.Connection[tuple[Any, ...]] | None = None
        try:
            self._make()
        except psycopg.Error as error:
            self.close()
            raise _refused(
                self.shown, _cause(error), "核对地址、用户、密码和权限（要能在库里建模式），并看服务器是否在运行"
            ) from error

    def read(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        for last in (False, True):
            con: psycopg.Connection[tuple[Any, ...]] | None = getattr(self._own, "con", None)
            try:
                if con is None or self._lost(con):
                    con = self._own.con = self._connected()
                return con.execute(_marked(sql), values).fetchall()
            except psycopg.Error as error:
                if last or not self._lost(con):
                    raise _failed(self.shown, error) from error
        raise AssertionError

    @contextmanager
    def writing(self, *, durable: bool) -> Iterator[Transaction]:
        with self._writing:
            con = self._begun()
            try:
                try:
                    with con.cursor() as cursor:
                        if not durable:
                            cursor.execute("SET LOCAL synchronous_commit = off")
                        yield _Transaction(cursor)
                    con.execute("COMMIT")
                except BaseException:
                    if not con.broken:
                        con.execute("ROLLBACK")
                    raise
            except (psycopg.DataError, psycopg.IntegrityError):
                raise  # what was written is to blame, not the server
            except psycopg.Error as error:
                raise _failed(self.shown, error) from error

    def _begun(self) -> psycopg.Connection[tuple[Any, ...]]:
        """The writing connection with a transaction begun; a fresh one when the server was restarted since."""
        for last in (False, True):
            try:
                if self._writer is None or self._lost(self._writer):
                    self._writer = self._connected()
                self._writer.execute("BEGIN")
                return self._writer
            except psycopg.Error as error:
                if last or not self._lost(self._writer):
                    raise _failed(self.shown, error) from error
        raise AssertionError

    def claim(self, sql: str, values: Values) -> bool:
        with self._claiming:
            for last in (False, True):
                try:
                    if self._claimer is None or self._lost(self._claimer):
                        self._claimer = self._connected()
                        self._claimer.execute("SET synchronous_commit = off")
                    return self._claimer.execute(_marked(sql), values).rowcount == 1
                except psycopg.Error as error:
                    if last or not self._lost(self._claimer):
                        raise _failed(self.shown, error) from error
        raise AssertionError

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._turn:
            con = self._taken()
            try:
                yield
            finally:
                try:
                    con.execute("SELECT pg_advisory_unlock(%s)", (_FOLDING,))
                except psycopg.Error:  # the server let go of the lock with the connection
                    self._lost(con)

    def _taken(self) -> psycopg.Connection[tuple[Any, ...]]:
        """The connection that holds the turn."""
        for last in (False, True):
            try:
                if self._folder is None or self._lost(self._folder):
                    self._folder = self._connected()
                self._folder.execute("SELECT pg_advisory_lock(%s)", (_FOLDING,))
                return self._folder
            except psycopg.Error as error:
                if last or not self._lost(self._folder):
                    raise _failed(self.shown, error) from error
        raise AssertionError

    def close(self) -> None:
        for con in list(self._open):
            con.close()
        self._open.clear()

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        con = psycopg.connect(
            self._address,
            autocommit=True,
            connect_timeout=_PATIENCE,
            application_name="hengjian gate",
            options=f"-c search_path={SCHEMA}",
        )
        self._open.add(con)
        return con

    def _lost(self, con: psycopg.Connection[tuple[Any, ...]] | None) -> bool:
        """Whether a connection is of no more use; it is let go of then."""
        if con is None:
            return True
        if not (con.broken or con.closed):
            return False
        con.close()
        self._open.discard(con)
        return True

    def _make(self) -> None:
        with self._connected() as con, con.transaction():
            con.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
            if not con.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,)).fetchall():
                con.execute(f"CREATE SCHEMA {SCHEMA}")
                for statement in spelled((*TABLES, *NONCE), WORDS):
                    con.execute(statement.encode())
        self._open.discard(con)


class _Transaction:
    """See `database.Transaction`."""

    def __init__(self, cursor: psycopg.Cursor[tuple[Any, ...]]) -> None:
        self._cursor = cursor

    def run(self, sql: str, values: Values = ()) -> int:
        return self._cursor.execute(_marked(sql), values).rowcount

    def many(self, sql: str, rows: Iterable[Values]) -> None:
        self._cursor.executemany(_marked(sql), rows)

    def fresh(self, sql: str, rows: Sequence[Values]) -> list[bool]:
        if not rows:
            return []
        self._cursor.executemany(_marked(sql), rows, returning=True)
        found = [self._cursor.rowcount == 1]
        while self._cursor.nextset():
            found.append(self._cursor.rowcount == 1)
        return found

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        return self._cursor.execute(_marked(sql), values).fetchall()

    def alone(self, *tables: str) -> None:
        self._cursor.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE".encode())


@lru_cache(maxsize=512)
def _marked(sql: str) -> bytes:
    """The text with the driver's marks for values."""
    return sql.replace("%", "%%").replace("?", "%s").encode()


def shown(address: str) -> str:
    """An address without its password."""
    try:
        parts = urlsplit(address)
        host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "postgresql://…"
    return f"{parts.scheme}://{f'{parts.username}@' if parts.username else ''}{host}{parts.path}"


def _cause(error: psycopg.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}：{lines[0][:300]}" if lines else type(error).__name__


def _refused(where: str, why: str, cure: str) -> InputError:
    return InputError("闸口的库打不开", where=where, why=why, cure=cure)


def _failed(where: str, error: psycopg.Error) -> StoreError:
    return StoreError(
        "闸口的库读写失败", where=where, why=_cause(error), cure="看 PostgreSQL 是否在运行、磁盘是否满了，然后重试"
    )
