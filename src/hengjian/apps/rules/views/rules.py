"""The list of rules, one rule, the national edition, and a rule switched on or held."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from hengjian.apps.accounts import policies as rights
from hengjian.apps.listing import page_of
from hengjian.apps.rules import page as parts
from hengjian.apps.rules import policies, queries, words
from hengjian.apps.rules.book import LABELS, TONES, office_book
from hengjian.apps.rules.exemptions import exemption_rows
from hengjian.apps.rules.forms import RuleFilter
from hengjian.apps.rules.search import Asked, find_rows
from hengjian.apps.rules.views import today
from hengjian.apps.runs import policies as runs_policies
from hengjian.apps.runs import services as runs_services
from hengjian.engine.coverage import STATES
from hengjian.lake.schema.local import TRAVELLING
from hengjian.site.knowledge.editing import cells_of
from hengjian.site.releases import places_of

_TABS = ("active", "shadow", "needs_knowledge", "needs_data")
_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "title", "title": "规则", "sort": "title", "css": "", "fixed": True},
    {"key": "category", "title": "类别 · 族", "sort": "category", "css": ""},
    {"key": "certainty", "title": "程度", "sort": "", "css": ""},
    {"key": "state", "title": "状态", "sort": "state", "css": ""},
    {"key": "points", "title": "知识点", "sort": "points", "css": "r"},
    {"key": "count", "title": "疑点", "sort": "count", "css": "r"},
    {"key": "fund", "title": "基金支付（元）", "sort": "fund", "css": "r"},
    {"key": "quality", "title": "精确率 / 召回率", "sort": "precision", "css": "r"},
)


_SAMPLE = 10
"""Rows shown of knowledge that comes with the data."""
_ELSEWHERE = ("rule", "match", "code", "name", "med_list_codg", "hilist_name", "basis", "low", "high")
"""Cells of rows that come with the data which have a column of their own, or say nothing to a reader."""


@require_GET
def rule_list(request: HttpRequest) -> HttpResponse:
    """All rules as they stand today, what they found, how good they are."""
    rows, run = queries.rule_rows(request.user, today())
    narrowed = RuleFilter(request.GET, rows)
    fit = narrowed.narrow(rows)
    counts, state = Counter(r.state for r in fit), request.GET.get("state", "")
    state = state if state in LABELS else ""
    shown, sort = queries.in_order([r for r in fit if not state or r.state == state], request.GET.get("sort", queries.USUAL))
    figures = policies.sees_figures(request.user, today())
    tabs = [s for s in LABELS if s in _TABS or counts[s]]
    context = {
        "title": "规则",
        "purpose": "本局今天用的每一条规则：说什么、凭什么、准不准、查到了多少。",
        "filter": narrowed,
        "state": state,
        "tabs": [
            {"state": "", "title": "全部", "count": len(fit)},
            *({"state": s, "title": LABELS[s], "count": counts[s]} for s in tabs),
        ],
        "columns": [c for c in _COLUMNS if figures or c["key"] not in ("count", "fund")],
        "sort": sort,
        "row": "rules/_row.html",
        "list_key": "rules",
        "export": reverse("runs:export", args=["rules"]),
        "figures": figures,
        "run": run,
        **page_of(request, shown),
    }
    return render(request, "rules/list.html", context)


@require_GET
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """What a lawyer and a hospital want to know of one rule."""
    office, row, run = queries.rule_visible_to(request.user, today(), rule_id)
    shown, book = row.rule, office.book
    context: dict[str, Any] = {
        "row": row,
        "rule": shown,
        "run": run,
        "office_on": office.on,
        "sentence": words.sentence(shown.message),
        "laws": parts.law_parts(book, shown),
        "about": words.ABOUT[shown.family] if shown.family else words.OWN_SQL,
        "settings": words.settings_in_words(shown),
        "params": parts.param_parts(book, shown),
        "sql": office.sql(shown),
        "stages": parts.stage_parts(office, shown),
        "releases": parts.release_parts(office, shown),
        "examples": parts.example_parts(shown),
        "national": next((n for n in book.catalogue if n.seq == shown.national), None),
        "own": office.own[rule_id],
        "is_on": shown.status == "active",
        "may_release": runs_policies.can(request.user, "rule.release", today()) and office.own[rule_id] in ("active", "shadow"),
        "reads_clues": rights.can(request.user, "clue.read", today()),
        "since": words.period_in_words(shown.period),
        "table_title": words.table_title(book, shown.knowledge),
        "exempted": exemption_rows(request.user, today(), shown)[0],
    }
    if row.travels:
        rows = office.travelling(shown)
        context |= {"travelling": len(rows), "sample": rows[:_SAMPLE], "columns": _columns(rows, shown.knowledge)}
    elif shown.knowledge:
        found = find_rows(office, [shown.knowledge], Asked(words=request.GET.get("q", "").strip()[:60]))
        context |= page_of(request, found) | {"q": request.GET.get("q", ""), "columns": _columns(found[:1], shown.knowledge)}
    return render(request, "rules/rule.html", context)


def _columns(rows: Any, table: str) -> list[tuple[str, str]]:
    """Name and title of the columns of a knowledge table that a page has room for."""
    if not rows:
        return []
    elsewhere = _ELSEWHERE if table in TRAVELLING else ("match",)
    names = [n for n in cells_of(rows[0]) if n not in elsewhere]
    return [(n, words.column_label(n, table)) for n in names]


@require_POST
def release(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Switch one rule on, or back to shadow."""
    queries.rule_visible_to(request.user, today(), rule_id)
    on = request.POST.get("to") == "active"
    said: dict[str, Any] = {
        "by": request.user,
        "at": timezone.now(),
        "rule_ids": [rule_id],
        "reason": request.POST.get("reason", ""),
    }
    if on:
        places = places_of(request.POST.get("places", ""))
        runs_services.activate(**said, places=places)
        where = f"先只在 {'、'.join(places)}，别处仍只计数。" if places else ""
    else:
        runs_services.hold(**said)
    messages.success(request, f"今天起启用。下一次审计起产生疑点。{where}" if on else "今天起改回影子，不再产生新的疑点。")
    return redirect("rules:rule", rule_id)


@require_GET
def coverage(request: HttpRequest) -> HttpResponse:
    """The national edition: which of its rules are at work, and knowledge points as a bureau counts them."""
    policies.check_can_read(request.user, today())
    office = office_book(today())
    found = office.coverage()
    state = request.GET.get("state", "")
    rows = queries.covered_rows(request.user, today(), office)
    context = {
        "states": [{"state": s, "title": LABELS[s], "tone": TONES[s], "count": n} for s, n in found.counts.items()],
        "state": state if state in STATES else "",
        "rows": [r for r in rows if state not in STATES or r.covered.state == state],
        "total": len(rows),
        "by_group": [p for p in found.by_group if p.points or p.heading != "其他"],
        "by_family": found.by_family,
        "points": sum(p.points for p in found.by_group),
    }
    return render(request, "rules/coverage.html", context)
