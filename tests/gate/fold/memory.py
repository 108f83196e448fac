"""A store in memory, as far as folding asks: what was accepted, what is not folded yet, persons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from hengjian.gate.acts import ACT_TABLES, Layout, Person, Rows, pack, unpack
from hengjian.gate.fold import fold_subjects
from hengjian.gate.subjects import kept_under
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.wire import Message, Subject, parse

TODAY = date(2026, 10, 31)
LEFT = ("bucket", "psn_key", "mdtrt_id")
LAYOUT = Layout({table: tuple(c.name for c in LAYER[table].columns if c.name not in LEFT) for table in ACT_TABLES})
"""Every column that a gate might keep."""


class MemoryStore:
    """Messages, persons and patients of one gate."""

    layout = LAYOUT

    def __init__(self) -> None:
        self.lines: dict[str, bytes] = {}
        self.under: dict[Subject, dict[str, bool]] = {}
        self.kept: dict[int, tuple[Person, bytes]] = {}
        self.patients: dict[tuple[int, int], int] = {}
        self.gone: dict[Subject, int] = {}

    def receive(self, *lines: bytes) -> None:
        """Take messages, fold what they concern."""
        due: dict[Subject, None] = {}
        for raw in lines:
            message = parse(raw)
            assert isinstance(message, Message)
            if message.digest not in self.lines:
                self.lines[message.digest] = raw.strip()
                for subject in kept_under(message):
                    self.under.setdefault(subject, {})[message.digest] = True
                    due[subject] = None
        self.fold(due)

    def fold(self, subjects: Iterable[Subject]) -> None:
        listed = list(subjects)
        fold_subjects(listed, self, LAYOUT, today=TODAY)
        for subject in listed:
            self.under[subject] = dict.fromkeys(self.under[subject], False)

    def messages_of(self, subject: Subject) -> list[bytes]:
        return [self.lines[digest] for digest in self.under.get(subject, ())]

    def pending(self, subject: Subject) -> list[str]:
        return [digest for digest, new in self.under.get(subject, {}).items() if new]

    def dropped(self, subject: Subject) -> int:
        return self.gone.get(subject, 0)

    @contextmanager
    def folding(self, subjects: Iterable[Subject]) -> Iterator[list[Subject]]:
        yield list(subjects)

    def persons(self, psn_keys: Sequence[int]) -> dict[int, tuple[Person, Rows]]:
        return {key: (self.kept[key][0], unpack(self.kept[key][1])) for key in psn_keys if key in self.kept}

    def put_persons(self, persons: Iterable[tuple[Person, Rows]]) -> None:
        self.kept |= {person.psn_key: (person, pack(acts)) for person, acts in persons}

    def link_patients(self, links: Iterable[tuple[int, int, int]]) -> None:
        self.patients |= {(at, own): psn_key for at, own, psn_key in links}

    def history(self) -> dict[int, tuple[Person, Rows]]:
        """Everybody of whom something is known, with all that is kept."""
        return {
            key: (person, {table: acts.get(table, []) for table in ACT_TABLES})
            for key, (person, kept) in sorted(self.kept.items())
            if (acts := unpack(kept)) or person != Person(key)
        }
