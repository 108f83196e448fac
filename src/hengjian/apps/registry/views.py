"""Lists of institutions and insured persons, one person masked, full values for one answer, and who opened them."""

from __future__ import annotations

from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.lists import listing
from hengjian.apps.registry import queries, services
from hengjian.apps.registry.policies import SHORTEST_REASON
from hengjian.kernel.errors import InputError


def today() -> date:
    """The day of the request."""
    return timezone.localdate()


class InstitutionFilter(forms.Form):
    """Words of the name or code, kind, level."""

    q = forms.CharField(label="名称或编号", required=False, max_length=60)
    kind = forms.ChoiceField(label="类别", required=False)
    level = forms.ChoiceField(label="等级", required=False)

    def __init__(self, data: object, kinds: list[str], levels: list[str]) -> None:
        super().__init__(data)
        for name, values in (("kind", kinds), ("level", levels)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "全部"), *((v, v) for v in values)]


class PersonFilter(forms.Form):
    """The number of a person, exactly or its beginning."""

    q = forms.CharField(label="人员编号", required=False, max_length=40)


class RevealFilter(forms.Form):
    """Who opened, and whose values."""

    who = forms.CharField(label="查看人", required=False, max_length=40)
    q = forms.CharField(label="人员编号", required=False, max_length=40)


@require_GET
def institutions(request: HttpRequest) -> HttpResponse:
    """Designated hospitals, clinics and pharmacies."""
    rights.check(request.user, queries.ACT, today())
    rows = queries.institutions_visible_to(request.user, today())
    kinds, levels = (sorted(filter(None, set(rows.values_list(name, flat=True)))) for name in ("kind", "level"))
    form = InstitutionFilter(request.GET, kinds, levels)
    form.is_valid()
    asked, fresh = form.cleaned_data, not rows.exists()
    rows = queries.named(rows, asked.get("q", ""))
    for name in ("kind", "level"):
        rows = rows.filter(**{name: asked[name]}) if asked.get(name) else rows
    columns = (
        {"key": "name", "title": "机构", "sort": "name", "css": "wrap", "fixed": True},
        {"key": "kind", "title": "类别", "sort": "kind", "css": ""},
        {"key": "level", "title": "等级", "sort": "level", "css": ""},
        {"key": "region", "title": "地区", "sort": "region_code", "css": ""},
        {"key": "last", "title": "最近就诊", "sort": "last_data_on", "css": ""},
    )
    empty = {"title": "还没有机构", "text": "加载定点机构表以后，这里列出全部机构。"} if fresh else {}
    context = listing(request, rows, ("name", "kind", "level", "region_code", "last_data_on"), "name") | {
        "title": "定点机构",
        "purpose": "最近一次加载的数据里的医院、诊所和药店。",
        "filter": form,
        "columns": columns,
        "row": "registry/_institution_row.html",
        "list_key": "institutions",
        "export": reverse("runs:export", args=["institutions"]),
        "empty": empty,
    }
    return render(request, "registry/institutions.html", context)


@require_GET
def persons(request: HttpRequest) -> HttpResponse:
    """Insured persons findings speak of, masked. An identity number is sent in a form's body, never in an address."""
    rights.check(request.user, queries.ACT, today())
    rows = queries.persons_visible_to(request.user, today())
    fresh = not rows.exists()
    form = PersonFilter(request.GET)
    if form.is_valid() and form.cleaned_data["q"]:
        rows = rows.filter(psn_no__startswith=form.cleaned_data["q"].strip())
    columns = (
        {"key": "name", "title": "姓名", "sort": "", "css": "", "fixed": True},
        {"key": "number", "title": "人员编号", "sort": "psn_no", "css": ""},
        {"key": "sex", "title": "性别", "sort": "", "css": ""},
        {"key": "birth", "title": "出生年", "sort": "birth_year", "css": "r"},
        {"key": "insurance", "title": "险种", "sort": "insurance", "css": ""},
        {"key": "region", "title": "参保地", "sort": "region_code", "css": ""},
    )
    empty = {"title": "还没有参保人", "text": "只有疑点说到的人才登记在这里，姓名脱敏。"} if fresh else {}
    context = listing(request, rows, ("psn_no", "birth_year", "insurance", "region_code"), "psn_no") | {
        "title": "参保人",
        "purpose": "疑点说到的参保人。姓名脱敏；看完整信息要写明理由，并留下记录。",
        "filter": form,
        "columns": columns,
        "row": "registry/_person_row.html",
        "list_key": "persons",
        "empty": empty,
    }
    return render(request, "registry/persons.html", context)


@require_POST
@never_cache
def find(request: HttpRequest) -> HttpResponse:
    """Find a person by the exact identity number."""
    found = services.look_up(by=request.user, at=timezone.now(), certno=request.POST.get("certno", ""))
    if not found:
        messages.info(request, "没有疑点说到这个人，或不在您的地区。")
        return redirect("registry:persons")
    if len(found) == 1:
        return redirect("registry:person", found[0].pk)
    return render(request, "registry/found.html", {"people": found})


@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person, masked."""
    return render(request, "registry/person.html", _person(request, pk))


@require_POST
@never_cache
def reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Full values in this answer and nowhere else: neither browser nor proxy keeps it."""
    context = _person(request, pk)
    reason = request.POST.get("reason", "")
    try:
        context["revealed"] = services.reveal(
            by=request.user, at=timezone.now(), person=context["person"], reason=reason
        ).values
    except InputError as error:
        context |= {"refused": error, "reason": reason}
    response = render(request, "registry/person.html", context, status=400 if "refused" in context else 200)
    response["Cache-Control"] = "no-store, private"
    return response


def _person(request: HttpRequest, pk: int) -> dict[str, object]:
    rights.check(request.user, queries.ACT, today())
    found = get_object_or_404(queries.persons_visible_to(request.user, today()), pk=pk)
    may = rights.can(request.user, "person.reveal", today(), found.region_code or None)
    watched = (
        found.reveals.select_related("user").order_by("-at")[:20] if rights.can(request.user, "reveal.read", today()) else ()
    )
    return {"person": found, "may_reveal": may, "shortest": SHORTEST_REASON, "watched": watched}


@require_GET
def reveals(request: HttpRequest) -> HttpResponse:
    """Who opened which full value of whom, when and why."""
    rows = queries.reveals_visible_to(request.user, today())
    form = RevealFilter(request.GET)
    fresh = not rows.exists()
    if form.is_valid():
        if who := form.cleaned_data["who"]:
            rows = rows.filter(user__name__icontains=who)
        if number := form.cleaned_data["q"]:
            rows = rows.filter(person__psn_no__startswith=number)
    columns = (
        {"key": "at", "title": "时间", "sort": "at", "css": "", "fixed": True},
        {"key": "user", "title": "查看人", "sort": "user__name", "css": ""},
        {"key": "person", "title": "参保人", "sort": "", "css": ""},
        {"key": "columns", "title": "项目", "sort": "", "css": "wrap"},
        {"key": "reason", "title": "理由", "sort": "", "css": "wrap"},
    )
    empty = {"title": "还没有人看过", "text": "有人查看参保人的完整信息时，时间、项目和理由记在这里。"} if fresh else {}
    context = listing(request, rows, ("at", "user__name"), "-at") | {
        "title": "完整信息的查看记录",
        "purpose": "谁在什么时候、为什么看过哪个参保人的完整信息。看到的内容不保存。",
        "filter": form,
        "columns": columns,
        "row": "registry/_reveal_row.html",
        "list_key": "reveals",
        "empty": empty,
    }
    return render(request, "registry/reveals.html", context)
