"""Excel files of this room's lists."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.forms import ClueFilter
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.queries import ACT, handlers, in_order_of_end, ledger, state_filter, visible_to
from hengjian.apps.runs.exports import Column, register

COLUMNS = (
    Column("线索编号", "number"),
    Column("来源", "get_source_display"),
    Column("来文编号", "source_number", width=20),
    Column("机构编号", "institution__code"),
    Column("机构", "institution__name", width=32),
    Column("地区", "region_code", width=10),
    Column("规则", "rule_title", width=28),
    Column("标题", "title", width=40),
    Column("月份", "month", width=10),
    Column("疑点数", "findings_count", "count", 10),
    Column("整行金额（元）", "amount_total", "money"),
    Column("范围内金额（元）", "amount_inscope", "money"),
    Column("基金支付（元）", "amount_fund", "money"),
    Column("计入合计的整行金额（元）", "counted_total", "money", 22),
    Column("优先级", "priority", "count", 8),
    Column("状态", "get_state_display", width=10),
    Column("承办人", "assignee__name", width=12),
    Column("发现日期", "found_on", "day", 12),
    Column("截止", "due_at", "instant", 18),
    Column("办结情况", "closed_reason", width=32),
)


def clue_rows(user: User, day: date, query: QueryDict) -> QuerySet[Clue]:
    """The rows of the clue list with the filters of its page."""
    at = timezone.now()
    rows = ClueFilter(query, people=handlers(day)).narrow(visible_to(user, day), at)
    return rows.filter(state_filter(query.get("state", ""), at)).order_by("-priority", "pk")


def ledger_rows(user: User, day: date, query: QueryDict) -> QuerySet[Clue]:
    """The rows of the live problem ledger with the filters of its page."""
    at = timezone.now()
    rows = ClueFilter(query, people=handlers(day)).narrow(ledger(user, day), at)
    return in_order_of_end(rows.filter(state_filter(query.get("state", ""), at)))


def offer() -> None:
    """Register both lists; called when Django is ready."""
    register("clues", clue_rows, COLUMNS, title="疑点线索", act=ACT)
    register("ledger", ledger_rows, COLUMNS, title="问题台账", act=ACT)
