"""The one thread that writes: messages are committed together before anybody is answered, and folded afterwards.

Whoever puts something waits for a Future (from asyncio: `asyncio.wrap_future`). One turn of the thread takes all that waits, at most
`most` pieces, commits them in one transaction a kind, answers all, and then folds a few subjects before it looks at the queue again, so
that no acknowledgement waits long for a fold and no fold for ever.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from hengjian.gate.acts import CheckNote, Feedback
from hengjian.gate.store import Incoming, Store, StoreError
from hengjian.kernel.errors import HengjianError
from hengjian.lake.wire import Subject

_LOG = logging.getLogger(__name__)

Fold = Callable[[Sequence[Subject], Store], None]
"""Brings the history of the persons of some subjects up to date (`store.messages_of`, `store.put_persons`). Doing it twice does no harm."""

T = TypeVar("T")


class BusyError(HengjianError):
    """More is waiting to be written than may wait: nothing was kept, and the sender may try again."""


class StoppedError(HengjianError):
    """The writer has stopped: nothing was kept."""


@dataclass
class Tally:
    """What a writer has done since it began. `dropped`: notes of checks that found the queue full. `micros` of the slowest commit."""

    accepted: int = 0
    repeated: int = 0
    commits: int = 0
    folded: int = 0
    unfoldable: int = 0
    dropped: int = 0
    micros: int = 0


@dataclass(slots=True)
class _Piece:
    kind: str
    what: Any
    answer: Future[Any] | None = field(default=None)


_SLICE_SECONDS, _SLICE_MOST = 0.02, 64
"""How long, and how many subjects, are folded before the queue is looked at again."""
_NOTES_SECONDS = 0.2
"""How long notes of checks may wait for company: nobody waits for them, and a transaction costs ten of them."""
_SWEPT = 1000
"""Subjects taken up by one look into the store."""
_MESSAGE, _NOTE, _FEEDBACK, _WORK, _STOP = "message", "note", "feedback", "work", "stop"


class Writer:
    """The writer of one process. Begins with what an earlier one left unfolded.

    `most`: pieces written together; `waiting`: pieces that may wait. Every `sweep_seconds`, and `again_seconds` after the store was away, it
    looks for what is not folded.
    """

    def __init__(
        self,
        store: Store,
        fold: Fold,
        *,
        most: int = 500,
        waiting: int = 10_000,
        sweep_seconds: float = 60.0,
        again_seconds: float = 1.0,
    ) -> None:
        self._store, self._fold, self._most = store, fold, most
        self._sweep, self._again = sweep_seconds, again_seconds
        self._next_sweep = 0.0
        self._pace = _SLICE_SECONDS / 16  # seconds a subject takes to fold, as seen of late
        self._queue: queue.Queue[_Piece] = queue.Queue(waiting)
        self._door = threading.Lock()
        self._closed = False
        self._due: dict[Subject, None] = {}
        self._hopeless: set[Subject] = set()
        self._most_notes = waiting
        self._notes: list[CheckNote] = []
        self._notes_at = 0.0  # when they are written at the latest
        self.tally = Tally()
        self._thread = threading.Thread(target=self._run, name="gate-writer", daemon=True)

    def start(self) -> Writer:
        """Begin to write, and to fold what is left over."""
        self._thread.start()
        return self

    def put(self, message: Incoming) -> Future[bool]:
        """Keep a message; True: new, False: known, both only once it is on the disk. Raises BusyError or StoppedError at once."""
        return self._put(_MESSAGE, message)

    def feedback(self, said: Feedback) -> Future[bool]:
        """Keep what a doctor said to a reminder; False: nobody gave such a reminder. Raises BusyError or StoppedError at once."""
        return self._put(_FEEDBACK, said)

    def run(self, work: Callable[[Store], T]) -> Future[T]:
        """Do some other writing (a sign-in …) in its turn. Raises BusyError or StoppedError at once."""
        return self._put(_WORK, work)

    def note(self, note: CheckNote) -> None:
        """Keep how a check went; nobody waits for it, and when too much waits it is dropped and counted."""
        with self._door:
            if self._closed or len(self._notes) >= self._most_notes:
                self.tally.dropped += 1
                return
            self._notes.append(note)
            if len(self._notes) == 1:
                self._notes_at = time.monotonic() + _NOTES_SECONDS
                with suppress(queue.Full):  # a full queue needs no waking
                    self._queue.put_nowait(_Piece(_NOTE, None))

    def stop(self, seconds: float = 10.0) -> None:
        """Take nothing more, commit all that waits, fold for at most so many seconds; what is left is folded at the next start."""
        with self._door:
            first, self._closed = not self._closed, True
        if first:
            self._queue.put(_Piece(_STOP, time.monotonic() + seconds))
        self._thread.join()

    def __enter__(self) -> Writer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def waiting(self) -> int:
        """Pieces that wait to be written."""
        return self._queue.qsize() + len(self._notes)

    def _put(self, kind: str, what: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        with self._door:
            if self._closed:
                raise StoppedError("闸口正在停止，没有收下", cure="稍后重发")
            try:
                self._queue.put_nowait(_Piece(kind, what, answer))
            except queue.Full:
                raise BusyError(
                    "等着写盘的太多，没有收下", why=f"已有 {self._queue.maxsize:,} 件在等", cure="稍后重发"
                ) from None
        return answer

    def _run(self) -> None:
        end: float | None = None
        while end is None or (self._due and time.monotonic() < end):
            now = time.monotonic()
            if not self._due and end is None and now >= self._next_sweep:
                self._look(now)
            until = min(self._next_sweep, self._notes_at) if self._notes else self._next_sweep
            batch = self._taken(0.0 if self._due or end is not None else max(0.0, until - now))
            if batch and batch[-1].kind == _STOP:
                end = batch.pop().what
            if end is not None or len(self._notes) >= self._most or time.monotonic() >= self._notes_at:
                self._write_notes()
            if batch:
                self._write(batch)
            if self._due:
                self._fold_some()

    def _taken(self, seconds: float) -> list[_Piece]:
        """All that waits, at most `most`; where nothing does, what comes within so many seconds. Nothing after a stop."""
        batch: list[_Piece] = []
        with suppress(queue.Empty):
            batch.append(self._queue.get(timeout=seconds) if seconds > 0 else self._queue.get_nowait())
            while len(batch) < self._most and batch[-1].kind != _STOP:
                batch.append(self._queue.get_nowait())
        return batch

    def _write(self, batch: Sequence[_Piece]) -> None:
        for piece in batch:
            if piece.answer is not None:
                piece.answer.set_running_or_notify_cancel()  # from here on nobody can take it back
        by_kind: dict[str, list[_Piece]] = {}
        for piece in batch:
            by_kind.setdefault(piece.kind, []).append(piece)
        self._together(by_kind.get(_MESSAGE, []), self._accept)
        if _FEEDBACK in by_kind or _WORK in by_kind:
            self._write_notes()  # before what is said to them
        self._together(by_kind.get(_FEEDBACK, []), self._say)
        for piece in by_kind.get(_WORK, []):
            self._together([piece], lambda pieces: [pieces[0].what(self._store)])

    def _together(self, pieces: Sequence[_Piece], write: Callable[[Sequence[_Piece]], Sequence[Any]]) -> None:
        """Write pieces in one go and answer them; where that fails, one by one, so that no bad piece takes the others along."""
        if not pieces:
            return
        try:
            answers = write(pieces)
        except Exception as error:
            if len(pieces) > 1 and not isinstance(error, HengjianError):
                for piece in pieces:
                    self._together([piece], write)
                return
            _LOG.error("%d pieces could not be written: %s", len(pieces), type(error).__name__)
            for piece in pieces:
                _answer(piece, error=error)
            return
        for piece, answer in zip(pieces, answers, strict=True):
            _answer(piece, answer)

    def _accept(self, pieces: Sequence[_Piece]) -> list[bool]:
        begun = time.perf_counter_ns()
        fresh = self._store.accept([piece.what for piece in pieces])
        self.tally.micros = max(self.tally.micros, (time.perf_counter_ns() - begun) // 1000)
        self.tally.commits += 1
        self.tally.accepted += sum(fresh)
        self.tally.repeated += len(fresh) - sum(fresh)
        for piece, new in zip(pieces, fresh, strict=True):
            if new:
                for subject in piece.what.subjects:
                    self._due[subject] = None
                    self._hopeless.discard(subject)
        return fresh

    def _write_notes(self) -> None:
        """Write the notes that wait, all in one transaction, or where that fails one by one; what cannot be written is counted as dropped."""
        with self._door:
            notes, self._notes = self._notes, []
        if not notes:
            return
        try:
            self._store.note_checks(notes)
        except Exception as error:
            alone = notes if len(notes) > 1 and not isinstance(error, HengjianError) else []
            _LOG.error("%d notes could not be written together: %s", len(notes), type(error).__name__)
            self.tally.dropped += len(notes) - len(alone)
            for note in alone:
                with suppress(Exception):
                    self._store.note_checks([note])
                    continue
                self.tally.dropped += 1

    def _say(self, pieces: Sequence[_Piece]) -> list[bool]:
        unknown = set(self._store.feedback([piece.what for piece in pieces]))
        return [piece.what.jr_id not in unknown for piece in pieces]

    def _fold_some(self) -> None:
        some = list(islice(self._due, max(1, min(_SLICE_MOST, int(_SLICE_SECONDS / self._pace)))))
        for subject in some:
            del self._due[subject]
        begun = time.monotonic()
        try:
            self._folded(some)
        except StoreError as error:
            self._put_off(error)
        except Exception as error:
            _LOG.error("%d subjects could not be folded together: %s", len(some), type(error).__name__)
            for subject in some:
                self._folded_alone(subject)
        self._pace = max(1e-6, 0.8 * self._pace + 0.2 * (time.monotonic() - begun) / len(some))

    def _folded(self, subjects: Sequence[Subject]) -> None:
        with self._store.folding(subjects) as due:
            if due:
                self._fold(due, self._store)
        self.tally.folded += len(due)

    def _folded_alone(self, subject: Subject) -> None:
        try:
            self._folded([subject])
        except StoreError as error:
            self._put_off(error)
        except Exception as error:
            _LOG.error("a subject of kind %s could not be folded: %s", subject.kind, type(error).__name__, exc_info=True)
            self._hopeless.add(subject)  # until a message of it arrives, or the next start
            self.tally.unfoldable += 1

    def _put_off(self, error: StoreError) -> None:
        """The store is away: what is not folded stands in it, and is looked for again."""
        _LOG.error("folding is put off: %s", error.why)
        self._next_sweep = time.monotonic() + self._again

    def _look(self, now: float) -> None:
        """Find what is not folded: left over from before the start, by another process that ended, or put off."""
        self._next_sweep = now + self._sweep
        most = _SWEPT + len(self._hopeless)
        try:
            found = self._store.unfolded(most)
        except StoreError as error:
            self._put_off(error)
            return
        self._due |= {subject: None for subject in found if subject not in self._hopeless}
        if len(found) == most:
            self._next_sweep = now


def _answer(piece: _Piece, answer: Any = None, error: Exception | None = None) -> None:
    if piece.answer is not None and not piece.answer.cancelled():
        if error is not None:
            piece.answer.set_exception(error)
        else:
            piece.answer.set_result(answer)
