from __future__ import annotations

from datetime import datetime

import pytest

from hengjian.apps.journal.models import Entry
from hengjian.apps.rules import words
from hengjian.apps.rules.page import example_parts, param_parts
from hengjian.apps.rules.templatetags.rules import share, sql_lines
from hengjian.engine.fold import folded_sql
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.quality import read_quality
from hengjian.site.approvals import Wanted, add_approvals

from .conftest import FRAUD, LOCAL, OWN_SQL, POLICY, page

pytestmark = pytest.mark.django_db


def test_every_rule_has_its_page(client, office, book):
    client.force_login(office["kezhang"])
    for rule_id, rule in book.book.rules.items():
        answer = client.get(f"/rules/{rule_id}/")
        text = answer.content.decode()
        assert answer.status_code == 200 and rule.title in text, rule_id
        assert all(spare in text for spare in rule.spares), rule_id
        assert all(basis.title in text and basis.article in text for basis in rule.basis), rule_id
        assert answer.context["sql"] == folded_sql(book.book, rule), rule_id
        rows = [r for e in answer.context["examples"] for t in (*e.marked, *e.around) for r in t.rows]
        hits = sum(r.mark == "命中" for r in rows)
        assert sum(e.hits for e in answer.context["examples"]) == hits == text.count('s-bad">命中<'), rule_id
        assert "{" not in "".join(p.text for p in answer.context["sentence"]), rule_id


def test_a_policy_shows_its_knowledge_and_searches_in_it(client, office):
    text = page(client, office["kezhang"], f"/rules/{POLICY}/").content.decode()
    assert "住院诊查费" in text and "cap-day-02" in text and "第三十八条第三项" in text
    answer = page(client, office["kezhang"], f"/rules/{POLICY}/", q="0011020000500")
    assert [r.kid for r in answer.context["page"]] == ["cap-day-02"]
    assert "没有编码以" in page(client, office["kezhang"], f"/rules/{POLICY}/", q="no such").content.decode()


def test_a_rule_with_sql_of_its_own_shows_it(client, office, book):
    answer = page(client, office["kezhang"], f"/rules/{OWN_SQL}/")
    assert answer.context["sql"] == book.book.rules[OWN_SQL].sql and "自带 SQL" in answer.content.decode()


def test_local_knowledge_comes_with_the_data(client, office, book):
    answer = page(client, office["kezhang"], f"/rules/{LOCAL}/")
    rows = book.travelling(book.book.rules[LOCAL])
    assert rows and answer.context["travelling"] == len(rows) and "随数据来" in answer.content.decode()


def test_local_knowledge_that_did_not_come_is_missed(client, home, cast):
    text = page(client, cast["kezhang"], f"/rules/{LOCAL}/").content.decode()
    assert "还不能判断" in text and "缺知识" in text


def test_a_parameter_says_where_its_value_is_from_and_who_approved_it(office, book, home, today):
    (before,) = param_parts(book.book, book.book.rules["split_admission"])
    assert before.tone == "warn" and before.values == (("2021-05-01 起", "15 天"),) and before.bounds == "1 天 至 31 天"
    wanted = Wanted("split_admission max_gap_days", "10", "2026-01-01", "沈怀远", "会议纪要")
    add_approvals(home / "site", book.book, [wanted], datetime(2026, 11, 24))
    from hengjian.apps.rules.book import office_book

    after = office_book(today)
    assert after is not book  # a file of the site changed
    (told,) = param_parts(after.book, after.book.rules["split_admission"])
    assert told.approvals == (("2026-01-01", "10 天", "沈怀远", "会议纪要"),) and told.tone == "ok"
    assert [v for _, v in told.values] == ["15 天", "10 天"]


def test_examples_keep_their_marks(book):
    (example,) = example_parts(book.book.rules[POLICY])
    (table,) = example.marked
    marks = [r.mark for r in table.rows]
    assert (marks.count("命中"), marks.count("放过")) == (example.hits, example.spared) == (5, 14)
    assert table.rows[1].remark == "当日第二次，带本地尾码" and "明细流水号" in table.columns


