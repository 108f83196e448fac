"""The ledgers: a list a kind, its Excel, settling by the cashier, undoing a wrong posting."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from hengjian.apps.accounts import policies as rights
from hengjian.apps.journal.models import Entry
from hengjian.apps.listing import day_field, whole_number
from hengjian.apps.recovery import services
from hengjian.apps.recovery.models import Posting
from hengjian.apps.recovery.queries import sums_by_kind, visible_to
from hengjian.apps.registry.models import Institution
from hengjian.report.book import Head, book_bytes

COLUMNS = (
    {"key": "posted", "title": "登记", "sort": "posted_at", "css": "", "fixed": True},
    {"key": "kind", "title": "种类", "sort": "", "css": ""},
    {"key": "institution", "title": "机构", "sort": "institution_code", "css": ""},
    {"key": "finding", "title": "疑点", "sort": "", "css": ""},
    {"key": "amount", "title": "金额（元）", "sort": "amount", "css": "r", "fixed": True},
    {"key": "destination", "title": "去处", "sort": "", "css": ""},
    {"key": "settled", "title": "到账", "sort": "settled_at", "css": ""},
)
_SORTS = {"posted_at", "institution_code", "amount", "settled_at"}
_SIZES = (20, 50, 100)
_MOST = 50_000
_HEADS = (
    Head("登记时间", 18), Head("种类", 8), Head("金额（元）", 14, "money"), Head("去处", 18), Head("机构编号", 16), Head("机构", 30),
    Head("险种", 12), Head("疑点", 16), Head("依据", 40, "wrap"), Head("登记人", 10), Head("到账时间", 18), Head("凭证", 20), Head("说明", 16),
)  # fmt: skip


class Filter(forms.Form):
    """Filters of the ledger; all stand in the address."""

    q = forms.CharField(label="查找", required=False, max_length=60)
    settled = forms.ChoiceField(label="到账", required=False, choices=(("", "全部"), ("no", "未到账"), ("yes", "已到账")))
    since = day_field("登记自", required=False)
    until = day_field("登记至", required=False)


def _rows(request: HttpRequest) -> tuple[QuerySet[Posting], Filter]:
    day = timezone.localdate()
    rights.check(request.user, "recovery.read", day)
    rows = visible_to(request.user, day)
    form = Filter(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    if words := chosen.get("q"):
        named = Institution.objects.filter(name__icontains=words).values("code")
        rows = rows.filter(Q(institution_code=words) | Q(finding_id__startswith=words.lower()) | Q(institution_code__in=named))
    if chosen.get("settled"):
        rows = rows.filter(settled_at__isnull=chosen["settled"] == "no")
    if chosen.get("since"):
        rows = rows.filter(posted_at__date__gte=chosen["since"])
    if chosen.get("until"):
        rows = rows.filter(posted_at__date__lte=chosen["until"])
    return rows, form


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """The four ledgers side by side, one of them or all in the list; never one sum."""
    rows, form = _rows(request)
    kinds = sums_by_kind(rows)
    state = request.GET.get("state", "")
    if state in dict(Posting.KINDS):
        rows = rows.filter(kind=state)
    sort = request.GET.get("sort", "")
    order = sort if sort.removeprefix("-") in _SORTS else "-posted_at"
    size = int(request.GET["size"]) if request.GET.get("size", "") in map(str, _SIZES) else _SIZES[0]
    page = Paginator(rows.select_related("posted_by", "settled_by", "countered_by").order_by(order, "-pk"), size).get_page(
        request.GET.get("page")
    )
    names = dict(Institution.objects.filter(code__in={p.institution_code for p in page}).values_list("code", "name"))
    for posting in page:
        posting.institution_name = names.get(posting.institution_code, posting.institution_code)
    context: dict[str, Any] = {
        "title": "扣减与追回",
        "purpose": "决定反馈以后要动的钱。扣减、追回、退回、罚款各归各的去处，不相加。",
        "kinds": kinds,
        "tabs": [{"title": "全部", "state": "", "count": sum(int(k["count"]) for k in kinds)}]
        + [{"title": k["title"], "state": k["kind"], "count": k["count"]} for k in kinds],
        "state": state,
        "filter": form,
        "columns": COLUMNS,
        "sort": sort,
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number),
        "row": "recovery/_row.html",
        "list_key": "recovery",
        "export": reverse("recovery:export"),
        "choosable": rights.can(request.user, "recovery.settle", timezone.localdate()),
        "empty": {"title": "没有符合条件的", "text": "决定反馈以后，要扣减或追回的金额会记在这里。"},
    }
    return render(request, "recovery/list.html", context)


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The list as an Excel file, one row a posting, without a total over kinds."""
    rows, _ = _rows(request)
    if request.GET.get("state", "") in dict(Posting.KINDS):
        rows = rows.filter(kind=request.GET["state"])
    names = dict(Institution.objects.values_list("code", "name"))
    cells = (
        (
            f"{timezone.localtime(p.posted_at):%Y-%m-%d %H:%M}", p.get_kind_display(), p.amount, p.get_destination_display(),
            p.institution_code, names.get(p.institution_code, ""), p.insurance, p.finding_id[:12], p.law, p.posted_by.name,
            f"{timezone.localtime(p.settled_at):%Y-%m-%d %H:%M}" if p.settled_at else "", p.settled_note, "冲销" if p.counters_id else "",
        )
        for p in rows.select_related("posted_by").order_by("posted_at", "pk")[:_MOST]
    )  # fmt: skip
    notes = (("怎么读", "扣减、追回、退回、罚款各归各的去处，不能相加。冲销的一笔是负数，与原来的一笔相抵。"),)
    answer = HttpResponse(
        book_bytes("扣减与追回", "台账", _HEADS, cells, notes),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    answer["Content-Disposition"] = (
        content_disposition_header(True, f"扣减与追回-{timezone.localdate():%Y%m%d}.xlsx") or "attachment"
    )
    return answer


@require_POST
def settle(request: HttpRequest) -> HttpResponse:
    """The cashier notes that the chosen postings arrived."""
    now = timezone.now()
    keys = [k for k in map(whole_number, request.POST.getlist("sel")) if k is not None]
    rows = list(visible_to(request.user, timezone.localdate(now)).filter(pk__in=keys))
    done = services.settle(postings=rows, note=request.POST.get("note", ""), by=request.user, at=now)
    messages.success(request, f"{len(done)} 笔已登记到账。")
    return redirect("recovery:list")


@require_GET
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """One posting with the fee lines it rests on and what happened to it."""
    day = timezone.localdate()
    rights.check(request.user, "recovery.read", day)
    posting = get_object_or_404(visible_to(request.user, day).select_related("posted_by", "settled_by", "counters"), pk=pk)
    institution = Institution.objects.filter(code=posting.institution_code).first()
    entries = Entry.objects.filter(subject=posting.subject, event__startswith="posting.").order_by("-number")
    context = {
        "posting": posting,
        "institution": institution.name if institution else posting.institution_code,
        "lines": posting.lines.select_related("line").order_by("line__mdtrt_id", "line__feedetl_sn")[:500],
        "countered": Posting.objects.filter(counters=posting).first(),
        "may_counter": rights.can(request.user, "review.feedback", day, posting.region_code),
        "events": [{"at": e.at, "what": e.summary, "who": e.actor_name} for e in entries],
    }
    return render(request, "recovery/item.html", context)


@require_POST
def counter(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a posting by its counter-posting."""
    now = timezone.now()
    posting = get_object_or_404(visible_to(request.user, timezone.localdate(now)), pk=pk)
    services.counter_post(posting=posting, reason=request.POST.get("reason", ""), by=request.user, at=now)
    messages.success(request, "已冲销，两笔都留在台账里。")
    return redirect("recovery:item", pk)
