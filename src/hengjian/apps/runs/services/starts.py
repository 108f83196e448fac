"""Loads, audits and the first run are begun here; a worker does them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import record
from hengjian.apps.runs import policies
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.queries import at_work, current_lake
from hengjian.apps.runs.services.lifecycle import queue, wrong_state
from hengjian.apps.runs.services.releases import hold_unreleased
from hengjian.apps.runs.states import DRAFT, QUEUED
from hengjian.apps.runs.tasks import perform
from hengjian.kernel.errors import InputError


@transaction.atomic
def start_load(*, by: User | str, at: datetime, run: Run, then_audit: bool = True) -> Run:
    """Load a draft. `then_audit`: an incremental audit follows it, and the findings are handed over."""
    policies.check_can(by, "run.upload", timezone.localdate(at))
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.state != DRAFT:
        raise wrong_state(run, QUEUED)
    run.state, run.queued_at, run.beat_at = QUEUED, at, at
    run.settings = run.settings | {"then": "audit" if then_audit else ""}
    run.save(update_fields=["state", "queued_at", "beat_at", "settings"])
    record(by=by, at=at, event="run.load_queued", subject=f"run:{run.pk}", summary=f"发起：{run.title}")
    perform.enqueue(run.pk)
    return run


@transaction.atomic
def start_audit(*, by: User | str, at: datetime, full: bool = False) -> Run:
    """Audit the newest data: what changed since the last audit, or everything. Rules the site has not released count in shadow.

    Raises InputError where there are no data yet, or an audit waits already.
    """
    policies.check_can(by, "run.audit", timezone.localdate(at))
    return _audit(by, at, "全部重审" if full else "审计新变化", "" if full else "last")


@transaction.atomic
def follow_with_audit(*, at: datetime, run: Run) -> Run | None:
    """The audit that follows a load, in the name of whoever began the load. None: one that waits already will see the new data."""
    if Run.objects.filter(kind="audit", state=QUEUED).exists():
        return None
    lake = current_lake()
    assert lake is not None
    hold_unreleased(by=run.actor, at=at)
    title = f"第 {lake.number} 版数据，审计新变化"
    return queue(by=run.actor, at=at, kind="audit", title=title, follows=run, settings={"since": "last"})


@transaction.atomic
def start_guide(*, by: User, at: datetime) -> Run:
    """The first run: every rule of the program that the site has not released counts in shadow, over all data."""
    policies.check_can(by, "rule.release", timezone.localdate(at))
    return _audit(by, at, "试运行全部规则", "")


def _audit(by: User | str, at: datetime, how: str, since: str) -> Run:
    lake = current_lake()
    if lake is None:
        raise InputError("还没有数据可以审计", why="数据湖是空的", cure="请数据管理员先上传数据并加载")
    if (waiting := at_work("audit")) is not None:
        raise InputError("已经有一次审计在排队或进行", why=f"“{waiting.title}”还没有结束", cure="等它结束再发起")
    hold_unreleased(by=by, at=at)
    return queue(by=by, at=at, kind="audit", title=f"第 {lake.number} 版数据，{how}", settings={"since": since})
