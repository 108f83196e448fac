"""How the account pages name roles, units and the validity of a person's certificate."""

from __future__ import annotations

from datetime import date

from django import template

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import state_of
from hengjian.apps.accounts.roles import ROLES

register = template.Library()

_ICONS = {"bureau": "landmark", "agency": "building-2", "institution": "hospital", "department": "users"}
_BEST = ("valid", "expiring", "future", "expired")


@register.filter
def role_title(code: str) -> str:
    """A role's name."""
    return ROLES[code].title


@register.filter
def unit_icon(kind: str) -> str:
    """The icon of a unit's kind."""
    return _ICONS[kind]


@register.filter
def certificate_now(user: User, day: date) -> str:
    """The best state among a person's certificates on a day; empty without any."""
    return min((state_of(c, day)[0] for c in user.certificates.all()), key=_BEST.index, default="")
