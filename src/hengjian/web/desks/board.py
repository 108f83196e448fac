"""The dispatch board: every open task by person, step and due date; clues are given to another from there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import can
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.clues import queries
from hengjian.apps.clues.forms import AssignForm
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.states import CLOSED, IN_HAND
from hengjian.apps.listing import page_of, whole_number
from hengjian.apps.review.models import Review
from hengjian.apps.workdays.queries import office_calendar

OPEN_STEPS = ("first", "answer", "second", "decided")
ACT = "board.read"


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Everybody's load, and the open clues of one person or of all."""
    at, day = timezone.now(), timezone.localdate()
    rows = scoped(Clue.objects.select_related("institution", "assignee"), request.user, ACT, day).exclude(state=CLOSED)
    asked = request.GET.get("person", "")
    person = whole_number(asked)
    chosen = rows.filter(assignee=person) if person is not None else rows.filter(assignee=None) if asked == "none" else rows
    if request.GET.get("due") == "overdue":
        chosen = chosen.filter(due_at__lt=at)
    paged = page_of(request, queries.Wide(queries.in_order_of_end(chosen)))
    on_page = paged["page"].object_list
    queries.with_days_left(on_page, office_calendar(), at)
    queries.with_decided(on_page)
    people = queries.handlers(day)
    return render(
        request,
        "desks/board.html",
        {
            "people": loads(request.user, rows, day, at),
            "pool": rows.filter(assignee=None).count(),
            "asked": asked,
            "who": User.objects.filter(pk=person).first() if person is not None else None,
            "only_overdue": request.GET.get("due") == "overdue",
            "choosable": can(request.user, "clue.assign", day),
            "assign": AssignForm(people=people),
            **paged,
        },
    )


def loads(user: User, clues: QuerySet[Clue], day: date, at: datetime) -> list[dict[str, Any]]:
    """One row a person: clues in hand, findings at each step, what is overdue, what ends first. Three queries, however many tasks."""
    by_person: dict[int, dict[str, Any]] = {}
    counted = clues.filter(state=IN_HAND).order_by().values("assignee")
    for row in counted.annotate(clues=Count("pk"), over=Count("pk", filter=Q(due_at__lt=at)), first=Min("due_at")):
        by_person[row["assignee"]] = {"clues": row["clues"], "over": row["over"], "next": row["first"]}
    reviews = scoped(Review.objects.filter(state__in=OPEN_STEPS, owner__isnull=False), user, ACT, day)
    steps = {f"at_{s}": Count("pk", filter=Q(state=s)) for s in OPEN_STEPS}
    for row in (
        reviews.order_by().values("owner").annotate(over=Count("pk", filter=Q(due_at__lt=at)), first=Min("due_at"), **steps)
    ):
        person = by_person.setdefault(row["owner"], {"clues": 0, "over": 0, "next": None})
        person |= {name: row[name] for name in steps}
        person["over"] += row["over"]
        person["next"] = min((d for d in (person["next"], row["first"]) if d), default=None)
    people = User.objects.select_related("unit").filter(pk__in=by_person)
    return sorted(
        ({**{f"at_{s}": 0 for s in OPEN_STEPS}, **by_person[p.pk], "person": p} for p in people),
        key=lambda r: (-r["over"], -r["clues"], r["person"].pk),
    )
