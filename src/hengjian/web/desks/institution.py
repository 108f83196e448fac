"""An institution's page: what the register says of it, and its findings by rule and month."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.clues.models import Finding
from hengjian.apps.registry import queries
from hengjian.apps.registry.models import Institution

MONTHS = 12
LEVELS = 5


@dataclass
class Cell:
    """Findings of one rule in one month; `level` 0 (none) to 5 (most on the page)."""

    month: str
    count: int = 0
    level: int = 0
    href: str = ""


@dataclass
class HeatRow:
    """One rule over the months."""

    rule_id: str
    title: str
    certainty: str
    count: int = 0
    fund: Decimal = Decimal("0.00")
    cells: list[Cell] = field(default_factory=list)


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The page of one institution."""
    day = timezone.localdate()
    policies.check(request.user, queries.ACT, day)
    found = get_object_or_404(queries.institutions_visible_to(request.user, day), code=code)
    practitioners = queries.practitioners_of(found)
    context = {"institution": found, "practitioners": practitioners[:100], "practitioner_count": practitioners.count()}
    if policies.can(request.user, "clue.read", day):
        months, heat = heat_of(found, request.user, day)
        context |= {"months": months, "heat": heat, "findings": sum(r.count for r in heat), "reads_clues": True}
    return render(request, "desks/institution.html", context)


def heat_of(institution: Institution, user: User, day: date) -> tuple[list[str], list[HeatRow]]:
    """The last months with findings, and the findings of each rule in them, most money first. Those withdrawn do not count."""
    rows = scoped(Finding.objects.filter(institution_code=institution.code), user, "clue.read", day).filter(
        ~Q(state="withdrawn")
    )
    grouped = (
        rows.annotate(month=TruncMonth("window_start"))
        .order_by()
        .values("rule_id", "rule_title", "certainty", "month")
        .annotate(count=Count("pk"), fund=Sum("amount_fund"))
    )
    found = list(grouped)
    months = _months([r["month"].date() for r in found if r["month"]])
    heat: dict[str, HeatRow] = {}
    counts: dict[tuple[str, str], int] = {}
    for r in found:
        row = heat.setdefault(r["rule_id"], HeatRow(r["rule_id"], r["rule_title"], r["certainty"]))
        row.count, row.fund = row.count + r["count"], row.fund + r["fund"]
        row.certainty = "certain" if "certain" in (row.certainty, r["certainty"]) else r["certainty"]
        if r["month"]:
            key = (r["rule_id"], f"{r['month']:%Y-%m}")
            counts[key] = counts.get(key, 0) + r["count"]
    most = max((counts.get((rule_id, m), 0) for rule_id in heat for m in months), default=0)
    for row in heat.values():
        for m in months:
            count = counts.get((row.rule_id, m), 0)
            level = -(-count * LEVELS // most) if count else 0
            row.cells.append(Cell(m, count, level, _clues(institution.code, row.rule_id, m) if count else ""))
    return months, sorted(heat.values(), key=lambda r: (-r.fund, -r.count, r.rule_id))


def _months(seen: list[date]) -> list[str]:
    """The months up to the latest with a finding, at most `MONTHS`, none left out between."""
    if not seen:
        return []
    last, first = max(seen), min(seen)
    numbers = range(max(first.year * 12 + first.month - 1, last.year * 12 + last.month - MONTHS), last.year * 12 + last.month)
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in numbers]


def _clues(code: str, rule_id: str, month: str) -> str:
    try:
        return reverse("clues:list") + "?" + urlencode({"institution": code, "rule": rule_id, "month": month})
    except NoReverseMatch:
        return ""
