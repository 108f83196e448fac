"""The statistics of the national edition: institutions among their peers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hengjian.apps.listing import page_of
from hengjian.apps.rules import indicators as figures_of
from hengjian.apps.rules.forms import IndicatorFilter
from hengjian.apps.rules.indicator import ENOUGH
from hengjian.apps.rules.views import today

_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "name", "title": "机构", "sort": "name", "css": "", "fixed": True},
    {"key": "share", "title": "占比", "sort": "share", "css": "r"},
    {"key": "among", "title": "在同级同类机构中", "sort": "percentile", "css": ""},
    {"key": "median", "title": "中位数 / 九成以下", "sort": "", "css": "r"},
    {"key": "parts", "title": "分子 / 分母", "sort": "denominator", "css": "r"},
    {"key": "trend", "title": "近十二个月", "sort": "", "css": ""},
)


@require_GET
def indicators(request: HttpRequest) -> HttpResponse:
    """One statistic of one month, an institution a row."""
    chosen = figures_of.chosen(request.user, today(), request.GET)
    found = page_of(request, chosen.rows)
    found["page"].object_list = figures_of.placed(list(found["page"].object_list), chosen.every, chosen.names)
    context = {
        "title": "统计指标",
        "purpose": "国家规则库里的八项统计：每家机构每月一个数，与同级同类的机构比。高不等于违规，只说明值得去看。",
        "filter": IndicatorFilter(request.GET, chosen.every) if chosen.every else None,
        "state": chosen.rule.rule_id if chosen.rule else "",
        "tabs": [
            {"state": r.rule_id, "title": r.title.removesuffix("统计").removesuffix("占比"), "count": n}
            for r, n in chosen.counts
        ],
        "columns": _COLUMNS,
        "sort": chosen.sort,
        "row": "rules/_indicator_row.html",
        "list_key": "indicators",
        "export": reverse("runs:export", args=["indicators"]),
        "rule": chosen.rule,
        "month": chosen.month,
        "run": chosen.run,
        "enough": ENOUGH,
        "empty": {
            "title": "没有符合条件的机构" if chosen.every else "还没有统计",
            "text": "去掉一两个条件再试。" if chosen.every else "启用这些统计规则，再审计一次；它们只出数，不出疑点。",
        },
        **found,
    }
    return render(request, "rules/indicators.html", context)
