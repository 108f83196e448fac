"""Upload → load → audit → handed over, on a real city; killed workers, failures, turns."""

from __future__ import annotations

import json
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.apps.registry.models import Institution, Person
from hengjian.apps.runs import work
from hengjian.apps.runs.files import Incoming
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.progress import Lost, Progress
from hengjian.apps.runs.services import (
    activate,
    claim,
    finish,
    queue,
    release_again,
    retry,
    start_audit,
    start_load,
    start_upload,
)
from hengjian.apps.runs.works import load as loading
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import version_numbers
from hengjian.rulebook import load_rulebook

from .. import lakes

pytestmark = pytest.mark.django_db


def upload(by, now, city):
    files = [Incoming(p.name, [p.read_bytes()]) for p in sorted(city.iterdir()) if p.is_file() and p.name != "truth.csv"]
    return start_upload(by=by, at=now, files=[f for f in files if not f.name.endswith(".json")])


def release_all(by, now):
    activate(by=by, at=now, rule_ids=[r.rule_id for r in load_rulebook().active], reason="全部启用")


def test_a_city_goes_from_upload_to_findings_handed_over(home, city, cast, now):
    release_all(cast["kezhang"], now)
    run = upload(cast["shuju"], now, city)
    start_load(by=cast["shuju"], at=now, run=run)
    runs = {r.kind: r for r in Run.objects.order_by("pk")}
    assert {kind: r.state for kind, r in runs.items()} == {"load": "done", "audit": "done", "arrive": "done"}, [
        r.failure for r in runs.values()
    ]
    load, audit = runs["load"], runs["audit"]
    assert load.data_version == audit.data_version == 1
    for table in load.counts["tables"].values():
        assert table["read"] == table["taken"] + table["replaced"] + table["rejected"] + table["duplicate"]
    found = pq.read_table(audit.place / "findings.parquet")
    assert audit.counts["findings"] == len(found) > 0
    assert (audit.place / "report.html").is_file() and (audit.place / "findings.xlsx").is_file()
    assert [{"run": audit.pk, "results": audit.place, "lake": home / "lake", "by": cast["shuju"]}] == lakes.ARRIVED
    assert runs["arrive"].counts == {"新疑点": 3, "撤下": 0}
    assert audit.follows == load and runs["arrive"].follows == audit
    persons = {p for p in found["psn_no"].to_pylist() if p}
    assert set(Person.objects.values_list("psn_no", flat=True)) == persons
    assert Institution.objects.exists()
    assert verify().whole
    events = list(Entry.objects.order_by("number").values_list("event", flat=True))
    assert [e for e in events if e.startswith("run.")] == [
        "run.uploaded", "run.load_queued", "run.load_done", "run.audit_queued", "run.audit_done", "run.arrive_queued", "run.arrive_done",
    ]  # fmt: skip


