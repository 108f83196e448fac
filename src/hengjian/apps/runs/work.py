"""What a worker does with a run: claim it, do it, say how it ended. No failure leaves this module."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string

from hengjian.apps.runs.models import Run
from hengjian.apps.runs.progress import Lost, Progress, beating
from hengjian.apps.runs.services import lifecycle
from hengjian.kernel.errors import HengjianError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of a work: counts for the run's page, one sentence for the journal, and what is begun after it."""

    counts: Mapping[str, Any]
    summary: str
    data_version: int | None = None
    folder: str = ""
    then: Callable[[Run], Any] | None = field(default=None, compare=False)


class Refused(HengjianError):
    """A work that cannot be done, with what it counted before it knew."""

    counts: Mapping[str, Any] = {}


Work = Callable[[Run, Progress], Outcome]

_WORKS: dict[str, str] = {
    "load": "hengjian.apps.runs.works.load.work",
    "audit": "hengjian.apps.runs.works.audit.work",
    "arrive": "hengjian.apps.runs.works.arrive.work",
    "export": "hengjian.apps.runs.exports.work",
}
"""The work of each kind, by dotted path."""


def register_work(kind: str, path: str) -> None:
    """A later room's work: its runs are done by the function at `path` (see `Work`)."""
    assert kind in dict(Run.KINDS), kind
    _WORKS[kind] = path


def perform_run(pk: int) -> None:
    """Work at a run that waits. Failures become its sentence; those nobody foresaw get a number, and their trace goes to the log."""
    run = lifecycle.claim(pk=pk, at=timezone.now())
    if run is None:
        return
    try:
        with beating(run):
            work: Work = import_string(_WORKS[run.kind])
            outcome = work(run, Progress(run))
        lifecycle.finish(
            run=run,
            at=timezone.now(),
            counts=outcome.counts,
            summary=outcome.summary,
            data_version=outcome.data_version,
            folder=outcome.folder,
            then=outcome.then,
        )
    except Lost:
        logger.warning("run %s was given to another worker", pk)
    except HengjianError as error:
        lifecycle.fail(run=run, at=timezone.now(), sentence=sentence_of(error), counts=getattr(error, "counts", None))
    except Exception:
        number = secrets.token_hex(4).upper()
        logger.exception("run %s failed, number %s", pk, number)
        sentence = f"程序出了没有料到的错，这一步没有做成，已有的数据没有改动。请把编号 {number} 告诉维护人员，日志里有它。"
        lifecycle.fail(run=run, at=timezone.now(), sentence=sentence)


def sentence_of(error: HengjianError) -> str:
    """What, why and cure of an error in one line."""
    return "。".join(p.rstrip("。") for p in (error.what, error.why, error.cure) if p) + "。"
