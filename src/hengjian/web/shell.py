"""What every page's frame shows: the office, the menu, who is signed in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from hengjian.apps.accounts.policies import posts_on
from hengjian.apps.accounts.queries import office
from hengjian.apps.accounts.roles import INSTITUTION, ROLES
from hengjian.web.menu import BUREAU, DESK, menu_for
from hengjian.web.rights import RIGHTS, may_open


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of every template."""
    user = getattr(request, "user", None)
    bureau = office()
    frame: dict[str, Any] = {"office": bureau, "demo": bureau.is_demo, "today": timezone.localdate()}
    if user is None or not user.is_authenticated:
        return frame
    roles = [ROLES[p.role] for p in posts_on(user, frame["today"])]
    at_desk = any(r.door == INSTITUTION for r in roles)
    return frame | {
        "roles": list(dict.fromkeys(r.title for r in roles)),
        "door": "institution" if at_desk else "bureau",
        "may_search": may_open(RIGHTS["search"], frozenset(r.code for r in roles)),
        "menu": menu_for(user, frame["today"], DESK if at_desk else BUREAU, request.path),
    }
