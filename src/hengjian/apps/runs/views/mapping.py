"""The page on which a person says what files, headers and values mean."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from hengjian.apps.runs import mapping, policies, services
from hengjian.apps.runs.states import DRAFT
from hengjian.apps.runs.views import seen, today
from hengjian.apps.runs.work import sentence_of
from hengjian.kernel.errors import HengjianError


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the proposal; keep the answers; go on to the load where it was asked for and nothing is open."""
    policies.check_can(request.user, "run.upload", today())
    run = seen(request, pk, kind="load")
    if run.state != DRAFT:
        return redirect("runs:run", pk)
    if request.method == "POST":
        text = mapping.answered(run, request.POST.dict())
        services.save_map(by=request.user, at=timezone.now(), run=run, text=text)
        if request.POST.get("go") == "load":
            if (open_ := mapping.propose_map(run).decisions) and not request.POST.get("anyway"):
                messages.warning(request, f"对照已保存，还有 {open_} 处要核对。核对完再加载，或勾选“仍然加载”。")
            else:
                then = request.POST.get("then") == "audit"
                services.start_load(by=request.user, at=timezone.now(), run=run, then_audit=then)
                return redirect("runs:run", pk)
        else:
            messages.success(request, "对照已保存，下一批同样的文件接着用。")
        return redirect("runs:map", pk)
    context = {"run": run, "uploads": run.uploads.order_by("name"), "all_tables": mapping.tables(), "skip": mapping.SKIP}
    try:
        context["proposal"] = mapping.propose_map(run)
    except HengjianError as error:
        context["unreadable"] = sentence_of(error)
    return render(request, "runs/map.html", context)
