"""Exemptions of the site."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hengjian.apps.listing import page_of
from hengjian.apps.rules.exemptions import STATES, exemption_rows
from hengjian.apps.rules.views import today

_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "what", "title": "对象", "sort": "", "css": "", "fixed": True},
    {"key": "rules", "title": "规则", "sort": "", "css": ""},
    {"key": "days", "title": "起止（含）", "sort": "", "css": ""},
    {"key": "reason", "title": "理由与依据", "sort": "", "css": "wrap"},
    {"key": "by", "title": "登记 / 批准", "sort": "", "css": ""},
    {"key": "state", "title": "今天", "sort": "", "css": ""},
    {"key": "spared", "title": "免去", "sort": "", "css": "r"},
)


@require_GET
def exemptions(request: HttpRequest) -> HttpResponse:
    """What is held against nobody, those in force first."""
    rows, run = exemption_rows(request.user, today())
    counts = Counter(r.state for r in rows)
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    context = {
        "title": "豁免",
        "purpose": "本局登记的豁免：这段时间里的这些行为不算疑点。每一项都有截止日期，由另一个人批准；免去的逐条留底，可以核对。",
        "state": state,
        "tabs": [
            {"state": "", "title": "全部", "count": len(rows)},
            *({"state": s, "title": title, "count": counts[s]} for s, (title, _) in STATES.items()),
        ],
        "columns": [c for c in _COLUMNS if run is not None or c["key"] != "spared"],
        "sort": "",
        "row": "rules/_exemption_row.html",
        "list_key": "exemptions",
        "export": reverse("runs:export", args=["exemptions"]),
        "run": run,
        "empty": {
            "title": "没有这样的豁免" if rows else "本局还没有登记豁免",
            "text": "在服务器上登记：hengjian rules exempt --help 有例子。登记要写截止日期，还要有另一个人批准。",
        },
        **page_of(request, [r for r in rows if not state or r.state == state]),
    }
    return render(request, "rules/exemptions.html", context)
