"""Periodic work of all rooms, in order. Each line says what was done. What fails in one room stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from hengjian.apps.journal.verify import write_anchor
from hengjian.kernel.errors import HengjianError

logger = logging.getLogger(__name__)

JOBS: tuple[str, ...] = (
    "hengjian.apps.runs.ticking.tick",
    "hengjian.apps.review.ticking.tick",
    "hengjian.web.tick.anchor",
)
"""Called with `at=` and `force=`, each giving sentences; a room that has something due adds its own before the anchor, which is last."""


def run(at: datetime, *, force: bool = False) -> Iterator[str]:
    """Do what is due at `at`; `force` also does what waits for the night."""
    done: list[str] = []
    for path in JOBS:
        try:
            job: Callable[..., list[str]] = import_string(path)
            done += job(at=at, force=force)
        except HengjianError as error:
            logger.warning("%s: %s", path, error)
            done.append(f"{error.what}。{error.why}。{error.cure}")
        except Exception:
            logger.exception("%s failed", path)
            done.append("有一项定时工作出了没有料到的错，日志里有详情；其他的照常做了")
    return iter(done)


def anchor(*, at: datetime, force: bool = False) -> list[str]:
    """The journal's anchor of the day, once."""
    day = timezone.localdate(at)
    if (settings.ANCHORS / f"journal-{day:%Y%m%d}.json").exists():
        return []
    return [f"日志锚文件：{write_anchor(settings.ANCHORS, day, at).name}"]
