"""Excel files this room offers: the rows a load refused, and the list of runs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings
from django.http import QueryDict

from hengjian.apps.accounts.models import User
from hengjian.apps.listing import whole_number
from hengjian.apps.runs import policies
from hengjian.apps.runs.exports import Column, register, register_file
from hengjian.apps.runs.filters import RunFilter
from hengjian.apps.runs.progress import Progress
from hengjian.apps.runs.queries import visible_to
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.shown import sealer_of, shown
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import open_lake
from hengjian.report.duty import write_duty

_CELLS = ("load_no", "tab", "file", "line", "code", "col", "val", "reason", "advice", "others", "raw")


def rejects(user: User, day: date, query: QueryDict) -> Iterator[dict[str, Any]]:
    """The rows one load refused, personal cells masked. `run`: the load's key."""
    policies.check_can(user, "run.read", day)
    key = whole_number(query.get("run", ""))
    run = visible_to(user, day).filter(pk=key, kind="load").first() if key is not None else None
    if run is None or run.data_version is None:
        raise InputError("没有这次加载的退回行", cure="回到加载的页面再导出")
    lake = open_lake(settings.LAKE)
    files, sealer = lake.files("rejects"), sealer_of(lake)
    if not files:
        return
    with duckdb.connect() as con:
        cursor = con.execute(
            f"SELECT {', '.join(_CELLS)} FROM read_parquet(?) WHERE load_no = ? ORDER BY tab, file, line",
            [files, run.data_version],
        )
        while rows := cursor.fetchmany(2000):
            for row in rows:
                yield shown(dict(zip(_CELLS, row, strict=True)), sealer)


def runs(user: User, day: date, query: QueryDict) -> Any:
    """The list of runs as its page filters it."""
    return RunFilter(query).apply(visible_to(user, day)).order_by("-queued_at", "-pk")


def duty(path: Path, user: User, day: date, query: QueryDict, progress: Progress) -> int:
    """The duty report of the whole lake: what was refused or flagged, by institution and reason."""
    policies.check_can(user, "run.read", day)
    lake = open_lake(settings.LAKE)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        written = write_duty(
            lake, Path(folder), progress=lambda done, total: progress.tell(f"已写 {done:,} 行", done / max(total, 1))
        )
        assert written.report is not None
        written.report.replace(path)
    return written.duty.refused.rows


def offer() -> None:
    """Register the exports of this room; called when Django is ready."""
    register(
        "rejects",
        rejects,
        (
            Column("表", lambda r: TABLES[r["tab"]].label if r["tab"] in TABLES else r["tab"], width=14),
            Column("文件", "file", width=28),
            Column("行", "line", "count", 8),
            Column("列", "col", width=18),
            Column("值", "val", width=20),
            Column("原因", "reason", width=40),
            Column("办法", "advice", width=40),
            Column("代码", "code", width=8),
            Column("其他原因", "others", width=24),
            Column("原始内容（个人信息已脱敏）", "raw", width=80),
        ),
        title="退回行",
        act="run.read",
    )
    register_file("duty", duty, title="履责报告", act="run.read")
    register(
        "runs",
        runs,
        (
            Column("发起时间", "queued_at", "instant", 18),
            Column("类别", "get_kind_display", width=10),
            Column("名称", "title", width=44),
            Column("状态", "get_state_display", width=10),
            Column("发起人", lambda r: str(r.actor), width=12),
            Column("数据版本", "data_version", "count", 10),
            Column("开始", "started_at", "instant", 18),
            Column("结束", "ended_at", "instant", 18),
            Column("疑点", lambda r: r.counts.get("findings"), "count", 10),
            Column("规则包指纹", lambda r: r.counts.get("rule_pack", ""), width=30),
            Column("没有做成的原因", "failure", width=60),
        ),
        title="数据与审计记录",
        act="run.read",
    )
