"""The first run and what follows from it: which rules the office switches on."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from hengjian.apps.runs import policies, queries, services
from hengjian.apps.runs.guide import changes, guide_rows
from hengjian.apps.runs.views import today
from hengjian.site.releases import places_of


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What each rule hits in a year, ten samples, tick boxes; and every release so far."""
    policies.check_can(request.user, "rule.release", today())
    last = queries.last_audit()
    rows = guide_rows(last, today())
    mine = [r for r in rows if r.may_be_on]
    context = {
        "last": last,
        "waiting": queries.at_work("audit"),
        "lake": queries.current_lake(),
        "rows": mine,
        "trial": [r for r in rows if not r.may_be_on],
        "on": sum(r.is_on for r in mine),
        "changes": changes()[:200],
    }
    return render(request, "runs/guide.html", context)


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begin the first run."""
    made = services.start_guide(by=request.user, at=timezone.now())
    return redirect("runs:run", made.pk)


@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Switch the ticked rules on, or back to shadow."""
    chosen, reason = request.POST.getlist("rule"), request.POST.get("reason", "")
    on = request.POST.get("to") == "active"
    if on:
        places = places_of(request.POST.get("places", ""))
        services.activate(by=request.user, at=timezone.now(), rule_ids=chosen, reason=reason, places=places)
        where = f"先只在 {'、'.join(places)}，别处仍只计数。" if places else ""
        done = f"{len(chosen)} 条规则今天起启用。下一次审计起产生疑点。{where}"
    else:
        services.hold(by=request.user, at=timezone.now(), rule_ids=chosen, reason=reason)
        done = f"{len(chosen)} 条规则今天起改回影子，不再产生新的疑点。"
    messages.success(request, done)
    return redirect("runs:guide")
