"""An audit: the same functions as `hengjian audit`, and a dated copy of its results that no later audit changes."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from hengjian.apps.runs.models import Run
from hengjian.apps.runs.progress import Progress
from hengjian.apps.runs.services.lifecycle import queue
from hengjian.apps.runs.work import Outcome
from hengjian.engine.results import BELONGING, keep_score, results
from hengjian.engine.run import run_audit
from hengjian.kernel.dates import day_number
from hengjian.lake.versions import open_lake
from hengjian.report import write_html, write_workbook
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import Rulebook
from hengjian.site.apply import effective
from hengjian.site.folder import site_root
from hengjian.site.knowledge.store import active, read_batches
from hengjian.site.releases import read_releases, standing

_LEFT_OUT = ("lake", "site", "peak_mb", "seconds")
"""What `audit.json` says that is of no use on the run's page; paths of the server are not shown."""


def work(run: Run, progress: Progress) -> Outcome:
    """Audit the newest version."""
    now = timezone.localtime().replace(tzinfo=None, microsecond=0)
    lake = open_lake(Path(settings.LAKE))
    out, site = Path(settings.RESULTS), Path(settings.SITE)
    root = site_root(site if site.is_dir() else None)
    shipped = load_rulebook()
    book = effective(shipped, root, now.date())
    with results(out) as folder:
        result = run_audit(
            lake,
            book,
            folder,
            former=out,
            since=run.settings.get("since") or None,
            now=now,
            site=root,
            progress=lambda done, steps: progress.tell("逐人审查", 0.05 + 0.65 * done / max(steps, 1)),
        )
        keep_score(out, folder)
        progress.tell("写报告", 0.75)
        write_html(folder, lake)
        progress.tell("写疑点清单", 0.85)
        write_workbook(folder, lake)
    progress.tell("留存结果", 0.97)
    kept = snapshot(out, out / "runs" / f"{run.pk}")
    told = {k: v for k, v in asdict(result).items() if k not in _LEFT_OUT}
    told["fund_total"] = str(result.fund_total)
    told["released"] = released(book, site, now.date())
    told["batches"] = batches_in_force(site)
    summary = f"第 {result.data_version} 版，疑点 {result.findings:,} 条，基金支付 {result.amount_fund} 元，撤下 {result.withdrawn:,} 条"
    then = _hand_over if settings.FINDINGS_DESTINATION else None
    return Outcome(told, summary, result.data_version, f"{kept.relative_to(settings.HOME)}", then)


def released(book: Rulebook, site: Path, on: date) -> list[str]:
    """The rules the site lets open findings on a day: what tells the night whether rules changed."""
    today = day_number(on)
    held = standing(read_releases(site, book), today) if site.is_dir() else {}
    return sorted(rule_id for rule_id, release in held.items() if release.status == "active")


def batches_in_force(site: Path) -> list[int]:
    """The site's batches of knowledge that count: what tells the night whether knowledge changed."""
    return [batch.no for batch in active(read_batches(site))]


def snapshot(out: Path, kept: Path) -> Path:
    """Keep the results of this audit for good, as links where the disk has them: files are replaced by renaming, never rewritten."""
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for name in BELONGING:
        if (out / name).is_file():
            try:
                os.link(out / name, kept / name)
            except OSError:
                shutil.copyfile(out / name, kept / name)
    return kept


def _hand_over(run: Run) -> Run:
    title = f"疑点入库：{run.title}"
    return queue(by=run.actor, at=timezone.now(), kind="arrive", title=title, follows=run)
