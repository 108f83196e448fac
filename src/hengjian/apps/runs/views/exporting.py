"""Excel files of lists: asked for on a page, made in the background, fetched by who asked."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from hengjian.apps.accounts import policies as rights
from hengjian.apps.runs import exports, policies
from hengjian.apps.runs.views import seen, today

_NO_FILTERS = frozenset({"page", "size", "csrfmiddlewaretoken"})


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Say what would be written, and begin it. The query string is that of the list."""
    export = exports.export_named(name)
    rights.check(request.user, export.act, today())
    query = QueryDict(mutable=True)
    for key, values in request.GET.lists():
        if key not in _NO_FILTERS:
            query.setlist(key, values)
    if request.method == "POST":
        made = exports.start_export(by=request.user, at=timezone.now(), name=name, query=query.urlencode())
        return redirect("runs:run", made.pk)
    asked = [(key, value) for key, values in query.lists() for value in values if value and key not in ("sort", "run")]
    context = {"export": export, "asked": asked, "days": exports.KEPT_FOR.days, "back": request.headers.get("Referer", "")}
    return render(request, "runs/export.html", context)


@require_GET
def download(request: HttpRequest, pk: int) -> FileResponse:
    """The file, for who asked for it."""
    run = seen(request, pk, kind="export")
    policies.check_own_export(request.user, run)
    path = exports.take_export(by=request.user, at=timezone.now(), run=run)
    name = f"{run.title.removeprefix('导出')}-{timezone.localtime(run.ended_at or run.queued_at):%Y%m%d-%H%M}.xlsx"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, headers={"Cache-Control": "no-store"})
