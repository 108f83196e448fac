"""What may be said of each rule today, and of the national edition: the judgement of `engine.coverage`, made fast enough for a page.

What takes time there is to fold a rule's settings into its family's SQL, to see which tables it reads. That is needed only where a table the
family's text names is empty: the folded text reads no others. A test holds the two judgements together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from hengjian.engine.compile import parse
from hengjian.engine.coverage import STATES, Coverage, Covered, coverage, tables_read
from hengjian.engine.travelling import LAKE_KNOWLEDGE, rows_of_lake
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.model import Rule, Rulebook
from hengjian.rulebook.rows import Rows

Judged = tuple[str, tuple[str, ...]]
"""A rule's state (one of `coverage.STATES`, or draft, retired) and the tables it lacks."""
RUNNING = ("active", "shadow")
_ORDER = list(STATES)


def judge_all(book: Rulebook, on: int, lake: LakeVersion | None) -> dict[str, Judged]:
    """Every rule on a day."""
    empty = frozenset() if lake is None else frozenset(t for t in LAYER if not lake.rows(f"rule_{t}"))
    named: dict[str, frozenset[str]] = {}
    return {r.rule_id: _judge(book, r, on, lake, empty, named) for r in book.rules.values()}


def _judge(
    book: Rulebook, rule: Rule, on: int, lake: LakeVersion | None, empty: frozenset[str], named: dict[str, frozenset[str]]
) -> Judged:
    if rule.status not in RUNNING:
        return rule.status, ()
    if rule.knowledge in LAKE_KNOWLEDGE:
        if lake is None or not any(on in row.period for row in rows_of_lake(lake, rule)):
            return "needs_knowledge", (rule.knowledge,)
    elif rule.knowledge and not _in_force(book, rule.knowledge, on):
        return "needs_knowledge", (rule.knowledge,)
    key = rule.family or rule.rule_id
    if key not in named:
        sql = book.families[rule.family].sql if rule.family else rule.sql
        named[key] = frozenset(t.name for t in parse(sql).find_all(exp.Table))
    if named[key] & empty and (missing := tuple(t for t in tables_read(book, rule) if t in empty)):
        return "needs_data", missing
    return rule.status, ()


def _in_force(book: Rulebook, table: str, on: int) -> bool:
    rows = book.knowledge.get(table, ())
    if isinstance(rows, Rows):
        start, end = (rows.frame.data.column(n).to_numpy() for n in ("start", "end"))
        return bool(((start <= on) & (end > on)).any()) or any(on in r.period for r in rows.plain)
    return any(on in r.period for r in rows)


def cover(book: Rulebook, on: int, lake: LakeVersion | None, states: dict[str, Judged]) -> Coverage:
    """`engine.coverage.coverage`, from states that are known already."""
    groups = {n.seq: n.group for n in book.catalogue}
    grouped = {i: replace(r, point_group=r.point_group or groups.get(r.national, "other")) for i, r in book.rules.items()}
    points = coverage(replace(book, catalogue=(), rules=grouped), on, lake)
    covered = []
    for national in book.catalogue:
        ours = [r.rule_id for r in book.rules.values() if r.national == national.seq and r.status in RUNNING]
        state, missing = _best(states[rule_id] for rule_id in ours)
        covered.append(Covered(national, state, tuple(ours), missing))
    return Coverage(tuple(covered), points.by_family, points.by_group)


def _best(judged: Iterable[Judged]) -> Judged:
    return min(judged, key=lambda j: _ORDER.index(j[0]), default=("not_yet", ()))
