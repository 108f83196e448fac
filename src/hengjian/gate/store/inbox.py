"""The inbox: every message that was acknowledged, sealed, once; whose rows it concerns; whether that has been folded and loaded."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hengjian.crypto.seal import Sealer
from hengjian.gate.store.database import Database, Transaction, Value, listed, plain, slices
from hengjian.gate.store.keys import check_key, place
from hengjian.gate.subjects import VISITS_OF, kept_under
from hengjian.kernel.errors import SealError
from hengjian.kernel.keys import key_of
from hengjian.lake.wire import Message, Refusal, Subject, parse

_LOG = logging.getLogger(__name__)

_ACCEPT = """INSERT INTO message (digest, infno, msgid, fixmedins_code, inf_time, received_sec, loaded, body) VALUES (?, ?, ?, ?, ?, ?, 0, ?)
ON CONFLICT (digest) DO NOTHING"""
_SUBJECT = "INSERT INTO message_subject (kind, subject_key, digest, folded) VALUES (?, ?, ?, ?) ON CONFLICT (kind, subject_key, digest) DO NOTHING"
_FOLDED = "UPDATE message_subject SET folded = 1 WHERE kind = ? AND subject_key = ? AND digest = ?"
_PENDING = "SELECT digest FROM message_subject WHERE kind = ? AND subject_key = ? AND folded = 0"
_UNFOLDED = "SELECT DISTINCT kind, subject_key FROM message_subject WHERE folded = 0 ORDER BY kind, subject_key LIMIT ?"
_MESSAGES = """SELECT m.digest, m.body FROM message_subject AS s JOIN message AS m ON m.digest = s.digest
WHERE s.kind = ? AND s.subject_key = ? AND m.body <> '' ORDER BY m.received_sec, m.digest"""
_GONE = """SELECT COUNT(*) FROM message_subject AS s JOIN message AS m ON m.digest = s.digest
WHERE s.kind = ? AND s.subject_key = ? AND m.body = ''"""
_UNLOADED = "SELECT digest, body FROM message WHERE loaded = 0 ORDER BY received_sec, digest LIMIT ?"
_NOT_IN = """SELECT DISTINCT s.kind, s.subject_key FROM message AS m JOIN message_subject AS s ON s.digest = m.digest
WHERE (m.loaded = 0 OR m.loaded > ?) AND m.body <> ''"""
_PRUNABLE = f"""SELECT m.digest FROM message AS m WHERE m.loaded > 0 AND m.received_sec < ? AND m.body <> '' AND NOT EXISTS (
  SELECT 1 FROM message_subject AS s JOIN message_subject AS o ON o.kind = s.kind AND o.subject_key = s.subject_key
  JOIN message AS x ON x.digest = o.digest
  WHERE s.digest = m.digest AND s.kind <> '{VISITS_OF}' AND (o.folded = 0 OR x.loaded = 0 OR x.received_sec >= ?))"""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message to be kept. `digest`: 32 hexadecimal digits of the exact line (`lake.wire`); `raw`: the line, UTF-8."""

    digest: str
    infno: str
    msgid: str
    fixmedins_code: str
    inf_time: str
    received_sec: int
    raw: bytes
    subjects: tuple[Subject, ...]

    @classmethod
    def of(cls, message: Message, raw: bytes, received_sec: int) -> Incoming:
        """A parsed line with the line itself."""
        return cls(
            message.digest,
            message.infno,
            message.msgid,
            message.fixmedins_code,
            message.inf_time,
            received_sec,
            raw,
            kept_under(message),
        )


