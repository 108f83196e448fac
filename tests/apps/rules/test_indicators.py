"""Statistics of institutions among their peers: what the audit counted, for whom it is, and never where too few are compared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import groupby

import pytest
from django.http import QueryDict

from hengjian.apps.registry.models import Institution
from hengjian.apps.registry.services import sync_from_lake
from hengjian.apps.rules import indicators
from hengjian.apps.rules.indicator import ENOUGH, FEWEST, Indicator
from hengjian.apps.runs.exports import export_named
from hengjian.apps.runs.queries import current_lake, last_audit
from hengjian.apps.runs.services import start_audit

from .conftest import page

pytestmark = pytest.mark.django_db
ADDRESS = "/rules/indicators/"
NAMES = {f"H{n}": f"第{n}医院" for n in range(20)}


def figure(n: int, share: str, month: int = 3, peers: int = 10, **more) -> Indicator:
    cells = {
        "code": f"H{n}", "month": date(2026, month, 1), "level": 3, "kind": "A", "unit": "元", "numerator": Decimal(share) * 1000,
        "denominator": Decimal(1000), "share": Decimal(share), "peers": peers, "place": n + 1, "percentile": n * 10, "median": Decimal("0.5"),
        "p90": Decimal("0.8"),
    }  # fmt: skip
    return Indicator(**(cells | more))


@pytest.fixture
def counted(office, now):
    """An audit with the eight statistics on, and the institutions known by name."""
    sync_from_lake(lake=current_lake(), by="测试", at=now)
    start_audit(by=office["shuju"], at=now, full=True)
    return office


def test_before_the_first_audit_the_page_says_what_to_do(client, office):
    answer = page(client, office["kezhang"], ADDRESS)
    assert answer.status_code == 200 and "还没有统计" in answer.content.decode()


def test_the_page_shows_what_the_audit_counted(client, counted, today):
    for rule in indicators.rules_of(counted["kezhang"], today):
        every = indicators.figures(last_audit(), rule.rule_id)
        answer = page(client, counted["kezhang"], ADDRESS, state=rule.rule_id, size="100")
        shown = answer.context["page"].object_list
        newest = max(f.month for f in every)
        assert answer.context["month"] == newest and len(answer.context["tabs"]) == 8
        assert {s.figure for s in shown} <= {f for f in every if f.month == newest}
        assert answer.context["page"].paginator.count == sum(f.month == newest for f in every)
        order = [-1 if s.figure.percentile is None else s.figure.percentile for s in shown]
        assert order == sorted(order, reverse=True)
        assert rule.message in answer.content.decode()
    text = page(client, counted["kezhang"], ADDRESS).content.decode()
    assert 'class="own"' in text


def test_filters_and_order_stand_in_the_address(client, counted):
    every = page(client, counted["kezhang"], ADDRESS, size="100").context["page"].object_list
    one = every[-1]
    assert {s.pk for s in page(client, counted["kezhang"], ADDRESS, q=one.name).context["page"].object_list} == {one.pk}
    level = page(client, counted["kezhang"], ADDRESS, level="3", size="100").context["page"].object_list
    assert {s.pk for s in level} == {s.pk for s in every if s.figure.level == 3} != {s.pk for s in every}
    shares = [s.figure.share for s in page(client, counted["kezhang"], ADDRESS, sort="share").context["page"].object_list]
    assert shares == sorted(shares)
    january = page(client, counted["kezhang"], ADDRESS, month="2026-01").context["page"].object_list
    assert january and {s.figure.month for s in january} == {date(2026, 1, 1)}
    nonsense = page(client, counted["kezhang"], ADDRESS, month="2099-13", level="9", sort="x", state="x", size="100").context
    assert [s.pk for s in nonsense["page"].object_list] == [s.pk for s in every]


def test_a_county_sees_its_own_institutions_among_all_peers(client, counted):
    some = Institution.objects.filter(code__in=[f.code for f in indicators.figures(last_audit(), "drug_cost_share")])
    region, rows = max(
        ((r, list(g)) for r, g in groupby(some.order_by("region_code"), key=lambda i: i.region_code)), key=lambda x: len(x[1])
    )
    counted["chushen"].posts.update(region_code=region)
    who = type(counted["chushen"]).objects.get(pk=counted["chushen"].pk)
    shown = page(client, who, ADDRESS, state="drug_cost_share", size="100").context["page"].object_list
    assert shown and {s.pk for s in shown} <= {i.code for i in rows} and len(rows) < some.count()
    whole = page(client, counted["kezhang"], ADDRESS, state="drug_cost_share", size="100").context["page"].object_list
    peers = {s.pk: s.figure.peers for s in whole}
    assert all(s.figure.peers == peers[s.pk] for s in shown)


def test_the_axis_runs_from_the_smallest_to_the_largest_of_the_peers():
    every = [figure(n, f"0.{n}") for n in range(10)] + [figure(9, "0.4", month=m) for m in (1, 2)]
    last = indicators.placed([every[9]], every, NAMES)[0]
    assert last.axis == {
        "dots": sorted(f"{4 + 92 * Decimal(n) / 9:.1f}" for n in range(10)), "lo": "4.0", "width": f"{92 * Decimal('0.8') / Decimal('0.9'):.1f}",
        "mid": f"{4 + 92 * Decimal('0.5') / Decimal('0.9'):.1f}", "own": "96.0",
    }  # fmt: skip
    assert last.trend == "0.0,22.0 50.0,22.0 100.0,2.0" and last.name == "第9医院" and last.figure.is_high


def test_too_few_peers_are_not_drawn_and_nobody_is_called_high():
    every = [figure(n, f"0.{n}", peers=FEWEST - 1) for n in range(FEWEST - 1)]
    for shown in indicators.placed(every, every, NAMES):
        assert shown.axis is None and not shown.figure.is_high and shown.trend == ""
    every = [figure(n, f"0.{n}", peers=ENOUGH - 1, p90=Decimal("0.1")) for n in range(ENOUGH - 1)]
    for shown in indicators.placed(every, every, NAMES):
        assert shown.axis is not None and "width" not in shown.axis and not shown.figure.is_high
    alike = [figure(n, "0.3") for n in range(10)]
    assert all(s.axis is None for s in indicators.placed(alike, alike, NAMES))


@pytest.mark.parametrize("who", ["yibao", "yishi", "caiwu", "guanli", "anquan", "shenji"])
def test_others_never_reach_it(client, office, who):
    assert page(client, office[who], ADDRESS).status_code == 403


def test_the_list_goes_to_excel_as_it_is_filtered(counted, today):
    export = export_named("indicators")
    rows = list(export.rows(counted["kezhang"], today, QueryDict("state=exam_cost_share&level=3")))
    told = {c.title: c.of(rows[0]) for c in export.columns}
    assert told["指标"] == "检验检查占比统计" and {r[0].level for r in rows} == {3}
    assert told["占比"] == rows[0][0].share and told["同级同类机构"] == rows[0][0].peers


def test_a_page_asks_the_database_few_questions(client, counted, django_assert_max_num_queries):
    client.force_login(counted["kezhang"])
    client.get(ADDRESS)
    with django_assert_max_num_queries(12):
        client.get(ADDRESS)
