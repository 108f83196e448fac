"""A load: the files of an upload into the lake, the office's registers brought up to it, then an audit of what changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from hengjian.apps.registry.services import sync_from_lake
from hengjian.apps.runs.mapping import DATA, MAP
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.progress import Progress
from hengjian.apps.runs.services.starts import follow_with_audit
from hengjian.apps.runs.work import Outcome, Refused
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.load import load
from hengjian.lake.ingest.mapping import NO_MAP, read_map
from hengjian.lake.ingest.source import choose_files
from hengjian.lake.ingest.survey import survey
from hengjian.lake.versions import open_lake, version_numbers

_STAGES = {"读取": (0.0, 0.45), "读取报文": (0.45, 0.5), "核对": (0.5, 0.55), "写入": (0.55, 0.9)}
_KEPT = ("version", "new", "data_date", "tables", "refused_files", "reasons", "warnings", "ignored", "unread", "unknown_columns",
         "waiting", "recovered", "withdrawn", "notes")  # fmt: skip
_MOST = 200
"""Files, columns and notes kept with the run; all of them are in the lake's own report."""


def work(run: Run, progress: Progress) -> Outcome:
    """Load. Begun again after its worker was killed, it finds the version it had published, and loads nothing twice."""
    root = Path(settings.LAKE)
    report = _published(run, root) or _load(run, root, progress)
    counts = _counts(report)
    if not report["version"]:
        refused = Refused("没有加载", why="没有一行数据可用", cure="看下面退回的原因，改好后重新上传")
        refused.counts = counts
        raise refused
    progress.tell("登记机构和人员", 0.92)
    lake = open_lake(root, report["version"])
    sync_from_lake(lake=lake, by=run.actor, at=timezone.now())
    told = {name: sum(t[name] for t in counts["tables"].values()) for name in ("read", "taken", "rejected")}
    summary = f"第 {lake.number} 版，读到 {told['read']:,} 行，收下 {told['taken']:,} 行，退回 {told['rejected']:,} 行"
    wanted = run.settings.get("then") == "audit" and report["new"]
    then = (lambda done: follow_with_audit(at=timezone.now(), run=done)) if wanted else None
    return Outcome(counts, summary, lake.number, then=then)


def _load(run: Run, root: Path, progress: Progress) -> dict[str, Any]:
    now = timezone.localtime().replace(tzinfo=None, microsecond=0)
    before = max(version_numbers(root), default=0)
    Run.objects.filter(pk=run.pk).update(settings=run.settings | {"loading": {"at": now.isoformat(), "after": before}})
    place = run.place
    if not (place / DATA).is_dir():
        raise InputError("上传的文件不在了", why="文件夹被删去或移走", cure="重新上传")
    saved = read_map(place / MAP) if (place / MAP).is_file() else NO_MAP

    def tell(what: str, share: float) -> None:
        start, end = _STAGES.get(what, (0.0, 0.9))
        progress.tell(what, start + (end - start) * share)

    return load(choose_files(survey(place / DATA), saved), root, now=now, progress=tell).as_dict()


def _published(run: Run, root: Path) -> dict[str, Any] | None:
    """The report of the version an earlier attempt of this run made before it was killed."""
    begun = run.settings.get("loading")
    numbers = version_numbers(root)
    if not begun or not numbers or numbers[-1] <= begun["after"]:
        return None
    made = [v for n in numbers if n > begun["after"] and (v := open_lake(root, n)).created_at == begun["at"]]
    return dict(made[0].load) if made else None


def _counts(report: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: report.get(name) for name in _KEPT}
    for name in ("refused_files", "unread", "notes"):
        kept[name] = list(kept[name] or ())[:_MOST]
    for name in ("ignored", "unknown_columns"):
        kept[name] = dict(list((kept[name] or {}).items())[:_MOST])
    kept["files"] = list(report["files"])[:_MOST]
    kept["keys_made"] = bool(report.get("keys_made"))
    return kept
