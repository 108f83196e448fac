"""The store in one SQLite file: the default, for one gate.

WAL, so that a check never waits for a writer. What must last is committed with synchronous=FULL; what can be made again (folded persons)
or may go with the power (notes of checks) with NORMAL, which the next FULL commit takes along. Nonces lie in a file beside it, so that a
check that claims one waits for no commit.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hengjian.gate.store.database import StoreError, Transaction, Values
from hengjian.gate.store.tables import NONCE, TABLES, spelled
from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError

WORDS = {
    "big": "INTEGER",
    "key": "INTEGER",
    "serial": "INTEGER PRIMARY KEY",
    "blob": "BLOB",
    "clustered": "WITHOUT ROWID",
}
PAGE, MMAP, PATIENCE = 8192, 1 << 33, 30.0
_CHECKPOINT = 4000
"""Pages of the log after which a commit moves them into the file (32 MB)."""
_APPLICATION = 0x484A4741
"""SQLite's application_id of a store."""


class SqliteDatabase:
    """One SQLite file. See `database.Database`."""

    def __init__(self, path: Path) -> None:
        self.path, self.shown = path, str(path)
        self._writing, self._claiming, self._own = threading.RLock(), threading.Lock(), threading.local()
        self._open: list[sqlite3.Connection] = []
        self._turn = threading.Lock()
        if not path.parent.is_dir():
            raise _refused(path, "它的上一级文件夹不存在", "先建好文件夹，或换一个位置")
        try:
            self._lock = os.open(_beside(path, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
            for file in (path, _beside(path, "nonce")):
                os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise _refused(
                path, "它是文件夹" if path.is_dir() else cause_of(error), "换一个可写的位置，或请管理员开权限"
            ) from error
        try:
            with self.turn():
                self._writer = self._connected(path, PAGE)
                self._found()
                self._claimer = self._connected(_beside(path, "nonce"), 4096)
                self._claimer.execute("PRAGMA synchronous = OFF")
                for statement in spelled(NONCE, WORDS):
                    self._claimer.execute(statement)
        except sqlite3.Error as error:
            self.close()
            why = (
                "它不是闸口的库"
                if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error)
                else cause_of(error)
            )
            raise _refused(path, why, "换一个文件，或换成有权读写它的用户") from error
        except InputError:
            self.close()
            raise

    def read(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        con: sqlite3.Connection | None = getattr(self._own, "con", None)
        try:
            if con is None:
                con = self._own.con = self._reader()
            return con.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise _failed(self.path, error) from error

    @contextmanager
    def writing(self, *, durable: bool) -> Iterator[Transaction]:
        with self._writing:
            try:
                self._writer.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield _Transaction(self._writer)
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
            except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError):
                raise  # what was written is to blame, not the disk
            except sqlite3.Error as error:
                raise _failed(self.path, error) from error

    def claim(self, sql: str, values: Values) -> bool:
        with self._claiming:
            try:
                return self._claimer.execute(sql, values).rowcount == 1
            except sqlite3.Error as error:
                raise _failed(self.path, error) from error

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._turn:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        for con in self._open:
            con.close()
        self._open.clear()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _connected(self, path: Path, page: int) -> sqlite3.Connection:
        con = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        self._open.append(con)
        con.execute(f"PRAGMA page_size = {page}")
        con.execute("PRAGMA journal_mode = WAL")
        con.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT}")
        return con

    def _reader(self) -> sqlite3.Connection:
        con = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE, check_same_thread=False)
        self._open.append(con)
        con.execute(f"PRAGMA mmap_size = {MMAP}")
        con.execute("PRAGMA query_only = 1")
        return con

    def _found(self) -> None:
        """Make the tables, or see that they are ours. Raises InputError."""
        ((application,),) = self._writer.execute("PRAGMA application_id").fetchall()
        ((tables,),) = self._writer.execute("SELECT COUNT(*) FROM sqlite_master").fetchall()
        if tables and application != _APPLICATION:
            raise _refused(self.path, "它是别的程序的库", "换一个文件")
        self._writer.execute("BEGIN IMMEDIATE")
        self._writer.execute(f"PRAGMA application_id = {_APPLICATION}")
        for statement in spelled(TABLES, WORDS):
            self._writer.execute(statement)
        self._writer.execute("COMMIT")


class _Transaction:
    """See `database.Transaction`."""

    def __init__(self, con: sqlite3.Connection) -> None:
        self._con = con

    def run(self, sql: str, values: Values = ()) -> int:
        return self._con.execute(sql, values).rowcount

    def many(self, sql: str, rows: Iterable[Values]) -> None:
        self._con.executemany(sql, rows)

    def fresh(self, sql: str, rows: Sequence[Values]) -> list[bool]:
        return [self._con.execute(sql, row).rowcount == 1 for row in rows]

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        return self._con.execute(sql, values).fetchall()

    def alone(self, *tables: str) -> None:
        pass  # BEGIN IMMEDIATE has seen to it


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.name}-{what}")


def _refused(path: Path, why: str, cure: str) -> InputError:
    return InputError("闸口的库打不开", where=str(path), why=why, cure=cure)


def _failed(path: Path, error: sqlite3.Error) -> StoreError:
    full = "full" in str(error)
    return StoreError(
        "闸口的库读写失败",
        where=str(path),
        why="磁盘满了" if full else cause_of(error),
        cure="腾出空间后重试" if full else "检查磁盘和权限后重试",
    )
