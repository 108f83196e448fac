"""People and their accounts: list, one person, open, reset, close, move."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengjian.apps.accounts import services
from hengjian.apps.accounts.forms import MoveForm, OpenForm, PeopleFilter, ReasonForm, ResetForm
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import as_tree, certificate_state, on_day, people_for, units_for
from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.accounts.views.answers import failed, refused_at
from hengjian.apps.listing import page_of, sorted_by, whole_number

COLUMNS = (
    {"key": "name", "title": "姓名", "sort": "name", "css": "", "fixed": True},
    {"key": "unit", "title": "单位", "sort": "unit", "css": ""},
    {"key": "posts", "title": "岗位", "sort": "", "css": "wrap"},
    {"key": "cert", "title": "执法证", "sort": "", "css": ""},
    {"key": "state", "title": "账号", "sort": "", "css": ""},
    {"key": "last", "title": "最近登录", "sort": "last", "css": ""},
    {"key": "ops", "title": "操作", "sort": "", "css": "ops", "fixed": True},
)
SORTS = {"name": "name", "unit": "unit__name", "last": "last_login"}
TABS = (("", "全部", Q()), ("open", "在用", Q(is_active=True)), ("closed", "停用", Q(is_active=False)))


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with an account in the own regions."""
    day = timezone.localdate()
    tree = list(as_tree(units_for(request.user, "account.manage", day)))
    narrowed = PeopleFilter(request.GET, tree=tree)
    rows = narrow(people_for(request.user, "account.manage", day), narrowed)
    state = request.GET.get("state", "")
    shown, sort = sorted_by(request, rows.filter({k: q for k, _, q in TABS}.get(state, Q())), SORTS, "name")
    return render(
        request,
        "accounts/people.html",
        {
            "title": "人员与岗位",
            "purpose": "谁能登录、在哪个单位、今天担任什么岗位。岗位由安全管理员授予。",
            "filter": narrowed,
            "tabs": [{"state": key, "title": title, "count": rows.filter(q).count()} for key, title, q in TABS],
            "state": state,
            "columns": COLUMNS,
            "sort": sort,
            "row": "accounts/_person_row.html",
            "list_key": "people",
            "today_holds": day,
            **page_of(request, shown),
        },
    )


def narrow(rows: QuerySet[User], form: PeopleFilter) -> QuerySet[User]:
    """The people the filter leaves; a filter that makes no sense leaves all."""
    if not form.is_valid():
        return rows
    asked = form.cleaned_data
    if asked["q"]:
        rows = rows.filter(Q(name__icontains=asked["q"]) | Q(login__icontains=asked["q"]))
    if asked["unit"]:
        rows = rows.filter(unit_id=asked["unit"])
    day = timezone.localdate()
    if asked["role"] == "none":
        rows = rows.exclude(pk__in=User.objects.filter(on_day(day, "posts__")).values("pk"))
    elif asked["role"]:
        rows = rows.filter(pk__in=User.objects.filter(on_day(day, "posts__"), posts__role=asked["role"]).values("pk"))
    return rows


@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: facts, posts, certificates, and what can be done to it."""
    day = timezone.localdate()
    who = get_object_or_404(people_for(request.user, "account.manage", day), pk=pk)
    current = {c.pk for c in who.certificates.filter(certificate_state(day)["valid"])}
    return render(
        request,
        "accounts/person.html",
        {
            "who": who,
            "posts": [
                (p, ROLES[p.role].title, p.holds_on(day))
                for p in who.posts.select_related("granted_by").order_by("-valid_from", "-pk")
            ],
            "certificates": [(c, c.pk in current) for c in who.certificates.order_by("-valid_to")],
            "reset": ResetForm(auto_id="reset_%s"),
            "closing": ReasonForm(auto_id="close_%s"),
            "move": MoveForm(auto_id="move_%s", tree=partial(_tree, request), initial={"unit": who.unit_id}),
            "own": who.pk == request.user.pk,
        },
    )


def _tree(request: HttpRequest) -> Any:
    return as_tree(units_for(request.user, "account.manage", timezone.localdate()))


@require_http_methods(["GET", "POST"])
def open_account(request: HttpRequest) -> HttpResponse:
    """The form of a new account."""
    form = OpenForm(request.POST or None, tree=partial(_tree, request))
    if request.method == "POST" and form.is_valid():
        with refused_at(form):
            made = services.open_account(by=request.user, at=timezone.now(), **form.cleaned_data)
            messages.success(request, f"{made.name} 的账号已建立。还没有岗位，请安全管理员授予。")
            return redirect("accounts:person", made.pk)
    return render(request, "accounts/open.html", {"form": form}, status=failed(form))


@require_POST
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    """A new password for somebody."""
    who = get_object_or_404(people_for(request.user, "account.manage", timezone.localdate()), pk=pk)
    services.reset_password(by=request.user, at=timezone.now(), user=who, password=request.POST.get("password", ""))
    messages.success(request, f"{who.name} 的密码已重设，下次登录时须改。正在用的会话已经退出。")
    return redirect("accounts:person", pk)


@require_POST
def activity(request: HttpRequest, pk: int) -> HttpResponse:
    """Close an account or open it again."""
    who = get_object_or_404(people_for(request.user, "account.manage", timezone.localdate()), pk=pk)
    active = request.POST.get("active") == "1"
    services.set_active(by=request.user, at=timezone.now(), user=who, active=active, reason=request.POST.get("reason", ""))
    messages.success(request, f"{who.name} 的账号已{'恢复' if active else '停用'}。")
    return redirect("accounts:person", pk)


@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody into another unit."""
    day = timezone.localdate()
    who = get_object_or_404(people_for(request.user, "account.manage", day), pk=pk)
    to = get_object_or_404(units_for(request.user, "account.manage", day), pk=whole_number(request.POST.get("unit", "")))
    services.move_person(by=request.user, at=timezone.now(), user=who, unit=to)
    messages.success(request, f"{who.name} 已调到{to.name}。岗位没有变动。")
    return redirect("accounts:person", pk)
