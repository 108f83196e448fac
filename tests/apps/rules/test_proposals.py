"""A change of a knowledge row: proposed by one, decided by another, written to the site, used by the next audit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.apps.rules.book import office_book
from hengjian.apps.rules.models import Proposal
from hengjian.apps.rules.services import Wanted, approve, propose, refuse, withdraw
from hengjian.apps.runs.queries import current_lake
from hengjian.apps.runs.services import start_audit
from hengjian.apps.runs.ticking import tick
from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.site.knowledge.editing import cells_of, find_row
from hengjian.site.knowledge.importing import undo
from hengjian.site.knowledge.store import read_batches

from .conftest import ROW, page

pytestmark = pytest.mark.django_db
END = Wanted(
    *ROW,
    notice="国家医保局公告（第十八批）",
    source_row="附件 2 第 7 行",
    reason="第十八批取消这一限制",
    ends_on=date(2026, 12, 1),
)


def row_of(today, kid=ROW[1]):
    return find_row(office_book(today).book, ROW[0], kid)


def with_cells(today, **cells):
    return replace(END, ends_on=None, cells=cells_of(row_of(today)) | cells, valid_from=date(2026, 3, 1), is_official=True)


def events(subject):
    return list(Entry.objects.filter(subject=subject).order_by("number").values_list("event", "actor"))


def busy_code(book):
    """An item that somebody was charged for more than once on a day, of which no daily limit says anything."""
    known = tuple(r.values["code"] for r in book.knowledge[ROW[0]])
    files = current_lake().files("fee_line")
    rows = duckdb.execute(
        """SELECT SUBSTRING(med_list_codg, 1, 15) AS code, COUNT(*) AS n FROM (
             SELECT psn_no, fixmedins_code, CAST(fee_ocur_time AS DATE) AS day, med_list_codg
             FROM read_parquet(?, union_by_name = true)
             WHERE list_type = '201' AND inscp_scp_amt > 0 AND cnt > 0 AND fee_ocur_time >= DATE '2026-03-01'
             GROUP BY ALL HAVING SUM(cnt) > 1) AS x GROUP BY ALL ORDER BY n DESC, code""",
        [files],
    ).fetchall()
    code = next(code for code, _ in rows if code not in known)
    return code


def test_a_proposal_changes_nothing_until_another_person_approves_it(office, home, now, today):
    before = row_of(today)
    proposal = propose(by=office["chushen"], at=now, wanted=END)
    assert row_of(today) == before and not read_batches(home / "site")
    approve(by=office["kezhang"], at=now, proposal=proposal, note="已对照公告")
    after = row_of(today)
    assert after.period.start == before.period.start and after.period.end == day_number(date(2026, 12, 1))
    (batch,) = read_batches(home / "site")
    assert batch.mode == "edit" and batch.tables[ROW[0]]["closed"] == 1
    assert batch.edit["proposed_by"].startswith("何文杰") and batch.edit["approved_by"].startswith("陈思远")
    assert batch.edit["notice"] == END.notice and batch.edit["row"] == END.source_row and batch.edit["of"] == ":".join(ROW)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.batch_no, proposal.decision) == ("approved", 1, "已对照公告")
    assert events(proposal.subject) == [
        ("knowledge.proposed", f"user:{office['chushen'].pk}"),
        ("knowledge.approved", f"user:{office['kezhang'].pk}"),
    ]
    assert verify().whole


def test_an_audit_goes_by_the_row_that_was_added(office, now, today):
    code = busy_code(office_book(today).book)
    start_audit(by=office["shuju"], at=now, full=True)
    wanted = with_cells(today, code=code, name="试验项目", max_value="1", note="每日不超过 1 次")
    proposal = propose(by=office["shuju"], at=now, wanted=wanted)
    night = now.replace(hour=23) + timedelta(days=1)
    assert not [t for t in tick(at=night) if "审计" in t]  # nothing has changed yet
    approve(by=office["juzhang"], at=now, proposal=proposal)
    assert [t for t in tick(at=night) if "审计" in t]  # the night sees it
    from hengjian.apps.runs.queries import last_audit

    found = duckdb.execute(
        "SELECT DISTINCT certainty FROM read_parquet(?) WHERE rule_id = ? AND knowledge_ref LIKE ?",
        [f"{last_audit().place / 'findings.parquet'}", ROW[0], f"{ROW[0]}:0001-000001 %"],
    ).fetchall()
    assert found == [("certain",)]  # the row is official
    assert row_of(today, "0001-000001").values["notice"] == END.notice


def test_a_row_is_replaced_on_one_day(office, home, now, today):
    wanted = replace(with_cells(today, max_value="2"), ends_on=date(2026, 12, 1), valid_from=date(2026, 12, 1))
    approve(by=office["kezhang"], at=now, proposal=propose(by=office["chushen"], at=now, wanted=wanted))
    old, new = row_of(today), row_of(today, "0001-000001")
    assert old.period.end == new.period.start and (old.values["max_value"], new.values["max_value"]) == ("1", "2")
    (batch,) = read_batches(home / "site")
    assert batch.tables[ROW[0]] == {"added": 0, "closed": 0, "changed": 1, "unchanged": 0, "refused": 0}
    undo(home / "site", None, now.replace(tzinfo=None))
    assert row_of(today).period.end > old.period.end


@pytest.mark.parametrize("who", ["kezhang", "juzhang"])
def test_nobody_approves_or_refuses_what_he_proposed(office, home, now, who):
    proposal = propose(by=office["kezhang"], at=now, wanted=END)
    act = office[who]
    if who == "kezhang":
        with pytest.raises(NotAllowed, match="另一个人"):
            approve(by=act, at=now, proposal=proposal)
        with pytest.raises(NotAllowed, match="另一个人"):
            refuse(by=act, at=now, proposal=proposal, note="不")
        assert not read_batches(home / "site") and len(events(proposal.subject)) == 1
        with pytest.raises(IntegrityError), transaction.atomic():  # nor past the service
            Proposal.objects.filter(pk=proposal.pk).update(state="approved", decided_by=act, decided_at=now, batch_no=1)
    else:
        approve(by=act, at=now, proposal=proposal)


@pytest.mark.parametrize(
    ("who", "may"), [("juzhang", False), ("caiwu", False), ("shenji", False), ("yibao", False), ("fuhe", True)]
)
def test_only_who_may_propose_does(office, now, who, may):
    if may:
        assert propose(by=office[who], at=now, wanted=END).is_waiting
    else:
        with pytest.raises(NotAllowed):
            propose(by=office[who], at=now, wanted=END)


@pytest.mark.parametrize("who", ["chushen", "fuhe", "shuju", "yibao"])
def test_only_who_may_approve_does(office, home, now, who):
    proposal = propose(by=office["chushen2"], at=now, wanted=END)
    for act in (approve, refuse):
        with pytest.raises(NotAllowed):
            act(by=office[who], at=now, proposal=proposal, note="好的")
    assert not read_batches(home / "site")


def test_a_post_over_a_part_of_the_region_does_not_serve_the_whole_office(office, now):
    office["chushen"].posts.update(region_code="990102")
    user = type(office["chushen"]).objects.get(pk=office["chushen"].pk)
    with pytest.raises(NotAllowed, match="地区"):
        propose(by=user, at=now, wanted=END)


def test_what_is_refused_or_withdrawn_changes_nothing_and_stays(client, office, home, now, today):
    before = row_of(today)
    one = propose(by=office["chushen"], at=now, wanted=END)
    with pytest.raises(InputError, match="理由"):
        refuse(by=office["kezhang"], at=now, proposal=one, note=" ")
    with pytest.raises(InputError, match="意见太长"):
        refuse(by=office["kezhang"], at=now, proposal=one, note="医" * 301)
    refuse(by=office["kezhang"], at=now, proposal=one, note="公告没有取消")
    two = propose(by=office["chushen"], at=now, wanted=END)
    with pytest.raises(NotAllowed, match="不是您提出的"):
        withdraw(by=office["fuhe"], at=now, proposal=two)
    withdraw(by=office["chushen"], at=now, proposal=two)
    assert row_of(today) == before and not read_batches(home / "site")
    for act in (
        lambda p: approve(by=office["juzhang"], at=now, proposal=p),
        lambda p: withdraw(by=office["chushen"], at=now, proposal=p),
    ):
        for proposal in (one, two):
            with pytest.raises(InputError, match="这份修改"):
                act(proposal)
    assert [e for e, _ in events(one.subject) + events(two.subject)] == [
        "knowledge.proposed", "knowledge.refused", "knowledge.proposed", "knowledge.withdrawn",
    ]  # fmt: skip
    text = page(client, office["fuhe"], "/rules/knowledge/changes/").content.decode()
    assert "公告没有取消" in text and "已撤回" in text
    assert "公告没有取消" in page(client, office["fuhe"], f"/rules/knowledge/changes/{one.pk}/").content.decode()
    assert [p.pk for p in page(client, office["fuhe"], "/rules/knowledge/changes/", state="refused").context["page"]] == [
        one.pk
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": "改"}, "理由太短"),
        ({"notice": " "}, "出处"),
        ({"ends_on": None}, "停用日"),
        ({"ends_on": date(2026, 2, 1)}, "停用日 2026-02-01 不对"),
        ({"kid": "none"}, "没有这个知识点"),
        ({"table": "none"}, "没有这个知识点"),
    ],
)
def test_what_says_nothing_is_refused(office, now, change, said):
    with pytest.raises(InputError, match=said):
        propose(by=office["chushen"], at=now, wanted=replace(END, **change))
    assert not Proposal.objects.exists() and not Entry.objects.filter(event__startswith="knowledge.").exists()


@pytest.mark.parametrize(
    ("cells", "change", "said"),
    [
        ({}, {"ends_on": date(2026, 12, 1), "valid_from": date(2026, 11, 30)}, "已有一行"),
        ({"code": "001102000040000"}, {}, "已有一行"),
        ({"max_value": "一次", "code": "009900000010000"}, {}, "用不了这一行"),
        ({"max_value": "", "code": "009900000010000"}, {}, "用不了这一行"),
        ({"code": ""}, {}, "没有写编码"),
        ({"code": "009900000010000"}, {"valid_to": date(2026, 3, 1)}, "失效日"),
        ({"code": "009900000010000"}, {"valid_from": None}, "生效日"),
    ],
)
def test_a_row_that_cannot_stand_is_refused_before_anybody_is_asked(office, now, today, cells, change, said):
    with pytest.raises(InputError, match=said):
        propose(by=office["chushen"], at=now, wanted=replace(with_cells(today, **cells), **change))


def test_one_row_has_one_change_waiting(office, now):
    propose(by=office["chushen"], at=now, wanted=END)
    with pytest.raises(InputError, match="已有一份修改"):
        propose(by=office["fuhe"], at=now, wanted=END)


def test_what_changed_in_between_is_not_written_over(office, home, now, today):
    first = propose(by=office["chushen"], at=now, wanted=END)
    approve(by=office["kezhang"], at=now, proposal=first)
    later = propose(by=office["chushen"], at=now, wanted=replace(END, ends_on=date(2026, 11, 28)))
    undo(home / "site", None, now.replace(tzinfo=None))
    with pytest.raises(InputError, match="已经变了"):
        approve(by=office["kezhang"], at=now, proposal=later)
    later.refresh_from_db()
    assert later.is_waiting and [b.no for b in read_batches(home / "site")] == [1]
    refuse(by=office["kezhang"], at=now, proposal=later, note="另提一份")


def test_a_folder_that_cannot_be_written_leaves_the_proposal_waiting(office, home, now, monkeypatch):
    proposal = propose(by=office["chushen"], at=now, wanted=END)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hengjian.site.knowledge.store.pq.write_table", full)
    with pytest.raises(InputError):
        approve(by=office["kezhang"], at=now, proposal=proposal)
    proposal.refresh_from_db()
    assert proposal.is_waiting and len(events(proposal.subject)) == 1 and not read_batches(home / "site")


def test_through_the_pages(client, office, home, today):
    address = f"/rules/knowledge/{ROW[0]}/{ROW[1]}/change/"
    row = page(client, office["chushen"], f"/rules/knowledge/{ROW[0]}/{ROW[1]}/")
    assert (
        address in row.content.decode()
        and address not in page(client, office["juzhang"], row.request["PATH_INFO"]).content.decode()
    )
    form = page(client, office["chushen"], address).context["form"]
    sent = {
        "what": "replace",
        "day": "2026-12-01",
        "until": "",
        "notice": END.notice,
        "batch": "第十八批",
        "source_row": "第 7 行",
    }
    sent |= {f"cell_{n}": v for n, v in cells_of(row_of(today)).items()} | {"reason": "上限改为 2 日", "is_official": "on"}
    assert {f.name for f in form} == sent.keys()
    bad = client.post(address, sent | {"cell_max_value": "两次"})
    assert bad.status_code == 400 and "用不了这一行" in bad.content.decode() and not Proposal.objects.exists()
    assert client.post(address, sent | {"day": "0026-12-01"}).status_code == 400
    made = client.post(address, sent | {"cell_max_value": "2"})
    proposal = Proposal.objects.get()
    assert made.status_code == 302 and made["Location"] == f"/rules/knowledge/changes/{proposal.pk}/"
    mine = client.get(made["Location"]).content.decode()
    assert "撤回这份修改" in mine and "批准并写入" not in mine and "监管科长" in mine
    assert client.post(f"/rules/knowledge/changes/{proposal.pk}/approve/").status_code == 403
    theirs = page(client, office["kezhang"], made["Location"])
    changed = [c.label for c in theirs.context["cells"] if c.differs]
    assert "批准并写入" in theirs.content.decode() and "上限" in changed and "名称" not in changed
    assert client.post(f"/rules/knowledge/changes/{proposal.pk}/approve/", {"note": ""}).status_code == 302
    done = client.get(made["Location"]).content.decode()
    assert "写入站点知识第 1 批" in done and "批准并写入" not in done
    assert json.loads((home / "site/knowledge/batches.json").read_text())["batches"][0]["edit"]["proposal"] == f"{proposal.pk}"
    assert "每日不超过" in page(client, office["chushen"], f"/rules/knowledge/{ROW[0]}/0001-000001/").content.decode()


def test_the_other_door_stays_shut(client, office, now):
    proposal = propose(by=office["chushen"], at=now, wanted=END)
    for who in ("yibao", "yishi"):
        assert page(client, office[who], f"/rules/knowledge/changes/{proposal.pk}/").status_code == 403
        for act in ("approve", "refuse", "withdraw"):
            assert client.post(f"/rules/knowledge/changes/{proposal.pk}/{act}/", {"note": "好的"}).status_code == 403
    proposal.refresh_from_db()
    assert proposal.is_waiting


def test_changes_of_hidden_tables_are_hidden(client, office, now, book):
    proposal = propose(by=office["chushen"], at=now, wanted=END)
    rule = book.book.rules["service_daily_limit"]
    object.__setattr__(rule, "category", "fraud")
    try:
        assert page(client, office["shuju"], f"/rules/knowledge/changes/{proposal.pk}/").status_code == 404
        with pytest.raises(InputError, match="没有这个知识点"):
            propose(by=office["shuju"], at=timezone.now(), wanted=END)
        assert page(client, office["fuhe"], f"/rules/knowledge/changes/{proposal.pk}/").status_code == 200
    finally:
        object.__setattr__(rule, "category", "policy")