def test_a_fresh_office_finds_nothing_until_a_rule_is_switched_on(stocked, cast, now):
    run = start_audit(by=cast["shuju"], at=now)
    run.refresh_from_db()
    assert run.state == "done", run.failure
    assert run.counts["findings"] == 0 and run.counts["shadow_hits"] > 0
    held = (stocked / "site" / "releases.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(held) == 1 + len(load_rulebook().active)
    assert all("林晓岚（shuju）" in line for line in held[1:])


def test_each_audit_keeps_its_own_results(stocked, cast, now):
    release_all(cast["kezhang"], now)
    first = start_audit(by=cast["shuju"], at=now)
    first.refresh_from_db()
    before = (first.place / "findings.parquet").read_bytes()
    rules = [r.rule_id for r in load_rulebook().active]
    from hengjian.apps.runs.services import hold

    hold(by=cast["kezhang"], at=now, rule_ids=rules, reason="先停")
    second = start_audit(by=cast["shuju"], at=now, full=True)
    second.refresh_from_db()
    assert second.counts["findings"] == 0 and second.counts["withdrawn"] == first.counts["findings"]
    assert (first.place / "findings.parquet").read_bytes() == before
    assert json.loads((first.place / "audit.json").read_text(encoding="utf-8"))["rule_pack"] == first.counts["rule_pack"]
    assert first.counts["rule_pack"] != second.counts["rule_pack"]


def test_an_audit_needs_data_the_right_and_its_turn(home, cast, now):
    with pytest.raises(InputError, match="还没有数据"):
        start_audit(by=cast["shuju"], at=now)
    with pytest.raises(NotAllowed):
        start_audit(by=cast["chushen"], at=now)


def test_a_second_audit_is_refused_while_one_waits(stocked, cast, now):
    Run.objects.create(kind="audit", title="先来的", state="running", queued_at=now, beat_at=now)
    with pytest.raises(InputError, match="已经有一次审计"):
        start_audit(by=cast["shuju"], at=now)


def test_one_at_a_time_works_on_the_lake(home, cast, now):
    busy = Run.objects.create(kind="load", title="先来的", state="running", queued_at=now, beat_at=now, attempt=1)
    waiting = Run.objects.create(kind="audit", title="后来的", state="queued", queued_at=now, beat_at=now)
    other = Run.objects.create(kind="export", title="导出", state="queued", queued_at=now, beat_at=now)
    assert claim(pk=waiting.pk, at=now) is None
    assert claim(pk=other.pk, at=now).state == "running"
    Run.objects.filter(pk=busy.pk).update(state="done", ended_at=now)
    assert claim(pk=waiting.pk, at=now).attempt == 1
    assert claim(pk=waiting.pk, at=now) is None


def test_a_load_killed_after_it_published_is_not_loaded_twice(home, city, cast, now, monkeypatch):
    run = upload(cast["shuju"], now, city)

    def killed(**_):
        raise KeyboardInterrupt  # the worker dies between the lake's version and the office's rows

    monkeypatch.setattr(loading, "sync_from_lake", killed)
    with pytest.raises(KeyboardInterrupt):
        start_load(by=cast["shuju"], at=now, run=run, then_audit=False)
    monkeypatch.undo()
    Run.objects.filter(pk=run.pk).update(state="running", attempt=1, beat_at=now, settings=Run.objects.get(pk=run.pk).settings)
    run.refresh_from_db()
    assert version_numbers(home / "lake") == [1]
    begun = json.loads((home / "lake" / "versions" / "000001.json").read_text(encoding="utf-8"))["created_at"]
    Run.objects.filter(pk=run.pk).update(settings=run.settings | {"loading": {"at": begun, "after": 0}})
    run.refresh_from_db()
    assert "接着做" in release_again(by="定时任务", at=now, run=run)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("done", 2), run.failure
    assert version_numbers(home / "lake") == [1]
    assert sum(t["taken"] for t in run.counts["tables"].values()) > 1000


def test_work_cut_off_three_times_fails_with_a_sentence(home, now):
    run = Run.objects.create(kind="audit", title="审计", state="running", queued_at=now, beat_at=now, attempt=3)
    assert "中断" in release_again(by="定时任务", at=now, run=run)
    run.refresh_from_db()
    assert run.state == "failed" and "再做一次" in run.failure


def test_who_was_taken_for_dead_writes_nothing_more(home, now):
    run = Run.objects.create(kind="load", title="慢", state="running", queued_at=now, beat_at=now, attempt=1)
    Run.objects.filter(pk=run.pk).update(attempt=2)
    with pytest.raises(Lost):
        Progress(run).tell("写入", 0.5)
    assert not finish(run=run, at=now, counts={"taken": 1}, summary="迟到")
    run.refresh_from_db()
    assert run.state == "running" and run.counts == {}


def test_progress_is_written_at_most_twice_a_second(home, now, django_assert_num_queries):
    run = Run.objects.create(kind="load", title="快", state="running", queued_at=now, beat_at=now, attempt=1)
    progress = Progress(run)
    with django_assert_num_queries(1):
        for n in range(200):
            progress.tell("读取", n / 200)
    run.refresh_from_db()
    assert (run.step, run.done_share) == ("读取", 0)


def test_a_failure_says_its_sentence_and_a_fault_its_number(home, cast, now, monkeypatch, caplog):
    def refused(run, progress):
        raise InputError("文件读不出", why="断在中间", cure="重新导出")

    monkeypatch.setitem(work._WORKS, "batch", f"{__name__}.broken")
    run = queue(by=cast["shuju"], at=now, kind="batch", title="批量")
    run.refresh_from_db()
    number = run.failure.split("编号 ")[1][:8]
    assert run.state == "failed" and "ZeroDivisionError" not in run.failure
    assert number in caplog.text and "ZeroDivisionError" in caplog.text
    monkeypatch.setattr(loading, "work", refused)
    run = queue(by=cast["shuju"], at=now, kind="load", title="加载")
    run.refresh_from_db()
    assert run.failure == "文件读不出。断在中间。重新导出。"


def broken(run, progress):
    """A work with a fault nobody foresaw."""
    return 1 / 0


def test_a_failed_run_is_begun_again_by_who_may(home, cast, now, monkeypatch):
    run = Run.objects.create(kind="load", title="加载", state="failed", queued_at=now, ended_at=now, failure="坏了", attempt=3)
    with pytest.raises(NotAllowed):
        retry(by=cast["chushen"], at=now, run=run)
    monkeypatch.setattr(loading, "work", lambda run, progress: work.Outcome({"n": 1}, "好了"))
    retry(by=cast["shuju"], at=now + timedelta(minutes=1), run=run)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.failure) == ("done", 1, "")
    with pytest.raises(InputError, match="已经是“完成”"):
        retry(by=cast["shuju"], at=now, run=run)


def test_a_load_of_nothing_usable_fails_and_says_why(home, cast, now):
    run = start_upload(by=cast["shuju"], at=now, files=[Incoming("person.csv", [b"psn_no,gend\nP1,1\n"])])
    start_load(by=cast["shuju"], at=now, run=run)
    run.refresh_from_db()
    assert run.state == "failed" and "没有一行数据可用" in run.failure
    assert run.counts["refused_files"][0]["file"] == "person.csv"
    assert Run.objects.count() == 1


def test_findings_arrive_where_the_office_keeps_them(stocked, cast, now, settings):
    from hengjian.apps.clues.models import Finding
    from hengjian.web.settings import FINDINGS_DESTINATION

    settings.FINDINGS_DESTINATION = FINDINGS_DESTINATION
    release_all(cast["kezhang"], now)
    audit = start_audit(by=cast["shuju"], at=now)
    audit.refresh_from_db()
    arrived = Run.objects.get(kind="arrive")
    assert arrived.state == "done", arrived.failure
    assert Finding.objects.count() == audit.counts["findings"] > 0
    assert set(Finding.objects.values_list("first_run", flat=True)) == {audit.pk}
