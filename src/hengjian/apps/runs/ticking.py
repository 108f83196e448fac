"""What is done by the clock: the drop folder, the night's audit, runs whose worker is gone, old exports."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from hengjian.apps.journal.services import record
from hengjian.apps.runs.exports import KEPT_FOR, file_of
from hengjian.apps.runs.known import known_rules
from hengjian.apps.runs.mapping import propose_map
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.queries import at_work, current_lake, last_audit
from hengjian.apps.runs.services.lifecycle import release_again, wake_waiting
from hengjian.apps.runs.services.starts import start_audit, start_load
from hengjian.apps.runs.services.uploads import NEW, take_drop
from hengjian.apps.runs.states import DONE, RUNNING, STALE
from hengjian.apps.runs.works.audit import batches_in_force, released
from hengjian.kernel.errors import HengjianError
from hengjian.kernel.whole import write_whole

JOB, NIGHT_JOB = "定时任务", "夜间任务"
STILL = timedelta(seconds=60)
"""A file of the drop folder is complete when nothing about it changed for this long."""
NIGHT = (time(22), time(6))
_SEEN = ".seen.json"
_WAITED = timedelta(minutes=5)
_LEFTOVER = timedelta(days=1)


def tick(*, at: datetime, force: bool = False) -> list[str]:
    """Everything that is due at `at`, in sentences. `force`: the night's audit by day too. May be called as often as one likes."""
    return [*_resume(at), *_drop(at), *_night(at, force), *_clear(at)]


def _resume(at: datetime) -> list[str]:
    """Runs that have had no beat for too long are begun again or fail; runs that wait and wait are given to a worker again."""
    cut = Run.objects.filter(state=RUNNING).filter(Q(beat_at__lt=at - STALE) | Q(beat_at__isnull=True)).order_by("pk")
    told = [word for run in cut if (word := release_again(by=JOB, at=at, run=run))]
    if woken := wake_waiting(at=at, before=at - _WAITED):
        told.append(f"{woken} 项排队的工作重新交给后台")
    return told


def _drop(at: datetime) -> list[str]:
    """Load what lies complete in the drop folder. What is not understood waits as a draft for somebody to map it."""
    folder = Path(settings.DROP)
    folder.mkdir(parents=True, exist_ok=True)
    complete = _complete(folder, at)
    if not complete:
        return []
    try:
        run = take_drop(by=JOB, at=at, paths=complete)
    except HengjianError as error:
        return [_set_aside(folder, complete, error)]
    try:
        unclear = propose_map(run).decisions
    except HengjianError:
        unclear = 1
    if unclear:
        return [f"投递的 {len(complete)} 个文件有 {unclear} 处要人核对，等数据管理员对照"]
    start_load(by=JOB, at=at, run=run, then_audit=False)
    return [f"加载投递的 {len(complete)} 个文件"]


def _complete(folder: Path, at: datetime) -> list[Path]:
    """Files that are as they were when they were first seen like this, long enough ago."""
    seen_at = folder / _SEEN
    try:
        before = json.loads(seen_at.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    now, complete = {}, []
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        if entry.name.startswith((".", "~")) or not entry.is_file(follow_symlinks=False):
            continue
        state = [entry.stat().st_size, entry.stat().st_mtime_ns]
        old = before.get(entry.name)
        since = old[2] if old and old[:2] == state else at.timestamp()
        now[entry.name] = [*state, since]
        if at.timestamp() - since >= STILL.total_seconds():
            complete.append(Path(entry.path))
    if len(complete) < len(now):
        complete = []  # more is still coming in: files that belong together are loaded together
    if now or before:
        write_whole(seen_at, json.dumps({} if complete else now, ensure_ascii=False))
    return complete


def _set_aside(folder: Path, paths: list[Path], error: HengjianError) -> str:
    """Files that may not come in are laid aside with the reason, so that they stop nothing."""
    aside = folder / "退回"
    aside.mkdir(exist_ok=True)
    for path in paths:
        path.replace(aside / path.name)
    sentence = f"{error.what}。{error.why}。{error.cure}"
    (aside / "原因.txt").write_text(sentence + "\n", encoding="utf-8")
    return f"投递的文件没有收下，移到 drop/退回：{sentence}"


def _night(at: datetime, force: bool) -> list[str]:
    """One incremental audit a night, where data, released rules or knowledge changed since the last one."""
    here = timezone.localtime(at).time()
    if not force and NIGHT[1] <= here < NIGHT[0]:
        return []
    lake = current_lake()
    if lake is None or at_work("load", "audit", "arrive") is not None:
        return []
    last, site = last_audit(), Path(settings.SITE)
    if last is not None and not force and last.data_version == lake.number:
        today = timezone.localdate(at)
        same_rules = last.counts.get("released") == released(known_rules(), site, today)
        if same_rules and last.counts.get("batches", []) == batches_in_force(site):
            return []
    return [f"夜间审计：{start_audit(by=NIGHT_JOB, at=at).title}"]


def _clear(at: datetime) -> list[str]:
    """Exports after their days, and folders of uploads that nobody finished."""
    told = []
    for run in Run.objects.filter(kind="export", state=DONE, ended_at__lt=at - KEPT_FOR).order_by("pk"):
        if run.counts.get("gone"):
            continue
        file_of(run).unlink(missing_ok=True)
        with transaction.atomic():
            Run.objects.filter(pk=run.pk).update(counts=run.counts | {"gone": True})
            record(by=JOB, at=at, event="export.deleted", subject=f"run:{run.pk}", summary=f"导出文件到期删除：{run.title}")
        told.append(f"删去到期的导出 {run.title}")
    for folder in Path(settings.UPLOADS).glob(f"{NEW}*"):
        if at.timestamp() - folder.stat().st_mtime > _LEFTOVER.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)
    return told
