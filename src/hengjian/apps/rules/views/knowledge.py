"""Knowledge rows: found by code or name, one row, a change proposed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from hengjian.apps.listing import page_of
from hengjian.apps.rules import knowledge as rows_of
from hengjian.apps.rules import policies, services
from hengjian.apps.rules.forms import KnowledgeFilter, ProposalForm
from hengjian.apps.rules.models import Proposal
from hengjian.apps.rules.states import WAITING
from hengjian.apps.rules.views import today
from hengjian.kernel.errors import InputError

_COLUMNS = (
    {"key": "name", "title": "名称", "sort": "", "css": "", "fixed": True},
    {"key": "code", "title": "编码", "sort": "", "css": ""},
    {"key": "says", "title": "说什么", "sort": "", "css": "wrap"},
    {"key": "when", "title": "有效期", "sort": "", "css": ""},
    {"key": "source", "title": "出处", "sort": "", "css": "wrap"},
    {"key": "rules", "title": "读它的规则", "sort": "", "css": ""},
)


@require_GET
def knowledge(request: HttpRequest) -> HttpResponse:
    """Rows of all knowledge tables, shipped and the site's."""
    seen = rows_of.seen_by(request.user, today())
    narrowed = KnowledgeFilter(request.GET, seen.choices)
    found = rows_of.asked_for(seen, narrowed)
    paged = page_of(request, found)
    context = {
        "title": "知识",
        "purpose": "规则凭这些行判断：哪个编码、限什么、从哪天到哪天、出自哪个公告的哪一行。随数据来的地方知识不在这里，在规则页上。",
        "filter": narrowed,
        "columns": _COLUMNS,
        "sort": "",
        "row": "rules/_knowledge_row.html",
        "list_key": "knowledge",
        "export": reverse("runs:export", args=["knowledge"]),
        "waiting": rows_of.proposals_visible_to(request.user, today()).filter(state=WAITING).count(),
        "items": [rows_of.told(seen, row) for row in paged["page"]],
        **paged,
    }
    return render(request, "rules/knowledge.html", context)


@require_GET
def row(request: HttpRequest, table: str, kid: str) -> HttpResponse:
    """One row: its cells, its source, who reads it, what was changed about it."""
    seen = rows_of.seen_by(request.user, today())
    context = {
        "item": rows_of.one(seen, table, kid),
        "history": rows_of.proposals_visible_to(request.user, today()).filter(table=table, kid=kid),
        "may_propose": policies.can_propose(request.user, today()),
        "waiting": Proposal.objects.filter(table=table, kid=kid, state=WAITING).exists(),
    }
    return render(request, "rules/row.html", context)


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, table: str, kid: str) -> HttpResponse:
    """The form of a change, and the change proposed."""
    policies.check_can_propose(request.user, today())
    seen = rows_of.seen_by(request.user, today())
    item = rows_of.one(seen, table, kid)
    if item.row.table not in seen.office.book.knowledge:
        raise Http404(table)
    form = ProposalForm(request.POST or None, item.row, today())
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = services.propose(by=request.user, at=timezone.now(), wanted=_wanted(form, item.row.table, kid))
            except InputError as error:
                form.add_error(None, "；".join(filter(None, (error.what, error.why, error.cure))))
            else:
                messages.success(request, "已提出，等另一位可以批准的同事看过才写入。")
                return redirect("rules:proposal", made.pk)
    return render(request, "rules/propose.html", {"item": item, "form": form}, status=status)


def _wanted(form: ProposalForm, table: str, kid: str) -> services.Wanted:
    asked = form.cleaned_data
    what, cells = asked["what"], form.cells
    return services.Wanted(
        table=table,
        kid=kid,
        notice=asked["notice"],
        source_row=asked["source_row"],
        reason=asked["reason"],
        batch=asked["batch"],
        ends_on=None if what == "add" else asked["day"],
        cells=cells,
        valid_from=None if cells is None else asked["day"],
        valid_to=None if cells is None else asked["until"],
        is_official=asked["is_official"],
    )
