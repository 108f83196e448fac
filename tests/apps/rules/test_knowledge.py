from __future__ import annotations

from datetime import datetime

import pytest
from django.http import QueryDict

from hengjian.apps.rules.book import office_book
from hengjian.apps.rules.search import Asked, find_rows
from hengjian.apps.runs.exports import export_named
from hengjian.site.knowledge.importing import apply, prepare
from hengjian.site.knowledge.origin import Options

from .conftest import ROW, page

pytestmark = pytest.mark.django_db
ADDRESS = "/rules/knowledge/"


@pytest.fixture
def imported(office, home, tmp_path, today):
    """The office after an import: rows kept as columns."""
    source = tmp_path / "频次.csv"
    source.write_text(
        "规则名称,项目名称,项目编码,单日上限,单位\n"
        "医疗服务项目限定频次,试验项目甲,009900000010000,2,次\n医疗服务项目限定频次,试验项目乙,009900000020000,3,次\n",
        encoding="utf-8",
    )
    site = home / "site"
    prepared = prepare(
        [source],
        site,
        office_book(today).book.knowledge,
        Options("国家医保局公告（试）", "第十八批", today),
        "",
        lambda *_: None,
    )
    assert prepared.difference.added, [e.detail for e in prepared.batch.explained]
    apply(site, prepared, datetime(2026, 11, 24))
    return office


def kids(answer):
    return {(r.table, r.kid) for r in answer.context["page"].paginator.object_list}


def test_everything_is_listed_and_found_by_code_prefix_and_by_name(client, office, book):
    every = page(client, office["kezhang"], ADDRESS)
    assert every.context["page"].paginator.count == sum(map(len, book.book.knowledge.values()))
    by_code = kids(page(client, office["kezhang"], ADDRESS, q="00110200005"))
    assert ROW in by_code and all(
        any("00110200005" in v for v in r.values.values()) for t, k in by_code for r in book.book.knowledge[t] if r.kid == k
    )
    by_name = kids(page(client, office["kezhang"], ADDRESS, q="住院诊查费"))
    assert ROW in by_name and len(by_name) < 20
    assert kids(page(client, office["kezhang"], ADDRESS, q="xl02bba326b001")) >= {
        ("drug_sex_limit", "sex-drug-01")
    }  # begins with
    assert not kids(page(client, office["kezhang"], ADDRESS, q="没有这个"))


def test_a_table_a_period_and_a_source_narrow_it(client, office, book):
    assert {t for t, _ in kids(page(client, office["kezhang"], ADDRESS, table="drug_sex_limit"))} == {"drug_sex_limit"}
    ours = kids(page(client, office["kezhang"], ADDRESS, official="0"))
    assert ("planned_readmission", "plan-01") in ours and ROW not in ours
    assert ROW in kids(page(client, office["kezhang"], ADDRESS, when="now")) and ROW not in kids(
        page(client, office["kezhang"], ADDRESS, when="past")
    )


def test_rows_of_the_site_are_found_the_same_way(client, imported, today):
    rows = office_book(today)
    for words in ("0099000000", "试验项目", "009900000010000"):
        found = find_rows(rows, rows.book.knowledge, Asked(words))
        assert "0001-000001" in [r.kid for r in found] and all(r.site for r in found)
        assert found[0:1][0] == found[0] and len(list(found)) == len(found)
    mixed = find_rows(rows, ["service_daily_limit"], Asked())
    assert len(mixed) == 22 and [r.kid for r in mixed[19:22]] == [mixed[19].kid, "0001-000001", "0001-000002"]
    assert not find_rows(rows, ["service_daily_limit"], Asked("试验", official="0"))
    assert len(find_rows(rows, ["service_daily_limit"], Asked("试验", official="1", when="now"))) == 2
    answer = page(client, imported["kezhang"], f"{ADDRESS}service_daily_limit/0001-000001/")
    assert "第 1 批" in answer.content.decode() and "试验项目甲" in answer.content.decode()


def test_a_row_tells_its_source_and_who_reads_it(client, office):
    text = page(client, office["kezhang"], f"{ADDRESS}{ROW[0]}/{ROW[1]}/").content.decode()
    for words in ("第八批", "医疗服务项目限定频次 · 住院诊查费", "官方，内容完整", "随程序", "/rules/service_daily_limit/"):
        assert words in text
    assert page(client, office["kezhang"], f"{ADDRESS}{ROW[0]}/none/").status_code == 404
    assert page(client, office["kezhang"], f"{ADDRESS}none/{ROW[1]}/").status_code == 404


def test_what_only_guarded_rules_read_is_hidden(client, office, book, monkeypatch):
    rule = book.book.rules["service_daily_limit"]
    object.__setattr__(rule, "category", "fraud")
    try:
        assert page(client, office["shuju"], f"{ADDRESS}{ROW[0]}/{ROW[1]}/").status_code == 404
        assert ROW not in kids(page(client, office["shuju"], ADDRESS)) and ROW in kids(page(client, office["kezhang"], ADDRESS))
        assert page(client, office["shuju"], f"{ADDRESS}{ROW[0]}/{ROW[1]}/change/").status_code == 404
    finally:
        object.__setattr__(rule, "category", "policy")


def test_knowledge_goes_to_excel(office, today):
    export = export_named("knowledge")
    rows = list(export.rows(office["shuju"], today, QueryDict("q=住院诊查费&table=service_daily_limit")))
    told = {c.title: c.of(rows[0]) for c in export.columns}
    assert len(rows) == 1 and told["编码"] == "001102000050000" and told["批次"] == "第八批" and told["官方"] is True
    assert told["读它的规则"] == "医疗服务项目限定频次" and f"{told['生效日']}" == "2026-02-01"
