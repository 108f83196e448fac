"""How much of the national edition a rulebook covers, and the knowledge points it holds as a bureau counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from hengjian.engine.compile import parse
from hengjian.engine.fold import folded_sql
from hengjian.engine.shapes import SHAPES
from hengjian.engine.text import columns_read
from hengjian.engine.travelling import rows_of_lake
from hengjian.kernel.dates import Period, day_date
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import POINT_GROUPS, KnowledgeRow, NationalRule, Rule, Rulebook
from hengjian.rulebook.rows import Rows

STATES = {
    "active": "启用",
    "shadow": "影子",
    "needs_data": "缺数据",
    "needs_knowledge": "缺知识",
    "not_yet": "未做",
}
"""What may be said of one national rule, best first."""

Judged = tuple[str, tuple[str, ...]]
"""A rule's state (one of STATES, or draft, retired), and the tables it lacks."""

RUNNING = ("active", "shadow")
_ORDER = list(STATES)
_ALWAYS_THERE = ("encounter", "fee_line", "person", "institution")


@dataclass(frozen=True)
class Covered:
    """One national rule: its state, our rules for it, the tables that are missing or empty."""

    national: NationalRule
    state: str
    rules: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Points:
    """Knowledge valid on a day under one heading: subjects named (what a bureau counts as points) and rows (codes)."""

    heading: str
    points: int
    rows: int


@dataclass(frozen=True)
class Coverage:
    rules: tuple[Covered, ...]
    by_family: tuple[Points, ...]
    by_group: tuple[Points, ...]

    @property
    def counts(self) -> dict[str, int]:
        """National rules by state, each state named."""
        counted = Counter(c.state for c in self.rules)
        return {state: counted[state] for state in STATES}


def coverage(book: Rulebook, on: int, lake: LakeVersion | None = None, states: Mapping[str, Judged] | None = None) -> Coverage:
    """The coverage of a rulebook on a day; with `lake`, also what data and travelling knowledge are there. `states`: what `judge_all` said
    of the same three, where it was asked before."""
    judged = judge_all(book, on, lake) if states is None else states
    ours: dict[int, list[str]] = {}
    for rule in book.rules.values():
        if rule.national and rule.status in RUNNING:
            ours.setdefault(rule.national, []).append(rule.rule_id)
    covered = []
    for national in book.catalogue:
        rules = ours.get(national.seq, [])
        state, missing = min((judged[r] for r in rules), key=lambda j: _ORDER.index(j[0]), default=("not_yet", ()))
        covered.append(Covered(national, state, tuple(rules), missing))
    return Coverage(tuple(covered), tuple(_by_family(book, on)), tuple(_by_group(book, on, lake)))


def judge_all(book: Rulebook, on: int, lake: LakeVersion | None) -> dict[str, Judged]:
    """Of each rule on a day its state, and the tables it lacks. Without a lake, knowledge that travels with the data counts as lacking.

    What takes time is to fold a rule's settings into its family's SQL, to see which tables it reads. It is done only where a table the text
    names is empty: the folded text reads no others.
    """
    empty = (
        frozenset() if lake is None else frozenset(t for t in LAYER if t not in _ALWAYS_THERE and not lake.rows(f"rule_{t}"))
    )
    named: dict[str, frozenset[str]] = {}
    return {r.rule_id: _judge(book, r, on, lake, empty, named) for r in book.rules.values()}


def _judge(
    book: Rulebook, rule: Rule, on: int, lake: LakeVersion | None, empty: frozenset[str], named: dict[str, frozenset[str]]
) -> Judged:
    if rule.status not in RUNNING:
        return rule.status, ()
    if rule.knowledge and not points_in_force(book, rule, on) and not _brought(rule, on, lake):
        return "needs_knowledge", (rule.knowledge,)
    if (key := rule.family or rule.rule_id) not in named:
        sql = book.families[rule.family].sql if rule.family else rule.sql
        named[key] = frozenset(t.name for t in parse(sql).find_all(exp.Table))
    if named[key] & empty and (missing := tuple(t for t in tables_read(book, rule) if t in empty)):
        return "needs_data", missing
    return rule.status, ()


