"""Background work of this room."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from hengjian.apps.accounts.models import User
from hengjian.apps.review.services.batch_job import run_batch
from hengjian.apps.review.services.taking import take


@task()
def do_batch(batch_id: int) -> None:
    """Decide a batch."""
    run_batch(batch_id=batch_id, at=timezone.now)


@task()
def open_rest(user_id: int) -> None:
    """Open what is left of the findings in a person's hand."""
    while take(by=User.objects.get(pk=user_id), at=timezone.now(), most=1_000):
        pass
