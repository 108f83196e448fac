"""What the messages come to, worked out anew for every subject of which something came.

A subject is folded twice: from what the lake knew, and from all. Rows that differ are staged like rows of any file; rows that were
there and are not any more leave the lake (`undo_…` tables, which `held` and `write` read).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from hengjian.lake.ingest.columns import convert
from hengjian.lake.ingest.lookup import Cells, Group, Persons
from hengjian.lake.ingest.messages import SALE, Inbox, no_rows, place_of
from hengjian.lake.ingest.readers import Batch
from hengjian.lake.ingest.source import SourceFile
from hengjian.lake.ingest.undo import AGAIN, undo_columns
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES, Table
from hengjian.lake.wire import ENCOUNTER, GAPS, NOT_FACTS, PERSON, STOCK, Fold, Message, Subject, fold, parse

_AT_ONCE = 20_000
"""Messages that are held open together, unless one subject alone has more."""
_ROWS = 50_000
Key = tuple[str | None, ...]


@dataclass
class Told:
    """What the messages say beside rows: how many are no facts, and what subjects lack, by code, with one example each."""

    not_facts: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    example: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Counts by title, for the report."""
        return {
            "not_facts": {NOT_FACTS[code].title: count for code, count in self.not_facts.most_common()},
            "gaps": {GAPS[code].title: count for code, count in self.gaps.most_common()},
            "examples": {GAPS[code].title: f"{why}。办法：{GAPS[code].cure}" for code, why in self.example.items()},
        }