class Inbox:
    """Part of the store; see `Store`."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self.db, self.sealer = db, sealer

    def accept(self, messages: Sequence[Incoming]) -> list[bool]:
        """Keep messages, on the disk when this returns; which of them were new. Raises StoreError: none of them is kept then."""
        rows: dict[str, list[Value]] = {}
        for m in messages:
            if m.digest not in rows:
                body = self.sealer.seal_text(place("message", m.digest), m.raw.strip().decode())
                named = (plain(m.infno), plain(m.msgid), plain(m.fixmedins_code), plain(m.inf_time))
                rows[m.digest] = [bytes.fromhex(m.digest), *named, m.received_sec, body]
        order = sorted(rows)  # two gates that take the same messages must not wait for each other
        with self.db.writing(durable=True) as work:
            fresh = {digest for digest, new in zip(order, work.fresh(_ACCEPT, [rows[d] for d in order]), strict=True) if new}
            subjects = {
                (s.kind, key_of(s.key), bytes.fromhex(m.digest), int(s.kind == VISITS_OF))  # by which it is only found again
                for m in messages
                if m.digest in fresh
                for s in m.subjects
            }
            work.many(_SUBJECT, sorted(subjects))
            check_key(work, self.sealer, self.db.shown)
        first = {m.digest: n for n, m in reversed(list(enumerate(messages)))}
        return [m.digest in fresh and first[m.digest] == n for n, m in enumerate(messages)]

    def digests_of_msgid(self, msgid: str) -> list[str]:
        """Digests of the messages that came under a msgid: one that is not the asker's is another content under the same id."""
        found = self.db.read("SELECT digest FROM message WHERE msgid = ?", (plain(msgid),))
        return sorted(bytes(digest).hex() for (digest,) in found)

    def unfolded(self, most: int = 1000) -> list[Subject]:
        """Some subjects with a message that is not folded yet, each once. Opens one message of each to learn its id."""
        keys = self.db.read(_UNFOLDED, (most,))
        return [subject for kind, key in keys if (subject := self._named(kind, key)) is not None]

    def messages_of(self, subject: Subject) -> list[bytes]:
        """The lines of a subject's messages, as they came (trimmed), in the order of their arrival. See `dropped`."""
        return list(self._bodies(subject.kind, key_of(subject.key)))

    def dropped(self, subject: Subject) -> int:
        """How many messages of a subject were pruned here: they are in the lake, and `messages_of` is not the whole."""
        ((count,),) = self.db.read(_GONE, (subject.kind, key_of(subject.key)))
        return int(count)

    def pending(self, subject: Subject) -> list[str]:
        """Digests of a subject's messages that are not folded yet."""
        found = self.db.read(_PENDING, (subject.kind, key_of(subject.key)))
        return sorted(bytes(digest).hex() for (digest,) in found)

    @contextmanager
    def folding(self, subjects: Iterable[Subject]) -> Iterator[list[Subject]]:
        """Hold the turn to fold. Gives the subjects that still need it; messages that were there when the block began count as folded
        when it ends without error, so nothing that arrives meanwhile is missed."""
        with self.db.turn():
            due, marks = [], []
            for subject in subjects:
                key = key_of(subject.key)
                if pending := self.db.read(_PENDING, (subject.kind, key)):
                    due.append(subject)
                    marks += [(subject.kind, key, digest) for (digest,) in pending]
            yield due
            if marks:
                with self.db.writing(durable=False) as work:
                    work.many(_FOLDED, sorted(marks))

    def unloaded(self, most: int = 20_000) -> list[tuple[str, bytes]]:
        """Digest and line of messages that are in no lake yet, the oldest first."""
        return [(d, raw) for d, raw in self._opened(self.db.read(_UNLOADED, (most,)))]

    def waiting(self) -> tuple[int, int]:
        """How many messages are in no lake yet, and how many (message, subject) pairs are not folded."""
        ((unloaded,),) = self.db.read("SELECT COUNT(*) FROM message WHERE loaded = 0")
        ((unfolded,),) = self.db.read("SELECT COUNT(*) FROM message_subject WHERE folded = 0")
        return int(unloaded), int(unfolded)

    def note_loaded(self, digests: Iterable[str], version: int) -> None:
        """These messages are in the lake since `version`."""
        with self.db.writing(durable=True) as work:
            work.many(
                "UPDATE message SET loaded = ? WHERE digest = ? AND loaded = 0",
                [(version, bytes.fromhex(d)) for d in sorted(digests)],
            )

    def prune(self, before_sec: int) -> int:
        """Drop the text of messages that are in the lake, where nothing has come for any of their subjects since `before_sec`; how many.

        What is left of each, its digest, still tells a repeat."""
        gone = [digest for (digest,) in self.db.read(_PRUNABLE, (before_sec, before_sec))]
        for part in slices(gone):
            with self.db.writing(durable=False) as work:
                work.run(f"UPDATE message SET body = '' WHERE digest IN {listed(part)} AND loaded > 0", part)
        return len(gone)

    def _named(self, kind: str, key: int) -> Subject | None:
        """The subject of a key, as one of its messages names it."""
        try:
            for raw in self._bodies(kind, key):
                said = parse(raw)
                for subject in () if isinstance(said, Refusal) else kept_under(said):
                    if subject.kind == kind and key_of(subject.key) == key:
                        return subject
        except SealError as error:
            _LOG.error("a message does not open: %s", error)
        _LOG.error("no message tells which %s it is about", kind)
        return None

    def _bodies(self, kind: str, key: int) -> Iterator[bytes]:
        return (raw for _, raw in self._opened(self.db.read(_MESSAGES, (kind, key))))

    def _opened(self, rows: Iterable[tuple[bytes, str]]) -> Iterator[tuple[str, bytes]]:
        for digest, body in rows:
            named = bytes(digest).hex()
            yield named, self.sealer.open_text(place("message", named), body).encode()


def pending_subjects(work: Transaction, version: int) -> dict[str, set[int]]:
    """Keys of subjects, by kind, with a message that lake version `version` does not hold."""
    found: dict[str, set[int]] = defaultdict(set)
    for kind, key in work.rows(_NOT_IN, (version,)):
        found[kind].add(key)
    return found
