"""Reviews as people may see them. Every view obtains its rows here, and nowhere else."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, IntegerField, Min, Q, QuerySet, Sum, Value, When

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import own_institution, scoped
from hengjian.apps.clues.policies import barred_from
from hengjian.apps.journal.models import Entry
from hengjian.apps.review.deadlines import step_on
from hengjian.apps.review.models import Advice, Attachment, Batch, Review, Step
from hengjian.apps.review.states import ANSWER, DECIDED, FIRST, SECOND, SHOWN

_MONEY: DecimalField[Any, Any] = DecimalField(max_digits=16, decimal_places=2)


def visible_to(user: User, day: date) -> QuerySet[Review]:
    """The reviews of the regions in which the person may read findings."""
    return scoped(Review.objects.select_related("finding", "owner"), user, "clue.read", day)


def first_queue(user: User, day: date) -> QuerySet[Review]:
    """What the person has to review first, the earliest limit on top, then the most money."""
    rows = scoped(Review.objects.select_related("finding"), user, "review.first", day)
    return rows.filter(state=FIRST, owner=user).order_by("due_at", "-finding__amount_fund", "pk")


def second_queue(user: User, day: date) -> QuerySet[Review]:
    """What waits for a second person who is not the first: within the reviewer's limit, or above it for those who decide there."""
    limit = step_on("second", day).max_amount
    within = Q() if limit is None else Q(amount__lte=limit, finding__amount_fund__lte=limit)
    rows = Review.objects.select_related("finding", "first_by")
    chosen = scoped(rows, user, "review.second", day).filter(within)
    if limit is not None and rights.can(user, "review.approve", day):
        chosen = chosen | scoped(rows, user, "review.approve", day).exclude(within)
    barred = barred_from(user)
    chosen = chosen.exclude(institution_code__in=barred) if barred else chosen
    return chosen.filter(state=SECOND).exclude(first_by=user).order_by("due_at", "-amount", "pk")


def overdue_answers(user: User, day: date, at: datetime) -> QuerySet[Review]:
    """Reviews whose institution let its limit pass; nobody has taken note of it yet."""
    rows = scoped(Review.objects.select_related("finding"), user, "review.second", day)
    return rows.filter(state=ANSWER, due_at__lt=at).order_by("due_at", "pk")


def to_send(user: User, day: date) -> QuerySet[Review]:
    """Decisions whose feedback has not gone out."""
    rows = scoped(Review.objects.select_related("finding", "second_by"), user, "review.feedback", day)
    return rows.filter(state=DECIDED).order_by("institution_code", "due_at", "pk")


def to_send_by_institution(user: User, day: date) -> list[dict[str, Any]]:
    """One line an institution: how many decisions, how many take money, how much, and the earliest limit."""
    money = Q(outcome__in=("deduct", "part"))
    rows = to_send(user, day).order_by().values("institution_code")
    return list(
        rows.annotate(
            count=Count("pk"),
            taking=Count("pk", filter=money),
            amount=Sum(Case(When(money, then="amount"), default=Value(Decimal(0)), output_field=_MONEY)),
            due_at=Min("due_at"),
        ).order_by("due_at", "institution_code")
    )


def at_desk(user: User, day: date) -> QuerySet[Review]:
    """What was sent to the institution at whose desk the person works. What nobody sent does not exist here."""
    code = own_institution(user, "desk.read", day)
    rows = Review.objects.select_related("finding")
    if not code:
        return rows.none()
    open_first = Case(When(state=ANSWER, then=0), default=1, output_field=IntegerField())
    return rows.filter(institution_code=code, sent_at__isnull=False).order_by(open_first, "due_at", "-changed_at", "pk")


def advice_for(user: User, day: date) -> QuerySet[Advice]:
    """The cases on which this doctor was asked, and no others."""
    code = own_institution(user, "desk.advise", day)
    rows = Advice.objects.select_related("review__finding", "asked_by")
    return rows.filter(doctor=user, review__institution_code=code).order_by("answered_at", "-asked_at") if code else rows.none()


def doctors_at(institution_code: str, day: date) -> list[User]:
    """Doctors of an institution who may be asked."""
    users = User.objects.filter(is_active=True, posts__role="doctor").select_related("unit").distinct().order_by("name")
    return [u for u in users if own_institution(u, "desk.advise", day) == institution_code]


def attachments_visible_to(user: User, day: date) -> QuerySet[Attachment]:
    """Files of the reviews that either side may see; the bureau sees them once they belong to an answer."""
    rows = Attachment.objects.filter(removed_at__isnull=True).select_related("review")
    mine = own_institution(user, "desk.read", day)
    if mine:
        return rows.filter(review__institution_code=mine, review__sent_at__isnull=False)
    return rows.filter(review__in=visible_to(user, day).values("pk"), answer__isnull=False, answer__undone_at__isnull=True)


def batches_of(user: User) -> QuerySet[Batch]:
    """The person's own batches, the newest first."""
    return Batch.objects.filter(by=user).select_related("run").order_by("-pk")


def timeline(review: Review, *, for_institution: bool) -> list[Entry]:
    """What happened to a review, the newest first; the institution reads its own part."""
    rows = Entry.objects.filter(subject=review.subject).order_by("-number")
    return list(rows.filter(event__in=SHOWN) if for_institution else rows.exclude(event__startswith="clock."))


def steps_on(day: date) -> list[Step]:
    """Every step as it holds on a day."""
    return [step_on(code, day) for code, _ in Step.CODES]


def step_history() -> QuerySet[Step]:
    """Every setting of every step, the newest first."""
    return Step.objects.select_related("set_by").order_by("code", "-valid_from", "-pk")
