"""Background work of this room."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from hengjian.apps.review.services.batch_job import run_batch


@task()
def do_batch(batch_id: int) -> None:
    """Decide a batch."""
    run_batch(batch_id=batch_id, at=timezone.now)
