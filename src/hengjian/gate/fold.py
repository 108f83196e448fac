"""From messages to history: what the messages of a visit or a person come to replaces what was kept of them before.

Each time a subject is folded from all its messages, so order of arrival, repeats and batches never matter. A visit whose messages do not
tell its beginning (it came to the lake by file, or its messages were dropped here after they were loaded) keeps the history it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Protocol

from hengjian.gate.acts import ACT_TABLES, Layout, Person, Row, Rows
from hengjian.gate.derive import DAY, derive, derive_person
from hengjian.gate.subjects import PATIENT, VISITS_OF, persons_named
from hengjian.kernel.dates import day_number
from hengjian.kernel.keys import key_of
from hengjian.lake.wire import ENCOUNTER, PERSON, Message, Subject, fold, parse, trade_of
from hengjian.lake.wire import Row as CellRow
from hengjian.lake.wire.trades import Act

LOOKED_UP = ("insutype", "insu_admdvs")
"""What a visit may ask of its person."""
_ASKS = ("no_insutype", "no_insu_admdvs")
"""Gaps of a visit whose person was asked in vain."""
_CHANGE = "2403"
_LAST = {
    "encounter": (("in_day", 1), ("out_day", 1), ("beg_sec", DAY), ("end_sec", DAY)),
    "fee_line": (("fee_day", 1), ("fee_sec", DAY)),
}
"""Columns that say when something last happened in a visit, and their units a day."""


class Kept(Protocol):
    """What folding asks of the store."""

    def messages_of(self, subject: Subject) -> list[bytes]:
        """The lines of a subject's messages, as they came."""

    def pending(self, subject: Subject) -> list[str]:
        """Digests of its messages that are not folded yet."""

    def dropped(self, subject: Subject) -> int:
        """How many of its messages are no longer here."""

    def persons(self, psn_keys: Sequence[int]) -> dict[int, tuple[Person, Rows]]:
        """Persons with what is kept of them."""

    def put_persons(self, persons: Iterable[tuple[Person, Rows]]) -> None:
        """Write persons as they are now."""

    def link_patients(self, links: Iterable[tuple[int, int, int]]) -> None:
        """Institution, its patient id (keys of both) and who that is."""


def fold_subjects(subjects: Iterable[Subject], store: Kept, layout: Layout, *, today: date) -> None:
    """Bring the history of everybody whom these subjects concern up to date. Doing it twice does no harm.

    `today`: acts after it are refused like the loader does, visits older than twelve months before it are dropped.
    """
    work = _Folding(store, layout, today)
    listed = list(dict.fromkeys(subjects))
    for subject in listed:
        if subject.kind == PERSON:
            work.person(subject)
    for subject in dict.fromkeys((*(s for s in listed if s.kind == ENCOUNTER), *work.again)):
        work.visit(subject)
    work.write()
    links = [link for subject in listed if subject.kind == PATIENT and (link := work.patient(subject))]
    if links:
        store.link_patients(links)


def twelve_months_before(today: date) -> date:
    """The first day whose acts are kept."""
    leap = today.month == 2 and today.day == 29
    return today.replace(year=today.year - 1, day=28 if leap else today.day)


