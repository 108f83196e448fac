"""With which key a store is sealed, and how it is sealed anew after the lake has changed its key."""

from __future__ import annotations

from collections.abc import Callable

from hengjian.crypto.seal import Sealer
from hengjian.gate.store.database import Database, StoreError, Transaction, Value
from hengjian.kernel.errors import InputError

Former = Callable[[str], Sealer]
"""Gives the sealer of an older key by its id (`KeyRing.sealer`). Raises KeyFileError when it is not there."""

PIECE = 500
"""Sealed texts opened and sealed at once."""

SEALED = (("message", "digest", "body"), ("feedback", "jr_id", "reason"))
"""Tables with a sealed text: table, key, text."""

_KEY = "SELECT value FROM meta WHERE name = 'key_id'"


def place(table: str, key: Value) -> str:
    """What the text of a row is sealed as."""
    return f"gate.{table}:{key.hex() if isinstance(key, bytes) else key}"


def check_key(work: Transaction, sealer: Sealer, shown: str) -> None:
    """Called last in a transaction that wrote sealed texts. Raises StoreError when the store is sealed with another key by now."""
    if work.rows(_KEY) != [(sealer.key_id,)]:
        raise StoreError("闸口的库已换了密钥", where=shown, why="库是换钥之前打开的", cure="重新启动闸口")


def recognise_key(db: Database, sealer: Sealer, former: Former | None) -> None:
    """Have the store sealed with this key, if need be anew with the help of `former`. Raises InputError, KeyFileError, SealError."""
    ((kept,),) = db.read(_KEY)
    if kept == sealer.key_id:
        return
    if former is None:
        raise InputError(
            "闸口的库不是用这把密钥加密的",
            where=db.shown,
            why=f"它用的是 {kept}，现在给的是 {sealer.key_id}",
            cure="核对 --keys 指的密钥文件",
        )
    old = former(kept)
    with db.turn(), db.writing(durable=True) as work:
        work.alone(*(table for table, _, _ in SEALED))
        if work.rows(_KEY) != [(kept,)]:
            raise StoreError("闸口的库正由别的进程换钥", where=db.shown, cure="稍后再启动")
        for table, key, text in SEALED:
            _reseal(work, table, key, text, old, sealer)
        work.run("UPDATE meta SET value = ? WHERE name = 'key_id'", (sealer.key_id,))


def _reseal(work: Transaction, table: str, key: str, text: str, old: Sealer, new: Sealer) -> None:
    rest = f"FROM {table} WHERE {text} <> ''"
    rows = work.rows(f"SELECT {key}, {text} {rest} ORDER BY {key} LIMIT {PIECE}")
    while rows:
        places = [place(table, k) for k, _ in rows]
        sealed = [new.seal_text(where, old.open_text(where, body)) for where, (_, body) in zip(places, rows, strict=True)]
        work.many(
            f"UPDATE {table} SET {text} = ? WHERE {key} = ?", [(body, k) for body, (k, _) in zip(sealed, rows, strict=True)]
        )
        rows = work.rows(f"SELECT {key}, {text} {rest} AND {key} > ? ORDER BY {key} LIMIT {PIECE}", (rows[-1][0],))
