"""By the clock: the drop folder, the night, dead workers."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from hengjian.apps.journal.models import Entry
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.services import activate
from hengjian.apps.runs.ticking import tick
from hengjian.rulebook import load_rulebook
from hengjian.web import tick as web

pytestmark = pytest.mark.django_db

PERSONS = b"psn_no,gend,insutype,insu_admdvs\nP1,1,310,990102\n"


def drop(home, name: str, content: bytes = PERSONS):
    (home / "drop").mkdir(exist_ok=True)
    path = home / "drop" / name
    path.write_bytes(content)
    return path


def test_a_file_is_loaded_once_it_has_lain_still_for_a_minute(home, now):
    path = drop(home, "person.csv")
    assert tick(at=now) == []
    assert tick(at=now + timedelta(seconds=59)) == []
    assert tick(at=now + timedelta(seconds=61)) == ["加载投递的 1 个文件"]
    run = Run.objects.get()
    assert (run.state, run.actor) == ("done", "定时任务"), run.failure
    assert run.counts["tables"]["person"]["taken"] == 1
    assert not path.exists() and (run.place / "data" / "person.csv").read_bytes() == PERSONS
    assert tick(at=now + timedelta(seconds=122)) == []


def test_a_file_that_still_grows_holds_its_companions_back(home, now):
    drop(home, "person.csv")
    growing = drop(home, "encounter.csv", b"mdtrt_id\n")
    tick(at=now)
    growing.write_bytes(b"mdtrt_id\nM1\n")
    assert tick(at=now + timedelta(seconds=70)) == []
    assert not Run.objects.exists()
    assert tick(at=now + timedelta(seconds=140)) != []
    assert Run.objects.get().uploads.count() == 2


def test_an_old_time_stamp_does_not_make_a_file_complete(home, now):
    path = drop(home, "person.csv")
    os.utime(path, (0, 0))
    assert tick(at=now) == []


def test_what_nobody_understands_waits_for_a_person(home, now):
    drop(home, "名单.csv", "甲,乙\n1,2\n".encode())
    tick(at=now)
    told = tick(at=now + timedelta(seconds=61))
    assert "等数据管理员对照" in told[0]
    assert Run.objects.get().state == "draft"


def test_what_may_not_come_in_is_laid_aside_with_the_reason(home, now):
    drop(home, "person.parquet", b"no parquet")
    tick(at=now)
    told = tick(at=now + timedelta(seconds=61))
    assert "退回" in told[0] and not Run.objects.exists()
    assert (home / "drop" / "退回" / "person.parquet").read_bytes() == b"no parquet"
    assert "内容与扩展名不符" in (home / "drop" / "退回" / "原因.txt").read_text(encoding="utf-8")
    assert tick(at=now + timedelta(seconds=200)) == []


def test_the_night_audits_once_and_again_when_rules_change(stocked, cast, now):
    midnight = now.replace(hour=23)
    assert tick(at=now) == []
    assert "夜间审计" in tick(at=midnight)[0]
    audit = Run.objects.get(kind="audit")
    assert (audit.state, audit.actor) == ("done", "夜间任务"), audit.failure
    assert tick(at=midnight + timedelta(minutes=1)) == []
    rule = load_rulebook().active[0].rule_id
    activate(by=cast["kezhang"], at=midnight, rule_ids=[rule], reason="启用", valid_from=now.date())
    assert "夜间审计" in tick(at=midnight + timedelta(hours=2))[0]
    assert Run.objects.filter(kind="audit").latest("pk").counts["rules_active"] == 1


def test_force_audits_by_day(stocked, now):
    assert "夜间审计" in tick(at=now, force=True)[0]


def test_a_run_without_a_beat_is_begun_again_and_one_that_beats_is_left(stocked, now):
    dead = Run.objects.create(
        kind="audit", title="死", state="running", queued_at=now, beat_at=now - timedelta(minutes=3), attempt=1
    )
    told = tick(at=now)
    assert told == ["中断后接着做：死"]
    dead.refresh_from_db()
    assert (dead.state, dead.attempt) == ("done", 2), dead.failure
    assert Entry.objects.filter(event="run.resumed").count() == 1
    Run.objects.filter(pk=dead.pk).update(state="running", ended_at=None, beat_at=now - timedelta(seconds=100))
    assert tick(at=now) == []


def test_a_run_whose_task_was_lost_is_given_out_again(stocked, now):
    lost = Run.objects.create(
        kind="audit", title="丢", state="queued", queued_at=now - timedelta(hours=1), beat_at=now - timedelta(hours=1)
    )
    assert tick(at=now) == ["1 项排队的工作重新交给后台"]
    lost.refresh_from_db()
    assert lost.state == "done", lost.failure


def test_uploads_nobody_finished_are_cleared(home, now):
    left = home / "uploads" / ".new-abc"
    left.mkdir(parents=True)
    kept = home / "uploads" / ".new-def"
    kept.mkdir()
    os.utime(left, (now.timestamp() - 90_000,) * 2)
    os.utime(kept, (now.timestamp() - 60,) * 2)
    tick(at=now)
    assert not left.exists() and kept.exists()


def test_one_failing_room_stops_no_other_and_the_anchor_is_written_once(home, now, monkeypatch, caplog):
    monkeypatch.setattr(web, "JOBS", (f"{__name__}.broken", "hengjian.web.tick.anchor"))
    told = list(web.run(now))
    assert "没有料到的错" in told[0] and "锚文件" in told[1]
    assert "ZeroDivisionError" in caplog.text
    assert len(list((home / "anchors").iterdir())) == 1
    assert len(list(web.run(now))) == 1


def broken(*, at, force):
    """A job with a fault."""
    return 1 / 0
