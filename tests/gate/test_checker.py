"""A doctor asks, the gate answers: who it is, what has been before, what was said, and what never may be."""

from dataclasses import replace

import pytest

from hengjian.gate import judge as judge_module
from hengjian.gate.checker import NOT_CHECKED, UNRESOLVED
from hengjian.gate.levels import LevelRow
from hengjian.kernel.dates import Period
from hengjian.kernel.keys import key_of
from hengjian.rulebook.model import Exemption, KnowledgeRow

from .benches import ALL
from .doctors import BOOK, HERE, THERE, Memory, ask, checker, kept, order, request

MENS_DRUG = "XG04CBA088A001010100001"  # 爱普列特，限男性
CYCLE, DAILY = "002503020030000", "001102000040000"  # 糖化血红蛋白 15 天 1 次；留观诊查 每日 1 日


@pytest.fixture(scope="module")
def memory():
    return Memory()


@pytest.fixture(scope="module")
def bench(memory):
    return checker(memory)


@pytest.fixture(autouse=True)
def _fresh(memory):
    memory.persons.clear()
    memory.patients.clear()


def rules(checked):
    return [r["rule_id"] for r in checked.result]


def test_a_reminder_says_rule_law_line_and_money(bench, memory):
    memory.know("99P1", gend="2")
    checked = ask(bench, order(MENS_DRUG, sumamt=120.5, ownpay_amt=20), patient={"gend": "2"})
    (said,) = checked.result
    assert said["rule_id"] == "drug_sex_limit" and said["vola_cont"].startswith("【提醒】") and said["sev_deg"] == "2"
    assert "医疗保障基金使用监督管理条例" in said["vola_evid"] and "drug_sex_limit:sex-drug-04" in said["vola_evid"]
    assert said["vola_amt"] == 100.5 and said["judge_result_detail_dtos"][0]["rx_id"] == "R1" and said["task_id"] == "T1"
    assert said["patn_id"] == "99P1" and said["mdtrt_id"] == "HIS1"
    (noted,) = checked.note.reminders
    assert (noted.jr_id, noted.level, noted.amount, noted.dr_codg) == (said["jr_id"], "inform", 10_050, "D990101000001")
    assert checked.note.psn_key == key_of("99P1") and checked.note.stage == "before" and checked.warn_msg == ""


def test_the_same_msgid_gives_the_same_numbers_another_gives_others(bench, memory):
    memory.know("99P1", gend="2")
    first, again, other = (
        ask(bench, order(MENS_DRUG), patient={"gend": "2"}, msgid=m).result[0]["jr_id"] for m in ("M1", "M1", "M2")
    )
    assert first == again != other


def test_an_honest_order_is_answered_with_nothing(bench, memory):
    memory.know("99P1")
    checked = ask(bench, order(MENS_DRUG), order(CYCLE, "R2", hilist_type="201"))
    assert checked.result == [] and checked.warn_msg == "" and checked.note.lines == 2


def test_an_unresolved_person_is_judged_without_a_past_and_told_so(bench, memory):
    checked = ask(bench, order(MENS_DRUG), order(DAILY, "R2"), order(DAILY, "R3"), patient={"patn_id": "HIS-77", "gend": "2"})
    assert rules(checked) == ["drug_sex_limit"] and checked.warn_msg == UNRESOLVED and checked.note.psn_key is None


def test_another_persons_birth_date_makes_it_unresolved(bench, memory):
    earlier = order(CYCLE, drord_begn_date="2026-10-12 09:00:00")
    memory.know("99P1", rows=kept(request(earlier, mdtrt_id="P1", adm_date="2026-10-12 08:00:00")))
    assert rules(ask(bench, order(CYCLE))) == ["service_cycle_limit"]
    strange = ask(bench, order(CYCLE), patient={"brdy": "1970-01-01"})
    assert strange.result == [] and strange.warn_msg == UNRESOLVED


