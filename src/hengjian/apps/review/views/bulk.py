"""Batches: groups that may be decided at once, their sample, their progress, their undoing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from hengjian.apps.accounts import policies as rights
from hengjian.apps.registry.models import Institution
from hengjian.apps.review import services
from hengjian.apps.review.deadlines import ACT_OF_STEP
from hengjian.apps.review.models import Review
from hengjian.apps.review.panes import bureau_pane
from hengjian.apps.review.queries import batches_of, first_queue, second_queue, visible_to
from hengjian.apps.review.services.batches import sample_size
from hengjian.apps.review.tasks import do_batch
from hengjian.apps.review.views.common import follow, ids_of
from hengjian.kernel.errors import InputError

LISTED = 500
"""Rows of a group that are listed; the rest is counted and goes along."""
MOST = 20_000


def _fitting(request: HttpRequest, step: str) -> QuerySet[Review]:
    """Rows of the person's queue that may be decided in a batch."""
    if step not in ("first", "second"):
        raise InputError("没有这个环节", cure="从审核或复核工作台进入批量")
    day = timezone.localdate()
    rights.check(request.user, ACT_OF_STEP[step], day)
    rows = (first_queue if step == "first" else second_queue)(request.user, day)
    rows = rows.filter(finding__certainty="certain", finding__state="in_hand")
    if step == "second":
        rows = rows.filter(outcome__in=("deduct", "part")).exclude(
            Q(answers__kind="appeal") & Q(answers__undone_at__isnull=True)
        )
    return rows


def _of_group(rows: QuerySet[Review], group: str) -> QuerySet[Review]:
    rule, fingerprint, code = ([*group.split("|"), "", ""])[:3]
    return rows.filter(finding__rule_id=rule, finding__rule_fingerprint=fingerprint, institution_code=code)


@require_GET
def groups(request: HttpRequest) -> HttpResponse:
    """Groups of one rule, one version and one institution; one of them opened."""
    own = "first" if rights.can(request.user, "review.first", timezone.localdate()) else "second"
    step = request.GET.get("step", own)
    rows = _fitting(request, step)
    keys = ("finding__rule_id", "finding__rule_fingerprint", "institution_code")
    found = list(
        rows.order_by()
        .values(*keys)
        .annotate(title=Max("finding__rule_title"), count=Count("pk"), amount=Sum("finding__amount_fund"), due_at=Min("due_at"))
        .filter(count__gte=2)
        .order_by("due_at", "-count")[:100]
    )
    names = dict(Institution.objects.filter(code__in=[g["institution_code"] for g in found]).values_list("code", "name"))
    for group in found:
        group["key"] = "|".join(str(group[k]) for k in keys)
        group["institution"] = names.get(group["institution_code"], group["institution_code"])
    chosen = next((g for g in found if g["key"] == request.GET.get("group", "")), None)
    context: dict[str, Any] = {"step": step, "groups": found, "chosen": chosen, "batches": batches_of(request.user)[:8]}
    if chosen:
        listed = list(_of_group(rows, chosen["key"])[:LISTED])
        context |= {"rows": listed, "more": chosen["count"] - len(listed), "sample": sample_size(chosen["count"])}
    return render(request, "review/bulk.html", context)


@require_POST
def draw(request: HttpRequest) -> HttpResponse:
    """State a batch and draw its sample."""
    step = request.POST.get("step", "")
    rows = _of_group(_fitting(request, step), request.POST.get("group", ""))
    batch = services.draw_batch(
        step=step,
        review_ids=list(rows.order_by("pk").values_list("pk", flat=True)[:MOST]),
        left_out=ids_of(request, "out"),
        outcome=request.POST.get("decision", ""),
        reason=request.POST.get("reason", ""),
        by=request.user,
        at=timezone.now(),
    )
    return follow(request, reverse("review:batch", args=[batch.pk]))


@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: its sample, then its progress, then how to take it back."""
    row = get_object_or_404(batches_of(request.user), pk=pk)
    sample = list(Review.objects.select_related("finding").filter(pk__in=row.sample).order_by("pk"))
    left = [r for r in sample if r.pk not in row.opened]
    template = "review/_progress.html" if request.headers.get("HX-Request") else "review/batch.html"
    return render(request, template, {"batch": row, "sample": sample, "left": left})


@require_GET
def sample(request: HttpRequest, pk: int, review_pk: int) -> HttpResponse:
    """Open one row of the sample."""
    now = timezone.now()
    row = get_object_or_404(batches_of(request.user), pk=pk)
    review = get_object_or_404(visible_to(request.user, timezone.localdate(now)), pk=review_pk)
    row = services.open_sample(batch=row, review=review, by=request.user, at=now)
    left = [key for key in row.sample if key not in row.opened]
    context = bureau_pane(review, request.user, now) | {"batch": row, "next_sample": left[0] if left else None}
    return render(request, "review/sample.html", context)


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the batch to the job."""
    row = get_object_or_404(batches_of(request.user), pk=pk)
    with transaction.atomic():
        services.start_batch(batch=row, by=request.user, at=timezone.now())
        do_batch.enqueue(row.pk)
    return redirect("review:batch", pk)


@require_POST
def undo_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the batch back."""
    row = get_object_or_404(batches_of(request.user), pk=pk)
    counts = services.undo_batch(batch=row, by=request.user, at=timezone.now())
    left = f"，{counts['left']} 条已有下一步，没有收回" if counts["left"] else ""
    messages.success(request, f"已收回 {counts['returned']} 条{left}。")
    return redirect("review:batch", pk)