class Refold:
    """The rows of one load's messages, staged as files of their own."""

    def __init__(self, inbox: Inbox, first: int) -> None:
        self.inbox, self.stage, self.con, self.previous = inbox, inbox.stage, inbox.con, inbox.previous
        self.told, self.files = Told(Counter(inbox.leftovers)), list[SourceFile]()
        self._first = first
        self._numbers: dict[str, int] = {}
        self._lines: Counter[str] = Counter()
        self._scans: dict[Key, dict[str, tuple[bool, Cells]]] = {}
        self._changes: dict[str, list[Cells]] = {}
        self._undone: dict[str, list[Cells]] = {}
        self._persons = Persons(inbox, self.chunks)

    def run(self) -> None:
        """Fold every subject that is concerned and stage what changed."""
        self._relations()
        if not self.inbox.fresh and not self._persons.sent():
            return
        self._concerned()
        for chunk in self.chunks("subject_now"):
            self._fold(chunk)
        self._trace_codes()
        for name in list(self._changes):
            self._flush(name)
        for name in list(self._undone):
            self._flush_undone(name)

    # which subjects ----------------------------------------------------------------------------------------------------
    def _relations(self) -> None:
        """Views over all messages, those of the lake and those of this load."""
        for name in ("message", "message_subject"):
            old = rows_sql(self.previous, name)
            names = [c for (c, *_) in self.con.execute(f"DESCRIBE {name}").fetchall() if c != "_file"]
            listed = ", ".join(names)
            more = f" UNION ALL SELECT {listed}, false AS fresh FROM {old}" if old else ""
            self.con.execute(f"CREATE VIEW every_{name} AS SELECT {listed}, true AS fresh FROM {name}{more}").fetchall()

    def _concerned(self) -> None:
        """`subject_now`: subjects of new messages; encounters of persons of whom something else is known now; and whatever tells of
        the same sales as any of these."""
        run = self.con.execute
        run(
            "CREATE TABLE subject_now AS SELECT DISTINCT kind, subject_key FROM message_subject WHERE kind <> ?", [SALE]
        ).fetchall()
        named = run("SELECT subject_key FROM subject_now WHERE kind = ?", [PERSON]).fetchall()
        self._persons.learn({psn_no for (psn_no,) in named} | set(self._persons.sent()))
        self.con.register("changed_now", pa.table({"psn_no": pa.array(self._persons.changed(), pa.string())}))
        run(
            """INSERT INTO subject_now SELECT DISTINCT s.kind, s.subject_key FROM every_message_subject AS s
               WHERE s.kind = ? AND s.digest IN (SELECT digest FROM every_message WHERE psn_no IN (SELECT psn_no FROM changed_now))""",
            [ENCOUNTER],
        ).fetchall()
        self.con.unregister("changed_now")
        run(
            """INSERT INTO subject_now SELECT DISTINCT o.kind, o.subject_key FROM every_message_subject AS o
               WHERE o.kind IN (?, ?) AND o.digest IN (
                 SELECT digest FROM every_message_subject WHERE kind = ? AND subject_key IN (
                   SELECT l.subject_key FROM every_message_subject AS l WHERE l.kind = ? AND l.digest IN (
                     SELECT s.digest FROM every_message_subject AS s JOIN subject_now AS n USING (kind, subject_key))))""",
            [ENCOUNTER, STOCK, SALE, SALE],
        ).fetchall()
        run("CREATE OR REPLACE TABLE subject_now AS SELECT DISTINCT kind, subject_key FROM subject_now").fetchall()

    def chunks(self, listed: str) -> Iterator[list[Group]]:
        """The subjects of a relation with their messages, a bounded number of messages at once."""
        placed = f"{listed}_part"
        self.con.execute(
            f"""CREATE OR REPLACE TABLE {placed} AS
                SELECT kind, subject_key, CAST((SUM(messages) OVER (ORDER BY kind, subject_key) - messages) // {_AT_ONCE} AS INTEGER) AS part
                FROM (SELECT s.kind, s.subject_key, COUNT(*) AS messages FROM every_message_subject AS s
                      JOIN (SELECT DISTINCT kind, subject_key FROM {listed}) USING (kind, subject_key) GROUP BY 1, 2)"""
        ).fetchall()
        parts = self.con.execute(f"SELECT DISTINCT part FROM {placed} ORDER BY part").fetchall()
        for (part,) in parts:
            yield self._open(placed, part)

    def _open(self, placed: str, part: int) -> list[Group]:
        wanted = f"SELECT s.kind, s.subject_key, s.digest FROM every_message_subject AS s JOIN {placed} AS p USING (kind, subject_key) WHERE p.part = {part}"
        rows = self.con.execute(
            f"SELECT digest, file, line, fresh, body FROM every_message WHERE digest IN (SELECT digest FROM ({wanted}))"
        ).fetchall()
        opened: dict[str, tuple[Message, bool]] = {}
        for digest, file, line, fresh, body in rows:
            said = self.inbox.at_hand.get(digest) or parse(
                self.stage.sealer.open_text(place_of(digest), body).encode(), file=file, line=line
            )
            if isinstance(said, Message):
                opened[digest] = said, fresh
        groups: dict[Subject, list[str]] = {}
        for kind, key, digest in self.con.execute(f"SELECT DISTINCT * FROM ({wanted}) ORDER BY ALL").fetchall():
            groups.setdefault(Subject(kind, key), []).append(digest)
        return [
            (subject, [opened[d][0] for d in digests if not opened[d][1]], [opened[d][0] for d in digests])
            for subject, digests in groups.items()
        ]

    # folding -----------------------------------------------------------------------------------------------------------
    def _fold(self, chunk: list[Group]) -> None:
        """Fold some subjects; those that ask for a person not yet known wait for all that are asked for."""
        waiting: list[Group] = []
        for group in chunk:
            folds = self._both(group)
            if folds is None:
                waiting.append(group)
            else:
                self._compare(group, *folds)
        self._persons.learn(self._persons.asked)
        for group in waiting:
            folds = self._both(group)
            assert folds is not None
            self._compare(group, *folds)

    def _both(self, group: Group) -> tuple[Fold, Fold] | None:
        """The subject as the lake knew it and as it stands; None when a person must be looked up first."""
        subject, old, whole = group
        missed = self._persons.missed
        was = fold(subject, old, person=self._persons.before) if old else Fold(subject)
        now = fold(subject, whole, person=self._persons.now)
        return (was, now) if self._persons.missed == missed else None

    def _compare(self, group: Group, was: Fold, now: Fold) -> None:
        known = {(n.message.digest, n.code) for n in was.not_facts}
        for not_fact in now.not_facts:
            if (not_fact.message.digest, not_fact.code) not in known:
                self.told.not_facts[not_fact.code] += 1
        for gap in now.gaps:
            self.told.gaps[gap.code] += 1
            self.told.example.setdefault(gap.code, gap.why)
        for name in {*was.rows, *now.rows}:
            table = TABLES[name]
            before, after = _by_key(table, was), _by_key(table, now)
            if name == "trace_code":
                self._keep_scans(group[0].kind == ENCOUNTER, before, after)
                continue
            for key in {**before, **after}:
                self._change(table, before.get(key, []), after.get(key, []))

    def _change(self, table: Table, before: list[Cells], after: list[Cells]) -> None:
        if before == after:
            return
        if before:
            self._undo(table, before[0], bool(after))
        if after:
            self._changes.setdefault(table.name, []).extend(after)
            if len(self._changes[table.name]) >= _ROWS:
                self._flush(table.name)

    def _keep_scans(self, of_encounter: bool, before: Mapping[Key, list[Cells]], after: Mapping[Key, list[Cells]]) -> None:
        """A scan may be told of by an encounter and by goods records: which row counts shows when all are folded."""
        for word, rows in (("before", before), ("after", after)):
            for key, cells in rows.items():
                told = self._scans.setdefault(key, {})
                mine = (of_encounter, cells[0])
                if word not in told or _rank(mine) > _rank(told[word]):
                    told[word] = mine

    def _trace_codes(self) -> None:
        for key in sorted(self._scans, key=str):
            told = self._scans[key]
            self._change(TABLES["trace_code"], *([told[w][1]] if w in told else [] for w in ("before", "after")))

    # staging -----------------------------------------------------------------------------------------------------------
    def _undo(self, table: Table, cells: Cells, again: bool) -> None:
        listed = self._undone.setdefault(table.name, [])
        listed.append(cells | {AGAIN: "1" if again else "0"})
        if len(listed) >= _ROWS:
            self._flush_undone(table.name)

    def _flush_undone(self, name: str) -> None:
        rows, table = self._undone.pop(name), TABLES[name]
        sent = {c: pa.array([cells.get(c) for cells in rows], pa.string()) for c in undo_columns(table)}
        done = {c: a.cast(pa.int32()) if c == AGAIN else convert(name, table[c], a).array for c, a in sent.items()}
        self.con.register("undo_now", pa.table(done))
        self.con.execute(f"INSERT INTO undo_{name} BY NAME SELECT * FROM undo_now").fetchall()
        self.con.unregister("undo_now")

    def _flush(self, name: str) -> None:
        """Stage the rows of a table that were gathered."""
        table, rows = TABLES[name], self._changes.pop(name)
        if name not in self._numbers:
            self._numbers[name] = self._first + len(self.files)
            self.files.append(SourceFile(f"报文:{table.label}", table, no_rows))
        number = self._numbers[name]
        data = pa.table({c.name: pa.array([cells.get(c.name) for cells in rows], pa.string()) for c in table.columns})
        lines = pa.array(range(self._lines[name] + 1, self._lines[name] + len(rows) + 1), pa.int64())
        self._lines[name] += len(rows)
        self.stage.take(self.files[number - self._first], number, Batch(data, lines))


def _by_key(table: Table, done: Fold) -> dict[Key, list[Cells]]:
    found: dict[Key, list[Cells]] = {}
    for row in done.rows.get(table.name, ()):
        found.setdefault(tuple(row.cells.get(k) for k in table.key), []).append(row.cells)
    return found


def _rank(told: tuple[bool, Cells]) -> tuple[bool, list[tuple[str, str]]]:
    return told[0], sorted(told[1].items())
