"""A site's rows kept as columns judge like rows kept one by one, and only those the lake can meet become points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hengjian.engine.bind import bind
from hengjian.engine.examples import Court
from hengjian.engine.plan import make_plan
from hengjian.kernel.dates import Period
from hengjian.rulebook.model import KnowledgeRow
from hengjian.rulebook.rows import Rows

from ..site.knowledge.tables import SHIPPED, framed

RULES = sorted(r.rule_id for r in SHIPPED.rules.values() if r.knowledge in SHIPPED.knowledge and r.family)


def _example_rows(court: Court) -> Sequence[KnowledgeRow]:
    return [p.row for p in court.bound.points if p.row is not None]


@pytest.mark.parametrize("name", RULES)
def test_every_example_finds_the_same(name: str, tmp_path: Path) -> None:
    rule = SHIPPED.rules[name]
    found = 0
    for example in rule.examples:
        court = Court(SHIPPED, rule, example)
        plain, (judged, *_) = court.judge(), court._rules
        rows = list(dict.fromkeys(r.line for r in _example_rows(court)))
        kept = [next(r for r in _example_rows(court) if r.line == line) for line in rows]
        absent = [_far(r) for r in kept]
        book = replace(SHIPPED, knowledge={rule.knowledge: Rows((), framed(rule.knowledge, kept + absent))})
        court.bound = bind(court.con, book, [judged])
        court.plan = make_plan(SHIPPED, [judged], court.bound)
        assert court.judge() == plain
        assert court.bound.rows == len([r for r in kept + absent if r.period.meet(judged.period)])
        if {"code", "a_code"} & set(kept[0].values):
            assert not any(p.row and p.row.kid.startswith("far-") for p in court.bound.points)
        found += len(plain)
    assert found


def _far(row: KnowledgeRow) -> KnowledgeRow:
    """The row about codes that no lake has."""
    moved = {c: f"Q{v}Q" if c in ("code", "a_code", "b_code", "diag_prefix") else v for c, v in row.values.items()}
    kid = f"far-{row.kid}"
    return replace(row, kid=kid, values=moved | {"kid": kid})


def test_rows_read_like_a_tuple() -> None:
    rows = SHIPPED.knowledge["drug_course_limit"]
    rows = (*rows[:4], *(replace(r, site=True) for r in rows[4:]))
    mixed = Rows(rows[:4], framed("drug_course_limit", rows[4:]))
    assert len(mixed) == len(rows) and list(mixed) == list(rows) and mixed == rows and mixed != rows[:-1]
    assert mixed[0] == rows[0] and mixed[-1] == rows[-1] and mixed[2:6] == list(rows[2:6])
    assert mixed == Rows(rows[:4], framed("drug_course_limit", rows[4:])) and mixed != Rows(
        rows[:5], framed("drug_course_limit", rows[5:])
    )
    with pytest.raises(IndexError):
        mixed[len(rows)]


def test_a_frame_counts_what_is_in_force() -> None:
    rows = SHIPPED.knowledge["drug_course_limit"]
    start = rows[0].period.start
    frame = framed("drug_course_limit", rows)
    assert frame.count(Period(start)) == len(rows) and frame.count(Period(0, start)) == 0
    assert frame.digest() == framed("drug_course_limit", list(rows)).digest() != framed("drug_course_limit", rows[1:]).digest()
