"""The first page of each door."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import can, posts_on
from hengjian.apps.accounts.queries import office, own_institution, scoped
from hengjian.apps.accounts.roles import INSTITUTION, ROLES
from hengjian.apps.clues import queries
from hengjian.apps.clues.policies import HANDLES
from hengjian.apps.clues.states import IN_HAND, NEW
from hengjian.apps.registry.models import Institution
from hengjian.apps.review.models import Review
from hengjian.apps.review.panes import grouped_by_due
from hengjian.apps.review.queries import at_desk
from hengjian.apps.runs.models import Run
from hengjian.apps.workdays.queries import office_calendar

SILENT_AFTER = timedelta(days=30)
"""An institution is silent when the newest data of the office is so much newer than its own."""
SHOWN = 6


def home(request: HttpRequest) -> HttpResponse:
    """Home of whoever is signed in."""
    at, day = timezone.now(), timezone.localdate()
    user = request.user
    if any(ROLES[p.role].door == INSTITUTION for p in posts_on(user, day)):
        return render(request, "desks/home_institution.html", _institution(user, day, at))
    return render(request, "desks/home.html", _bureau(user, day, at))


def greeting(at: datetime) -> str:
    """What one says at this hour."""
    hour = timezone.localtime(at).hour
    return "上午好" if 5 <= hour < 12 else "下午好" if 12 <= hour < 18 else "晚上好"


def _bureau(user: User, day: date, at: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {"greeting": greeting(at), "posts": posts_on(user, day)}
    if can(user, queries.ACT, day):
        told |= _clues(user, day, at)
    if can(user, "registry.read", day):
        told["silent"], told["silent_count"] = silent_institutions(user, day)
    if can(user, "run.read", day):
        told["failed"] = Run.objects.filter(state="failed", kind__in=("load", "audit", "arrive", "nightly")).order_by(
            "-ended_at"
        )[:5]
        told["last_arrival"] = Run.objects.filter(kind="arrive", state="done").order_by("-ended_at").first()
    return told


def _clues(user: User, day: date, at: datetime) -> dict[str, Any]:
    rows = queries.visible_to(user, day)
    calendar = office_calendar()
    mine = rows.filter(assignee=user, state=IN_HAND)
    due = queries.due_by(rows.filter(Q(assignee=user) if can(user, HANDLES, day) else Q()), at)
    counts = due.order_by().aggregate(overdue=Count("pk", filter=Q(due_at__lt=at)), all=Count("pk"))
    sums = _sums(user, day)
    return {
        "due_today": counts["all"] - counts["overdue"],
        "overdue": counts["overdue"],
        "due": queries.with_days_left(due[:SHOWN], calendar, at),
        "mine": queries.with_days_left(mine.order_by("due_at", "-priority", "pk")[:SHOWN], calendar, at),
        "mine_count": mine.count(),
        "waiting_count": sums["waiting"],
        "top": queries.with_days_left(rows.filter(state=NEW).order_by("-priority", "pk")[:SHOWN], calendar, at),
        "fresh": {"n": sums["fresh"], "fund": sums["fresh_fund"]},
        "fresh_since": day - timedelta(days=6),
        "may_take": can(user, HANDLES, day),
        "answers_overdue": _unanswered(user, day, at),
        "suspected": sums | _suspected(user, day),
    }


def _sums(user: User, day: date) -> dict[str, Any]:
    """Every number of the page that looks at all clues, told in one pass over them, which is what costs.

    clues, findings, total and fund make up 累计辅助审核涉嫌违规金额 (N12): what our audits brought since go-live, each line once.
    """
    ours, fresh = queries.brought_by_audits(office().live_since), Q(found_on__gt=day - timedelta(days=7))
    sums = (
        queries.visible_to(user, day)
        .order_by()
        .aggregate(
            clues=Count("pk", filter=ours),
            findings=Sum("findings_count", filter=ours),
            total=Sum("counted_total", filter=ours),
            fund=Sum("counted_fund", filter=ours),
            fresh=Count("pk", filter=fresh),
            fresh_fund=Sum("counted_fund", filter=fresh),
            waiting=Count("pk", filter=Q(state=NEW)),
        )
    )
    return {name: value or 0 for name, value in sums.items()}


def _suspected(user: User, day: date) -> dict[str, Any]:
    """Where N12 comes from: since when, the list it stands for, and a query that tells it by itself."""
    since = office().live_since
    rows = queries.visible_to(user, day).filter(queries.brought_by_audits(since)).order_by()
    counted = rows.values("source").annotate(total=Sum("counted_total"), fund=Sum("counted_fund"))
    address = reverse("clues:list") + "?source=audit" + (f"&found_from={since}" if since else "")
    return {"since": since, "href": address, "query": str(counted.query)}


def silent_institutions(user: User, day: date) -> tuple[list[Institution], int]:
    """Institutions without data for SILENT_AFTER before the newest data of the office: the quietest, and how many."""
    rows: QuerySet[Institution] = scoped(Institution.objects.all(), user, "registry.read", day)
    newest = (
        Institution.objects.order_by("-last_data_on").exclude(last_data_on=None).values_list("last_data_on", flat=True).first()
    )
    if newest is None:
        return [], 0
    quiet = rows.filter(Q(last_data_on__lt=newest - SILENT_AFTER) | Q(last_data_on=None))
    return list(quiet.order_by("last_data_on", "code")[:SHOWN]), quiet.count()


def _unanswered(user: User, day: date, at: datetime) -> int:
    """Findings whose institution let the limit for its answer pass."""
    rows = scoped(Review.objects.filter(state="answer", due_at__lt=at), user, queries.ACT, day)
    return rows.count()


def _institution(user: User, day: date, at: datetime) -> dict[str, Any]:
    """The institution's door: what waits for its answer, and how long it has."""
    code = own_institution(user, "desk.read", day) or own_institution(user, "desk.advise", day)
    told: dict[str, Any] = {"greeting": greeting(at)}
    if can(user, "desk.read", day) and code:
        open_items = at_desk(user, day).filter(state="answer")
        told |= open_items.order_by().aggregate(
            waiting=Count("pk"), overdue=Count("pk", filter=Q(due_at__lt=at)), next_due=Min("due_at", filter=Q(due_at__gte=at))
        )
        told["unseen"] = open_items.filter(seen_at__isnull=True).count()
        told["nearest"] = [row for group in grouped_by_due(list(open_items[:SHOWN]), at) for row in group["rows"]]
    return told
