"""From state to state: queued, claimed by a worker, done, failed, begun again. Every step is conditional, so two workers never do one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import record
from hengjian.apps.runs import policies
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.states import ATTEMPTS, DONE, FAILED, IN_TURN, NEXT, QUEUED, RUNNING
from hengjian.apps.runs.tasks import perform
from hengjian.kernel.errors import InputError

ACT_OF = {"load": "run.upload", "audit": "run.audit", "arrive": "run.audit"}
"""The act that lets a person begin a run of this kind again; of others only who began it."""
_STATES = dict(Run.STATES)


@transaction.atomic
def queue(
    *,
    by: User | str,
    at: datetime,
    kind: str,
    title: str,
    follows: Run | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Run:
    """A new run that waits for a worker. The caller has checked the right to it."""
    job = {"job": by} if isinstance(by, str) else {}
    run = Run.objects.create(
        kind=kind,
        title=title[:120],
        state=QUEUED,
        by=None if isinstance(by, str) else by,
        queued_at=at,
        beat_at=at,
        settings=dict(settings or {}) | job,
        follows=follows,
    )
    record(by=by, at=at, event=f"run.{kind}_queued", subject=f"run:{run.pk}", summary=f"发起：{run.title}")
    perform.enqueue(run.pk)
    return run


@transaction.atomic
def claim(*, pk: int, at: datetime) -> Run | None:
    """Take a run that waits, for a worker. None: it waits no more, or another of the kinds that take turns is at work."""
    rows = Run.objects.select_for_update().filter(Q(pk=pk) | Q(kind__in=IN_TURN, state__in=(QUEUED, RUNNING))).order_by("pk")
    runs = {run.pk: run for run in rows}
    run = runs.get(pk)
    if run is None or run.state != QUEUED:
        return None
    if run.kind in IN_TURN and any(r.state == RUNNING for r in runs.values() if r.kind in IN_TURN):
        return None
    run.state, run.started_at, run.beat_at, run.attempt = RUNNING, at, at, run.attempt + 1
    run.step, run.done_share, run.failure = "开始", 0, ""
    run.save(update_fields=["state", "started_at", "beat_at", "attempt", "step", "done_share", "failure"])
    return Run.objects.select_related("by").get(pk=pk)


@transaction.atomic
def finish(
    *,
    run: Run,
    at: datetime,
    counts: Mapping[str, Any],
    summary: str,
    data_version: int | None = None,
    folder: str = "",
    then: Callable[[Run], Any] | None = None,
) -> bool:
    """The attempt ended well; `then` queues what comes after it. False where the run was given to somebody else meanwhile: nothing
    is written then."""
    changed: dict[str, Any] = {
        "state": DONE,
        "ended_at": at,
        "beat_at": at,
        "counts": dict(counts),
        "step": "",
        "done_share": 1000,
    }
    changed |= {"data_version": data_version} if data_version is not None else {}
    changed |= {"folder": folder} if folder else {}
    if not _mine(run).update(**changed):
        return False
    record(by=run.actor, at=at, event=f"run.{run.kind}_done", subject=f"run:{run.pk}", summary=f"完成：{run.title}。{summary}")
    if then is not None:
        then(Run.objects.select_related("by").get(pk=run.pk))
    _wake(run)
    return True


@transaction.atomic
def fail(*, run: Run, at: datetime, sentence: str, counts: Mapping[str, Any] | None = None) -> bool:
    """The attempt did not succeed; `sentence` says why and what can be done. False as `finish`."""
    changed: dict[str, Any] = {"state": FAILED, "ended_at": at, "beat_at": at, "failure": sentence}
    changed |= {"counts": dict(counts)} if counts else {}
    if not _mine(run).update(**changed):
        return False
    record(
        by=run.actor,
        at=at,
        event=f"run.{run.kind}_failed",
        subject=f"run:{run.pk}",
        summary=f"没有做成：{run.title}。{sentence}",
    )
    _wake(run)
    return True


@transaction.atomic
def retry(*, by: User, at: datetime, run: Run) -> Run:
    """Begin a failed run again, with the same settings."""
    act = ACT_OF.get(run.kind)
    if act:
        policies.check_can(by, act, timezone.localdate(at))
    else:
        policies.check_own_export(by, run)
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.state != FAILED or run.counts.get("discarded"):
        raise wrong_state(run, QUEUED)
    run.state, run.ended_at, run.failure, run.attempt, run.beat_at = QUEUED, None, "", 0, at
    run.save(update_fields=["state", "ended_at", "failure", "attempt", "beat_at"])
    record(by=by, at=at, event="run.retried", subject=f"run:{run.pk}", summary=f"再做一次：{run.title}")
    perform.enqueue(run.pk)
    return run


@transaction.atomic
def release_again(*, by: str, at: datetime, run: Run) -> str:
    """A run whose worker is gone: queued again, or failed after so many attempts. Says which; empty where it moved on meanwhile."""
    again = run.attempt < ATTEMPTS
    sentence = "做到一半程序停了，已经试过 3 次。检查服务器的内存、磁盘和电源，再点“再做一次”；数据湖没有改坏。"
    changed: dict[str, Any] = (
        {"state": QUEUED, "beat_at": at} if again else {"state": FAILED, "ended_at": at, "failure": sentence}
    )
    if not _mine(run).filter(beat_at=run.beat_at).update(**changed):
        return ""
    told = f"中断后接着做：{run.title}" if again else f"中断：{run.title}"
    record(by=by, at=at, event="run.resumed" if again else "run.cut_off", subject=f"run:{run.pk}", summary=told)
    if again:
        perform.enqueue(run.pk)
    else:
        _wake(run)
    return told


def wake_waiting(*, at: datetime, before: datetime) -> int:
    """Give runs that have waited since `before` to a worker again: their task may have been lost with its worker. How many."""
    waiting = [run.pk for run in Run.objects.filter(state=QUEUED, beat_at__lt=before).order_by("pk")]
    Run.objects.filter(pk__in=waiting, state=QUEUED).update(beat_at=at)
    for pk in waiting:
        perform.enqueue(pk)
    return len(waiting)


def wrong_state(run: Run, wanted: str) -> InputError:
    """The refusal of a step that does not follow from the state a run is in."""
    assert wanted not in NEXT[run.state] or run.counts.get("discarded"), (run.state, wanted)
    return InputError(f"“{run.title}”已经是“{_STATES[run.state]}”", why="别人可能刚刚办过", cure="刷新页面看现在的情况")


def _mine(run: Run) -> Any:
    """The row, as long as it is at this attempt."""
    return Run.objects.filter(pk=run.pk, attempt=run.attempt, state=RUNNING)


def _wake(run: Run) -> None:
    """Whoever waited for this one may begin."""
    if run.kind in IN_TURN:
        for pk in Run.objects.filter(kind__in=IN_TURN, state=QUEUED).order_by("pk").values_list("pk", flat=True):
            perform.enqueue(pk)