def test_settings_and_parameters_are_in_words_for_every_rule():
    book = load_rulebook()
    for rule in book.rules.values():
        for question, answer in words.settings_in_words(rule):
            assert not question.isascii() and not answer.isascii(), (rule.rule_id, question, answer)
        for name in rule.params:
            assert not words.param_label(name).isascii(), (rule.rule_id, name)
        assert all(not p.text.isascii() for p in words.sentence(rule.message) if p.is_blank), rule.rule_id
        assert not rule.family or words.ABOUT[rule.family]
    for table, rows in book.knowledge.items():
        assert all(not words.column_label(c, table).isascii() for c in rows[0].values if c not in ("notice", "batch", "row")), (
            table
        )


@pytest.mark.parametrize(("who", "may"), [("kezhang", True), ("juzhang", True), ("chushen", False), ("shuju", False)])
def test_only_who_may_release_sees_the_button_and_may_press_it(client, office, who, may):
    text = page(client, office[who], f"/rules/{POLICY}/").content.decode()
    assert (f"/rules/{POLICY}/release/" in text) is may
    answer = client.post(f"/rules/{POLICY}/release/", {"to": "shadow", "reason": "先看看"})
    assert answer.status_code == (302 if may else 403)
    told = page(client, office["kezhang"], f"/rules/{POLICY}/")
    assert told.context["row"].state == ("shadow" if may else "active")
    if may:
        assert [r.title for r in told.context["releases"]] == ["影子", "启用"] and "先看看" in told.content.decode()


def test_a_rule_still_on_trial_cannot_be_switched_on(client, office, book):
    trial = next(r for r, status in book.own.items() if status == "shadow")
    text = page(client, office["kezhang"], f"/rules/{trial}/").content.decode()
    assert "release/" not in text and "还不能启用" in text


def test_a_rule_of_the_offices_own_is_shown_and_switched_on(client, office, home):
    folder = home / "site" / "rulebook" / "rules" / "policy"
    folder.mkdir(parents=True)
    shipped = load_rulebook().rules["drug_hosp_level_limit"].path.read_text(encoding="utf-8")
    text = shipped.replace("rule: drug_hosp_level_limit", "rule: our_own").replace("official_code: GZ10000101012000\n", "")
    (folder / "our_own.yml").write_text(text, encoding="utf-8")
    answer = page(client, office["kezhang"], "/rules/our_own/")
    assert "本局自己的规则" in answer.content.decode() and answer.context["row"].state == "shadow"
    assert client.post("/rules/our_own/release/", {"to": "active", "reason": "试过了"}).status_code == 302
    assert page(client, office["kezhang"], "/rules/our_own/").context["row"].state == "active"
    assert page(client, office["kezhang"], "/runs/guide/").status_code == 200


def test_stages_say_why_not(client, office):
    stages = {s.title: s for s in page(client, office["kezhang"], f"/rules/{FRAUD}/").context["stages"]}
    assert stages["事后"].asked and not stages["事前"].asked and stages["事前"].why == "反欺诈规则不事先提示"


def test_sql_is_escaped_and_marked():
    lines = sql_lines("SELECT a < 1 AS x\n  FROM t -- 说明 <b>\nWHERE c = '男'")
    assert lines[0].startswith('<span class="t-word">SELECT</span> a &lt; 1') and len(lines) == 3
    assert "&lt;b&gt;" in lines[1] and "<span class=\"t-text\">'男'</span>" in lines[2].replace("&#x27;", "'")


def test_shares_read_well():
    assert [share(v) for v in (1.0, 0.9871, 0.0, None)] == ["100%", "98.7%", "0%", "—"]


def test_quality_is_of_rules_that_exist():
    assert read_quality().keys() <= load_rulebook().rules.keys() and len(read_quality()) > 20


def test_a_rule_is_switched_on_at_some_places_first(client, office, home):
    client.force_login(office["kezhang"])
    address = f"/rules/{POLICY}/release/"
    answer = client.post(address, {"to": "active", "reason": "先在一个县试", "places": "某某县"}, follow=True)
    assert "地方写得不对" in answer.content.decode()
    answer = client.post(address, {"to": "active", "reason": "先在一个县试", "places": "990102、990103"}, follow=True)
    text = answer.content.decode()
    assert answer.context["rule"].places == ("990102", "990103") and "先只在 990102、990103" in text and "改启用的地方" in text
    assert "先只在 990102、990103" in client.get("/runs/guide/").content.decode()
    entry = Entry.objects.filter(event="rule.released").order_by("-number").first()
    assert "先只在 990102、990103" in entry.summary
    client.post(address, {"to": "active", "reason": "全部启用"})
    assert client.get(f"/rules/{POLICY}/").context["rule"].places == ()
