"""Reading the journal. Who may is decided at the door: the act journal.read, which nobody who handles findings or money holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from hengjian.apps.journal.chain import FIELDS, digest_of, instant
from hengjian.apps.journal.models import Entry


def entries(asked: Mapping[str, Any]) -> QuerySet[Entry]:
    """The entries a filter leaves, newest first: since and until (days, both in), actor, event, subject, q (words of the sentence)."""
    rows = Entry.objects.order_by("-number")
    if since := asked.get("since"):
        rows = rows.filter(at__gte=_midnight(since))
    if until := asked.get("until"):
        rows = rows.filter(at__lt=_midnight(until + timedelta(days=1)))
    if actor := asked.get("actor"):
        rows = rows.filter(Q(actor=actor) | Q(actor_name__icontains=actor))
    if event := asked.get("event"):
        rows = rows.filter(event__startswith=event) if event.endswith(".") else rows.filter(event=event)
    if subject := asked.get("subject"):
        rows = rows.filter(subject__startswith=subject) if subject.endswith(":") else rows.filter(subject=subject)
    if words := asked.get("q"):
        rows = rows.filter(summary__icontains=words)
    return rows


def events() -> list[str]:
    """Every kind of event that happened."""
    return list(Entry.objects.order_by("event").values_list("event", flat=True).distinct())


def is_unchanged(entry: Entry) -> bool:
    """Whether the entry's digest still is that of its fields. The whole chain is checked by `verify`."""
    record = {name: getattr(entry, name) for name in FIELDS} | {"at": instant(entry.at)}
    return digest_of(entry.previous, record) == entry.digest


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())
