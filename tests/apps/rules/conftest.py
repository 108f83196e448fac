"""An office with a lake, every rule of the program switched on, and the ids of rules of each kind."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from hengjian.apps.rules.book import office_book
from hengjian.apps.runs.services import activate
from hengjian.rulebook import load_rulebook

POLICY, OWN_SQL, LOCAL, FRAUD = "service_daily_limit", "film_overcharge", "service_price_ceiling", "care_after_death"
ROW = ("service_daily_limit", "cap-day-02")


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def office(stocked, cast, now):
    """The cast, in an office that has data and has switched all rules on but one."""
    rules = [r.rule_id for r in load_rulebook().active if r.rule_id != "drug_sex_limit"]
    activate(by=cast["kezhang"], at=now, rule_ids=rules, reason="全部启用")
    return cast


@pytest.fixture
def book(office, today):
    return office_book(today)


def page(client, who, address, **query):
    client.force_login(who)
    return client.get(address, query)
