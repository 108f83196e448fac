"""Standing aside: who must not handle an institution's clues."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.clues import policies
from hengjian.apps.clues.models import Clue, Recusal
from hengjian.apps.clues.states import IN_HAND
from hengjian.apps.journal.services import record
from hengjian.apps.registry.models import Institution
from hengjian.kernel.errors import InputError


@transaction.atomic
def declare_recusal(*, user: User, institution: Institution, reason: str, by: User, at: datetime) -> Recusal:
    """Declare that a person stands aside from an institution. Clues of it already in the person's hand stay until given to another:
    the declaration says how many."""
    policies.check_can_recuse(by, user, timezone.localdate(at))
    if not reason.strip():
        raise InputError("请写回避的理由", cure="例如：配偶在这家机构工作")
    if Recusal.objects.filter(user=user, institution=institution).exists():
        raise InputError(f"{user.name}对{institution.name}的回避已经登记", cure="刷新页面")
    recusal = Recusal.objects.create(
        user=user, institution=institution, reason=reason.strip()[:200], declared_by=by, declared_at=at
    )
    in_hand = Clue.objects.filter(assignee=user, institution=institution, state=IN_HAND).count()
    record(
        by=by,
        at=at,
        event="clue.recused",
        subject=f"user:{user.pk}",
        summary=f"{user.name}对{institution.name}回避：{reason.strip()}",
        institution=institution.code,
        in_hand=in_hand,
    )
    return recusal
