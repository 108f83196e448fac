"""Exemptions in the browser: whose they are, until when, what they took out, and for whom to see."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.http import QueryDict

from hengjian.apps.registry.models import Institution
from hengjian.apps.registry.services import sync_from_lake
from hengjian.apps.rules.exports import exemptions_of
from hengjian.apps.runs.exports import export_named
from hengjian.apps.runs.queries import current_lake, last_audit
from hengjian.apps.runs.services import start_audit
from hengjian.rulebook import load_rulebook
from hengjian.site.exemptions import add_exemptions

from .conftest import FRAUD, POLICY, page

pytestmark = pytest.mark.django_db
ADDRESS = "/rules/exemptions/"
BY = {"by": "张三", "approved_by": "李四", "reason": "单议通过", "basis": "会议纪要3号"}


def exempt(*wanted):
    return add_exemptions(Path(settings.SITE), load_rulebook(), [BY | cells for cells in wanted], datetime(2026, 11, 20, 9))


@pytest.fixture
def place(office, now) -> Institution:
    sync_from_lake(lake=current_lake(), by="测试", at=now)
    return (
        Institution.objects.filter(kind="定点医疗机构").order_by("code").first() or Institution.objects.order_by("code").first()
    )


def shown(answer):
    return {r.exemption.number: r for r in answer.context["page"].object_list}


def test_without_any_the_page_says_how_to_register_one(client, office):
    text = page(client, office["kezhang"], ADDRESS).content.decode()
    assert "还没有登记豁免" in text and "hengjian rules exempt" in text


def test_each_says_whose_it_is_until_when_and_on_whose_word(client, office, place):
    past, now, future = exempt(
        {"rules": POLICY, "institution": place.code, "from": "2025-01-01", "to": "2026-11-20"},
        {"institution": place.code, "item": "0011", "from": "2026-01-01", "to": "2026-12-31"},
        {"rules": POLICY, "person": "P1", "from": "2027-01-01", "to": "2027-12-31"},
    )
    answer = page(client, office["kezhang"], ADDRESS)
    rows, text = shown(answer), answer.content.decode()
    assert [rows[e.number].state for e in (now, future, past)] == ["now", "future", "past"]
    assert list(rows) == [now.number, future.number, past.number]  # those in force first
    assert place.name in text and "会议纪要3号" in text and "张三" in text and "李四" in text and "2026-12-31" in text
    assert shown(page(client, office["kezhang"], ADDRESS, state="past")).keys() == {past.number}
    assert rows[now.number].rules == () and "全部规则" in text
    card = page(client, office["kezhang"], f"/rules/{POLICY}/").content.decode()
    assert "本局的豁免" in card and "单议通过" in card
    told = {c.title: c.of(rows[past.number]) for c in export_named("exemptions").columns}
    assert told["规则"] == "医疗服务项目限定频次" and f"{told['止（含）']}" == "2026-11-20" and told["今天"] == "已过"


def test_what_an_exemption_took_out_is_counted(client, office, place, now, today):
    start_audit(by=office["shuju"], at=now, full=True)
    before = last_audit().counts["findings"]
    (one,) = exempt({"item": "0", "from": "2025-01-01", "to": "2026-12-31"})  # every service and charge
    start_audit(by=office["shuju"], at=now, full=True)
    (row,) = exemptions_of(office["kezhang"], today, QueryDict(""))
    assert row.exemption.number == one.number and row.spared is not None
    assert row.spared[0] == before - last_audit().counts["findings"] > 0
    assert f"{row.spared[1]:,}" in page(client, office["kezhang"], ADDRESS).content.decode()


def test_a_county_sees_those_of_its_institutions_and_no_persons(client, office, place):
    here, there, item, person = exempt(
        {"institution": place.code, "from": "2026-01-01", "to": "2026-12-31"},
        {"institution": "H99999999999", "from": "2026-01-01", "to": "2026-12-31"},
        {"item": "0011", "from": "2026-01-01", "to": "2026-12-31"},
        {"person": "P1", "from": "2026-01-01", "to": "2026-12-31"},
    )
    assert shown(page(client, office["chushen"], ADDRESS)).keys() == {e.number for e in (here, there, item, person)}
    office["chushen"].posts.update(region_code=place.region_code)
    who = type(office["chushen"]).objects.get(pk=office["chushen"].pk)
    assert shown(page(client, who, ADDRESS)).keys() == {here.number, item.number}


def test_an_exemption_of_a_fraud_rule_is_for_those_who_may_see_fraud(client, office):
    (one,) = exempt({"rules": FRAUD, "person": "P1", "from": "2026-01-01", "to": "2026-12-31"})
    assert shown(page(client, office["chushen"], ADDRESS)).keys() == {one.number}
    assert shown(page(client, office["shuju"], ADDRESS)) == {}


@pytest.mark.parametrize("who", ["yibao", "yishi", "caiwu", "guanli", "anquan", "shenji"])
def test_others_never_reach_it(client, office, who):
    assert page(client, office[who], ADDRESS).status_code == 403
