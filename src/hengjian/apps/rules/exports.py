"""Excel files of this room's lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from django.http import QueryDict

from hengjian.apps.accounts.models import User
from hengjian.apps.rules import exemptions, indicators, knowledge, policies, queries
from hengjian.apps.rules.exemptions import ExemptionRow
from hengjian.apps.rules.forms import KnowledgeFilter, RuleFilter
from hengjian.apps.rules.indicator import Indicator
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


def indicator_rows(user: User, day: date, query: QueryDict) -> Iterator[tuple[Indicator, str, str]]:
    """The figures of a statistic as its page filters them: the figure, the institution's name, the statistic's title."""
    found = indicators.chosen(user, day, query)
    for row in found.rows:
        yield row, found.names[row.code], found.rule.title if found.rule else ""


def exemptions_of(user: User, day: date, query: QueryDict) -> Sequence[ExemptionRow]:
    """Exemptions as their page filters them."""
    state = query.get("state", "")
    return [r for r in exemptions.exemption_rows(user, day)[0] if state not in exemptions.STATES or r.state == state]


def offer() -> None:
    """Register the lists; called when Django is ready."""
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
    register(
        "indicators",
        indicator_rows,
        (
            Column("指标", lambda t: t[2], width=20),
            Column("月份", lambda t: t[0].month, "day", 12),
            Column("机构编号", lambda t: t[0].code, width=16),
            Column("机构", lambda t: t[1], width=28),
            Column("等级", lambda t: t[0].level_name, width=10),
            Column("类别", lambda t: t[0].kind_name, width=14),
            Column("单位", lambda t: t[0].unit, width=8),
            Column("分子", lambda t: t[0].numerator, "money"),
            Column("分母", lambda t: t[0].denominator, "money"),
            Column("占比", lambda t: t[0].share, "share", 10),
            Column("同级同类机构", lambda t: t[0].peers, "count", 12),
            Column("名次（小到大）", lambda t: t[0].place, "count", 14),
            Column("百分位", lambda t: t[0].percentile, "count", 10),
            Column("中位数", lambda t: t[0].median, "share", 10),
            Column("第九十百分位", lambda t: t[0].p90, "share", 14),
        ),
        title="统计指标",
        act=policies.READ,
    )
    register(
        "exemptions",
        exemptions_of,
        (
            Column("编号", "exemption.number", width=16),
            Column("对象", lambda r: "；".join(f"{label} {value}" for label, value in r.subjects), width=40),
            Column("规则", lambda r: "；".join(rule.title for rule in r.rules) or "全部规则", width=30),
            Column("起", "begins_on", "day", 12),
            Column("止（含）", "last_day", "day", 12),
            Column("今天", "label", width=8),
            Column("理由", "exemption.reason", width=30),
            Column("依据", "exemption.basis", width=24),
            Column("登记人", "exemption.by", width=10),
            Column("批准人", "exemption.approved_by", width=10),
            Column("最近一次审计免去（条）", lambda r: r.spared[0] if r.spared else None, "count", 18),
            Column("基金支付（元）", lambda r: r.spared[1] if r.spared else None, "money"),
        ),
        title="豁免",
        act=policies.READ,
    )
