from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from hengjian.apps.rules.judging import cover, judge_all
from hengjian.apps.runs.queries import current_lake
from hengjian.engine.coverage import coverage
from hengjian.kernel.dates import day_number
from hengjian.rulebook import load_rulebook

from .conftest import page

pytestmark = pytest.mark.django_db


def test_the_numbers_are_those_of_the_engine(client, office, book, today):
    wanted = coverage(book.book, day_number(today), current_lake())
    answer = page(client, office["kezhang"], "/rules/coverage/")
    assert book.coverage() == wanted
    assert {s["state"]: s["count"] for s in answer.context["states"]} == wanted.counts and sum(wanted.counts.values()) == 88
    text = answer.content.decode()
    for points in (*wanted.by_group, *wanted.by_family):
        assert f"{points.points:,}" in text
    assert "药品目录依从性" in text and "慢病病种监管" in text


@pytest.mark.parametrize("day", [date(2020, 1, 1), date(2026, 1, 15), date(2026, 11, 27)])
def test_the_fast_judgement_is_the_engines_on_any_day(office, day):
    book, on = load_rulebook(), day_number(day)
    for lake in (None, current_lake()):
        wanted = coverage(book, on, lake)
        assert cover(book, on, lake, judge_all(book, on, lake)) == wanted
    assert coverage(book, on).counts != coverage(book, day_number(date(2019, 1, 1))).counts or day.year == 2020


def test_a_lake_without_some_tables_lacks_them(office):
    class Poor:
        """The lake, less what stock and trace rules read."""

        def __init__(self, lake):
            self._lake = lake

        def __getattr__(self, name):
            return getattr(self._lake, name)

        def rows(self, name):
            return 0 if name.startswith("rule_") and "fee" not in name else self._lake.rows(name)

    book, on, lake = load_rulebook(), day_number(date(2026, 11, 27)), Poor(current_lake())
    wanted = coverage(book, on, lake)
    assert wanted.counts["needs_data"] and cover(book, on, lake, judge_all(book, on, lake)) == wanted


def test_a_row_leads_to_the_rule(client, office):
    text = page(client, office["kezhang"], "/rules/coverage/").content.decode()
    assert 'href="/rules/service_daily_limit/"' in text
    some = page(client, office["kezhang"], "/rules/coverage/", state="active")
    (active,) = [s["count"] for s in some.context["states"] if s["state"] == "active"]
    assert len(some.context["rows"]) == active > 0


def test_a_guarded_rule_is_not_named(client, office, book):
    national = book.book.catalogue[0].seq
    rules = dict(book.book.rules) | {"care_after_death": replace(book.book.rules["care_after_death"], national=national)}
    book.book = replace(book.book, rules=rules)
    assert "care_after_death" in page(client, office["kezhang"], "/rules/coverage/").content.decode()
    assert "care_after_death" not in page(client, office["shuju"], "/rules/coverage/").content.decode()
