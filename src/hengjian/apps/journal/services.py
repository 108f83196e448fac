"""The one way to write the journal. Call it inside the transaction of the act: both are kept or neither is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from hengjian.apps.bulk import insert_objects
from hengjian.apps.journal.chain import canonical, digest_of, instant
from hengjian.apps.journal.models import Entry, Head

JOB = "job"
"""Actor of what no person started: the nightly tick, migrations."""


@dataclass(frozen=True)
class Act:
    """What happened: the event's code, the subject (`room:key`), one Chinese sentence, and details (text, integers, lists; no floats)."""

    event: str
    subject: str
    summary: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def actor_of(by: Any) -> tuple[str, str]:
    """Identifier and name of who acts: a user, or the name of a job as text."""
    return (f"{JOB}:{by}", str(by)) if isinstance(by, str) else (f"user:{by.pk}", by.name)


def record(*, by: Any, at: datetime, event: str, subject: str, summary: str, **detail: Any) -> Entry:
    """Append one act."""
    return record_many(by=by, at=at, acts=[Act(event, subject, summary, detail)])[0]


def record_many(*, by: Any, at: datetime, acts: Iterable[Act]) -> list[Entry]:
    """Append acts in their order. Writers take turns at the head row until their transaction ends, so numbers have no gap.

    Raises RuntimeError outside a transaction: an act and its entry must not be parted.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("the journal is written inside the transaction of the act")
    actor, name = actor_of(by)
    head = Head.objects.select_for_update().get(pk=1)
    entries = []
    for act in acts:
        record = {
            "number": head.number + 1,
            "at": instant(at),
            "actor": actor,
            "actor_name": name[:60],
            "event": act.event,
            "subject": act.subject,
            "summary": act.summary[:300],
            "detail": canonical(act.detail),
        }
        digest = digest_of(head.digest, record)
        entries.append(Entry(**(record | {"at": at}), previous=head.digest, digest=digest))
        head.number, head.digest = head.number + 1, digest
    insert_objects(entries)
    head.save(update_fields=["number", "digest"])
    return entries
