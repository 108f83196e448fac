"""The left menu: who has the act sees the entry. A room adds its own line here."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.urls import NoReverseMatch, reverse

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import can


class Entry(NamedTuple):
    """Title, URL name, icon, and the act that opens it (empty: everybody at this door)."""

    title: str
    url: str
    icon: str
    act: str


BUREAU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry("首页", "home", "layout-dashboard", ""),)),
    (
        "监管业务",
        (
            Entry("疑点线索", "clues:list", "scan-search", "clue.read"),
            Entry("审核工作台", "review:queue", "list-filter", "review.first"),
            Entry("复核工作台", "review:second", "list-checks", "review.second"),
            Entry("超权限决定", "review:second", "list-checks", "review.approve"),
            Entry("反馈", "review:feedback", "send", "review.feedback"),
            Entry("问题台账", "clues:ledger", "notebook-tabs", "clue.read"),
            Entry("扣减与追回", "recovery:list", "wallet", "recovery.read"),
            Entry("办理时限", "workdays:clocks", "timer", "clue.read"),
            Entry("调度台", "board", "kanban", "board.read"),
        ),
    ),
    (
        "监管对象",
        (
            Entry("定点机构", "registry:institutions", "hospital", "registry.read"),
            Entry("参保人", "registry:persons", "users", "registry.read"),
            Entry("查看记录", "registry:reveals", "eye", "reveal.read"),
        ),
    ),
    (
        "数据与规则",
        (
            Entry("数据与审计", "runs:list", "database", "run.read"),
            Entry("规则", "rules:list", "book-open-check", "rule.read"),
            Entry("知识", "rules:knowledge", "library", "rule.read"),
            Entry("统计指标", "rules:indicators", "chart-scatter", "rule.read"),
            Entry("豁免", "rules:exemptions", "shield-check", "rule.read"),
            Entry("启用规则", "runs:guide", "toggle-right", "rule.release"),
        ),
    ),
    (
        "系统",
        (
            Entry("人员与岗位", "accounts:people", "user-cog", "account.manage"),
            Entry("单位", "accounts:units", "network", "unit.manage"),
            Entry("执法证件", "accounts:certificates", "id-card", "certificate.manage"),
            Entry("授予岗位", "accounts:posts", "key-round", "post.grant"),
            Entry("权限矩阵", "accounts:matrix", "grid-3x3", ""),
            Entry("环节设置", "review:steps", "sliders-horizontal", "step.configure"),
            Entry("工作日", "workdays:year", "calendar-days", ""),
            Entry("不相容岗位", "accounts:conflicts", "users-round", "journal.read"),
            Entry("操作日志", "journal:list", "file-clock", "journal.read"),
        ),
    ),
)
DESK: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry("首页", "home", "house", ""),)),
    (
        "本机构",
        (
            Entry("疑点与申诉", "desk:list", "message-square-warning", "desk.read"),
            Entry("请我说明的病例", "desk:advice", "stethoscope", "desk.advise"),
        ),
    ),
)


def menu_for(user: User, day: date, groups: tuple[tuple[str, tuple[Entry, ...]], ...], here: str) -> list[dict[str, Any]]:
    """The groups and items the person may open; the current one is the longest address `here` begins with."""
    shown: list[dict[str, Any]] = []
    for title, entries in groups:
        items = []
        for entry in entries:
            if entry.act and not can(user, entry.act, day):
                continue
            try:
                href = reverse(entry.url)
            except NoReverseMatch:
                continue
            items.append({"title": entry.title, "href": href, "icon": entry.icon, "current": False})
        if items:
            shown.append({"title": title, "items": items})
    hrefs = [i for g in shown for i in g["items"] if here == i["href"] or (i["href"] != "/" and here.startswith(i["href"]))]
    if hrefs:
        max(hrefs, key=lambda i: len(i["href"]))["current"] = True
    return shown
