"""The demonstration office: a synthetic city, loaded and audited, and an invented bureau that works on it."""

from __future__ import annotations

import os
import shutil
from datetime import date, datetime

import duckdb
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rich.console import Console

from hengjian.city import Plan, build
from hengjian.engine.results import results
from hengjian.engine.run import run_audit
from hengjian.lake.ingest.load import load
from hengjian.lake.ingest.source import find_files
from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.report import write_html, write_workbook
from hengjian.rulebook import load_rulebook
from hengjian.web.cast import Cast, make_cast

BUREAU = "镜川市医疗保障局"


def build_demo(people: int, console: Console) -> None:
    """Make the city, the lake and the results in the office's folder, then the people. Begun work of a run that was killed is done again."""
    os.environ.setdefault("HENGJIAN_KEYS", str(settings.HOME / "keys.json"))  # nobody real: no file in the user's home
    for folder in (settings.HOME / "city", settings.LAKE, settings.RESULTS):
        shutil.rmtree(folder, ignore_errors=True)
    with console.status("一 造一座合成城市…"):
        build(Plan(people=people, seed=1), settings.HOME / "city", force=True)
    console.print(f"一 造城：{people:,} 人")
    with console.status("二 加载…"):
        report = load(
            find_files(settings.HOME / "city"), settings.LAKE, now=timezone.localtime().replace(microsecond=0, tzinfo=None)
        )
    console.print(f"二 加载：{report.seconds:.0f} 秒")
    version = open_lake(settings.LAKE)
    now = timezone.localtime().replace(microsecond=0)
    with console.status("三 审计…"), results(settings.RESULTS) as folder:
        audited = run_audit(version, load_rulebook(), folder, now=now.replace(tzinfo=None))
        write_html(folder, version)
        write_workbook(folder, version)
    console.print(f"三 审计：疑点 {audited.findings:,} 条")
    with transaction.atomic():
        enter_cast(version, now)
    console.print("四 人员：各岗位一人")


def enter_cast(version: LakeVersion, at: datetime) -> Cast:
    """The bureau's people, and the desk of the institution with the most findings, with the doctor who has most of them."""
    most = duckdb.execute(
        "WITH one AS (SELECT fixmedins_code, atddr_no, COUNT(*) AS n FROM read_parquet(?) WHERE atddr_no IS NOT NULL GROUP BY ALL) "
        "SELECT fixmedins_code, atddr_no FROM one ORDER BY SUM(n) OVER (PARTITION BY fixmedins_code) DESC, n DESC, 1, 2 LIMIT 1",
        [str(settings.RESULTS / "findings.parquet")],
    ).fetchone()
    assert most is not None
    code, doctor = most
    name, region = institution_of(version, code)
    return make_cast(
        at=at,
        since=date(timezone.localdate(at).year, 1, 1),
        name=BUREAU,
        institution_code=code,
        institution_name=name,
        doctor_code=doctor,
        region=region[:4] + "00",
    )


def institution_of(version: LakeVersion, code: str) -> tuple[str, str]:
    """Name and region of an institution of the lake."""
    row = duckdb.execute(
        "SELECT fixmedins_name, admdvs FROM read_parquet(?, union_by_name = true) WHERE fixmedins_code = ? LIMIT 1",
        [version.files("institution"), code],
    ).fetchone()
    assert row is not None
    return row[0], row[1]
