"""Findings are handed over to the room that keeps them, which this one does not know: settings.FINDINGS_DESTINATION names it."""

from __future__ import annotations

from pathlib import Path

import duckdb
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from hengjian.apps.registry.services import ensure_persons
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.progress import Progress
from hengjian.apps.runs.work import Outcome
from hengjian.kernel.errors import InputError
from hengjian.lake.place import one_file
from hengjian.lake.versions import open_lake, version_numbers

WORDS = {"fresh": "新疑点", "clues": "新线索", "withdrawn": "撤下", "returned": "恢复", "settled_gone": "已决定而不再查到"}
"""How the page calls what the destination counts."""


def work(run: Run, progress: Progress) -> Outcome:
    """Register the persons the findings of the audit before speak of, then hand the findings over. May be done twice."""
    audit = run.follows
    if audit is None or not (audit.place / "findings.parquet").is_file():
        raise InputError("审计的结果不在了", why="结果文件夹被删去或移走", cure="重新审计一次")
    root = Path(settings.LAKE)
    number = audit.data_version if audit.data_version in version_numbers(root) else None
    lake = open_lake(root, number)
    progress.tell("登记参保人", 0.02)
    with duckdb.connect() as con:
        path = one_file(audit.place / "findings.parquet")
        found = con.execute(f"SELECT DISTINCT psn_no FROM read_parquet({path}) WHERE psn_no IS NOT NULL ORDER BY 1").fetchall()
    ensure_persons(lake=lake, psn_nos=[psn_no for (psn_no,) in found], by=run.actor, at=timezone.now())
    rest = progress.within(0.2, 1.0)
    counts = import_string(settings.FINDINGS_DESTINATION)(
        run=audit,
        results=audit.place,
        lake=root,
        by=run.actor,
        at=timezone.now(),
        progress=lambda share, step: rest.tell(step, share),
    )
    named = {WORDS.get(name, name): value for name, value in counts.items()}
    told = "，".join(f"{name} {value:,}" for name, value in named.items())
    return Outcome(named, told, audit.data_version)
