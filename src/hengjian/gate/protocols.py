"""What the HTTP side of the gate asks of the judge, the disk and the writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from hengjian.gate.acts import CheckNote, Feedback
from hengjian.gate.store import Incoming, Store

T = TypeVar("T")


class Checked(Protocol):
    """What came of a check: the list for `output.result`, the note to keep, a warning ("" = none)."""

    @property
    def result(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def note(self) -> CheckNote | None: ...
    @property
    def warn_msg(self) -> str: ...
    @property
    def more(self) -> Mapping[str, Any]:
        """What `output` tells beside the list."""
        ...


class Checks(Protocol):
    """The judge of 3101 and 3102."""

    def check(self, infno: str, request: dict[str, Any], now_sec: int) -> Checked:
        """Judge one request. `infno`: the national number (3101, 3102) also for provincial variants; `now_sec`: civil seconds."""
        ...


class GateStore(Protocol):
    """The gate's own disk, as far as requests read it. See `store.Store`."""

    def nonce(self, paasid: str, nonce: str, until_sec: int) -> bool: ...
    def digests_of_msgid(self, msgid: str) -> list[str]: ...


class Writes(Protocol):
    """The one writer of a process. See `writer.Writer`."""

    def put(self, message: Incoming) -> Future[bool]: ...
    def feedback(self, said: Feedback) -> Future[bool]: ...
    def run(self, work: Callable[[Store], T]) -> Future[T]: ...
    def note(self, note: CheckNote) -> None: ...
