"""Excel files of this room's lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from django.http import QueryDict

from hengjian.apps.accounts.models import User
from hengjian.apps.rules import knowledge, policies, queries
from hengjian.apps.rules.forms import KnowledgeFilter, RuleFilter
from hengjian.apps.rules.knowledge import Told
from hengjian.apps.rules.queries import RuleRow
from hengjian.apps.runs.exports import Column, register

_CHUNK = 2000


def rule_rows(user: User, day: date, query: QueryDict) -> Sequence[RuleRow]:
    """The list of rules as its page filters it."""
    rows, _ = queries.rule_rows(user, day)
    fit, state = RuleFilter(query, rows).narrow(rows), query.get("state", "")
    return queries.in_order([r for r in fit if not state or r.state == state], query.get("sort", queries.USUAL))[0]


def knowledge_rows(user: User, day: date, query: QueryDict) -> Iterator[Told]:
    """Knowledge as its page filters it."""
    seen = knowledge.seen_by(user, day)
    found = knowledge.asked_for(seen, KnowledgeFilter(query, seen.choices))
    for at in range(0, len(found), _CHUNK):
        for row in found[at : at + _CHUNK]:
            yield knowledge.told(seen, row)


def offer() -> None:
    """Register both lists; called when Django is ready."""
    register(
        "rules",
        rule_rows,
        (
            Column("规则", "rule.title", width=28),
            Column("编号", "rule.rule_id", width=28),
            Column("全国序号", lambda r: r.rule.national or None, "count", 10),
            Column("官方编码", "rule.official_code", width=18),
            Column("类别", "category", width=10),
            Column("族", "family", width=12),
            Column("程度", "certainty", width=8),
            Column("状态", "label", width=10),
            Column("缺什么", "lacks", width=20),
            Column("知识点", lambda r: "随数据" if r.travels else r.points, "count", 10),
            Column("疑点（影子为命中）", lambda r: r.found.count if r.found else None, "count", 16),
            Column("基金支付（元）", lambda r: r.found.fund if r.found else None, "money"),
            Column("精确率", lambda r: r.quality.precision if r.quality else None, "share", 10),
            Column("召回率", lambda r: r.quality.recall if r.quality else None, "share", 10),
            Column("说法", "rule.message", width=60),
            Column("依据", lambda r: "；".join(b.text for b in r.rule.basis), width=60),
            Column("不计入", lambda r: "；".join(r.rule.spares), width=40),
        ),
        title="规则",
        act=policies.READ,
    )
    register(
        "knowledge",
        knowledge_rows,
        (
            Column("知识表", "title", width=24),
            Column("编号", "row.kid", width=16),
            Column("名称", "name", width=28),
            Column("编码", lambda t: "；".join(t.codes), width=28),
            Column("说什么", "says", width=40),
            Column("生效日", "begins_on", "day", 12),
            Column("失效日", "ends_on", "day", 12),
            Column("官方", lambda t: t.is_official, width=8),
            Column("公告或文件", lambda t: t.row.values.get("notice", ""), width=40),
            Column("批次", lambda t: t.row.values.get("batch", ""), width=14),
            Column("所在行", lambda t: t.row.values.get("row", ""), width=40),
            Column("读它的规则", lambda t: "；".join(r.title for r in t.rules), width=30),
        ),
        title="知识",
        act=policies.READ,
    )
