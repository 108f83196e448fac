"""What may be seen of clues and findings, decided once; and what the pages count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from hengjian.apps.accounts.models import Post, User
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.clues.policies import HANDLES
from hengjian.apps.clues.states import CLOSED, HELD, IN_HAND, NEW, OPEN, SETTLED
from hengjian.apps.journal.models import Entry
from hengjian.apps.registry.models import Institution
from hengjian.apps.workdays.calendar import Calendar
from hengjian.apps.workdays.deadlines import workdays_left

ACT = "clue.read"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Before every instant: a range that leaves out what is empty, so that an index serves it."""
SOON = timedelta(days=3)
"""A clue is nearly due when it ends within so many days."""


def visible_to(user: User, day: date) -> QuerySet[Clue]:
    """Clues of the regions in which the person may read them."""
    return scoped(Clue.objects.select_related("institution", "assignee"), user, ACT, day)


def findings_visible_to(user: User, day: date) -> QuerySet[Finding]:
    """Findings of the clues the person may read."""
    return scoped(Finding.objects.select_related("clue"), user, ACT, day, region="clue__region_code")


def state_filter(state: str, at: datetime) -> Q:
    """Rows of a tab: a state, what is overdue, or (empty) all."""
    if state == "overdue":
        return Q(state__in=OPEN) & Q(due_at__lt=at)
    return Q(state=state) if state in (NEW, IN_HAND, CLOSED) else Q()


def tab_counts(rows: QuerySet[Clue], state: str, at: datetime) -> dict[str, Any]:
    """How many clues each tab holds, and the money totals may count of the chosen one: one query."""
    tabs = {f"n_{name or 'all'}": Count("pk", filter=state_filter(name, at)) for name in (NEW, IN_HAND, "overdue", CLOSED)}
    chosen = state_filter(state, at)
    total = Sum("counted_total", filter=chosen) if chosen else Sum("counted_total")
    return rows.order_by().aggregate(n_all=Count("pk"), total=total, **tabs)


def handlers(day: date) -> QuerySet[User]:
    """Active people who hold a post that may be given clues."""
    roles = [r.code for r in ROLES.values() if HANDLES in r.acts]
    holding = Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=day), user=OuterRef("pk"), role__in=roles, valid_from__lte=day
    )
    return User.objects.filter(Exists(holding), is_active=True).select_related("unit").order_by("name")


def with_days_left(clues: Iterable[Clue], calendar: Calendar, at: datetime) -> list[Clue]:
    """The clues, each with `left`: working days to its end (negative: over), None without a running clock."""
    told = []
    for clue in clues:
        running = clue.due_at is not None and clue.state != CLOSED
        clue.left = workdays_left(calendar, clue.due_at, at) if running else None
        told.append(clue)
    return told


def with_decided(clues: Sequence[Clue]) -> Sequence[Clue]:
    """The clues of a page, each with `held` and `decided`: how many of its findings are open, and decided. One query."""
    counts = {
        clue_id: (held, decided)
        for clue_id, held, decided in Finding.objects.filter(clue__in=[c.pk for c in clues])
        .order_by()
        .values_list("clue_id")
        .annotate(held=Count("pk", filter=Q(state=HELD)), decided=Count("pk", filter=Q(state=SETTLED)))
    }
    for clue in clues:
        clue.held, clue.decided = counts.get(clue.pk, (0, 0))
    return clues


def with_last_act(clues: Sequence[Clue]) -> Sequence[Clue]:
    """The clues of a page, each with `last_act`: its latest entry in the journal, or None. Two queries."""
    latest = Entry.objects.filter(subject__in=[c.subject for c in clues]).order_by().values("subject").annotate(n=Max("number"))
    entries = Entry.objects.in_bulk([row["n"] for row in latest])
    by_subject = {entry.subject: entry for entry in entries.values()}
    for clue in clues:
        clue.last_act = by_subject.get(clue.subject)
    return clues


def timeline(clue: Clue) -> list[dict[str, Any]]:
    """What was done with a clue, newest first, as the timeline shows it."""
    tones = {"clue.closed": "ok", "clue.reopened": "warn", "clue.returned": "warn"}
    rows = Entry.objects.filter(subject=clue.subject).order_by("-number")[:50]
    told = [{"at": e.at, "what": e.summary, "who": e.actor_name, "tone": tones.get(e.event, "")} for e in rows]
    if clue.source == "audit":
        told.append({"at": clue.registered_at, "what": f"审计疑点归并为 {clue.number}", "who": "智能审核", "tone": ""})
    return told


def ledger(user: User, day: date) -> QuerySet[Clue]:
    """Every open problem."""
    return visible_to(user, day).exclude(state=CLOSED)


def in_order_of_end(rows: QuerySet[Clue]) -> QuerySet[Clue]:
    """Of open clues what ends first on top; what has no end by its priority. The states by name: one index has them in this order."""
    return rows.filter(state__in=OPEN).order_by(F("due_at").asc(nulls_last=True), "-priority", "pk")


def ledger_counts(rows: QuerySet[Clue], at: datetime) -> dict[str, Any]:
    """What stands on top of the ledger: one query."""
    return rows.order_by().aggregate(
        n_all=Count("pk"),
        n_new=Count("pk", filter=Q(state=NEW)),
        n_in_hand=Count("pk", filter=Q(state=IN_HAND)),
        n_soon=Count("pk", filter=Q(due_at__gte=at, due_at__lt=at + SOON)),
        n_overdue=Count("pk", filter=Q(due_at__lt=at)),
        total=Sum("counted_total"),
        fund=Sum("counted_fund"),
    )


def due_by(rows: QuerySet[Clue], at: datetime) -> QuerySet[Clue]:
    """Open clues that end today or are over."""
    tomorrow = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return rows.filter(state__in=OPEN, due_at__lt=tomorrow).order_by("due_at")


def brought_by_audits(since: date | None) -> Q:
    """Clues our own audits brought, since the office went live."""
    return Q(source="audit", found_on__gte=since) if since else Q(source="audit")


def gone_after_decision(user: User, day: date) -> QuerySet[Finding]:
    """Decided findings that no audit finds any more: a person must look at the decision again."""
    return findings_visible_to(user, day).filter(gone_at__gt=LONG_AGO, state=SETTLED).order_by("-gone_at", "pk")


def named(rows: QuerySet[Clue], words: str) -> QuerySet[Clue]:
    """Clues whose number, title, paper or institution has these words."""
    if words.upper().startswith("XS-"):
        return rows.filter(number__startswith=words.upper())
    institutions = Institution.objects.filter(Q(name__icontains=words) | Q(code=words))
    return rows.filter(Q(title__icontains=words) | Q(institution__in=institutions.values("pk")) | Q(source_number=words))


def findings_beginning(rows: QuerySet[Finding], start: str) -> QuerySet[Finding]:
    """Findings whose id begins so: a range, which the index serves on every database."""
    return rows.filter(finding_id__gte=start.lower(), finding_id__lt=start.lower() + "g").order_by("finding_id")


class Wide(Sequence[Clue]):
    """Rows of a list as a paginator sees them: sorted and cut by their numbers alone, then only those of the page are read."""

    def __init__(self, rows: QuerySet[Clue], count: int | None = None) -> None:
        self.rows, self.known = rows, count

    def count(self) -> int:  # type: ignore[override]
        return self.rows.order_by().count() if self.known is None else self.known

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: Any) -> Any:
        keys = list(self.rows.select_related(None).values_list("pk", flat=True)[part])
        read = Clue.objects.select_related("institution", "assignee").in_bulk(keys)
        return [read[key] for key in keys if key in read]
