"""Periodic work of all rooms, in order. Each line says what was done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from hengjian.apps.journal.verify import write_anchor


def run(at: datetime, *, force: bool = False) -> Iterator[str]:
    """Do what is due at `at`; `force` also does what waits for the night."""
    return iter(list(_work(at, force)))


def _work(at: datetime, force: bool) -> Iterator[str]:
    from django.utils import timezone

    day = timezone.localdate(at)
    if not (settings.ANCHORS / f"journal-{day:%Y%m%d}.json").exists():
        yield f"日志锚文件：{write_anchor(settings.ANCHORS, day, at).name}"
