"""What the store asks of a database: reading on connections of its own, one writing transaction at a time, one who folds.

SQL is written once, with `?` for values. Where the dialects differ, the two databases differ (`sqlite`, `postgres`), never the texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from hengjian.kernel.errors import HengjianError

Value = int | str | bytes | None
Values = Sequence[Value]

MOST_VALUES = 400
"""Values in one list of an SQL text."""


class StoreError(HengjianError):
    """The store cannot be read or written now: a full disk, a server that is away, a layout that changed under a running gate."""


class Transaction(Protocol):
    """Writing, all or nothing."""

    def run(self, sql: str, values: Values = ()) -> int:
        """Run a statement; how many rows it touched."""

    def many(self, sql: str, rows: Iterable[Values]) -> None:
        """Run a statement for every row."""

    def fresh(self, sql: str, rows: Sequence[Values]) -> list[bool]:
        """Run an INSERT … ON CONFLICT DO NOTHING for every row; which of them were new."""

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT, as this transaction sees them."""

    def alone(self, *tables: str) -> None:
        """Wait until no other transaction writes these tables, and let none until this one has ended."""


class Database(Protocol):
    """One database. Safe for threads; not to be taken through a fork."""

    shown: str
    """The address without its password."""

    def read(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT, of what is committed. Waits for no writer."""

    def writing(self, *, durable: bool) -> AbstractContextManager[Transaction]:
        """A transaction. `durable`: on the disk when the block is left; otherwise a power cut may take it back, a killed process not.

        Raises StoreError when disk or server fail; what the values themselves are to blame for is raised as it comes."""

    def claim(self, sql: str, values: Values) -> bool:
        """Run one INSERT … ON CONFLICT DO NOTHING into the table `nonce` at once; whether it was new. Never waits for a transaction."""

    def turn(self) -> AbstractContextManager[None]:
        """The one turn to fold, among all threads and processes on this database. Waits for it."""

    def close(self) -> None:
        """Let go of every connection."""


def listed(values: Sequence[Value]) -> str:
    """`(?, ?, …)` for as many values."""
    return "(" + ", ".join("?" * len(values)) + ")"


def slices(values: Sequence[Any], most: int = MOST_VALUES) -> Iterable[Sequence[Any]]:
    """Values in pieces that fit into one SQL text."""
    return (values[start : start + most] for start in range(0, len(values), most))


def plain(text: str) -> str:
    """A text every database takes: no NUL, no half characters."""
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
