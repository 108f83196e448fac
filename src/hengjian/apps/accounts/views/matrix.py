"""The matrix of rights, printed from the same tables the checks go by."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hengjian.apps.accounts.roles import ACTS, BUREAU, INCOMPATIBLE, INSTITUTION, ROLES

DOORS = {BUREAU: "医保部门", INSTITUTION: "定点机构"}


@require_GET
def matrix(request: HttpRequest) -> HttpResponse:
    """Role × act, and the pairs of posts that exclude each other."""
    roles = list(ROLES.values())
    return render(
        request,
        "accounts/matrix.html",
        {
            "heads": roles,
            "doors": [(title, sum(r.door == door for r in roles)) for door, title in DOORS.items()],
            "rows": [(act, words, [act in r.acts for r in roles]) for act, words in ACTS.items()],
            "pairs": _pairs(),
        },
    )


def _pairs() -> list[tuple[str, str, str]]:
    """Role, the roles it excludes for one reason, the reason."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for pair, why in INCOMPATIBLE.items():
        one, other = sorted(pair, key=list(ROLES).index)
        grouped.setdefault((ROLES[one].title, why), []).append(ROLES[other].title)
    return [(one, "、".join(others), why) for (one, why), others in grouped.items()]
