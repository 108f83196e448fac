"""A site's rows kept as columns judge like rows kept one by one, and only those the lake can meet become points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hengjian.engine.backends.duckdb import connect
from hengjian.engine.bind import bind, occurring
from hengjian.engine.examples import Court
from hengjian.engine.plan import make_plan
from hengjian.kernel.dates import Period
from hengjian.rulebook.local import local_files
from hengjian.rulebook.model import CodeMapping, KnowledgeRow
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


def test_a_row_is_met_by_its_codes_prefixes_and_the_local_codes_that_stand_for_them() -> None:
    rule = SHIPPED.rules["drug_course_limit"]
    row = SHIPPED.knowledge["drug_course_limit"][0]
    cells = {
        "exact": "XA1",
        "listed": "XZ9|XA1",
        "prefix": "XA",
        "mapped": "XM1",
        "mapped_prefix": "XM",
        "absent": "XA12",
        "under": "A1",
    }
    rows = [
        replace(row, kid=kid, values=row.values | {"kid": kid, "code": code, "match": "prefix" if "prefix" in kid else "exact"})
        for kid, code in cells.items()
    ]
    con = connect()
    for name in ("item", "diag", "oprn"):
        con.execute(f"CREATE TABLE code_{name} (key BIGINT, code VARCHAR, name VARCHAR)").fetchall()
    con.execute("INSERT INTO code_item VALUES (1, 'XA1-01', ''), (2, 'LOCAL', '')").fetchall()
    code_map = (CodeMapping("XM1", "LOCAL", Period(0)),)
    met = [r.kid for r in occurring(con, rule, Rows((), framed("drug_course_limit", rows)), code_map)]
    assert met == ["exact", "listed", "prefix", "mapped", "mapped_prefix"]
    assert [r.kid for r in occurring(con, rule, Rows(rows[-1:], framed("drug_course_limit", rows[:1])), ())] == [
        "under",
        "exact",
    ]


def test_a_pair_needs_both_sides_unless_the_second_is_required() -> None:
    row = SHIPPED.knowledge["consumable_without_service"][0]
    rows = [replace(row, values=row.values | {"a_code": "C1", "b_code": "S1", "match": "exact"})]
    con = connect()
    for name in ("item", "diag", "oprn"):
        con.execute(f"CREATE TABLE code_{name} (key BIGINT, code VARCHAR, name VARCHAR)").fetchall()
    con.execute("INSERT INTO code_item VALUES (1, 'C1', '')").fetchall()
    found = {
        name: len(list(occurring(con, SHIPPED.rules[name], Rows((), framed("x", rows)), ())))
        for name in ("consumable_without_service", "duplicate_charge_pair")
    }
    assert found == {"consumable_without_service": 1, "duplicate_charge_pair": 0}


def test_an_audit_keeps_shipped_rows_as_the_site_has_ended_them() -> None:
    rule = SHIPPED.rules["drug_course_limit"]
    rows = SHIPPED.knowledge["drug_course_limit"]
    assert local_files(SHIPPED, [rule]) == {}
    ended = replace(rows[0], period=Period(rows[0].period.start, rows[0].period.start + 31))
    (text,) = local_files(replace(SHIPPED, knowledge={"drug_course_limit": (ended, *rows[1:])}), [rule]).values()
    assert "2026-02-28" in text.splitlines()[1]
