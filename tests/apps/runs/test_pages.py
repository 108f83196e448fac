"""The pages of this room, through HTTP: who may open what, and that nothing a browser sends breaks them."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from hengjian.apps.journal.models import Entry
from hengjian.apps.runs import ticking
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.services import activate, start_audit
from hengjian.rulebook import load_rulebook

pytestmark = pytest.mark.django_db

ODD = "病人号,性别,险种,参保地\nP1,先生,310,990102\nP2,女士,310,990102\n".encode()


def signed_in(client, user):
    client.force_login(user)
    return client


def send(client, *files: tuple[str, bytes], **extra):
    return client.post(reverse("runs:upload"), {"files": [SimpleUploadedFile(n, c) for n, c in files]}, **extra)


def test_an_upload_in_the_browser_becomes_a_map_a_load_and_an_audit(home, city, cast, client):
    signed_in(client, cast["shuju"])
    files = [(p.name, p.read_bytes()) for p in sorted(city.iterdir()) if p.is_file() and p.suffix in (".csv", ".parquet")]
    answer = send(client, *[f for f in files if f[0] != "truth.csv"])
    run = Run.objects.get()
    assert answer.headers["Location"] == reverse("runs:map", args=[run.pk])
    page = client.get(answer.headers["Location"])
    assert "都对得上" in page.content.decode()
    answer = client.post(reverse("runs:map", args=[run.pk]), {"go": "load", "then": "audit"})
    assert answer.headers["Location"] == reverse("runs:run", args=[run.pk]), page.content.decode()
    page = client.get(reverse("runs:run", args=[run.pk])).content.decode()
    assert "读到 = 收下 + 替换 + 退回 + 重复" in page and "费用明细" in page
    audit = Run.objects.get(kind="audit")
    assert audit.state == "done", audit.failure
    assert "规则都还在试运行" in client.get(reverse("runs:run", args=[audit.pk])).content.decode()
    listed = client.get(reverse("runs:list")).content.decode()
    assert audit.title in listed and "影子命中" in listed


def test_the_script_gets_json_and_the_sentence_of_a_refusal(home, cast, client):
    signed_in(client, cast["shuju"])
    answer = send(client, ("fee_line.xlsx", b"a,b"), headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert "内容与扩展名不符" in answer.json()["errors"][0]
    answer = send(client, ("person.csv", ODD), headers={"Accept": "application/json"})
    assert answer.json() == {"next": reverse("runs:map", args=[Run.objects.get().pk])}


def test_headers_and_values_are_mapped_by_choosing(home, cast, client):
    signed_in(client, cast["shuju"])
    send(client, ("person.csv", ODD))
    run = Run.objects.get()
    address = reverse("runs:map", args=[run.pk])
    page = client.get(address).content.decode()
    assert "请核对" in page
    question = client.get(address).context["proposal"].questions[0]
    by_header = {c.guess.sent: c.field for c in question.headers}
    answers = {
        by_header["病人号"]: "psn_no",
        by_header["性别"]: "gend",
        by_header["险种"]: "insutype",
        by_header["参保地"]: "insu_admdvs",
    }
    client.post(address, answers | {"go": "save"})
    question = client.get(address).context["proposal"].questions[0]
    values = {v.sent: v.field for _, choices, _ in question.values for v in choices}
    client.post(address, answers | {values["先生"]: "1", "go": "save"})
    saved = (run.place / "map.yml").read_text(encoding="utf-8")
    assert "病人号: psn_no" in saved and "先生: '1'" in saved and "女士: '2'" in saved
    proposal = client.get(address).context["proposal"]
    assert proposal.decisions == 0
    client.post(address, {"go": "load"})
    run.refresh_from_db()
    assert run.state == "done", run.failure
    assert run.counts["tables"]["person"]["taken"] == 2
    send(client, ("person_2026-12.csv", ODD))
    again = Run.objects.latest("pk")
    assert client.get(reverse("runs:map", args=[again.pk])).context["proposal"].questions[0].table is not None


def test_two_headers_for_one_column_are_refused_in_words(home, cast, client):
    signed_in(client, cast["shuju"])
    send(client, ("person.csv", ODD))
    run = Run.objects.get()
    address = reverse("runs:map", args=[run.pk])
    fields = [c.field for c in client.get(address).context["proposal"].questions[0].headers]
    answer = client.post(
        address, {fields[0]: "psn_no", fields[1]: "psn_no", "go": "save"}, headers={"Referer": f"http://testserver{address}"}
    )
    assert answer.status_code == 302
    assert "都对到了 psn_no" in client.get(address).content.decode()
    assert not (run.place / "map.yml").exists()


def test_open_questions_hold_the_load_until_told_otherwise(home, cast, client):
    signed_in(client, cast["shuju"])
    send(client, ("person.csv", "病人号,备注\nP1,x\n".encode()))
    address = reverse("runs:map", args=[Run.objects.get().pk])
    assert "还有" in client.post(address, {"go": "load"}, follow=True).content.decode()
    assert Run.objects.get().state == "draft"
    client.post(address, {"go": "load", "anyway": "1"})
    assert Run.objects.get().state == "failed"


def test_a_live_page_asks_for_itself_and_a_finished_one_does_not(home, cast, client, now):
    signed_in(client, cast["shuju"])
    run = Run.objects.create(
        kind="load", title="加载", state="running", queued_at=now, beat_at=now, step="写入", done_share=420
    )
    page = client.get(reverse("runs:run", args=[run.pk])).content.decode()
    assert 'hx-trigger="every 2s"' in page and "42%" in page and "写入" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    Run.objects.filter(pk=run.pk).update(state="failed", ended_at=now, failure="磁盘写满了。")
    page = client.get(reverse("runs:run", args=[run.pk])).content.decode()
    assert "every 2s" not in page and "磁盘写满了" in page and "再做一次" in page


def test_the_report_is_a_page_of_its_own_that_runs_nothing(stocked, cast, client, now):
    activate(by=cast["kezhang"], at=now, rule_ids=[r.rule_id for r in load_rulebook().active], reason="全部启用")
    run = start_audit(by=cast["shuju"], at=now)
    signed_in(client, cast["kezhang"])
    answer = client.get(reverse("runs:report", args=[run.pk]))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "医保基金审计报告" in answer.content.decode()
    workbook = b"".join(client.get(reverse("runs:findings", args=[run.pk])).streaming_content)
    assert "疑点明细" in openpyxl.load_workbook(BytesIO(workbook), read_only=True).sheetnames
    signed_in(client, cast["yibao"])
    assert client.get(reverse("runs:report", args=[run.pk])).status_code == 403
    assert client.get(reverse("runs:list")).status_code == 403


def test_filters_stand_in_the_address_and_wrong_ones_filter_nothing(home, cast, client, now):
    for n, (kind, state) in enumerate([("load", "done"), ("audit", "failed"), ("audit", "done")]):
        Run.objects.create(kind=kind, title=f"第{n}件", state=state, queued_at=now + timedelta(days=n), ended_at=now)
    signed_in(client, cast["kezhang"])

    def titles(query):
        return {r.title for r in client.get(reverse("runs:list") + query).context["page"]}

    assert titles("?kind=audit") == {"第1件", "第2件"}
    assert titles("?kind=audit&state=failed") == {"第1件"}
    assert titles("?begin=2026-11-26") == {"第2件"}
    assert titles("?end=2026-11-24") == {"第0件"}
    assert titles("?q=第2") == {"第2件"}
    assert titles("?kind=nonsense&begin=yesterday&state=x&sort=pk;drop&page=zz&size=9999") == {"第0件", "第1件", "第2件"}


def test_an_empty_office_says_what_to_do_first(home, cast, client):
    page = signed_in(client, cast["shuju"]).get(reverse("runs:list")).content.decode()
    assert "还没有数据" in page and reverse("runs:upload") in page
    page = signed_in(client, cast["kezhang"]).get(reverse("runs:list")).content.decode()
    assert "数据管理员上传数据以后" in page
    assert "请数据管理员先上传" in client.get(reverse("runs:guide")).content.decode()


def test_the_guide_shows_hits_and_switches_rules_on_and_back(stocked, cast, client, monkeypatch):
    monkeypatch.setattr("hengjian.apps.runs.guide.SAMPLES", 3)  # fewer than this small city has hits
    signed_in(client, cast["kezhang"])
    assert "还没有试运行" in client.get(reverse("runs:guide")).content.decode()
    client.post(reverse("runs:guide_start"))
    first = Run.objects.get(kind="audit")
    assert first.state == "done", first.failure
    page = client.get(reverse("runs:guide"))
    rows = {r.rule.rule_id: r for r in page.context["rows"]}
    most = max(rows.values(), key=lambda r: r.hits)
    assert most.hits > 3 and len(most.samples) == 3 and most.fund > 0 and not most.is_on
    answer = client.post(
        reverse("runs:release"), {"rule": [most.rule.rule_id], "to": "active", "reason": "局办公会"}, follow=True
    )
    assert "启用" in answer.content.decode()
    row = {r.rule.rule_id: r for r in answer.context["rows"]}[most.rule.rule_id]
    assert row.is_on and row.standing.by == "陈思远（kezhang）" and row.standing.reason == "局办公会"
    assert Entry.objects.get(event="rule.released").subject == f"rule:{most.rule.rule_id}"
    signed_in(client, cast["shuju"])
    client.post(reverse("runs:audit"), {"how": "last"})
    audit = Run.objects.filter(kind="audit").latest("pk")
    assert audit.counts["findings"] >= most.hits
    signed_in(client, cast["kezhang"]).post(
        reverse("runs:release"), {"rule": [most.rule.rule_id], "to": "shadow", "reason": "样例不对"}
    )
    row = {r.rule.rule_id: r for r in client.get(reverse("runs:guide")).context["rows"]}[most.rule.rule_id]
    assert not row.is_on


def test_no_sample_of_the_guide_tells_who_the_person_is(stocked, cast, client):
    import pyarrow.parquet as pq

    signed_in(client, cast["kezhang"]).post(reverse("runs:guide_start"))
    page = client.get(reverse("runs:guide")).content.decode()
    persons = {p for p in pq.read_table(Run.objects.get(kind="audit").place / "shadow.parquet")["psn_no"].to_pylist() if p}
    assert len(persons) > 50
    assert not [p for p in persons if p in page]


@pytest.mark.parametrize(("to", "data", "word"), [("active", {"reason": "x"}, "还没有勾选"), ("active", {"rule": ["split_admission"], "reason": ""}, "没有写理由"), ("active", {"rule": ["nonsense"], "reason": "局办公会"}, "没有规则")])  # fmt: skip
def test_a_release_without_rule_or_reason_is_refused(stocked, cast, client, to, data, word):
    signed_in(client, cast["kezhang"])
    answer = client.post(reverse("runs:release"), {"to": to} | data)
    assert answer.status_code == 400 and word in answer.content.decode()
    assert not (stocked / "site").exists()


def test_the_guide_is_for_those_who_release_rules(stocked, cast, client):
    signed_in(client, cast["shuju"])
    assert client.get(reverse("runs:guide")).status_code == 403
    assert (
        client.post(reverse("runs:release"), {"rule": ["split_admission"], "to": "active", "reason": "局办公会"}).status_code
        == 403
    )
    assert client.post(reverse("runs:guide_start")).status_code == 403


def test_an_export_is_marked_with_who_asked_and_fetched_by_nobody_else(stocked, cast, client, now, settings):
    signed_in(client, cast["shuju"])
    Run.objects.create(kind="load", title="=cmd|' /C calc'!A0", state="done", queued_at=now, ended_at=now, data_version=1)
    address = reverse("runs:export", args=["runs"]) + "?kind=load&page=3"
    assert "只有您能下载" in client.get(address).content.decode()
    run = Run.objects.get(pk=int(client.post(address).headers["Location"].strip("/").split("/")[-1]))
    assert run.state == "done", run.failure
    assert run.settings["query"] == "kind=load" and run.counts == {"rows": 1}
    answer = client.get(reverse("runs:download", args=[run.pk]))
    book = openpyxl.load_workbook(BytesIO(b"".join(answer.streaming_content)))
    sheet = book.active
    assert sheet["C2"].value == "=cmd|' /C calc'!A0" and sheet["C2"].data_type == "s"
    marks = [str(c.value) for row in sheet.iter_rows() for c in row if c.value and "导出，仅供" in str(c.value)]
    assert "林晓岚（shuju，信息中心）" in marks[0]
    assert "林晓岚" in book.properties.creator and "林晓岚" in sheet.oddFooter.left.text
    signed_in(client, cast["kezhang"])
    assert client.get(reverse("runs:download", args=[run.pk])).status_code == 404
    assert Entry.objects.filter(event="export.taken").count() == 1
    file = settings.EXPORTS / f"{run.pk}.xlsx"
    assert file.exists()
    run.refresh_from_db()
    ticking._clear(run.ended_at + timedelta(days=6))
    assert file.exists()
    ticking._clear(run.ended_at + timedelta(days=8))
    assert not file.exists()
    signed_in(client, cast["shuju"])
    assert "已到期删除" in client.get(reverse("runs:run", args=[run.pk])).content.decode()
    assert client.get(reverse("runs:download", args=[run.pk])).status_code == 400


def test_refused_rows_come_out_with_reasons_and_without_names(home, city, cast, client):
    test_an_upload_in_the_browser_becomes_a_map_a_load_and_an_audit(home, city, cast, client)
    load = Run.objects.get(kind="load")
    refused = sum(t["rejected"] for t in load.counts["tables"].values())
    assert refused > 0
    answer = client.post(reverse("runs:export", args=["rejects"]) + f"?run={load.pk}", follow=True)
    run = answer.context["run"]
    assert run.state == "done", run.failure
    assert run.counts["rows"] == refused
    book = openpyxl.load_workbook(BytesIO(b"".join(client.get(reverse("runs:download", args=[run.pk])).streaming_content)))
    assert book.active["F1"].value == "原因" and book.active["F2"].value
    answer = client.post(reverse("runs:export", args=["duty"]), follow=True)
    assert answer.context["run"].state == "done", answer.context["run"].failure
    for wrong in ("", "?run=abc", "?run=99999999999999999999", f"?run={run.pk}"):
        made = client.post(reverse("runs:export", args=["rejects"]) + wrong, follow=True).context["run"]
        assert "没有这次加载的退回行" in made.failure
    assert client.get(reverse("runs:export", args=["nonsense"])).status_code == 400