def test_a_hospitals_own_patient_id_is_resolved_by_what_1101_told(bench, memory):
    memory.know(
        "99P1",
        rows=kept(request(order(CYCLE, drord_begn_date="2026-10-12 09:00:00"), mdtrt_id="P1", adm_date="2026-10-12 08:00:00")),
    )
    memory.patients[key_of(HERE), key_of("HIS-77")] = key_of("99P1")
    assert rules(ask(bench, order(CYCLE), patient={"patn_id": "HIS-77"})) == ["service_cycle_limit"]
    memory.patients[key_of(THERE), key_of("HIS-78")] = key_of("99P1")
    assert ask(bench, order(CYCLE), patient={"patn_id": "HIS-78"}).result == []


def test_of_acts_elsewhere_only_date_and_quantity_are_told(bench, memory):
    there = order(CYCLE, drord_begn_date="2026-10-12 09:00:00", hilist_name="别处的名称")
    memory.know("99P1", rows=kept(request(there, mdtrt_id="P1", medins_id=THERE, adm_date="2026-10-12 08:00:00")))
    (said,) = ask(bench, order(CYCLE)).result
    assert "其中外院：2026-10-12 诊疗项目 1）" in said["vola_cont"]
    assert (
        "别处的名称" not in said["vola_cont"]
        and THERE not in str(said)
        and "E11" not in str(said)
        and "P1" not in said["vola_cont"]
    )
    assert [d["rx_id"] for d in said["judge_result_detail_dtos"]] == ["R1"]


def test_what_was_uploaded_is_not_counted_beside_the_same_order(bench, memory):
    """A hospital asks again after it has uploaded, under its own number, and at settlement under the platform's."""
    memory.know("99P1", rows=kept(request(order(DAILY, "S1"), mdtrt_id="PLATFORM1")))
    assert ask(bench, order(DAILY)).result == []
    assert ask(bench, order(DAILY, "S1"), infno="3102", mdtrt_id="PLATFORM1").result == []
    assert rules(ask(bench, order(DAILY), order(DAILY, "R2"))) == ["service_daily_limit"]


def test_lines_told_as_history_are_no_accusation(bench, memory):
    memory.know("99P1")
    before = order(DAILY, "R0", curr_drord_flag="0")
    assert ask(bench, before, order(DAILY, "R0b", curr_drord_flag="0")).result == []
    (said,) = ask(bench, before, order(DAILY, "R1", drord_begn_date="2026-10-15 10:00:00")).result
    assert said["judge_result_detail_dtos"][0]["rx_id"] == "R1"


def test_an_emergency_is_only_informed(bench, memory):
    memory.know("99P1")
    strict = checker(memory, levels=[LevelRow("service_daily_limit", "", "no_pay", 0, "甲")])
    twice = (order(DAILY), order(DAILY, "R2"))
    assert strict_level(ask(bench, *twice)) == "warn" and ask(bench, *twice).result[0]["sev_deg"] == "1"
    assert strict_level(ask(strict, *twice)) == "no_pay"
    assert "基金不予支付" in ask(strict, *twice).result[0]["vola_cont"]
    assert strict_level(ask(strict, *twice, med_type="13")) == "inform"


def strict_level(checked):
    return checked.result[0]["exp_content"]["level"]


def test_a_rule_in_shadow_is_silent_and_counted(memory):
    shadow = replace(BOOK, rules=BOOK.rules | {"drug_sex_limit": replace(BOOK.rules["drug_sex_limit"], status="shadow")})
    memory.know("99P1", gend="2")
    checked = ask(checker(memory, book=shadow), order(MENS_DRUG), patient={"gend": "2"})
    assert checked.result == [] and [r.level for r in checked.note.reminders] == ["shadow"]


def test_a_rule_that_needs_the_end_of_a_stay_waits_for_settlement(bench, memory):
    memory.know("99P1")
    late = order("XA01AAA001A001010100001", drord_begn_date="2026-10-14 09:00:00")
    stay = {"med_type": "21", "adm_date": "2026-10-01 09:00:00", "dscg_date": "2026-10-10 09:00:00"}
    assert ask(bench, late, **stay).result == []
    assert "fee_outside_stay" in rules(ask(bench, late, infno="3102", **stay))


def test_what_does_not_fit_the_time_is_left_for_the_audit_and_counted(memory):
    memory.know("99P1", gend="2")
    hasty = checker(memory, budget_seconds=0.0)
    checked = ask(hasty, order(MENS_DRUG), patient={"gend": "2"})
    assert checked.result == [] and "drug_sex_limit" in checked.note.skipped and "没有来得及审核" in checked.warn_msg


