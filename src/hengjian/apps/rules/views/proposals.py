"""Proposed changes of knowledge: the list, one of them, and what is decided."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from hengjian.apps.listing import page_of
from hengjian.apps.rules import knowledge as rows_of
from hengjian.apps.rules import policies, services
from hengjian.apps.rules.models import Proposal
from hengjian.apps.rules.states import PROPOSAL
from hengjian.apps.rules.views import today

_COLUMNS = (
    {"key": "what", "title": "修改", "sort": "", "css": "", "fixed": True},
    {"key": "reason", "title": "理由", "sort": "", "css": "wrap"},
    {"key": "by", "title": "提出", "sort": "", "css": ""},
    {"key": "state", "title": "状态", "sort": "", "css": ""},
    {"key": "decided", "title": "决定", "sort": "", "css": "wrap"},
)


@require_GET
def proposals(request: HttpRequest) -> HttpResponse:
    """Every change that was proposed, those that wait first."""
    rows = rows_of.proposals_visible_to(request.user, today())
    counts = Counter(rows.order_by().values_list("state", flat=True))
    state = request.GET.get("state", "")
    state = state if state in PROPOSAL else ""
    context = {
        "title": "知识修改",
        "purpose": "改一行知识要两个人：一人提出，另一人批准；批准后自成一批写入，可以查、可以撤销。没有批准的也留在这里。",
        "state": state,
        "tabs": [
            {"state": "", "title": "全部", "count": sum(counts.values())},
            *({"state": code, "title": s.title, "count": counts[code]} for code, s in PROPOSAL.items()),
        ],
        "columns": _COLUMNS,
        "sort": "",
        "row": "rules/_proposal_row.html",
        "list_key": "proposals",
        "empty": {
            "title": "还没有人提出修改" if not counts else "没有这样的修改",
            "text": "要改哪一行，先在“知识”里找到它，再点“提出修改”。",
        },
        **page_of(request, rows.filter(state=state) if state else rows),
    }
    return render(request, "rules/proposals.html", context)


@require_GET
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """One change: before and after, why, who, and what is left to do."""
    found = _one(request, pk)
    office = rows_of.seen_by(request.user, today())
    context = {
        "proposal": found,
        "table_title": rows_of.title_of(office, found.table),
        "rules": office.rules(found.table),
        "cells": rows_of.compared(found),
        "is_past": min(filter(None, (found.ends_on, found.valid_from))) < today(),
        "is_undone": rows_of.is_undone(found),
        "may_decide": policies.can_decide(request.user, found, today()),
        "is_mine": found.is_waiting and found.proposed_by_id == request.user.pk,
        "deciders": policies.deciders(),
    }
    return render(request, "rules/proposal.html", context)


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Say yes: the change is written."""
    found = services.approve(by=request.user, at=timezone.now(), proposal=_one(request, pk), note=request.POST.get("note", ""))
    messages.success(request, f"已批准，写入站点知识第 {found.batch_no} 批。下一次审计起按它判断。")
    return redirect("rules:proposal", pk)


@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no, and why."""
    services.refuse(by=request.user, at=timezone.now(), proposal=_one(request, pk), note=request.POST.get("note", ""))
    messages.success(request, "没有批准，知识没有改动。")
    return redirect("rules:proposal", pk)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own proposal back."""
    services.withdraw(by=request.user, at=timezone.now(), proposal=_one(request, pk))
    messages.success(request, "已撤回，知识没有改动。")
    return redirect("rules:proposal", pk)


def _one(request: HttpRequest, pk: int) -> Proposal:
    return get_object_or_404(rows_of.proposals_visible_to(request.user, today()), pk=pk)
