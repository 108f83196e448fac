"""Whose full values a person may open, and why."""

from __future__ import annotations

from datetime import date

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import office
from hengjian.apps.registry.models import Person
from hengjian.kernel.errors import InputError

SHORTEST_REASON = 6


def check_can_reveal(user: User, person: Person, reason: str, day: date) -> None:
    """Raises NotAllowed without the right in the person's region, InputError for a reason that says nothing."""
    policies.check(user, "person.reveal", day, person.region_code or office().region_code)
    if len(reason.strip()) < SHORTEST_REASON:
        cure = "例如“核对身份证号与病历首页是否一致”"
        raise InputError("理由太短", why=f"查看完整信息须写明用途，至少 {SHORTEST_REASON} 个字", cure=cure)
