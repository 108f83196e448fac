"""Uploads, loads, audits: list, page of one run, and the acts on it."""

from __future__ import annotations

from datetime import date
from typing import Any

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengjian.apps.accounts.lists import listing
from hengjian.apps.runs import policies, queries, services
from hengjian.apps.runs.files import ALLOWED, Incoming
from hengjian.apps.runs.filters import RunFilter
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.states import DRAFT, FAILED, OPEN
from hengjian.apps.runs.work import sentence_of
from hengjian.kernel.errors import HengjianError
from hengjian.lake.schema import TABLES

_COLUMNS = (
    {"key": "title", "title": "名称", "sort": "", "css": "wrap", "fixed": True},
    {"key": "state", "title": "状态", "sort": "", "css": ""},
    {"key": "version", "title": "数据版本", "sort": "data_version", "css": "r"},
    {"key": "counts", "title": "结果", "sort": "", "css": "wrap"},
    {"key": "by", "title": "发起人", "sort": "", "css": ""},
    {"key": "at", "title": "发起时间", "sort": "queued_at", "css": ""},
)


def today() -> date:
    """The day of the request."""
    return timezone.localdate()


def seen(request: HttpRequest, pk: int, **kinds: Any) -> Run:
    """A run the person may see, or the page 404."""
    return get_object_or_404(queries.visible_to(request.user, today()), pk=pk, **kinds)


@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """Every dated run: what, which version, what came of it."""
    queries.may_see_list(request.user, today())
    rows = queries.visible_to(request.user, today())
    form = RunFilter(request.GET)
    chosen = RunFilter({k: v for k, v in request.GET.items() if k != "state"}).apply(rows)
    counts = queries.counts_by_state(chosen)
    tabs = [{"title": "全部", "state": "", "count": sum(counts.values())}]
    tabs += [{"title": title, "state": state, "count": counts.get(state, 0)} for state, title in Run.STATES]
    may_upload = policies.can(request.user, "run.upload", today())
    acts = [{"title": "上传数据", "href": reverse("runs:upload")}] if may_upload else []
    fresh = not rows.exists()
    text = (
        "先上传一批数据：核对表头，加载，审计，疑点就出来了。"
        if may_upload
        else "数据管理员上传数据以后，加载和审计的记录都在这里。"
    )
    context = listing(request, form.apply(rows), ("queued_at", "data_version"), "-queued_at") | {
        "title": "数据与审计",
        "purpose": "每一次上传、加载和审计：什么时候、哪一版数据、哪一套规则、结果怎样。",
        "filter": form,
        "tabs": tabs,
        "state": request.GET.get("state", ""),
        "columns": _COLUMNS,
        "row": "runs/_row.html",
        "list_key": "runs",
        "export": reverse("runs:export", args=["runs"]),
        "empty": {"title": "还没有数据", "text": text, "acts": acts} if fresh else {},
        "may_upload": may_upload,
        "may_audit": policies.can(request.user, "run.audit", today()),
        "lake": queries.current_lake(),
    }
    return render(request, "runs/list.html", context)


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Send files. With the script the answer is JSON, without it a page."""
    policies.check_can(request.user, "run.upload", today())
    if request.method == "GET":
        drafts = queries.drafts(request.user, today()).order_by("-pk")[:10]
        context = {"limit": settings.UPLOAD_LIMIT, "accept": ",".join(ALLOWED), "drafts": drafts, "drop": settings.DROP.name}
        return render(request, "runs/upload.html", context)
    incoming = [Incoming(f.name or "", f.chunks()) for f in request.FILES.getlist("files")]
    wants_json = "application/json" in request.headers.get("Accept", "")
    try:
        made = services.start_upload(by=request.user, at=timezone.now(), files=incoming)
    except HengjianError as error:
        if wants_json:
            return JsonResponse({"errors": [sentence_of(error)]}, status=400)
        raise
    target = reverse("runs:map", args=[made.pk])
    return JsonResponse({"next": target}) if wants_json else redirect(target)


@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run while it goes on and afterwards. htmx asks for it again; without a script the page is loaded anew."""
    shown = seen(request, pk)
    user, day = request.user, today()
    if shown.state == DRAFT and policies.can(user, "run.upload", day):
        return redirect("runs:map", pk)
    context = {
        "run": shown,
        "live": shown.state in OPEN,
        "chain": queries.chain(shown),
        "tables": _tables(shown.counts),
        "uploads": shown.uploads.order_by("name"),
        "whole": policies.can(user, "run.read", day),
        "may_retry": shown.state == FAILED and not shown.counts.get("discarded") and _may_retry(user, shown, day),
        "may_audit": policies.can(user, "run.audit", day),
        "may_release": policies.can(user, "rule.release", day),
        "has_report": shown.kind == "audit" and bool(shown.folder) and (shown.place / "report.html").is_file(),
        "ahead": _ahead(shown),
    }
    return render(request, "runs/run.html", context)


def _may_retry(user: Any, shown: Run, day: date) -> bool:
    act = services.lifecycle.ACT_OF.get(shown.kind)
    return policies.can(user, act, day) if act else shown.by_id == user.pk


def _ahead(shown: Run) -> Run | None:
    """Whom a run that waits is waiting for."""
    first = queries.at_work("load", "audit", "arrive")
    return first if shown.state == "queued" and first is not None and first.pk != shown.pk else None


def _tables(counts: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for name, row in (counts.get("tables") or {}).items():
        rows.append({"label": TABLES[name].label if name in TABLES else name, "name": name} | row)
    return rows


@require_POST
def load(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the load of a draft."""
    found = seen(request, pk, kind="load")
    services.start_load(by=request.user, at=timezone.now(), run=found, then_audit=request.POST.get("then") == "audit")
    return redirect("runs:run", pk)


@require_POST
def audit(request: HttpRequest) -> HttpResponse:
    """Begin an audit of the newest data."""
    made = services.start_audit(by=request.user, at=timezone.now(), full=request.POST.get("how") == "full")
    return redirect("runs:run", made.pk)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    found = seen(request, pk, kind="load")
    services.discard_upload(by=request.user, at=timezone.now(), run=found, reason=request.POST.get("reason", ""))
    messages.success(request, f"“{found.title}”已丢弃，文件已经删去。")
    return redirect("runs:list")


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a failed run again."""
    services.retry(by=request.user, at=timezone.now(), run=seen(request, pk))
    return redirect("runs:run", pk)


@require_GET
@csp_replace(
    {"default-src": [NONE], "script-src": [NONE], "style-src": [UNSAFE_INLINE], "img-src": ["data:"], "frame-ancestors": [NONE]}
)
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The audit's report as its own page: it carries its style with it, and may load and run nothing."""
    path = _kept(request, pk, "report.html")
    return HttpResponse(path.read_bytes(), content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})


@require_GET
def findings(request: HttpRequest, pk: int) -> FileResponse:
    """The audit's findings as a workbook."""
    path = _kept(request, pk, "findings.xlsx")
    name = f"疑点清单-{pk}.xlsx"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, headers={"Cache-Control": "no-store"})


def _kept(request: HttpRequest, pk: int, name: str) -> Any:
    policies.check_can(request.user, "run.read", today())
    found = seen(request, pk, kind="audit")
    path = found.place / name
    if not found.folder or not path.is_file():
        raise Http404(name)
    return path
