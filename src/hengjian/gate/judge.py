"""One visit before the bench: bound knowledge, the visit and what of the person's past can matter go into a SQLite database in memory, the
family texts run over it, and what they hit about this visit comes out.

One thread uses one judge. Nothing of a request stays behind.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hengjian.engine.bind import Bound as BoundTables
from hengjian.engine.compile import compile_sql
from hengjian.engine.fold import without_empty
from hengjian.engine.plan import HIT, Text, make_plan
from hengjian.engine.shapes import DRIVING, FAMILY_SHAPES
from hengjian.gate.acts import ACT_TABLES, Layout, Person, Row, Rows
from hengjian.gate.knowledge import Bound, Knowledge
from hengjian.gate.stages import own_knowledge
from hengjian.lake.schema.layer import LAYER
from hengjian.rulebook.model import Rule, Rulebook

SELF = 1
"""psn_key of the one person in the database."""
_VISIT_ONLY = frozenset({"limit", "valid", "price"})
_SIZES = {"fee_line": "60 20 1", "encounter": "10 5 1", "diagnosis": "20 10 1", "operation": "4 2 1"}
_STEPS = 2_000
"""SQLite looks at the clock every so many steps of its machine."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a text found: its point, and the columns of `engine.plan.HIT` by name."""

    kid: int
    cells: Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hits about the visit, and the rules that were not asked, each with the reason (`late`, `fault`)."""

    hits: list[Hit]
    skipped: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Run:
    text: Text
    sql: str
    driving: frozenset[str]
    rules: tuple[str, ...]


def history_free(rule: Rule) -> bool:
    """Whether the rule looks at nothing but the visit itself."""
    settings = rule.settings
    if rule.family in _VISIT_ONLY:
        return True
    if rule.family == "diagnosis":
        return not any(value for _, values in rule.param_periods() for value in values.values())
    if settings.get("relation") == "alone":
        return True
    return settings.get("per") == "encounter" or settings.get("win") in ("encounter", "rx")


class Judge:
    """The bench: rules that run at the gate, their knowledge, and a database for one check at a time."""

    def __init__(
        self,
        book: Rulebook,
        stages: Mapping[str, Collection[str]],
        knowledge: Knowledge,
        layout: Layout,
        institutions: Iterable[Row],
    ) -> None:
        """`stages`: ids of the rules that run at each stage (`stages.running`). `institutions`: rows of the rule table `institution`, in
        the order of its columns. `layout` must hold what the texts read."""
        self.layout, self.knowledge = layout, knowledge
        wanted = {rule_id for named in stages.values() for rule_id in named} - knowledge.waiting.keys()
        running = [r for r in book.rules.values() if r.rule_id in wanted]
        names = {own for rule in running for own in own_knowledge(rule)}
        tables = {n: c for n, c in knowledge.tables.items() if n in names or n.startswith("kn_")}
        plan = make_plan(book, running, BoundTables((), tables, frozenset(knowledge.filled), dict(knowledge.waiting)))
        self._runs = [self._run(text, running) for text in plan.of_scope("person")]
        self.rules = {stage: tuple(r for r in running if r.rule_id in named) for stage, named in stages.items()}
        alone = {r.rule_id for r in running if history_free(r)}
        self._allowed = {stage: self._mask(set(named)) for stage, named in stages.items()}
        self._alone = {stage: self._mask(alone & set(named)) for stage, named in stages.items()}
        self._shapes = {
            name: f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})" for name, columns in tables.items()
        }
        self._acts = {
            t: f"INSERT INTO {t} ({', '.join(layout.columns[t])}) VALUES ({', '.join('?' * len(layout.columns[t]))})"
            for t in ACT_TABLES
        }
        self._mdtrt = {t: layout.place(t, "mdtrt_key") for t in ACT_TABLES}
        self._item = layout.place("fee_line", "item_key")
        self._deadline = 0.0
        self._db = self._open(tables, institutions)

    def _mask(self, rules: set[str]) -> bytearray:
        """By kid, whether its rule is one of these."""
        return bytearray(source.rule.rule_id in rules for source in self.knowledge.sources)

    def _run(self, text: Text, rules: Sequence[Rule]) -> _Run:
        shapes = FAMILY_SHAPES.get(text.name) or tuple(own_knowledge(next(r for r in rules if r.rule_id == text.name)))
        names = ", ".join(text.returns)
        asked = without_empty(text.sql, set(shapes) - self.knowledge.filled)
        sql = f"SELECT {names} FROM ({compile_sql(asked, 'sqlite')}) WHERE mdtrt_key = ?"
        driving = frozenset(s for s in shapes if s in DRIVING or text.name not in FAMILY_SHAPES)
        return _Run(text, sql, driving, tuple(r.rule_id for r in rules if text.name in (r.family, r.rule_id)))

    def _open(self, tables: Mapping[str, Mapping[str, str]], institutions: Iterable[Row]) -> sqlite3.Connection:
        db = sqlite3.connect(":memory:", isolation_level=None, cached_statements=512, check_same_thread=False)
        for pragma in ("journal_mode = off", "synchronous = off", "temp_store = memory"):
            db.execute(f"PRAGMA {pragma}")
        for name, columns in tables.items():
            db.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {sql}' for c, sql in columns.items())})")
        for name in ACT_TABLES:
            kept = [f"{c} {LAYER[name].by_name[c].sql}" for c in self.layout.columns[name] if c != "psn_key"]
            db.execute(f"CREATE TABLE {name} ({', '.join(kept)}, psn_key BIGINT DEFAULT {SELF})")
        who = ", ".join(f"{c} {LAYER['person'].by_name[c].sql}" for c in Person._fields)
        db.execute(f"CREATE TABLE person ({who})")
        where = LAYER["institution"].columns
        db.execute(f"CREATE TABLE institution ({', '.join(f'{c.name} {c.sql}' for c in where)})")
        listed = list(institutions)
        region = [c.name for c in where].index("admdvs")
        self.institutions = {int(row[0] or 0): str(row[region] or "") for row in listed}
        db.executemany(f"INSERT INTO institution VALUES ({', '.join('?' * len(where))})", listed)
        db.execute("CREATE INDEX institution_org ON institution (org_key)")
        db.execute("ANALYZE main")
        db.execute("DELETE FROM sqlite_stat1 WHERE tbl <> 'institution'")
        for name in tables:
            db.execute("INSERT INTO sqlite_stat1 VALUES (?, NULL, '12')", (name,))
        for name, size in _SIZES.items():
            db.execute("INSERT INTO sqlite_stat1 VALUES (?, NULL, ?)", (name, size.split()[0]))
        db.execute("INSERT INTO sqlite_stat1 VALUES ('person', NULL, '1')")
        db.execute("ANALYZE sqlite_schema")
        for name, rows in self.knowledge.static.items():  # of families by parameters: never bound by code, so never deleted
            db.executemany(self._shapes[name], rows)
        db.set_progress_handler(self._late, _STEPS)
        return db

    def _late(self) -> int:
        return 1 if self._deadline and time.perf_counter() > self._deadline else 0

    def judge(
        self,
        stage: str,
        person: Person,
        visit: Rows,
        past: Rows,
        codes: Iterable[int],
        *,
        alone: bool = False,
        deadline: float = 0.0,
    ) -> Verdict:
        """Ask every rule of the stage about the visit whose rows are `visit`. `past`: other rows of the person, `codes`: the keys of
        the visit's codes, `alone`: only rules that need no past, `deadline`: on `time.perf_counter`, 0 = none."""
        allowed = (self._alone if alone else self._allowed)[stage]
        bound, wanted = self._bind(allowed, codes, visit, past)
        key = int(visit["encounter"][0][self._mdtrt["encounter"]] or 0)
        due = [run for run in self._runs if any(bound.get(t) or self.knowledge.static.get(t) for t in run.driving)]
        if not due:
            return Verdict([], {})
        db, skipped, hits = self._db, dict[str, str](), list[Hit]()
        db.execute("BEGIN")
        try:
            db.execute("INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?)", (SELF, *person[1:]))
            for table, known in bound.items():
                db.executemany(self._shapes[table], known)
            for table in ACT_TABLES:
                rows = visit.get(table) or []
                more = past.get(table) or []
                if table == "fee_line":
                    more = [row for row in more if row[self._item] in wanted]
                if rows or more:
                    db.executemany(self._acts[table], [*rows, *more])
            self._deadline = deadline  # only texts may be cut off: rows half put in would judge half a past
            for run in due:
                if deadline and time.perf_counter() > deadline:
                    skipped |= dict.fromkeys(run.rules, "late")
                    continue
                try:
                    found = db.execute(run.sql, (key,)).fetchall()
                except sqlite3.OperationalError:
                    skipped |= dict.fromkeys(run.rules, "late" if self._late() else "fault")
                    continue
                for row in found:
                    cells = dict(zip(run.text.returns, row, strict=True))
                    kid = int(row[run.text.returns.index("kid")])
                    if not allowed[kid]:
                        continue
                    if exact(cells):
                        hits.append(Hit(kid, cells))
                    else:
                        skipped[self.knowledge.sources[kid].rule.rule_id] = "fault"
        finally:
            self._deadline = 0.0
            for table in ("person", *ACT_TABLES, *bound):
                db.execute(f"DELETE FROM {table}")
            db.execute("COMMIT")
        return Verdict(hits, skipped)

    def _bind(
        self, allowed: bytearray, codes: Iterable[int], visit: Rows, past: Rows
    ) -> tuple[dict[str, set[Bound]], set[int | str | None]]:
        """Rows of the points that the visit's codes touch, for codes of the visit and of the past; and the item keys they speak of."""
        bound: dict[str, set[Bound]] = {}
        touched: set[int] = set()
        wanted: set[int | str | None] = set()
        entries, beside = self.knowledge.entries, self.knowledge.beside
        codes = list(codes)
        for key in codes:
            for table, kid, row in entries(key):
                if kid < 0 or allowed[kid]:
                    bound.setdefault(table, set()).add(row)
                    touched.add(kid)
                    wanted.add(key)
        if not touched:
            return bound, wanted
        before = {int(row[self._item] or 0) for row in past.get("fee_line", ())}
        for item in before - wanted:
            for table, kid, row in entries(item):
                if kid in touched and kid >= 0:
                    bound.setdefault(table, set()).add(row)
                    wanted.add(item)
        for key in before.union(codes):
            for table, row in beside(key, touched):
                bound.setdefault(table, set()).add(row)
                wanted.add(key)
        if "kn_diag" in bound:
            place = self.layout.place("diagnosis", "diag_key")
            known = {int(row[place] or 0) for rows in (visit, past) for row in rows.get("diagnosis", ())}
            bound["kn_dx"] = {row for kid in touched for row in self.knowledge.in_set(kid, known)}
        return bound, wanted

    def close(self) -> None:
        """Give the memory back."""
        self._db.close()


def exact(cells: Mapping[str, int | str | None]) -> bool:
    """Whether every number is an integer: SQLite turns an overflow into a float."""
    return all(value is None or type(value) is (str if HIT[name] == "VARCHAR" else int) for name, value in cells.items())
