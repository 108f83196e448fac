"""Files sent by a person or laid into the drop folder, and the map that says what they mean."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.chain import sm3
from hengjian.apps.journal.services import record
from hengjian.apps.runs import policies
from hengjian.apps.runs.files import Incoming, Stored, store
from hengjian.apps.runs.mapping import DATA, MAP, read_upload
from hengjian.apps.runs.models import Run, Upload
from hengjian.apps.runs.services.lifecycle import wrong_state
from hengjian.apps.runs.states import DRAFT, FAILED
from hengjian.kernel.causes import cause_of, is_full
from hengjian.kernel.errors import InputError
from hengjian.kernel.whole import write_whole
from hengjian.lake.ingest.mapping import read_map

_AT_ONCE = 1 << 20
NEW = ".new-"
"""How folders of uploads begin that are still coming in; `tick` clears those nobody finished."""


def start_upload(*, by: User | str, at: datetime, files: Sequence[Incoming], title: str = "") -> Run:
    """Keep files as they came and open a run in draft for them. Raises InputError, and then keeps none."""
    policies.check_can(by, "run.upload", timezone.localdate(at))
    fresh = Path(settings.UPLOADS) / f"{NEW}{secrets.token_hex(6)}"
    try:
        fresh.mkdir(parents=True, mode=0o700)
        stored = store(files, fresh / DATA, settings.UPLOAD_LIMIT)
        return _open(by=by, at=at, fresh=fresh, stored=stored, title=title)
    except OSError as error:
        if is_full(error):
            raise InputError("磁盘写满了，没有收下", why="服务器放不下这些文件", cure="请管理员腾出空间后再传") from error
        raise InputError("文件没有存下来", why=cause_of(error), cure="请管理员检查上传文件夹的权限") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@transaction.atomic
def _open(*, by: User | str, at: datetime, fresh: Path, stored: Sequence[Stored], title: str) -> Run:
    job = {"job": by} if isinstance(by, str) else {}
    names = "、".join(s.name for s in stored[:2]) + (f" 等 {len(stored)} 个文件" if len(stored) > 2 else "")
    person = None if isinstance(by, str) else by
    run = Run.objects.create(
        kind="load", title=(title or f"加载 {names}")[:120], state=DRAFT, by=person, queued_at=at, settings=job
    )
    run.folder = f"uploads/{run.pk}"
    run.save(update_fields=["folder"])
    place = Path(settings.UPLOADS) / f"{run.pk}"
    Upload.objects.bulk_create(
        Upload(run=run, name=s.name, path=f"{run.folder}/{DATA}/{s.name}", size=s.size, sm3=s.sm3, at=at) for s in stored
    )
    record(
        by=by,
        at=at,
        event="run.uploaded",
        subject=f"run:{run.pk}",
        summary=f"上传 {len(stored)} 个文件：{names}",
        files=[{"name": s.name, "size": s.size, "sm3": s.sm3} for s in stored],
    )
    shutil.rmtree(place, ignore_errors=True)  # of a run whose transaction was never completed
    fresh.rename(place)
    return run


@transaction.atomic
def save_map(*, by: User | str, at: datetime, run: Run, text: str) -> None:
    """Keep the map of a draft beside its files. Raises InputError where it says something that cannot be."""
    policies.check_can(by, "run.upload", timezone.localdate(at))
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.state != DRAFT:
        raise wrong_state(run, DRAFT)
    draft = run.place / f".{MAP}.new"
    draft.write_text(text, encoding="utf-8")
    try:
        read_map(draft).refuse_absent(read_upload(run).names)
    finally:
        draft.unlink()
    record(
        by=by, at=at, event="run.mapped", subject=f"run:{run.pk}", summary=f"保存对照表：{run.title}", sm3=sm3(text.encode())
    )
    write_whole(run.place / MAP, text)


@transaction.atomic
def discard_upload(*, by: User, at: datetime, run: Run, reason: str) -> None:
    """Throw a draft away: its files are deleted, their names and SM3 stay on record."""
    policies.check_can(by, "run.upload", timezone.localdate(at))
    if len(reason.strip()) < 2:
        raise InputError("没有写为什么丢弃", cure="写一句理由，例如“传错了文件”")
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.state != DRAFT:
        raise wrong_state(run, FAILED)
    run.state, run.ended_at = FAILED, at
    run.failure, run.counts = f"没有加载，文件已经丢弃：{reason.strip()}", {"discarded": True}
    run.save(update_fields=["state", "ended_at", "failure", "counts"])
    record(by=by, at=at, event="run.discarded", subject=f"run:{run.pk}", summary=f"丢弃上传：{run.title}，{reason.strip()}")
    place = run.place
    transaction.on_commit(lambda: shutil.rmtree(place, ignore_errors=True))


def take_drop(*, by: str, at: datetime, paths: Sequence[Path]) -> Run:
    """Take complete files out of the drop folder into a run of their own; they leave it once they are kept."""
    run = start_upload(by=by, at=at, files=[Incoming(p.name, _pieces(p)) for p in paths], title=f"投递 {len(paths)} 个文件")
    for path in paths:
        path.unlink(missing_ok=True)
    return run


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while chunk := handle.read(_AT_ONCE):
            yield chunk
