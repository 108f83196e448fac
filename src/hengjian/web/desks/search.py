"""Search from the top bar: a clue's number, a finding's id, an institution, a rule. Only what the person may see."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from hengjian.apps.accounts.policies import can
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.clues import queries
from hengjian.apps.registry.models import Institution

SHOWN = 20
_FINDING = re.compile(r"[0-9a-f]{8,64}", re.IGNORECASE)


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """What the words name; a clue's whole number opens it at once."""
    words = request.GET.get("q", "").strip()[:60]
    day = timezone.localdate()
    told: dict[str, Any] = {"search_words": words, "institutions": [], "clues": [], "findings": [], "rules": []}
    if words and can(request.user, queries.ACT, day):
        clues = queries.visible_to(request.user, day)
        if re.fullmatch(r"XS-\d{4}-\d{5,}", words.upper()) and (one := clues.filter(number=words.upper()).first()):
            return redirect("clues:clue", one.pk)
        if _FINDING.fullmatch(words):
            found = queries.findings_beginning(queries.findings_visible_to(request.user, day), words)
            told["findings"] = list(found[:SHOWN])
        if not told["findings"]:
            told["clues"] = queries.Wide(queries.named(clues, words).order_by("-priority", "pk"))[:SHOWN]
            named = clues.filter(Q(rule_id=words) | Q(rule_title__icontains=words)).exclude(rule_id="")
            told["rules"] = list(
                named.order_by().values("rule_id", "rule_title").annotate(n=Count("pk")).order_by("-n")[:SHOWN]
            )
    if words and can(request.user, "registry.read", day):
        rows = scoped(Institution.objects.all(), request.user, "registry.read", day)
        told["institutions"] = list(rows.filter(Q(name__icontains=words) | Q(code__istartswith=words)).order_by("name")[:SHOWN])
    told["found"] = any(told[name] for name in ("institutions", "clues", "findings", "rules"))
    return render(request, "desks/search.html", told)