def test_a_running_query_is_stopped_at_its_time(bench, memory, monkeypatch):
    """Even a text that would run for minutes ends with the budget."""
    judge = checker(memory)._judge
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT i, i FROM n WHERE i < ?"
    )
    first = next(r for r in judge._runs if r.text.name == "limit")
    judge._runs[:] = [replace(first, sql=endless)]
    memory.know("99P1", gend="2")
    slow = checker(memory, budget_seconds=0.2)
    slow._judge = judge
    checked = ask(slow, order(MENS_DRUG), patient={"gend": "2"})
    assert checked.result == [] and "drug_sex_limit" in checked.note.skipped
    assert judge_module.SELF == 1


def test_too_many_lines_are_not_checked_and_said_so(bench, memory):
    memory.know("99P1")
    checked = ask(bench, *(order(DAILY, f"R{n}") for n in range(1001)))
    assert checked.result == [] and checked.warn_msg == NOT_CHECKED and checked.note.skipped == ("*",)


def test_an_overflow_accuses_nobody(bench, memory):
    memory.know("99P1")
    checked = ask(bench, order(DAILY, cnt="99999999999.9999", sumamt="9999999.99", pric="0.0001"))
    assert all(type(r["vola_amt"]) is float and 0 <= r["vola_amt"] <= 10**7 for r in checked.result)


def test_nothing_of_a_check_stays_for_the_next(bench, memory):
    memory.know("99P1")
    memory.know("99P2")
    assert ask(bench, order(DAILY), order(DAILY, "R2")).result
    assert ask(bench, order(DAILY), patient={"patn_id": "99P2"}).result == []


def test_days_of_the_drug_still_at_the_patient_are_told(bench, memory):
    """Two fills of ten days each on 10-01 last to 10-20, whoever made the second; a refunded one and one in a stay count nothing."""
    drug = "XC07ABM001A001010100001"
    fills = [
        request(order(drug, drord_begn_date="2026-10-01 09:00:00"), mdtrt_id="A", adm_date="2026-10-01 08:00:00"),
        request(
            order(drug[:10] + "B002020200002", drord_begn_date="2026-10-05 09:00:00"),
            mdtrt_id="B",
            adm_date="2026-10-05 08:00:00",
        ),
        request(
            order(drug, drord_begn_date="2026-10-06 09:00:00"), mdtrt_id="C", adm_date="2026-10-06 08:00:00", med_type="21"
        ),
    ]
    rows = kept(*fills)
    days = ALL.place("fee_line", "prd_days_e4")
    rows["fee_line"] = [(*row[:days], 100_000, *row[days + 1 :]) for row in rows["fee_line"]]
    memory.know("99P1", rows=rows)
    ask(bench, order(drug[:10] + "B002020200002"))  # a make met for the first time is learnt
    checked = ask(bench, order(drug))
    assert checked.more["drug_days"] == [
        {"rx_id": "R1", "days_left": 6, "covered_until": "2026-10-20", "last_dispensed": "2026-10-05"}
    ]
    assert checked.warn_msg == "" and checked.note.supplies == 0  # said in words from a week on
    soon = ask(bench, order(drug, drord_begn_date="2026-10-10 09:00:00"))
    assert "患者手中约还可用 11 天" in soon.warn_msg and soon.result == [] and soon.note.supplies == 1
    assert ask(bench, order("001102000040000")).more == {}


def test_an_insurance_the_message_leaves_out_is_told_by_the_register(bench, memory):
    """No kind of insurance at all accuses nobody of having the wrong one."""
    memory.know("99P1")
    key = key_of("99P1")
    person, rows = memory.persons[key]
    limited = next(r for r in BOOK.knowledge["drug_maternity_only"] if r.values["match"] == "prefix")
    code = limited.values["code"].split("|")[0]
    drug = code + "A001010100001"[: max(0, 23 - len(code))]
    assert "drug_maternity_only" in rules(ask(bench, order(drug), insutype="310"))
    assert "drug_maternity_only" not in rules(ask(bench, order(drug), insutype=""))
    memory.persons[key] = (person._replace(insutype="310"), rows)
    assert "drug_maternity_only" in rules(ask(bench, order(drug), insutype="-"))


