from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from hengjian.apps.bulk import attributes, insert_objects
from hengjian.apps.clues.models import Clue
from hengjian.apps.journal.models import Entry


def _clue(n: int, now, **changes: object) -> Clue:
    facts = {
        "number": f"XS{n}", "source": "audit", "grouping": "person", "group_key": f"g{n}", "title": "一\t二\n三\\N「四」", "region_code": "990102",
        "found_on": date(2026, 11, 2), "registered_at": now, "amount_fund": Decimal("0.10"), "priority_why": [["金额", 3]],
    }  # fmt: skip
    return Clue(**(facts | changes))


@pytest.mark.django_db
def test_rows_written_past_the_orm_are_what_the_orm_would_have_written(now):
    by_orm = _clue(1, now)
    by_orm.save()
    insert_objects([_clue(2, now)])
    told = [model_to_dict(Clue.objects.get(number=n), exclude=["id", "number", "group_key"]) for n in ("XS1", "XS2")]
    assert told[0] == told[1]
    assert Clue.objects.get(number="XS2").title == by_orm.title


def test_a_number_of_the_databases_own_is_left_to_it_and_any_other_key_is_given():
    assert "id" not in attributes(Clue)
    assert attributes(Entry)[0] == "number"


@pytest.mark.django_db
def test_what_the_database_refuses_is_an_error_django_knows(now):
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_objects([_clue(1, now), _clue(2, now, number="XS1")])
    assert not Clue.objects.exists()


@pytest.mark.django_db
def test_no_rows_are_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert_objects([])
