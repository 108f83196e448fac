"""The act's own date chooses the law, the parameter and the knowledge row: the day before, the day, the day after a change."""

from datetime import date, timedelta

import pytest

from hengjian.engine.examples import run_example
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import Example

from ..books import change, copy_rulebook

CHANGE = date(2026, 7, 1)
DAYS = {"before": CHANGE - timedelta(days=1), "day": CHANGE, "after": CHANGE + timedelta(days=1)}


@pytest.fixture
def folder(tmp_path):
    return copy_rulebook(tmp_path)


def judged(folder, rule_id, given, engine="duckdb"):
    book = load_rulebook(folder)
    rule = book.rules[rule_id]
    return run_example(book, rule, Example("dated", given, [], {}, 1), engine)


def lines(code, **cells):
    """One line a day, each in a visit of its own person."""
    encounter = [{"mdtrt_id": f"V-{n}", "psn_no": f"P-{n}", "med_type": "11", "begntime": str(d)} for n, d in DAYS.items()]
    fee_line = [
        {
            "mdtrt_id": f"V-{n}",
            "feedetl_sn": n,
            "med_list_codg": code,
            "fee_ocur_time": f"{d} 09:00:00",
            "cnt": "2",
            "pric": "10.00",
        }
        | cells
        for n, d in DAYS.items()
    ]
    return {"encounter": encounter, "fee_line": fee_line}


CAP = {"kid": "k", "name": "甲", "code": "001102000050000", "match": "exact", "unit": "日", "note": "", "official": "1"}


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_a_knowledge_row_that_changes(folder, engine):
    knowledge = [
        CAP | {"kid": "old", "max_value": "1", "valid_from": "2026-01-01", "valid_to": str(CHANGE)},
        CAP | {"kid": "new", "max_value": "2", "valid_from": str(CHANGE), "valid_to": ""},
    ]
    given = lines("001102000050000") | {"knowledge": knowledge}
    found = judged(folder, "service_daily_limit", given, engine)
    assert [(f["feedetl_sn"], f["knowledge_ref"].split(" ")[0]) for f in found] == [("before", "service_daily_limit:old")]


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_a_parameter_that_changes(folder, engine):
    change(folder / "rules/fraud/care_after_death.yml", "values: {2021-05-01: 1}", f"values: {{2021-05-01: 1, {CHANGE}: 10}}")
    person = [{"psn_no": f"P-{n}", "die_date": str(d - timedelta(days=5))} for n, d in DAYS.items()]
    given = {"person": person, "encounter": lines("x")["encounter"]}
    given["settlement"] = [
        {
            "setl_id": f"S-{n}",
            "mdtrt_id": f"V-{n}",
            "medfee_sumamt": "10.00",
            "inscp_scp_amt": "10.00",
            "fund_pay_sumamt": "5.00",
        }
        for n in DAYS
    ]
    found = judged(folder, "care_after_death", given, engine)
    assert [(f["mdtrt_id"], f["threshold"]) for f in found] == [("V-before", 1)]
    assert found[0]["knowledge_ref"] == f"param:care_after_death [2021-05-01, {CHANGE})"


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_a_law_that_changes(folder, engine):
    law = folder / "law/sc-735.yml"
    old = law.read_text(encoding="utf-8")
    new = old.replace("law: sc-735", "law: sc-999").replace("valid_from: 2021-05-01", f"valid_from: {CHANGE}", 1)
    title = next(x for x in old.splitlines() if x.startswith("title:"))
    (folder / "law/sc-999.yml").write_text(new.replace(title, "title: 新条例"), encoding="utf-8")
    change(law, "valid_from: 2021-05-01", f"valid_from: 2021-05-01\nvalid_to: {CHANGE}")
    change(
        folder / "rules/policy/service_daily_limit.yml",
        "- {law: sc-735, article: 第三十八条第三项}",
        "- {law: sc-735, article: 第三十八条第三项}\n- {law: sc-999, article: 第三十八条第三项}",
    )
    knowledge = [CAP | {"max_value": "1", "valid_from": "2026-01-01", "valid_to": ""}]
    found = {
        f["feedetl_sn"]: f["law"]
        for f in judged(folder, "service_daily_limit", lines("001102000050000") | {"knowledge": knowledge}, engine)
    }
    assert set(found) == set(DAYS)
    assert "新条例" not in found["before"] and found["before"].startswith("《医疗保障基金使用监督管理条例》")
    assert found["day"] == found["after"] == "《新条例》第三十八条第三项"