def test_an_institution_that_is_not_registered_is_named(bench, memory):
    memory.know("99P1")
    checked = ask(bench, order(DAILY), order(DAILY, "R2"), medins_id="H99010100009")
    assert "登记里没有机构 H99010100009" in checked.warn_msg and rules(checked) == ["service_daily_limit"]
    assert ask(bench, order(DAILY)).warn_msg == ""


@pytest.mark.parametrize(
    ("cells", "silent"),
    [
        ({"person": "99P1"}, True),
        ({"person": "99P2"}, False),
        ({"institution": HERE, "doctor": "D990101000001", "item": "XG04C"}, True),
        ({"institution": HERE, "item": "XG04D"}, False),
        ({"institution": THERE}, False),
        ({"person": "99P1", "rules": ("drug_child_only",)}, False),
        ({"person": "99P1", "period": Period(0, 20_000)}, False),
    ],
)
def test_what_the_site_exempts_is_not_said(memory, cells, silent):
    memory.know("99P1", gend="2")
    plain = Exemption("H1", (), "", "", "", "", "", Period(0, 40_000), "单议", "", "张三", "李四")
    bench = checker(memory, book=replace(BOOK, exemptions=(replace(plain, **cells),)))
    assert (rules(ask(bench, order(MENS_DRUG), patient={"gend": "2"})) == []) is silent


def test_official_tables_serve_a_rule_whose_knowledge_else_comes_with_the_data(memory):
    """No lake here, so no local rows: a row the site imported under the rule's own name is enough."""
    memory.know("99P1", gend="1")
    coil = order("C0101010010001-66", hilist_type="301", chrg_type="08")
    assert rules(ask(checker(memory), coil)) == []
    cells = {"kid": "s1", "code": "C0101010010001", "match": "exact", "name": "宫内节育器", "value": "2"}
    row = KnowledgeRow("consumable_sex_limit", "s1", cells, Period(0, 40_000), True, 1, True)
    (said,) = ask(checker(memory, book=replace(BOOK, knowledge=BOOK.knowledge | {row.table: (row,)})), coil).result
    assert said["rule_id"] == "consumable_sex_limit" and "consumable_sex_limit:s1" in said["vola_evid"]


@pytest.mark.parametrize(
    ("places", "level"),
    [((), "inform"), ((HERE,), "inform"), (("990101",), "inform"), ((THERE,), "shadow"), (("990200",), "shadow")],
)
def test_where_a_rule_is_not_switched_on_yet_nothing_is_said(memory, places, level):
    memory.know("99P1", gend="2")
    tried = replace(BOOK.rules["drug_sex_limit"], places=places)
    bench = checker(memory, book=replace(BOOK, rules=BOOK.rules | {tried.rule_id: tried}))
    checked = ask(bench, order(MENS_DRUG), patient={"gend": "2"})
    (noted,) = checked.note.reminders
    assert noted.level == level and len(checked.result) == (level != "shadow")


def test_the_drug_that_should_come_first_calls_for_nothing_by_itself(memory, bench):
    """Thousands of rows may name one first-line drug: they are looked at only beside a drug of the second line."""
    row = BOOK.knowledge["second_line_drug"][0]
    second, first = (row.values[c].split("|")[0].ljust(14, "A") + "A001010100001" for c in ("code", "earlier"))
    knowledge = bench._judge.knowledge
    for code in (second, first):
        knowledge.meet("item", key_of(code), code)
    mine = {kid for kid, s in enumerate(knowledge.sources) if s.rule.rule_id == "second_line_drug"}
    assert {kid for _, kid, _ in knowledge.entries(key_of(second))} & mine
    assert not {kid for _, kid, _ in knowledge.entries(key_of(first))} & mine
    called = {kid for _, kid, _ in knowledge.entries(key_of(second))} & mine
    assert [bound[0] for bound in knowledge.beside(key_of(first), called)] == ["kn_pair"] * len(called)
    assert list(knowledge.beside(key_of(first), set())) == []
    memory.know("99P1", gend="1")
    assert "second_line_drug" in rules(ask(bench, order(second)))
    assert "second_line_drug" not in rules(ask(bench, order(second), order(first, "R2")))
