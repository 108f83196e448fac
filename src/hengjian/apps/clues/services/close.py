"""Clues come to their end: findings decided, clue closed with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.clues import policies
from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.clues.services.withdraw import close_clues, close_finished
from hengjian.apps.clues.states import CLOSED, HELD, SETTLED
from hengjian.kernel.errors import InputError


@transaction.atomic
def close_clue(*, clue: Clue, version: int, reason: str, by: User, at: datetime) -> Clue:
    """Close a clue all of whose findings are decided or withdrawn, or that came from outside without any."""
    held = Clue.objects.select_for_update(of=("self",)).select_related("institution").get(pk=clue.pk)
    if held.version != version:
        raise InputError(f"{held.number} 刚被别人改过", why="您看到的不是最新的", cure="刷新页面，再做一次")
    if held.state == CLOSED:
        raise InputError(f"{held.number} 已经办结", cure="刷新页面")
    if not reason.strip():
        raise InputError("请写办结的情况", cure="写一句查实了什么、怎么处理的")
    policies.check_can_close(by, held, timezone.localdate(at))
    close_clues([held], reason.strip(), by=by, at=at)
    return held


@transaction.atomic
def settle_findings(
    *,
    findings: Sequence[Finding],
    reasons: Mapping[int, str],
    by: User | str,
    at: datetime,
    upheld: Mapping[int, bool] | None = None,
) -> int:
    """Findings are decided: `reasons` and `upheld` (does it stand against the institution) by their number. The decision's own journal
    entry is the caller's. Clues of which nothing is left open are closed. Returns how many findings were settled."""
    groups: dict[tuple[str, bool | None], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[reasons[finding.pk][:200], upheld.get(finding.pk) if upheld else None].append(finding)
    settled = 0
    for (reason, stands), group in groups.items():
        for n in range(0, len(group), 500):
            wanted = [f.pk for f in group[n : n + 500]]
            rows = Finding.objects.filter(pk__in=wanted, state=HELD)
            settled += rows.update(state=SETTLED, state_reason=reason, upheld=stands)
    close_finished({f.clue_id for f in findings}, by=by, at=at)
    return settled
