from __future__ import annotations

from dataclasses import replace

import pytest

from hengjian.apps.runs.queries import current_lake
from hengjian.engine.coverage import coverage
from hengjian.kernel.dates import day_number

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
