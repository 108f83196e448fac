"""Excel files of this room's lists; registered with `runs.exports` when the room is ready."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.forms import ClueFilter
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.queries import handlers, ledger, state_filter, visible_to

COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("线索编号", "number", "text"),
    ("来源", "get_source_display", "text"),
    ("来文编号", "source_number", "text"),
    ("机构编号", "institution__code", "text"),
    ("机构", "institution__name", "text"),
    ("地区", "region_code", "text"),
    ("规则", "rule_title", "text"),
    ("月份", "month", "text"),
    ("疑点数", "findings_count", "count"),
    ("整行金额（元）", "amount_total", "money"),
    ("范围内金额（元）", "amount_inscope", "money"),
    ("基金支付（元）", "amount_fund", "money"),
    ("计入合计的整行金额（元）", "counted_total", "money"),
    ("优先级", "priority", "count"),
    ("状态", "get_state_display", "text"),
    ("承办人", "assignee__name", "text"),
    ("发现日期", "found_on", "day"),
    ("截止", "due_at", "instant"),
    ("办结情况", "closed_reason", "text"),
)
"""Title, where the value stands, and how it is written."""


def clue_rows(user: User, day: date, query: QueryDict) -> QuerySet[Clue]:
    """The rows of the clue list with the filters of its page."""
    at = timezone.now()
    rows = ClueFilter(query, people=handlers(day)).narrow(visible_to(user, day), at)
    return rows.filter(state_filter(query.get("state", ""), at)).order_by("-priority", "pk")


def ledger_rows(user: User, day: date, query: QueryDict) -> QuerySet[Clue]:
    """The rows of the live problem ledger with the filters of its page."""
    at = timezone.now()
    rows = ClueFilter(query, people=handlers(day)).narrow(ledger(user, day), at)
    return rows.filter(state_filter(query.get("state", ""), at))


def register_exports(register: Any, column: Any) -> None:
    """Offer both lists: `register` and `column` are those of `runs.exports`."""
    columns = [column(title, value, kind) for title, value, kind in COLUMNS]
    register("clues", clue_rows, columns, title="疑点线索", act="clue.read")
    register("ledger", ledger_rows, columns, title="问题台账", act="clue.read")
