"""The demonstration office: an invented bureau that uploads a synthetic city, audits it and begins to work on what was found.

Everything goes through the rooms' own services, as people would do it.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import duckdb
from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from rich.console import Console

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.models import Finding
from hengjian.apps.runs.files import Incoming
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.services import activate, start_audit, start_load, start_upload
from hengjian.apps.runs.states import FAILED, QUEUED
from hengjian.apps.runs.work import perform_run
from hengjian.city import Plan, build
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook
from hengjian.web.cast import make_bureau, make_desk
from hengjian.web.demo_days import work
from hengjian.web.demo_rules import propose_changes

BUREAU = "镜川市医疗保障局"
_REASON = "演示：启用随程序的全部规则"


def build_demo(people: int, console: Console) -> None:
    """Make the office and the findings of a city of `people`. What a run that was killed left in the folder is made anew."""
    os.environ.setdefault("HENGJIAN_KEYS", str(settings.HOME / "keys.json"))  # nobody real: no file in the user's home
    city = settings.HOME / "city"
    for folder in (city, settings.LAKE, settings.SITE, settings.RESULTS, settings.UPLOADS):
        shutil.rmtree(folder, ignore_errors=True)
    with console.status("一 造一座合成城市…"):
        build(Plan(people=people, seed=1), city, force=True)
    console.print(f"一 造城：{people:,} 人")
    since = date(timezone.localdate().year, 1, 1)
    staff = make_bureau(at=timezone.now(), since=since, name=BUREAU)
    with console.status("二 上传、加载…"):
        files = [Incoming("一年的数据.zip", _chunks(_packed(city)))]
        run = start_upload(by=staff["shuju"], at=timezone.now(), files=files, title="加载合成城市一年的数据")
        start_load(by=staff["shuju"], at=timezone.now(), run=run, then_audit=False)
        _work_off()
    console.print("二 上传、加载：由数据管理员发起")
    with console.status("三 启用规则、审计、疑点入库…"):
        activate(by=staff["kezhang"], at=timezone.now(), rule_ids=[r.rule_id for r in load_rulebook().active], reason=_REASON)
        start_audit(by=staff["shuju"], at=timezone.now(), full=True)
        _work_off()
    console.print(f"三 审计：疑点 {Finding.objects.count():,} 条")
    desk = open_desk(since)
    work({**staff, **desk}, desk["yibao"].unit.institution_code)
    propose_changes(staff)
    console.print("四 人员：各岗位一人，一家机构的经办人和医师；已经办了一批，每个环节都有")


def _packed(city: Path) -> Path:
    """The city in one zip, as a data centre hands it over; without what was planted."""
    packed = city.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(city.rglob("*.*")):
            if path.name != "truth.csv":
                archive.write(path, path.relative_to(city))
    return packed


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(1 << 20):
            yield piece


def _work_off() -> None:
    """Do what waits, here and now. Raises InputError where something could not be done."""
    while (run := Run.objects.filter(state=QUEUED).order_by("pk").first()) is not None:
        perform_run(run.pk)
    if (failed := Run.objects.filter(state=FAILED).order_by("-pk").first()) is not None:
        raise InputError("演示没有建成", where=failed.title, why=failed.failure, cure="删去这个文件夹，再试一次")


def open_desk(since: date) -> Mapping[str, User]:
    """The desk of the institution with the most findings, with the doctor who has most of them."""
    of_doctor = Finding.objects.exclude(institution_code="").exclude(atddr_no="")
    code = of_doctor.values_list("institution_code").annotate(n=Count("pk")).order_by("-n", "institution_code")[0][0]
    doctor = (
        of_doctor.filter(institution_code=code).values_list("atddr_no").annotate(n=Count("pk")).order_by("-n", "atddr_no")[0][0]
    )
    row = duckdb.execute(
        "SELECT fixmedins_name, admdvs FROM read_parquet(?, union_by_name = true) WHERE fixmedins_code = ? LIMIT 1",
        [open_lake(settings.LAKE).files("institution"), code],
    ).fetchone()
    assert row is not None
    _, staff = make_desk(
        at=timezone.now(), since=since, institution_code=code, institution_name=row[0], doctor_code=doctor, region=row[1]
    )
    return staff
