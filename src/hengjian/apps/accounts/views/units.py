"""Units in their tree: add, rename, close."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from hengjian.apps.accounts import services
from hengjian.apps.accounts.forms import ReasonForm, RenameForm, UnitForm
from hengjian.apps.accounts.queries import as_tree, units_for
from hengjian.apps.accounts.views.answers import failed, refused_at


@require_GET
def units(request: HttpRequest) -> HttpResponse:
    """The tree, closed ones on demand."""
    rows = units_for(request.user, "unit.manage", timezone.localdate())
    closed = request.GET.get("closed") == "1"
    shown = rows if closed else rows.filter(is_open=True)
    counted = shown.annotate(at_work=Count("people", filter=Q(people__is_active=True)))
    return render(
        request,
        "accounts/units.html",
        {"tree": list(as_tree(counted)), "closed": closed, "closed_count": rows.filter(is_open=False).count()},
    )


def _tree(request: HttpRequest) -> Any:
    return as_tree(units_for(request.user, "unit.manage", timezone.localdate()))


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """The form of a new unit; `?parent=` is chosen beforehand."""
    initial = {"parent": request.GET.get("parent", ""), "region_code": request.GET.get("region", ""), "kind": "department"}
    form = UnitForm(request.POST or None, tree=partial(_tree, request), initial=initial)
    if request.method == "POST" and form.is_valid():
        with refused_at(form):
            made = services.add_unit(by=request.user, at=timezone.now(), **form.cleaned_data)
            messages.success(request, f"{made.name} 已建立。")
            return redirect("accounts:units")
    return render(request, "accounts/unit_add.html", {"form": form}, status=failed(form))


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename or close one unit: `act` says which."""
    unit = get_object_or_404(units_for(request.user, "unit.manage", timezone.localdate()), pk=pk)
    act = request.POST.get("act", "")
    rename = RenameForm(request.POST if act == "rename" else None, auto_id="rename_%s", initial={"name": unit.name})
    closing = ReasonForm(request.POST if act == "close" else None, auto_id="close_%s")
    form: Any = closing if act == "close" else rename
    if request.method == "POST" and form.is_valid():
        with refused_at(form):
            service = services.close_unit if act == "close" else services.rename_unit
            changed = service(by=request.user, at=timezone.now(), unit=unit, **form.cleaned_data)
            messages.success(request, f"{changed.name} 已{'停用' if act == 'close' else '改名'}。")
            return redirect("accounts:units")
    people = unit.people.filter(is_active=True).order_by("name")
    below = unit.children.filter(is_open=True).order_by("name")
    context = {"unit": unit, "rename": rename, "closing": closing, "people": people, "below": below}
    return render(request, "accounts/unit.html", context, status=failed(form))
