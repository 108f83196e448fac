"""Posts: who holds what, granting and taking back, and who holds posts that exclude each other."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengjian.apps.accounts import services
from hengjian.apps.accounts.forms import GrantForm, PeopleFilter
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import as_tree, clashes, on_day, people_for, posts_visible_to, units_for
from hengjian.apps.accounts.roles import BUREAU, INSTITUTION, ROLES, conflict
from hengjian.apps.accounts.views.answers import failed, refused_at
from hengjian.apps.accounts.views.people import narrow
from hengjian.apps.listing import page_of, sorted_by

COLUMNS = (
    {"key": "name", "title": "姓名", "sort": "name", "css": "", "fixed": True},
    {"key": "unit", "title": "单位", "sort": "unit", "css": ""},
    {"key": "posts", "title": "今天的岗位", "sort": "", "css": "wrap"},
    {"key": "ops", "title": "操作", "sort": "", "css": "ops", "fixed": True},
)


@require_GET
def posts(request: HttpRequest) -> HttpResponse:
    """Everybody who may hold a post, and what they hold today."""
    day = timezone.localdate()
    tree = list(as_tree(units_for(request.user, "post.grant", day)))
    narrowed = PeopleFilter(request.GET, tree=tree)
    rows = narrow(people_for(request.user, "post.grant", day).filter(is_active=True), narrowed)
    shown, sort = sorted_by(request, rows, {"name": "name", "unit": "unit__name"}, "name")
    return render(
        request,
        "accounts/posts.html",
        {
            "title": "授予岗位",
            "purpose": "岗位决定能办什么、在哪个地区办。不相容的岗位不能由同一个人担任。",
            "filter": narrowed,
            "columns": COLUMNS,
            "sort": sort,
            "row": "accounts/_posts_row.html",
            "list_key": "posts",
            "clash_count": sum(c.holds_on(day) for c in clashes(day)),
            **page_of(request, shown),
        },
    )


@require_http_methods(["GET", "POST"])
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's posts and the form of a new one; roles that are excluded say so before anything is sent."""
    day = timezone.localdate()
    who = get_object_or_404(people_for(request.user, "post.grant", day).filter(is_active=True), pk=pk)
    form = GrantForm(request.POST or None, initial={"region_code": who.unit.region_code, "valid_from": day})
    if request.method == "POST" and form.is_valid():
        with refused_at(form):
            services.grant_post(by=request.user, at=timezone.now(), user=who, **form.cleaned_data)
            messages.success(request, f"已授予 {who.name} {ROLES[form.cleaned_data['role']].title}。")
            return redirect("accounts:grant", pk)
    mine = posts_visible_to(request.user, day).filter(user=who).order_by("-valid_from", "-pk")
    listed = [(p, ROLES[p.role].title, "now" if p.holds_on(day) else "past" if p.valid_from <= day else "next") for p in mine]
    context = {
        "who": who,
        "form": form,
        "posts": listed,
        "doors": [(title, _choices(who, door, day)) for door, title in ((BUREAU, "医保部门"), (INSTITUTION, "定点机构"))],
        "own": who.pk == request.user.pk,
    }
    return render(request, "accounts/grant.html", context, status=failed(form))


def _choices(who: User, door: str, day: date) -> list[dict[str, Any]]:
    """The roles of a door with the reason why the person cannot hold one beside the posts of today and later."""
    later = who.posts.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day))
    held = sorted({p.role for p in later if p.valid_to is None or p.valid_to > p.valid_from})
    offered = []
    for role in (r for r in ROLES.values() if r.door == door):
        barred = next((f"已任{ROLES[h].title}：{why}" for h in held if (why := conflict(role.code, h))), "")
        offered.append(
            {"code": role.code, "title": role.title, "acts": len(role.acts), "barred": barred, "held": role.code in held}
        )
    return offered


@require_POST
def end_post(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a post back."""
    post = get_object_or_404(posts_visible_to(request.user, timezone.localdate()), pk=pk)
    services.end_post(by=request.user, at=timezone.now(), post=post, reason=request.POST.get("reason", ""))
    messages.success(request, f"{post.user.name} 的{ROLES[post.role].title}已收回，从现在起不能再办。")
    return redirect("accounts:grant", post.user_id)


@require_GET
def conflicts(request: HttpRequest) -> HttpResponse:
    """Who holds posts that exclude each other, today or from a day on."""
    day = timezone.localdate()
    found = [(c, ROLES[c.one.role].title, ROLES[c.other.role].title, c.holds_on(day)) for c in clashes(day)]
    holders = User.objects.filter(on_day(day, "posts__"), is_active=True).distinct()
    return render(request, "accounts/conflicts.html", {"found": found, "checked": holders.count()})
