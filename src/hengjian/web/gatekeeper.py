"""Nobody passes without signing in, nobody works with a password that must change, and each door leads to its own side only."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from hengjian.apps.accounts.policies import NotAllowed, posts_on
from hengjian.apps.accounts.roles import BUREAU, ROLES

OPEN = frozenset({"login", "logout", "healthy"})
"""URL names that need no sign-in."""
SHARED = frozenset({"logout", "password", "home", "attachment"})
"""URL names that both doors use."""


def open_to_all(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view that needs no sign-in."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


class Gatekeeper:
    """Middleware after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: object) -> HttpResponse | None:
        match = request.resolver_match
        name = match.url_name if match else ""
        if getattr(view, "open_to_all", False) or name in OPEN or (match and match.route.startswith("static/")):
            return None
        user = request.user
        if not user.is_authenticated:
            back = request.get_full_path() if request.method == "GET" else "/"
            target = reverse("login") + ("?" + urlencode({"next": back}) if back != "/" else "")
            if request.headers.get("HX-Request"):
                return HttpResponse(status=204, headers={"HX-Redirect": target})
            return redirect(target)
        if user.must_change and name not in ("password", "logout"):
            return redirect("password")
        if name not in SHARED:
            doors = {ROLES[p.role].door for p in posts_on(user, timezone.localdate())}
            wanted = "institution" if match and match.namespace == "desk" else BUREAU
            if wanted not in doors:
                why = "您没有岗位" if not doors else "这一页属于另一扇门：医保部门与机构各用各的"
                raise NotAllowed("这一页不对您开放", why=why, cure="回首页，或请安全管理员授予岗位")
        return None
