"""The ledgers as a person may see them. The four kinds are never added together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.recovery.models import Posting


def visible_to(user: User, day: date) -> QuerySet[Posting]:
    """The postings of the regions in which the person may read the ledgers."""
    return scoped(Posting.objects.all(), user, "recovery.read", day)


def sums_by_kind(rows: QuerySet[Posting]) -> list[dict[str, Any]]:
    """One sum a kind, with what has arrived and what is still open; counter-postings stand against their postings."""
    open_ = Q(settled_at__isnull=True, counters__isnull=True, countered_by__isnull=True)
    found = {
        row["kind"]: row
        for row in rows.order_by()
        .values("kind")
        .annotate(count=Count("pk"), waiting=Sum("amount", filter=open_), open=Count("pk", filter=open_), sum=Sum("amount"))
    }
    none = {"count": 0, "sum": Decimal(0), "waiting": Decimal(0), "open": 0}
    return [
        none | {k: v for k, v in found.get(kind, {}).items() if v is not None} | {"kind": kind, "title": title}
        for kind, title in Posting.KINDS
    ]
