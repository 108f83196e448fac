"""What is done by the clock: answers whose limit passed, findings that were withdrawn, batches whose job is gone."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from hengjian.apps.review.models import Batch
from hengjian.apps.review.services.answering import lapse_overdue
from hengjian.apps.review.services.batches import SILENT_AFTER
from hengjian.apps.review.services.taking import follow_withdrawn
from hengjian.apps.review.tasks import do_batch
from hengjian.apps.runs.models import Run

JOB = "定时任务"


def tick(*, at: datetime, force: bool = False) -> list[str]:
    """Everything that is due at `at`, in sentences. May be called as often as one likes."""
    done = []
    if lapsed := lapse_overdue(by=JOB, at=at):
        done.append(f"逾期未答复 {lapsed} 条，进入复核")
    if gone := follow_withdrawn(by=JOB, at=at):
        done.append(f"随疑点撤下 {gone} 条审核")
    if again := resume_batches(at=at):
        done.append(f"接着办理中断的批量 {again} 批")
    return done


def resume_batches(*, at: datetime) -> int:
    """Queue the jobs of batches again that have shown no sign of life; they go on where they stopped. How many."""
    silent = Q(run__beat_at__lt=at - SILENT_AFTER) | Q(run__beat_at__isnull=True, run__queued_at__lt=at - SILENT_AFTER)
    count = 0
    for batch in Batch.objects.filter(silent, state__in=("queued", "running")):
        # whoever moves the sign of life on is the one who queues it: two ticks at once queue it once
        mine = Run.objects.filter(Q(beat_at__lt=at - SILENT_AFTER) | Q(beat_at__isnull=True), pk=batch.run_id)
        if mine.update(beat_at=at, state="queued", ended_at=None, failure=""):
            do_batch.enqueue(batch.pk)
            count += 1
    return count
