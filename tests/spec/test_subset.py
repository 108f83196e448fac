"""Every construct that rules may use gives the same rows, of the same types, on every engine; what they may not use is refused."""

import pytest

from hengjian.engine.compile import parse
from hengjian.engine.spec import allowed, forbidden
from hengjian.engine.subset import ALLOWED, code_of, constructs
from tests.spec.engines import LOCAL_ENGINES, run

SPECS = [pytest.param(s, id=s.name) for s in allowed()]
BANS = [pytest.param(b, id=b.name) for b in forbidden()]
ANSWERED = [pytest.param(b, id=b.name) for b in forbidden() if b.answers]
REFUSED = "报错"


def names(sql):
    return {name for name, _ in constructs(parse(sql))}


def in_order(spec, rows):
    return rows if parse(spec.sql).args.get("order") else sorted(rows, key=repr)


def check(spec, engine, session=None):
    rows = run(engine, spec.tables, spec.sql, session)
    assert in_order(spec, rows) == in_order(spec, list(spec.rows))
    assert {type(cell) for row in rows for cell in row} <= {int, str, type(None)}, "neither floats nor booleans"


@pytest.mark.parametrize("engine", LOCAL_ENGINES)
@pytest.mark.parametrize("spec", SPECS)
def test_a_construct_gives_the_rows_its_spec_says(spec, engine):
    check(spec, engine)


@pytest.mark.parametrize("spec", SPECS)
def test_spark_gives_the_same_rows(spec, spark):
    check(spec, "spark", spark)


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_shows_what_it_says_and_nothing_forbidden(spec):
    used = names(spec.sql)
    assert set(spec.shows) <= used
    assert used <= ALLOWED
    assert spec.rows and any(spec.tables)


def test_every_allowed_construct_is_shown_by_a_spec_and_every_spec_shows_an_allowed_one():
    assert {name for spec in allowed() for name in spec.shows} == ALLOWED


@pytest.mark.parametrize("ban", BANS)
def test_a_forbidden_construct_is_outside_and_its_cure_inside(ban):
    assert not set(ban.refuses) & ALLOWED
    assert {code_of(name) for name in ban.refuses} <= {ban.code}
    outside = names(ban.sql) - ALLOWED
    assert (outside & set(ban.refuses)) or not ban.refuses
    assert {code_of(name) for name in outside} <= {ban.code}
    assert not ban.better or names(ban.better) <= ALLOWED


def test_no_construct_is_forbidden_twice_with_different_reasons():
    told = [name for ban in forbidden() for name in ban.refuses]
    assert sorted(told) == sorted(set(told))


def answer(engine, ban, session=None):
    try:
        ((cell,),) = run(engine, ban.tables, ban.sql, session)
    except Exception:  # each engine raises its own
        return REFUSED
    return str(cell)


@pytest.mark.parametrize("ban", ANSWERED)
def test_duckdb_and_sqlite_answer_a_forbidden_query_as_its_spec_says(ban):
    told = {e: a for e, a in ban.answers.items() if e in LOCAL_ENGINES}
    assert {e: answer(e, ban) for e in told} == told


@pytest.mark.parametrize("ban", ANSWERED)
def test_spark_answers_a_forbidden_query_as_its_spec_says(ban, spark):
    assert answer("spark", ban, spark) == ban.answers["spark"]


@pytest.mark.parametrize("ban", [p for p in BANS if p.values[0].better])
def test_the_cure_of_a_forbidden_query_runs_on_both(ban):
    assert run("duckdb", ban.tables, ban.better) == run("sqlite", ban.tables, ban.better)
