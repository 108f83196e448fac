"""The two workbenches: 初审 and 复核, one finding after the other."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from hengjian.apps.accounts import policies as rights
from hengjian.apps.listing import whole_number
from hengjian.apps.review import services
from hengjian.apps.review.deadlines import ACT_OF_STEP
from hengjian.apps.review.models import OUTCOMES, Review
from hengjian.apps.review.panes import bureau_pane, first_reasons, grouped_by_due, second_reasons
from hengjian.apps.review.queries import first_queue, overdue_answers, second_queue, visible_to
from hengjian.apps.review.tasks import open_rest
from hengjian.apps.review.views.common import amount_of, follow, ids_of, offer_undo, undo_of, version_of

IN_SIGHT = 60
"""Rows of the queue that are listed; the rest is counted."""


def _chosen(rows: QuerySet[Review], listed: list[Review], at: str) -> Review | None:
    if (key := whole_number(at)) is not None:
        found = next((r for r in listed if r.pk == key), None) or rows.filter(pk=key).first()
        if found is not None:
            return found
    return listed[0] if listed else None


def _bench(request: HttpRequest, rows: QuerySet[Review], title: str, home: str, extra: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    listed = list(rows[:IN_SIGHT])
    chosen = _chosen(rows, listed, request.GET.get("at", ""))
    context: dict[str, Any] = {"title": title, "home_name": home, "queue_url": reverse(home)}
    if chosen is not None:
        pane = bureau_pane(chosen, request.user, now)
        reasons = second_reasons(chosen, pane["answers"]) if chosen.state == "second" else first_reasons(pane["facts"])
        context |= pane | {"reasons": reasons, "chosen": chosen}
    if request.headers.get("HX-Request") and chosen is not None:
        return render(request, "review/_finding.html", context)
    groups = grouped_by_due(listed, now)
    context |= extra | {"groups": groups, "total": rows.count(), "listed": len(listed), "undo": undo_of(request)}
    context |= {"may_bulk": rights.can(request.user, ACT_OF_STEP[extra["bulk"]], timezone.localdate(now))}
    return render(request, "review/bench.html", context)


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """初审: what is mine, the earliest limit first."""
    now = timezone.now()
    day = timezone.localdate(now)
    rights.check(request.user, "review.first", day)
    if services.take(by=request.user, at=now) and cache.add(f"review.opening.{request.user.pk}", True, 120):
        open_rest.enqueue(request.user.pk)
    done = Review.objects.filter(verdicts__step="first", verdicts__by=request.user, verdicts__at__date=day).distinct().count()
    return _bench(request, first_queue(request.user, day), "初审", "review:queue", {"done_today": done, "bulk": "first"})


@require_GET
def second(request: HttpRequest) -> HttpResponse:
    """复核: what others reviewed first, and whose institution has been heard; above the limit for those who decide there."""
    now = timezone.now()
    day = timezone.localdate(now)
    user = request.user
    if not rights.can(user, "review.approve", day):
        rights.check(user, "review.second", day)
    done = Review.objects.filter(verdicts__step="second", verdicts__by=user, verdicts__at__date=day).distinct().count()
    late = list(overdue_answers(user, day, now)[:IN_SIGHT])
    return _bench(
        request,
        second_queue(user, day),
        "复核",
        "review:second",
        {"done_today": done, "late": late, "bulk": "second"} | {"may_send": rights.can(user, "review.feedback", day)},
    )


@require_GET
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """One review, to read: for everybody who may read findings of the region."""
    now = timezone.now()
    review = get_object_or_404(visible_to(request.user, timezone.localdate(now)), pk=pk)
    return render(request, "review/item.html", bureau_pane(review, request.user, now))


def _next(home: str, request: HttpRequest, done: Review) -> str:
    """The workbench at the row that stood below the one just done."""
    day = timezone.localdate()
    rows = (first_queue if home == "review:queue" else second_queue)(request.user, day)
    after = whole_number(request.POST.get("next", ""))
    row = rows.filter(pk=after).first() if after is not None else None
    return reverse(home) + (f"?at={row.pk}" if row else "")


@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit a first review and take the next."""
    now = timezone.now()
    review = get_object_or_404(visible_to(request.user, timezone.localdate(now)), pk=pk)
    outcome = request.POST.get("decision", "")
    row = services.propose(
        review=review,
        version=version_of(request),
        outcome=outcome,
        basis=request.POST.get("basis", "fund"),
        amount=amount_of(request),
        reason=request.POST.get("reason", ""),
        worth=request.POST.get("worth", "")[:8],
        by=request.user,
        at=now,
    )
    money = f" {row.amount:,.2f} 元" if row.amount else ""
    offer_undo(request, f"已提交：{dict(OUTCOMES)[row.outcome]}{money}", reverse("review:undo", args=[row.pk]))
    return follow(request, _next("review:queue", request, row))


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the own first review back."""
    now = timezone.now()
    review = get_object_or_404(visible_to(request.user, timezone.localdate(now)), pk=pk)
    services.undo_proposal(review=review, version=None, by=request.user, at=now)
    messages.success(request, "已收回，这一条回到您的队列。")
    return follow(request, reverse("review:queue") + f"?at={pk}")


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit a second review and take the next."""
    now = timezone.now()
    review = get_object_or_404(visible_to(request.user, timezone.localdate(now)), pk=pk)
    row = services.decide(
        review=review,
        version=version_of(request),
        outcome=request.POST.get("decision", ""),
        basis=request.POST.get("basis", "fund"),
        amount=amount_of(request),
        reason=request.POST.get("reason", ""),
        by=request.user,
        at=now,
    )
    money = f" {row.amount:,.2f} 元" if row.amount else ""
    offer_undo(request, f"已决定：{dict(OUTCOMES)[row.outcome]}{money}", reverse("review:take_back", args=[row.pk]))
    return follow(request, _next("review:second", request, row))


@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a review to the first reviewer."""
    now = timezone.now()
    review = get_object_or_404(visible_to(request.user, timezone.localdate(now)), pk=pk)
    row = services.return_to_first(
        review=review, version=version_of(request), reason=request.POST.get("reason", ""), by=request.user, at=now
    )
    messages.success(request, "已退回初审。")
    return follow(request, _next("review:second", request, row))


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the own decision back."""
    now = timezone.now()
    review = get_object_or_404(visible_to(request.user, timezone.localdate(now)), pk=pk)
    services.take_back(review=review, version=None, by=request.user, at=now)
    messages.success(request, "已收回，这一条回到复核队列。")
    return follow(request, reverse("review:second") + f"?at={pk}")


@require_POST
def lapse(request: HttpRequest) -> HttpResponse:
    """Take note that institutions let their limit pass."""
    now = timezone.now()
    rows = overdue_answers(request.user, timezone.localdate(now), now).filter(pk__in=ids_of(request, "sel"))
    for review in rows:
        services.lapse(review=review, version=None, by=request.user, at=now)
    messages.success(request, f"{len(rows)} 条逾期未答复，已进入复核。逾期不等于认可，请照事实决定。")
    return follow(request, reverse("review:second"))
