"""The gate's own disk: what was acknowledged, twelve months of every person, what was answered.

One SQLite file, or a PostgreSQL database for several gates. The lake stays the truth: all but the youngest messages and what was answered
can be made again from it (`gate.warm`). `inbox` keeps messages, `history` persons, `answers` checks and what doctors said, `figures`
counts them; `sqlite` and `postgres` are the two databases behind one face (`database`).
"""

from __future__ import annotations

from pathlib import Path

from hengjian.crypto.seal import Sealer
from hengjian.gate.store.answers import UNAUDITED, Answers, Settled, Sign
from hengjian.gate.store.database import Database, StoreError
from hengjian.gate.store.figures import Audited, Figures, Numbers
from hengjian.gate.store.history import PUT_META, History, Institution
from hengjian.gate.store.inbox import Inbox, Incoming
from hengjian.gate.store.postgres import PostgresDatabase
from hengjian.gate.store.sqlite import SqliteDatabase
from hengjian.gate.store.tables import FORMAT
from hengjian.kernel.errors import InputError

__all__ = ["UNAUDITED", "Audited", "Figures", "Incoming", "Institution", "Settled", "Sign", "Store", "StoreError", "open_store"]


class Store(Inbox, History, Answers, Numbers):
    """All of it. Safe for threads; every process opens its own. Reading waits for no writer.

    Raises StoreError when the disk or the server fails.
    """

    def __init__(self, db: Database, sealer: Sealer) -> None:
        Inbox.__init__(self, db, sealer)
        _recognise(db, sealer)
        History.__init__(self, db)

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()


def open_store(address: str | Path, *, sealer: Sealer) -> Store:
    """The store at a file path or a `postgresql://` address; made where there is none.

    `sealer`: the lake's, it seals messages and reasons. Raises InputError when the address cannot be used, the store is another program's
    or was sealed with another key.
    """
    named = str(address)
    if "://" in named:
        if not named.startswith(("postgresql://", "postgres://")):
            raise InputError("闸口的库打不开", where=named.partition("://")[0] + "://…", why="不认识这种地址", cure=_ADDRESSES)
        db: Database = PostgresDatabase(named)
    elif named:
        db = SqliteDatabase(Path(address).expanduser())
    else:
        raise InputError("闸口的库打不开", why="没有写地址", cure=_ADDRESSES)
    try:
        return Store(db, sealer)
    except BaseException:
        db.close()
        raise


_ADDRESSES = "写一个文件的路径，或 postgresql://用户:密码@主机/库"


def _recognise(db: Database, sealer: Sealer) -> None:
    """Whether the store is of this format and key; a new one is marked with them. Raises InputError."""
    marks = {"format": FORMAT, "key_id": sealer.key_id}
    found = dict(db.read("SELECT name, value FROM meta WHERE name IN ('format', 'key_id')"))
    if found != marks:
        with db.writing(durable=True) as work:
            for name, value in marks.items():
                if name not in found:
                    work.run(PUT_META, (name, value))
        found = dict(db.read("SELECT name, value FROM meta WHERE name IN ('format', 'key_id')"))
    if found["format"] != FORMAT:
        raise InputError(
            "闸口的库是别的版本的程序写的", where=db.shown, cure="换一个新的位置，运行 hengjian gate warm 重新预热"
        )
    if found["key_id"] != sealer.key_id:
        raise InputError(
            "闸口的库不是用这把密钥加密的",
            where=db.shown,
            why=f"它用的是 {found['key_id']}，数据湖现在用的是 {sealer.key_id}",
            cure="数据湖换过密钥的，等报文都进了数据湖后换一个新的位置，运行 hengjian gate warm；否则核对 --keys 指的密钥文件",
        )
