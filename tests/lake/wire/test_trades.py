"""Each trade, from a message shaped like the interface to the rows of the lake."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hengjian.lake.ingest import values
from hengjian.lake.schema import TABLES
from hengjian.lake.wire import Message, fold_all, leftover, mappings
from hengjian.lake.wire.trades import TRADES
from tests.lake.wire.messages import (
    DRUG,
    HOSPITAL,
    PERSON,
    STAY,
    VISIT,
    admission,
    answer,
    cancel,
    detail,
    discharge,
    fates,
    fees,
    gaps,
    insurance,
    person,
    read,
    request,
    rows_of,
    sale,
    settlement,
    settlement_list,
    visit,
    which,
)


def test_every_mapped_column_exists_and_can_hold_the_field():
    for line in mappings():
        if line.target:
            table, column = line.target.split(".")
            assert column in TABLES[table], line
            if line.path.endswith(("time", "date")) and column != "upld_time":
                assert TABLES[table][column].kind.word in ("ts", "date"), line
            if line.path.endswith(("_amt", "_sumamt", "_pay", "pric")):
                assert TABLES[table][column].kind.is_number, line


def test_no_field_of_a_node_stands_twice_and_every_column_has_one_source_in_it():
    for trade in TRADES.values():
        for node in trade.nodes:
            names = [f.name for f in node.fields]
            assert len(names) == len(set(names)), (trade.infno, node.path)
            targets = [t for f in node.fields for t in f.to]
            assert len(targets) == len(set(targets)), (trade.infno, node.path)


EVERYTHING = (
    person(),
    visit(),
    fees(detail("1"), detail("2", med_list_codg=DRUG)),
    settlement(),
    admission(),
    fees(detail("1", STAY, chrg_bchno=""), infno="2301", serial=2),
    discharge(),
    settlement("S2", STAY, infno="2304", at="2026-03-08 11:00:00"),
    settlement_list(),
    sale(),
)


def test_everything_the_lake_receives_can_be_read_by_its_contract():
    for table, listed in rows_of(*EVERYTHING).items():
        for cells in listed:
            for column in TABLES[table].columns:
                if column.required and column.name not in ("med_list_codg",):
                    assert cells.get(column.name), (table, column.name, cells)
            for name, value in cells.items():
                column = TABLES[table][name]
                if not column.kind.is_text:
                    values.reader(column.kind)(value)
                else:
                    assert len(value) <= column.kind.max_chars, (table, name)
                if column.kind.word == "flag":
                    values.read_flag(value)


def test_a_person_comes_from_the_answer_of_1101():
    (row,) = rows_of(person(insurance("39999"), insurance("390"), insurance("310", "2"), insurance("330")))["person"]
    assert (row["psn_no"], row["gend"], row["insutype"], row["insu_admdvs"]) == (PERSON, "1", "390", "990199")
    assert row["emp_name"] == "云溪机械厂" and row["balc"] == "88.2"


def test_the_main_insurance_does_not_depend_on_the_order_of_the_rows():
    insurances = [
        insurance("310", emp_name="甲"),
        insurance("310", emp_name="乙"),
        insurance("310", psn_insu_date="2020-01-01"),
    ]
    assert rows_of(person(*insurances)) == rows_of(person(*insurances[::-1]))
    (row,) = rows_of(person(*insurances))["person"]
    assert row["psn_insu_date"] == "2020-01-01"


def test_an_employee_insurance_comes_before_a_resident_one():
    (row,) = rows_of(person(insurance("390"), insurance("310")))["person"]
    assert row["insutype"] == "310"


def test_without_1101_the_settlement_tells_who_the_person_is():
    (row,) = rows_of(settlement())["person"]
    assert (row["psn_name"], row["brdy"], row["insutype"], row["insu_admdvs"]) == ("测试患者", "1960-05-01", "310", "990199")


def test_1101_stands_over_what_others_tell():
    (row,) = rows_of(settlement(gend="2"), person())["person"]
    assert row["gend"] == "1"


def test_an_outpatient_visit_with_its_diagnoses():
    found = rows_of(visit(insutype="310"))
    (row,) = found["encounter"]
    assert row == {
        "mdtrt_id": VISIT, "psn_no": PERSON, "fixmedins_code": HOSPITAL, "insutype": "310", "med_type": "11", "begntime": "2026-03-01 08:55:00",
        "insu_admdvs": "990199", "mdtrtarea_admvs": "990100", "dev_no": "D1", "opter": "0417", "upld_time": "2026-03-01 09:00:00",
    }  # fmt: skip
    (diagnosis,) = found["diagnosis"]
    assert (diagnosis["inout_diag_type"], diagnosis["maindiag_flag"], diagnosis["diag_srt_no"]) == ("1", "1", "1")
    assert diagnosis["psn_no"] == PERSON


def test_a_registration_is_known_by_the_id_the_platform_gave():
    given = {"psn_no": PERSON, "insutype": "310", "begntime": "2026-03-01 08:00:00", "ipt_otp_no": "G1", "dept_code": "A03", "dr_name": "测试医师"}  # fmt: skip
    registered = (
        request("2201", {"data": given}, at="2026-03-01 08:00:00"),
        answer({"data": {"mdtrt_id": VISIT, "psn_no": PERSON}}),
    )
    (row,) = rows_of(registered, visit())["encounter"]
    assert (row["insutype"], row["ipt_otp_no"], row["atddr_name"], row["med_type"]) == ("310", "G1", "测试医师", "11")
    assert row["upld_time"] == "2026-03-01 08:00:00"
    assert rows_of(registered, which("2202", at="2026-03-01 08:10:00")) == {}


def test_fees_take_what_the_platform_said_of_each_line():
    (row,) = rows_of(visit(), fees(detail("1")))["fee_line"]
    assert (row["inscp_scp_amt"], row["chrgitm_lv"], row["med_chrgitm_type"], row["list_type"]) == ("10.5", "01", "02", "201")
    assert "pric_uplmt_amt" not in row and "setl_id" not in row
    assert (row["fixmedins_code"], row["chrg_bchno"], row["pric"]) == (HOSPITAL, "B1", "10.5")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(DRUG, "101"), ("Z" * 20, "101"), ("T001700001", "102"), ("C" + "0" * 19, "301"), ("001102000010000-2", "201")],
)
def test_without_an_answer_the_kind_of_item_is_told_from_the_code(code: str, kind: str):
    lone = request("2204", {"feedetail": detail("1", med_list_codg=code)}, at="2026-03-01 09:10:00")
    (row,) = rows_of(lone)["fee_line"]
    assert row["list_type"] == kind and "inscp_scp_amt" not in row and "med_chrgitm_type" not in row
    assert gaps(visit(insutype="310"), lone) == ["no_answer"]


def test_a_deleted_line_is_gone_and_0000_means_every_unsettled_line():
    whole = visit(), fees(detail("1"), detail("2"), detail("3"))
    named = which("2205", at="2026-03-01 09:30:00", feedetl_sn="2")
    assert [r["feedetl_sn"] for r in rows_of(*whole, named)["fee_line"]] == ["1", "3"]
    assert "fee_line" not in rows_of(*whole, which("2205", at="2026-03-01 09:30:00", feedetl_sn="0000"))
    assert "fee_line" not in rows_of(*whole, which("2205", at="2026-03-01 09:30:00", chrg_bchno="B1"))
    assert len(rows_of(*whole, which("2205", at="2026-03-01 09:30:00", chrg_bchno="B2"))["fee_line"]) == 3
    assert len(rows_of(*whole, settlement(), which("2205", at="2026-03-01 09:30:00", feedetl_sn="0000"))["fee_line"]) == 3


def test_a_settled_line_is_not_deleted_by_a_request_that_nobody_answered():
    whole = visit(), fees(detail("1")), settlement()
    alone = which("2205", at="2026-03-01 09:30:00", feedetl_sn="1")[0]
    assert len(rows_of(*whole, alone)["fee_line"]) == 1 and fates(*whole, alone) == [("2205", "settled")]
    again = fees(detail("1", cnt=5), at="2026-03-01 09:40:00")[0]
    assert rows_of(*whole, again)["fee_line"][0]["cnt"] == "1" and fates(*whole, again) == [("2204", "settled")]
    assert "fee_line" not in rows_of(*whole, (alone, answer()))


def test_a_line_sent_again_replaces_itself():
    found = rows_of(visit(), fees(detail("1")), fees(detail("1", cnt=2, det_item_fee_sumamt=21), at="2026-03-01 09:12:00"))
    assert [(r["cnt"], r["inscp_scp_amt"]) for r in found["fee_line"]] == [("2", "21")]


def test_lines_without_a_number_are_all_kept_and_a_number_given_twice_is_said():
    nameless = [detail("", cnt=1), detail("-", cnt=2)]
    assert len(rows_of(visit(), fees(*nameless))["fee_line"]) == 2
    twice = fees(detail("1"), detail("1", cnt=2))
    assert [r["cnt"] for r in rows_of(visit(), twice)["fee_line"]] == ["2"] and "twice" in gaps(visit(), twice)


def test_a_settlement_and_the_lines_it_takes():
    found = rows_of(visit(), fees(detail("1"), detail("2", chrg_bchno="B2")), settlement())
    (row,) = found["settlement"]
    assert (row["setl_id"], row["fund_pay_sumamt"], row["refd_setl_flag"], row["invono"]) == ("S1", "7.5", "0", "F1")
    assert (row["clr_optins"], row["insu_admdvs"], row["mdtrtarea_admvs"], row["opter"]) == (
        "990199",
        "990199",
        "990100",
        "0417",
    )
    assert [(r["feedetl_sn"], r.get("setl_id")) for r in found["fee_line"]] == [("1", "S1"), ("2", None)]
    (encounter,) = found["encounter"]
    assert encounter["insutype"] == "310" and encounter["mdtrt_cert_type"] == "02"


def test_a_cancelled_settlement_gets_a_refund_row_and_lets_its_lines_go():
    found = rows_of(visit(), fees(detail("1")), settlement(), cancel())
    first, refund = sorted(found["settlement"], key=lambda r: r["refd_setl_flag"])
    assert (refund["setl_id"], refund["init_setl_id"], refund["setl_time"]) == ("S1C", "S1", "2026-03-01 10:00:00")
    for column in TABLES["settlement"].columns:
        if column.kind.word == "money" and column.name in first:
            assert Decimal(first[column.name]) + Decimal(refund[column.name]) == 0, column.name
    assert "setl_id" not in found["fee_line"][0]


def test_a_refund_without_its_own_id_is_named_after_the_settlement():
    for undo in (cancel()[0], cancel(own="S1"), (cancel()[0], answer())):
        assert {r["setl_id"] for r in rows_of(visit(), settlement(), undo)["settlement"]} == {"S1", "S1-R"}


def test_settling_again_after_a_cancellation_takes_the_lines_again():
    found = rows_of(visit(), fees(detail("1")), settlement(), cancel(), settlement("S2", at="2026-03-01 10:30:00"))
    assert found["fee_line"][0]["setl_id"] == "S2" and len(found["settlement"]) == 3


def test_a_second_cancellation_changes_nothing():
    once = visit(), settlement(), cancel()
    twice = cancel(at="2026-03-01 11:00:00", own="S1D")
    assert rows_of(*once) == rows_of(*once, twice)
    assert fates(*once, twice) == [("2208", "ineffective")]


def test_a_cancellation_whose_settlement_has_not_come_makes_no_row():
    assert "settlement" not in rows_of(visit(insutype="310"), cancel())
    assert gaps(visit(insutype="310"), cancel()) == ["no_original"]


def test_a_lone_settlement_answer_finds_its_request_or_stands_alone():
    asked, told = settlement()
    joined = rows_of(visit(), fees(detail("1")), asked, told)
    assert joined == rows_of(visit(), fees(detail("1")), (asked, told))
    alone = rows_of(visit(), told)["settlement"][0]
    assert (alone["fixmedins_code"], alone["insu_admdvs"], alone["fund_pay_sumamt"]) == (HOSPITAL, "990199", "7.5")


def test_a_settlement_request_without_an_answer_is_no_fact():
    asked, _ = settlement()
    assert "settlement" not in rows_of(visit(), asked)
    assert "no_settlement" in gaps(visit(), asked) and fates(visit(), asked) == [("2207", "unanswered")]


def test_trials_and_failures_are_listed_never_facts():
    asked, told = settlement()
    trial = asked | {"infno": "2206"}, told
    failed = asked, {"infcode": -1, "err_msg": "余额不足", "output": None}
    assert rows_of(trial, failed) == {}
    assert fates(trial) == [("2206", "trial")] and ("2207", "failed") in fates(failed)
    assert fates((asked | {"infno": "2303"}, told)) == [("2303", "trial")]


def test_an_admission_and_its_discharge():
    found = rows_of(admission(), discharge())
    (row,) = found["encounter"]
    assert (row["mdtrt_id"], row["ipt_otp_no"], row["atddr_name"], row["adm_bed"]) == (STAY, "ZY-1", "测试医师", "12")
    assert (row["endtime"], row["dscg_way"], row["dscg_dept_name"]) == ("2026-03-08 09:30:00", "1", "内科")
    assert [(d["inout_diag_type"], d["diag_code"]) for d in found["diagnosis"]] == [("1", "J18.900"), ("2", "J15.900")]
    assert found["diagnosis"][0]["adm_cond_type"] == "1"


def test_an_admission_without_diagnoses_tells_its_main_one():
    asked, told = admission()
    asked["input"]["diseinfo"] = ""
    (row,) = rows_of((asked, told))["diagnosis"]
    assert (row["diag_code"], row["maindiag_flag"], row["inout_diag_type"]) == ("J18.900", "1", "1")


def test_a_change_corrects_the_admission():
    changed = request(
        "2403", {"adminfo": {"mdtrt_id": STAY, "psn_no": PERSON, "adm_bed": "30", "med_type": "-"}}, at="2026-03-02 09:00:00"
    )
    (row,) = rows_of(admission(), (changed, answer()))["encounter"]
    assert (row["adm_bed"], row["med_type"], row["upld_time"]) == ("30", "21", "2026-03-01 09:00:00")


def test_a_cancelled_admission_leaves_nothing_unless_a_settlement_stands():
    stay = admission(), fees(detail("1", STAY), infno="2301"), discharge()
    gone = which("2404", STAY, at="2026-03-09 09:00:00")
    paid = settlement("S2", STAY, infno="2304", at="2026-03-08 11:00:00")
    assert rows_of(*stay, gone) == {}
    assert {code for _, code in fates(*stay, gone)} == {"undone"}
    assert len(rows_of(*stay, paid, gone)["settlement"]) == 1 and fates(*stay, paid, gone) == [("2404", "ineffective")]
    freed = cancel("S2", STAY, infno="2305", at="2026-03-08 12:00:00")
    assert set(rows_of(*stay, paid, freed, gone)) == {"person"}


def test_an_undone_discharge_leaves_the_patient_in():
    found = rows_of(admission(), discharge(), settlement_list(), which("2405", STAY, at="2026-03-11 09:00:00"))
    (row,) = found["encounter"]
    assert not {"endtime", "dscg_way", "dscg_dept_codg"} & row.keys()
    assert [d["inout_diag_type"] for d in found["diagnosis"]] == ["1"]
    again = rows_of(
        admission(),
        discharge(),
        settlement_list(),
        which("2405", STAY, at="2026-03-11 09:00:00"),
        discharge(at="2026-03-12 09:00:00"),
    )
    assert len(again["diagnosis"]) == 3 and again["encounter"][0]["endtime"]


def test_a_settlement_list_fills_what_visit_and_discharge_do_not_say():
    found = rows_of(admission(), discharge(), settlement("S1", STAY, infno="2304", at="2026-03-08 11:00:00"), settlement_list())
    (row,) = found["encounter"]
    assert (row["adm_way"], row["vent_used_dura"], row["nwb_bir_wt"], row["days_rinp_flag_31"]) == ("2", "1/13/24", "3200", "1")
    assert (row["medrcdno"], row["ipt_med_type"]) == ("BL-1", "1")
    coded = [d for d in found["diagnosis"] if d["inout_diag_type"] == "2"]
    assert [(d["diag_code"], d["diag_srt_no"], d.get("dise_dor_no")) for d in coded] == [("I10.x00x002", "2", None), ("J15.900", "1", "D990100000001")]  # fmt: skip
    (operation,) = found["operation"]
    assert (operation["oprn_srt_no"], operation["main_oprn_flag"], operation["psn_no"]) == ("1", "1", PERSON)
    assert "anst_dr_code" not in operation
    (paid,) = found["settlement"]
    assert (paid["begndate"], paid["enddate"]) == ("2026-03-01", "2026-03-08")


def test_a_later_form_of_the_list_names_person_and_times_and_may_hold_several_newborns():
    sent = settlement_list(infno="4101A", psn_no=PERSON, nwb_bir_wt="2500/2600")
    sent[0]["input"]["oprninfo"] = {
        "oprn_oprt_code": "33.2200",
        "oprn_oprt_name": "检查",
        "oprn_oprt_begntime": "2026-03-03 08:00:00",
    }
    found = rows_of(admission(), sent)
    assert found["person"][0]["curr_addr"] == "云溪市测试路"
    assert found["operation"][0]["oprn_oprt_date"] == "2026-03-03 08:00:00" and found["encounter"][0]["nwb_bir_wt"] == "2500"
    assert found["encounter"][0]["endtime"] == "2026-03-08 09:30:00"


def test_fees_without_a_visit_are_kept_and_said_to_wait():
    assert len(rows_of(fees(detail("1")))["fee_line"]) == 1 and gaps(fees(detail("1"))) == ["no_visit"]


def test_the_insurance_of_an_encounter_is_given_as_soon_as_anyone_tells_it():
    assert gaps(visit()) == ["no_insutype"]
    assert rows_of(visit(), person(insurance("390")))["encounter"][0]["insutype"] == "390"
    assert rows_of(visit(), person(insurance("390")), settlement())["encounter"][0]["insutype"] == "310"
    (done,) = fold_all(read(visit()), person=lambda psn_no: {"insutype": "340"} if psn_no == PERSON else None)
    assert done.rows["encounter"][0].cells["insutype"] == "340" and not done.gaps


def test_a_refund_line_names_the_line_it_undoes():
    refund = detail("2", init_feedetl_sn="1", cnt=-1, det_item_fee_sumamt=-10.5)
    found = rows_of(visit(), fees(detail("1"), refund))["fee_line"]
    assert {r["feedetl_sn"]: r.get("init_feedetl_sn") for r in found} == {"1": None, "2": "1"}
    assert "no_original_line" in gaps(visit(), fees(refund))


def test_goods_and_their_trace_codes():
    found = rows_of(sale())
    (row,) = found["stock_change"]
    assert (row["infno"], row["cnt"], row["pric"], row["setl_id"], row["mdtrt_setl_type"]) == ("3505", "2", "12.5", "S1", "1")
    assert row["stk_time"] == "2026-03-01 09:25:00" and len(row["stk_id"]) <= 50
    (scan,) = found["trace_code"]
    assert (scan["scan_type"], scan["drug_trac_codg"], scan["med_list_codg"]) == ("2", "81000010000000000001", DRUG)


GOODS = (
    ("3501", "invinfo", {"invdate": "2026-03-01", "inv_cnt": 100}, "100", None),
    ("3502", "invinfo", {"inv_chg_type": "102", "inv_chg_time": "2026-03-01 08:00:00", "cnt": 5, "pric": 1}, "5", "5"),
    ("3503", "purcinfo", {"purc_retn_stoin_time": "2026-03-01 08:00:00", "purc_retn_cnt": 7, "spler_name": "供应"}, "7", "1"),
    ("3504", "purcinfo", {"purc_retn_stoin_time": "2026-03-01 08:00:00", "purc_retn_cnt": 8, "purc_invo_no": "I"}, "8", "4"),
    ("3506", "selinfo", {"sel_retn_time": "2026-03-01 08:00:00", "sel_retn_cnt": 9, "trdn_flag": "0"}, "9", "3"),
)


@pytest.mark.parametrize(("infno", "node", "own", "cnt", "scan"), GOODS)
def test_each_goods_trade(infno: str, node: str, own: dict[str, object], cnt: str, scan: str | None):
    given = {"med_list_codg": DRUG, "fixmedins_bchno": "K1", "drugtracinfo": {"drug_trac_codg": "8" * 20}} | own
    sent = request(infno, {node: given}, at="2026-03-01 09:00:00"), answer()
    found = rows_of(sent)
    (row,) = found["stock_change"]
    assert (row["infno"], row["cnt"], bool(row["stk_time"])) == (infno, cnt, True)
    assert [s["scan_type"] for s in found.get("trace_code", [])] == ([scan] if scan else [])
    kind = {"3501": "1", "3502": "2", "3503": "3", "3504": "3"}.get(infno, "4")
    delete = request("3507", {"data": {"fixmedins_bchno": "K1", "inv_data_type": kind}}, at="2026-03-02 09:00:00"), answer()
    assert rows_of(sent, delete) == {} and fates(sent, delete) == [(infno, "undone")]
    assert fates(delete) == [("3507", "ineffective")]


def test_a_batch_holds_many_records_and_one_record_sent_again_replaces_itself():
    one, two = sale()[0]["input"]["selinfo"], sale("K2")[0]["input"]["selinfo"]
    batch = request("3505A", {"selinfoDetail": [one, two, two]}, at="2026-03-01 09:30:00"), answer()
    found = rows_of(batch)["stock_change"]
    assert len({r["stk_id"] for r in found}) == 3 and {r["infno"] for r in found} == {"3505"}
    corrected = rows_of(batch, sale(at="2026-03-02 09:00:00", sel_retn_cnt=9))["stock_change"]
    assert sorted(r["cnt"] for r in corrected) == ["2", "2", "9"]


def test_goods_refused_on_the_second_level_are_no_fact():
    asked, _ = sale()
    refused = asked, answer({"result": {"retRslt": "0", "msgRslt": "缺追溯码"}})
    assert rows_of(refused) == {} and fates(refused) == [("3505", "failed")]


def test_the_same_scan_told_by_settlement_and_by_goods_has_one_id():
    asked, told = settlement()
    asked["input"]["drug_trac_info"] = [{"feedetl_sn": "1", "drug_trac_codg": "81000010000000000001", "trdn_flag": "0", "min_prcunt_type": "2"}]  # fmt: skip
    whole = visit(), fees(detail("1", med_list_codg=DRUG)), (asked, told)
    (scan,) = rows_of(*whole)["trace_code"]
    assert (scan["med_list_codg"], scan["setl_id"], scan["mdtrt_id"], scan["scan_type"]) == (DRUG, "S1", VISIT, "2")
    assert len({s["scan_id"] for s in rows_of(*whole, sale())["trace_code"]}) == 1
    assert "trace_code" not in rows_of(*whole, cancel())
    assert "no_traced_line" in gaps((asked, told))


def test_analysis_trades_and_strangers_are_noted():
    found = [leftover(m) for m in read(request("3101", {"data": {}}), request("8888", {}), request("2401", {"mdtrtinfo": {}}), request("2203", {}))]  # fmt: skip
    assert [n.code for n in found if n] == ["noted", "unknown", "unanswered", "keyless"]
    assert leftover(read(visit())[0]) is None


def test_a_message_says_whose_it_is():
    (message,) = read(settlement())
    assert isinstance(message, Message)
    assert [tuple(s) for s in message.subjects] == [("encounter", VISIT), ("person", PERSON)]
    assert (message.psn_no, message.fixmedins_code, message.line, message.file) == (PERSON, HOSPITAL, 1, "报文.ndjson")


def test_a_row_says_from_which_line_it_came():
    (done,) = [d for d in fold_all(read(visit(), fees(detail("1")))) if d.subject.kind == "encounter"]
    assert [(r.file, r.line) for r in done.rows["fee_line"]] == [("报文.ndjson", 2)]
