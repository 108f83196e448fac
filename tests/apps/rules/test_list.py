from __future__ import annotations

import pytest
from django.http import QueryDict

from hengjian.apps.rules import figures, queries
from hengjian.apps.rules.exports import rule_rows
from hengjian.apps.runs.exports import export_named
from hengjian.apps.runs.services import start_audit

from .conftest import FRAUD, LOCAL, POLICY, page

pytestmark = pytest.mark.django_db


def shown(answer):
    return {r.rule.rule_id: r for r in answer.context["page"].paginator.object_list}


def test_every_rule_is_listed_with_its_state_points_and_quality(client, office, book):
    rows = shown(page(client, office["kezhang"], "/rules/", size="100"))
    assert rows.keys() == book.book.rules.keys()
    assert rows[POLICY].state == "active" and rows["drug_sex_limit"].state == "active"  # nobody held it back yet
    assert rows[POLICY].points == len(book.book.knowledge[POLICY]) == 20
    assert rows[LOCAL].points is None and rows[LOCAL].travels
    assert rows[POLICY].quality.precision == 1.0 and rows[POLICY].quality.guilty == 150


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"category": "fraud"}, lambda r: r.rule.category == "fraud"),
        ({"family": "数量上限"}, lambda r: r.rule.family == "cap"),
        ({"family": "自带 SQL"}, lambda r: not r.rule.family),
        ({"certainty": "certain"}, lambda r: r.rule.certainty == "certain"),
        ({"state": "shadow"}, lambda r: r.state == "shadow"),
        ({"q": "限定频次"}, lambda r: r.rule.rule_id == POLICY),
        ({"q": "GZ10000102014000"}, lambda r: r.rule.rule_id == POLICY),
        ({"q": "SERVICE_DAILY"}, lambda r: r.rule.rule_id == POLICY),
        ({"category": "没有", "state": "nonsense"}, lambda r: True),
    ],
)
def test_filters_stand_in_the_address(client, office, today, query, kept):
    every, _ = queries.rule_rows(office["kezhang"], today)
    wanted = {r.rule.rule_id for r in every if kept(r)}
    assert wanted and shown(page(client, office["kezhang"], "/rules/", **query)).keys() == wanted
    asked = QueryDict("&".join(f"{k}={v}" for k, v in query.items() if v != "nonsense"))
    assert {r.rule.rule_id for r in rule_rows(office["kezhang"], today, asked)} == wanted


def test_what_was_found_is_of_the_newest_audit_and_for_whole_offices_only(client, office, now, today):
    start_audit(by=office["shuju"], at=now, full=True)
    run, found = figures.newest()
    assert run is not None and sum(f.count for f in found.values() if not f.shadow) == run.counts["findings"] > 0
    rows = shown(page(client, office["kezhang"], "/rules/", size="100"))
    most = max(found, key=lambda r: found[r].fund)
    assert (
        rows[most].found == found[most]
        and f"{found[most].fund:,}" in page(client, office["kezhang"], "/rules/").content.decode()
    )
    assert next(iter(rows)) == most  # most money first
    for who, may in (("chushen", True), ("shuju", False)):  # who may not read clues is not sent there
        assert (f"/clues/?rule={most}" in page(client, office[who], f"/rules/{most}/").content.decode()) is may
    office["chushen"].posts.update(region_code="990102")
    answer = page(client, type(office["chushen"]).objects.get(pk=office["chushen"].pk), "/rules/")
    assert "基金支付（元）" not in answer.content.decode() and shown(answer)[most].found is None


def test_a_sort_that_is_none_is_the_usual_one(client, office):
    assert page(client, office["kezhang"], "/rules/", sort="nonsense").context["sort"] == "-fund"
    titles = [r.rule.title for r in shown(page(client, office["kezhang"], "/rules/", sort="-points")).values()]
    assert titles and page(client, office["kezhang"], "/rules/", sort="points").context["sort"] == "points"


def test_fraud_rules_do_not_exist_for_who_may_not_see_them(client, office):
    assert FRAUD in shown(page(client, office["chushen"], "/rules/", size="100"))
    answer = page(client, office["shuju"], "/rules/", size="100")
    assert FRAUD not in shown(answer) and "死亡后仍有" not in answer.content.decode()
    assert page(client, office["shuju"], f"/rules/{FRAUD}/").status_code == 404
    assert page(client, office["chushen"], f"/rules/{FRAUD}/").status_code == 200


@pytest.mark.parametrize("who", ["yibao", "yishi", "caiwu", "guanli", "anquan", "shenji"])
def test_others_never_reach_the_room(client, office, who):
    for address in ("/rules/", f"/rules/{POLICY}/", "/rules/coverage/", "/rules/knowledge/", "/rules/knowledge/changes/"):
        assert page(client, office[who], address).status_code == 403, address


def test_the_list_goes_to_excel(office, today, tmp_path):
    export = export_named("rules")
    rows = export.rows(office["kezhang"], today, QueryDict("q=限定频次"))
    told = {c.title: c.of(rows[0]) for c in export.columns}
    assert len(rows) == 1 and told["规则"] == "医疗服务项目限定频次" and told["知识点"] == 20 and told["精确率"] == 1.0
    assert told["依据"].startswith("《医疗保障基金使用监督管理条例》")


def test_a_page_asks_the_database_few_questions(client, office, django_assert_max_num_queries):
    client.force_login(office["kezhang"])
    client.get("/rules/")
    with django_assert_max_num_queries(12):
        client.get("/rules/")
    with django_assert_max_num_queries(12):
        client.get(f"/rules/{POLICY}/")
