"""Nobody passes without signing in, nobody works with a password that must change, and an address opens only to who holds its act.

Deny by default: an address that `rights.RIGHTS` does not name is refused to everybody. A session ends after half an hour without a request.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import NotAllowed, check, check_posts_agree, posts_on
from hengjian.web.refusals import answer
from hengjian.web.rights import RIGHTS, Right, may_open

TOUCH_SECONDS = 60
"""A session is written at most this often: half an hour of idleness is exact to the minute, and reading pages writes little."""


class Gatekeeper:
    """Middleware after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: object) -> HttpResponse | None:
        right = RIGHTS.get(request.resolver_match.view_name if request.resolver_match else "")
        if right is not None and not right.needs_sign_in:
            return None
        user = request.user
        if not user.is_authenticated:
            return _to_sign_in(request)
        _touch(request)
        if right is not None and right.while_changing:
            return None
        if user.must_change:
            return redirect("password")
        try:
            _check(user, right)
        except NotAllowed as refusal:  # what is raised before a view does not reach `process_exception`
            return answer(request, refusal)
        return None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method == "GET" else "/"
    target = reverse("login") + ("?" + urlencode({"next": back}) if back != "/" else "")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def _touch(request: HttpRequest) -> None:
    """Write the session anew, which moves its end, unless that was done within the minute."""
    now = int(timezone.now().timestamp())
    if now - request.session.get("seen", 0) >= TOUCH_SECONDS:
        request.session["seen"] = now


def _check(user: User, right: Right | None) -> None:
    if right is None:
        raise NotAllowed("这一页没有开放", why="没有登记谁可以打开它", cure="请系统管理员核对版本")
    day = timezone.localdate()
    if may_open(right, frozenset(p.role for p in posts_on(user, day))):
        if right.acts:
            check_posts_agree(user, day)
        return
    if right.acts:
        check(user, right.acts[0], day)
    has_post = bool(posts_on(user, day))
    why = "这一页属于另一扇门：医保部门与机构各用各的" if has_post else "您没有岗位"
    raise NotAllowed("这一页不对您开放", why=why, cure="回首页，或请安全管理员授予岗位")
