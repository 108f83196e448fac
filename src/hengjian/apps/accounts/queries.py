"""What a person may see, decided once: the regions of the posts that allow reading, or the one institution of its own unit."""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from hengjian.apps.accounts.models import Office, User
from hengjian.apps.accounts.policies import posts_for, region_prefix

M = TypeVar("M", bound=Model)


def scoped(rows: QuerySet[M], user: User, act: str, day: date, region: str = "region_code") -> QuerySet[M]:
    """The rows whose region one of the person's posts for `act` covers; none without such a post."""
    prefixes = {region_prefix(p.region_code) for p in posts_for(user, act, day)}
    if not prefixes:
        return rows.none()
    if "" in prefixes:
        return rows
    return rows.filter(reduce(or_, (Q(**{f"{region}__startswith": p}) for p in sorted(prefixes))))


def own_institution(user: User, act: str, day: date) -> str:
    """The institution whose desk the person works at (its unit's, or that of the unit above); empty without a post for `act`."""
    if not posts_for(user, act, day):
        return ""
    unit = user.unit
    while unit is not None and not unit.institution_code:
        unit = unit.parent
    return unit.institution_code if unit else ""


def office() -> Office:
    """The bureau of this database; an unsaved nameless one before set-up."""
    return Office.objects.order_by("pk").first() or Office(name="医疗保障局", region_code="000000")
