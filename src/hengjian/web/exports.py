"""Excel files of rooms that may not know the room which writes them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import QueryDict

from hengjian.apps.accounts.models import User
from hengjian.apps.registry import queries
from hengjian.apps.runs.exports import Column, register


def institutions(user: User, day: date, query: QueryDict) -> Any:
    """The list of institutions as its page filters it."""
    rows = queries.named(queries.institutions_visible_to(user, day), query.get("q", "")[:60])
    for name in ("kind", "level"):
        rows = rows.filter(**{name: query[name]}) if query.get(name) else rows
    return rows.order_by("name", "pk")


def offer() -> None:
    """Register them; called when Django is ready."""
    register(
        "institutions",
        institutions,
        (
            Column("机构编号", "code", width=16),
            Column("名称", "name", width=36),
            Column("类别", "kind"),
            Column("等级", "level", width=10),
            Column("地区", "region_code", width=10),
            Column("最近就诊", "last_data_on", "day", 12),
        ),
        title="定点机构",
        act=queries.ACT,
    )
