"""What may be seen of runs, decided once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.runs import policies
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.states import DONE, DRAFT, OPEN
from hengjian.lake.versions import LakeVersion, open_lake, version_numbers


def visible_to(user: User, day: date) -> QuerySet[Run]:
    """Runs the person may see: all but others' exports with `run.read` over the whole office, else the own exports."""
    own = Q(kind="export", by=user)
    rows = Run.objects.select_related("by")
    return rows.filter(~Q(kind="export") | own) if policies.can(user, "run.read", day) else rows.filter(own)


def may_see_list(user: User, day: date) -> None:
    """Raises NotAllowed for whoever may read no runs."""
    rights.check(user, "run.read", day)


def counts_by_state(rows: QuerySet[Run]) -> dict[str, int]:
    """How many runs are in each state."""
    return dict(rows.order_by().values_list("state").annotate(Count("pk")))


def current_lake() -> LakeVersion | None:
    """The newest version of the office's lake; None before the first load."""
    root = Path(settings.LAKE)
    return open_lake(root) if version_numbers(root) else None


def last_audit() -> Run | None:
    """The last audit that was done."""
    return Run.objects.filter(kind="audit", state=DONE).order_by("-ended_at").first()


def at_work(*kinds: str) -> Run | None:
    """The oldest run of these kinds that waits or is at work."""
    return Run.objects.filter(kind__in=kinds, state__in=OPEN).order_by("pk").first()


def drafts(user: User, day: date) -> QuerySet[Run]:
    """Uploads that wait for their map."""
    return visible_to(user, day).filter(kind="load", state=DRAFT)


def last_map() -> Path | None:
    """The map of the last load that was done and had one."""
    for run in Run.objects.filter(kind="load", state=DONE).order_by("-ended_at")[:50]:
        path = run.place / "map.yml"
        if run.folder and path.is_file():
            return path
    return None


def chain(run: Run) -> list[dict[str, Any]]:
    """The run with what it follows and what follows it, first to last."""
    first = run
    while first.follows is not None:
        first = first.follows
    found, here = [], [first]
    while here:
        found += here
        here = list(Run.objects.filter(follows__in=here).order_by("pk"))
    return [{"run": each, "here": each.pk == run.pk} for each in found]
