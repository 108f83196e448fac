"""Writing the history anew from a lake version, without losing what came through the gate and is in no lake yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hengjian.gate.acts import Layout, Person, Rows
from hengjian.gate.store import Institution, Store
from hengjian.gate.store.database import Transaction, listed
from hengjian.gate.store.history import COLUMNS, PUT_META, PUT_PERSON, key_at, person_of, place_of, put_rows
from hengjian.gate.store.inbox import pending_subjects
from hengjian.lake.wire import ENCOUNTER, PERSON

_THERE = "SELECT place FROM person WHERE place BETWEEN ? AND ?"
_THERE_WHOLE = f"SELECT place, {COLUMNS} FROM person WHERE place BETWEEN ? AND ?"
_AGAIN = "UPDATE message_subject SET folded = 0 WHERE kind = ? AND subject_key = ? AND folded = 1"


class Refill:
    """One run over all places, from the first to the last. `kept`: persons with acts the lake does not have; `gone`: persons it has no more."""

    def __init__(self, store: Store, layout: Layout, version: int) -> None:
        self._store, self._layout, self._version = store, layout, version
        self.bytes = self.kept = self.gone = 0

    def write(self, low: int, high: int, persons: Sequence[tuple[Person, Rows]]) -> None:
        """Make the places from `low` to `high`, both included, hold these persons as the lake has them.

        Encounters and persons with a message that the lake version does not hold keep what was folded and are to be folded again."""
        db = self._store.db
        with db.turn(), db.writing(durable=False) as work:
            pending = pending_subjects(work, self._version)
            wanted = {person.psn_key: (person, rows) for person, rows in persons}
            if pending:
                for place, *rest in work.rows(_THERE_WHOLE, (low, high)):
                    self._hold(wanted, *person_of(key_at(place), rest), pending)
                _again(work, wanted.values(), pending, self._layout)
            there = {place for (place,) in work.rows(_THERE, (low, high))}
            for place in sorted(there - {place_of(key) for key in wanted}):
                self.gone += work.run("DELETE FROM person WHERE place = ?", (place,))
            rows = put_rows(wanted.values())
            self.bytes += sum(len(row[-1]) for row in rows if isinstance(row[-1], bytes))
            work.many(PUT_PERSON, rows)
            self._store.check_layout(work)

    def finish(self, institutions: Sequence[Institution], told: Mapping[str, object]) -> None:
        """Put the institutions in place and note what the store was warmed from."""
        columns = Institution._fields
        with self._store.db.writing(durable=True) as work:
            work.run("DELETE FROM institution")
            work.many(f"INSERT INTO institution ({', '.join(columns)}) VALUES {listed(columns)}", institutions)
            for name, value in told.items():
                work.run(PUT_META, (f"warm.{name}", str(value)))

    def _hold(
        self, wanted: dict[int, tuple[Person, Rows]], person: Person, there: Rows, pending: Mapping[str, set[int]]
    ) -> None:
        """Let a person who is there keep the encounters that are pending."""
        places = {table: self._layout.place(table, "mdtrt_key") for table in self._layout.columns}
        pending_visits = pending.get(ENCOUNTER, set())
        held = {t: [row for row in rows if row[places[t]] in pending_visits] for t, rows in there.items()}
        visits = {row[places[t]] for t, rows in held.items() for row in rows}
        if not visits and (person.psn_key in wanted or person.psn_key not in pending.get(PERSON, set())):
            return
        self.kept += 1
        who, rows = wanted.get(person.psn_key, (person, {}))
        rest = {t: [row for row in found if row[places[t]] not in visits] for t, found in rows.items()}
        wanted[person.psn_key] = who, {t: rest.get(t, []) + held.get(t, []) for t in {*rest, *held}}


def _again(work: Transaction, persons: Iterable[tuple[Person, Rows]], pending: Mapping[str, set[int]], layout: Layout) -> None:
    """Have the pending subjects of persons folded again."""
    visits, people = pending.get(ENCOUNTER, set()), pending.get(PERSON, set())
    places = {table: layout.place(table, "mdtrt_key") for table in layout.columns}
    marks = {(PERSON, person.psn_key) for person, _ in persons if person.psn_key in people}
    for _, rows in persons:
        found = {row[places[table]] for table, there in rows.items() for row in there}
        marks |= {(ENCOUNTER, key) for key in found if isinstance(key, int) and key in visits}
    work.many(_AGAIN, sorted(marks))
