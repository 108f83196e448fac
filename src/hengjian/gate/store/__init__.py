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
from hengjian.gate.store.history import History, Institution
from hengjian.gate.store.inbox import Inbox, Incoming
from hengjian.gate.store.keys import Former, recognise_key
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
        History.__init__(self, db)
        Answers.__init__(self, db, sealer)

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()


def open_store(address: str | Path, *, sealer: Sealer, former: Former | None = None) -> Store:
    """The store at a file path or a `postgresql://` address; made where there is none.

    `sealer`: the lake's, it seals messages and reasons. A store sealed with an older key is sealed anew when `former` gives that key (other
    gates on it must be started again then). Raises InputError when the address cannot be used or the store is another program's.
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
        _recognise(db, sealer)
        recognise_key(db, sealer, former)
        return Store(db, sealer)
    except BaseException:
        db.close()
        raise


_ADDRESSES = "写一个文件的路径，或 postgresql://用户:密码@主机/库"


def _recognise(db: Database, sealer: Sealer) -> None:
    """Whether the store is of this format; a new one is marked with format and key. Raises InputError."""
    format_ = db.read("SELECT value FROM meta WHERE name = 'format'")
    if not format_:
        with db.writing(durable=True) as work:
            for mark in (("key_id", sealer.key_id), ("format", FORMAT)):
                work.run("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", mark)
    elif format_ != [(FORMAT,)]:
        raise InputError(
            "闸口的库是别的版本的程序写的", where=db.shown, cure="换一个新的位置，运行 hengjian gate warm 重新预热"
        )