def _brought(rule: Rule, on: int, lake: LakeVersion | None) -> bool:
    return rule.travels and lake is not None and any(on in row.period for row in rows_of_lake(lake, rule))


def points_in_force(book: Rulebook, rule: Rule, on: int) -> int:
    """How many rows of the rulebook and the site, on a day, a rule goes by. Those that come with the data are not among them."""
    rows = book.knowledge.get(rule.book_table, ())
    if isinstance(rows, Rows):
        return sum(on in r.period for r in rows.plain) + rows.frame.count(Period(on, on + 1))
    return sum(on in r.period for r in rows)


def tables_read(book: Rulebook, rule: Rule) -> tuple[str, ...]:
    """Rule tables a rule reads, once its settings are folded in: those every lake has are left out."""
    shapes = {name: dict(spec) | {"valid_from": "INTEGER", "valid_to": "INTEGER"} for name, spec in SHAPES.items()}
    if rule.family:
        known = tuple((name, tuple(spec.items())) for name, spec in sorted(shapes.items()))
        read = set(columns_read(folded_sql(book, rule), str(rule.path), known))
    else:
        read = set(_own_tables(rule))
    return tuple(sorted(read - set(_ALWAYS_THERE)))


def _own_tables(rule: Rule) -> Iterable[str]:
    return {t.name for t in parse(rule.sql).find_all(exp.Table) if t.name in LAYER}


def _by_family(book: Rulebook, on: int) -> Iterable[Points]:
    heading_of: dict[str, str] = {}
    for rule in book.rules.values():  # a table that rules of two families read counts once, for the first
        if rule.book_table in book.knowledge:
            family = book.families.get(rule.family)
            heading_of.setdefault(rule.book_table, f"{family.code} {family.title}" if family else "— 自带 SQL")
    for heading in sorted(set(heading_of.values())):
        names = sorted(name for name, own in heading_of.items() if own == heading)
        yield _points(heading, (row for name in names for row in book.knowledge[name]), on)


def _by_group(book: Rulebook, on: int, lake: LakeVersion | None) -> Iterable[Points]:
    groups = {n.seq: n.group for n in book.catalogue}
    tables: dict[str, str] = {}
    for rule in book.rules.values():
        if rule.book_table in book.knowledge:
            tables.setdefault(rule.book_table, rule.point_group or groups.get(rule.national, "other"))
    for group, label in POINT_GROUPS.items():
        names = sorted(t for t, g in tables.items() if g == group)
        found = _points(label, (row for name in names for row in book.knowledge[name]), on)
        more = _diseases(lake, on) if group == "disease" and lake is not None else (0, 0)
        yield Points(label, found.points + more[0], found.rows + more[1])


def _diseases(lake: LakeVersion, on: int) -> tuple[int, int]:
    """Chronic diseases with a drug list in the lake, and the rows of these lists."""
    rows = rows_sql(lake, "local_chronic_drug")
    if not rows:
        return 0, 0
    day = f"DATE '{day_date(on).isoformat()}'"
    valid = f"valid_from <= {day} AND (valid_to IS NULL OR valid_to > {day})"
    with duckdb.connect(":memory:") as con:
        ((diseases, listed),) = con.execute(f"SELECT COUNT(DISTINCT dise_codg), COUNT(*) FROM {rows} WHERE {valid}").fetchall()
    return int(diseases), int(listed)


def _points(heading: str, rows: Iterable[KnowledgeRow], on: int) -> Points:
    valid = [r for r in rows if on in r.period]
    return Points(heading, len({(r.table, _subject(r)) for r in valid}), len(valid))


def _subject(row: KnowledgeRow) -> tuple[str, ...]:
    """What a row speaks of: names, else codes, else itself."""
    names = tuple(row.values.get(c, "") for c in ("name", "a_name", "b_name", "dise_name"))
    return names if any(names) else (row.kid,)