class _Folding:
    """One batch: persons are read once and written once."""

    def __init__(self, store: Kept, layout: Layout, today: date) -> None:
        self._store, self._layout, self._today = store, layout, day_number(today)
        self._since = day_number(twelve_months_before(today))
        self._persons: dict[int, tuple[Person, Rows] | None] = {}
        self._changed: set[int] = set()
        self._told: dict[str, Mapping[str, str | None]] = {}
        self.again: dict[Subject, None] = {}
        """Visits that may have asked for something that is known differently now."""

    # persons -----------------------------------------------------------------------------------------------------------
    def person(self, subject: Subject) -> None:
        """Who a person is, as far as messages tell."""
        messages = self._messages(subject)
        new = set(self._store.pending(subject))
        before, now = (self._row_of(subject, told) for told in ([m for m in messages if m.digest not in new], messages))
        if _looked_up(before) != _looked_up(now):
            for message in self._messages(Subject(VISITS_OF, subject.key)):
                self.again |= {s: None for s in message.subjects if s.kind == ENCOUNTER}
        told, was = self._understood(now), self._understood(before)
        if told is None and was is None:
            return  # nothing new; what is kept may have come by file
        psn_key = key_of(subject.key)
        known, acts = self._person(psn_key) or (Person(psn_key), {})
        found = told or Person(psn_key)
        silent = Person._fields if self._store.dropped(subject) else ("dead_day",)
        found = found._replace(**{c: getattr(known, c) for c in silent if getattr(found, c) is None})
        if found != known:
            self._put(found, acts)

    def _understood(self, row: CellRow | None) -> Person | None:
        """The person a row tells of; None when the loader would refuse it."""
        told = derive_person(row, today=self._today) if row else None
        return told if isinstance(told, Person) else None

    def look_up(self, psn_no: str) -> Mapping[str, str | None]:
        """What a visit asks of its person: what messages say, else what is kept."""
        if psn_no not in self._told:
            kept, subject = self._person(key_of(psn_no)), Subject(PERSON, psn_no)
            self._told[psn_no] = {"insutype": kept[0].insutype if kept else None} | _looked_up(
                self._row_of(subject, self._messages(subject))
            )
        return self._told[psn_no]

    @staticmethod
    def _row_of(subject: Subject, messages: Sequence[Message]) -> CellRow | None:
        rows = fold(subject, messages).rows.get("person", ()) if messages else ()
        return rows[0] if rows else None

    def patient(self, subject: Subject) -> tuple[int, int, int] | None:
        """Whom a hospital calls by its own patient id: the last answer counts."""
        answers = sorted((m for m in self._messages(subject) if m.psn_no and m.failure is None), key=lambda m: m.order)
        at, _, own = subject.key.partition("/")
        return (key_of(at), key_of(own), key_of(answers[-1].psn_no)) if answers else None

    # visits ------------------------------------------------------------------------------------------------------------
    def visit(self, subject: Subject) -> None:
        """The rows of one visit in the place of those kept before, with whomever it was."""
        if self._store.dropped(subject):
            return
        messages = self._messages(subject)
        done = fold(subject, messages, person=self.look_up)
        if not any(begins(message) for message in messages):
            return
        rows = derive(done.rows, self._layout, today=self._today).rows
        told = done.rows["encounter"][0].cells.get("psn_no", "") if "encounter" in done.rows else ""
        if any(gap.code in _ASKS for gap in done.gaps) and self._store.dropped(Subject(PERSON, told)):
            return  # who said how the person is insured is no longer here
        mdtrt_key = key_of(subject.key)
        for psn_no in sorted((persons_named(messages) | {told}) - {""}):
            self._replace(key_of(psn_no), mdtrt_key, rows if psn_no == told else {})

    def _replace(self, psn_key: int, mdtrt_key: int, rows: Rows) -> None:
        known = self._person(psn_key)
        if known is None and not rows:
            return
        person, acts = known or (Person(psn_key), {})
        found = with_visit(acts, mdtrt_key, rows, self._layout)
        if found != {table: acts.get(table, []) for table in ACT_TABLES}:
            self._put(person, found)

    def write(self) -> None:
        """Put down who has changed, without what is too old."""
        changed = [known for key in sorted(self._changed) if (known := self._persons[key])]
        if changed:
            self._store.put_persons([(person, recent(acts, self._layout, self._since)) for person, acts in changed])

    # the store ---------------------------------------------------------------------------------------------------------
    def _messages(self, subject: Subject) -> list[Message]:
        said = (parse(raw) for raw in self._store.messages_of(subject))
        return [message for message in said if isinstance(message, Message)]

    def _person(self, psn_key: int) -> tuple[Person, Rows] | None:
        if psn_key not in self._persons:
            self._persons[psn_key] = self._store.persons([psn_key]).get(psn_key)
        return self._persons[psn_key]

    def _put(self, person: Person, acts: Rows) -> None:
        self._persons[person.psn_key] = person, acts
        self._changed.add(person.psn_key)


def with_visit(acts: Rows, mdtrt_key: int, rows: Rows, layout: Layout) -> Rows:
    """A person's rows with these in the place of a visit's, in the order of the visits' keys."""
    found: Rows = {}
    for table in ACT_TABLES:
        place = layout.place(table, "mdtrt_key")
        kept = [row for row in acts.get(table, ()) if row[place] != mdtrt_key]
        found[table] = sorted((*kept, *rows.get(table, ())), key=partial(visit_of, place=place))
    return found


def recent(acts: Rows, layout: Layout, since: int) -> Rows:
    """Without fee lines before day `since`, and without visits that ended before it and have no line left; otherwise a visit stays whole.

    A visit of whose times the layout keeps nothing stays."""
    places = {table: layout.place(table, "mdtrt_key") for table in acts}
    lines = [row for row in acts.get("fee_line", ()) if last_day(row, "fee_line", layout, since) >= since]
    rows = acts | {"fee_line": lines} if "fee_line" in acts else acts
    live = {visit_of(row, places["fee_line"]) for row in lines}
    live |= {
        visit_of(row, places["encounter"])
        for row in acts.get("encounter", ())
        if last_day(row, "encounter", layout, since) >= since
    }
    return {table: [row for row in found if visit_of(row, places[table]) in live] for table, found in rows.items()}


def last_day(row: Row, table: str, layout: Layout, unknown: int) -> int:
    """The last day a row of `encounter` or `fee_line` tells of; `unknown` where it tells of none."""
    own = layout.columns[table]
    days = [
        value // unit for column, unit in _LAST[table] if column in own and isinstance(value := row[own.index(column)], int)
    ]
    return max(days, default=unknown)


def visit_of(row: Row, place: int) -> int:
    """The mdtrt_key of a row."""
    found = row[place]
    assert isinstance(found, int)
    return found


def _looked_up(row: CellRow | None) -> dict[str, str]:
    """What a visit may ask of a person's row."""
    return {column: row.cells[column] for column in LOOKED_UP if column in row.cells} if row else {}


def begins(message: Message) -> bool:
    """Whether a message tells of a visit from its beginning: no change of a stay does."""
    trade = trade_of(message.infno)
    return trade is not None and trade.act is Act.VISIT and trade.infno != _CHANGE and message.failure is None
