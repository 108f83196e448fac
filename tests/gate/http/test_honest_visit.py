"""The whole life of one honest visit through the gate: drafted, uploaded, settled on trial, settled, refunded, asked again and again. Not one
word is said against it; and the second order that is one too many is.
"""

import copy
import time

import pytest

from hengjian.engine.backends.duckdb import connect
from hengjian.gate import parts as shipped
from hengjian.gate.build import attach, checker_of
from hengjian.gate.layout import layout_of
from hengjian.gate.levels import Levels
from hengjian.gate.settings import GateSettings

from ..doctors import BOOK, HERE, institutions
from .asgi import gate
from .messages import envelope

PERSON, HIS, PLATFORM = "99P1", "MZ20261015000871", "990100G0000000000001"
WATCH, HBA1C, DRUG = "001102000040000", "002503020030000", "XC07ABM001A001010100001"  # 每日 1 日；15 天 1 次；没有限制
LINES = {"R1": (WATCH, 1, 12.0, "201"), "R2": (HBA1C, 1, 50.0, "201"), "R3": (DRUG, 2, 20.0, "101")}


@pytest.fixture
def client(tmp_path):
    settings = GateSettings(home=tmp_path / "home", store="")
    with gate(tmp_path, fold=shipped.build_fold(settings)) as opened, connect(threads=1) as con:
        attach(con, None)
        layout = opened.store.use_layout(layout_of(BOOK))
        opened.app.swap(checker_of(BOOK, con, opened.store, layout, institutions(), levels=Levels(), budget_seconds=5.0))
        yield opened


def post(client, infno, given, serial, minute, response=None):
    """One message at a minute of the morning; what was taken is folded before the next."""
    request = envelope(infno, given, serial, at=HERE, time=f"2026-10-15 09:{minute:02}:00")
    told = client.post({"request": request, "response": response} if response else request, f"/{infno}")
    assert told["infcode"] == 0, (infno, told)
    wait_folded(client)
    return told


def wait_folded(client):
    """The writer folds what it took after it has answered."""
    end = time.monotonic() + 20
    while client.store.unfolded():
        assert time.monotonic() < end
        client.writer.run(lambda store: None).result(10)


def ask(client, serial, minute, mdtrt_id=HIS, infno="3101", lines=LINES):
    """The check of the visit as a hospital asks it."""
    visit = {
        "mdtrt_id": mdtrt_id, "medins_id": HERE, "medins_admdvs": "990101", "adm_date": "2026-10-15 09:00:00", "dscg_date": "2026-10-15 09:00:00",
        "med_type": "11", "insutype": "310", "matn_stas": "0", "dr_codg": "D990101000001",
        "fsi_diagnose_dtos": [{"inout_dise_type": "1", "maindise_flag": "1", "dias_srt_no": "1", "dise_codg": "E11.900", "dise_date": "2026-10-15"}],
        "fsi_order_dtos": [
            {"rx_id": sn, "rxno": "CF1", "hilist_type": kind, "chrg_type": "09", "hilist_code": code, "hilist_name": code, "hilist_lv": "01", "cnt": cnt,
             "pric": pric, "sumamt": cnt * pric, "ownpay_amt": 0, "drord_begn_date": "2026-10-15 09:05:00", "drord_dr_codg": "D990101000001",
             "curr_drord_flag": "1"}
            for sn, (code, cnt, pric, kind) in lines.items()
        ],
    }  # fmt: skip
    patient = {"patn_id": PERSON, "gend": "1", "brdy": "1968-04-02", "poolarea": "990101", "curr_mdtrt_id": mdtrt_id}
    given = {"data": {"task_id": f"T{serial}", "trig_scen": "2", "patient_dtos": [patient | {"fsi_encounter_dtos": [visit]}]}}
    return post(client, infno, given, serial, minute)


def who(client, serial=1, minute=0):
    """The platform's answer to 1101, relayed."""
    base = {
        "psn_no": PERSON,
        "gend": "1",
        "brdy": "1968-04-02",
        "certno": "",
        "psn_name": "示例",
        "psn_cert_type": "01",
        "age": 58.5,
    }
    insured = [
        {"insutype": "310", "psn_type": "11", "psn_insu_stas": "1", "insuplc_admdvs": "990101", "balc": 0, "cvlserv_flag": "0"}
    ]
    given = {"data": {"mdtrt_cert_type": "01", "mdtrt_cert_no": "x", "patn_id": "HIS-PATIENT-7"}}
    answer = {"infcode": 0, "err_msg": "", "output": {"baseinfo": base, "insuinfo": insured, "idetinfo": []}}
    return post(client, "1101", given, serial, minute, answer)


def upload(client, serial, minute):
    visit = {
        "mdtrt_id": PLATFORM,
        "psn_no": PERSON,
        "med_type": "11",
        "begntime": "2026-10-15 09:00:00",
        "atddr_no": "D990101000001",
        "matn_stas": "0",
    }
    sick = {
        "diag_type": "1",
        "diag_srt_no": "1",
        "maindiag_flag": "1",
        "diag_code": "E11.900",
        "diag_name": "2型糖尿病",
        "diag_time": "2026-10-15 09:02:00",
    }
    post(client, "2203", {"mdtrtinfo": visit | {"insutype": "310"}, "diseinfo": [sick]}, serial, minute)
    fees = [
        {"feedetl_sn": f"F{sn}", "mdtrt_id": PLATFORM, "psn_no": PERSON, "chrg_bchno": "B1", "fee_ocur_time": "2026-10-15 09:10:00", "med_list_codg": code,
         "medins_list_codg": code, "det_item_fee_sumamt": cnt * pric, "cnt": cnt, "pric": pric, "rxno": "CF1", "bilg_dr_codg": "D990101000001",
         "bilg_dept_codg": "A03", "prd_days": "10", "hilist_type": kind}
        for sn, (code, cnt, pric, kind) in LINES.items()
    ]  # fmt: skip
    results = [
        {"feedetl_sn": f["feedetl_sn"], "det_item_fee_sumamt": f["det_item_fee_sumamt"], "cnt": f["cnt"], "pric": f["pric"], "pric_uplmt_amt": 999999,
         "fulamt_ownpay_amt": 0, "overlmt_amt": 0, "preselfpay_amt": 0, "inscp_scp_amt": f["det_item_fee_sumamt"], "chrgitm_lv": "01",
         "med_chrgitm_type": "09", "list_type": f["hilist_type"]}
        for f in fees
    ]  # fmt: skip
    post(client, "2204", {"feedetail": fees}, serial + 1, minute + 1, {"infcode": 0, "output": {"result": results}})


def settle(client, serial, minute, setl_id="S1"):
    total = sum(cnt * pric for _, cnt, pric, _ in LINES.values())
    given = {
        "data": {
            "psn_no": PERSON,
            "mdtrt_id": PLATFORM,
            "medfee_sumamt": total,
            "chrg_bchno": "B1",
            "insutype": "310",
            "psn_setlway": "01",
        }
    }
    sheet = {
        "mdtrt_id": PLATFORM, "setl_id": setl_id, "psn_no": PERSON, "gend": "1", "brdy": "1968-04-02", "insutype": "310", "psn_type": "11",
        "med_type": "11", "setl_time": f"2026-10-15 09:{minute:02}:00", "medfee_sumamt": total, "inscp_scp_amt": total, "fund_pay_sumamt": total - 20,
        "psn_cash_pay": 20, "acct_pay": 0, "hifp_pay": total - 20,
    }  # fmt: skip
    post(client, "2207", given, serial, minute, {"infcode": 0, "output": {"setlinfo": sheet, "setldetail": []}})


def refund(client, serial, minute, setl_id="S1"):
    sheet = {
        "mdtrt_id": PLATFORM,
        "setl_id": f"{setl_id}C",
        "setl_time": f"2026-10-15 09:{minute:02}:00",
        "medfee_sumamt": -102.0,
        "fund_pay_sumamt": -82.0,
    }
    given = {"data": {"setl_id": setl_id, "mdtrt_id": PLATFORM, "psn_no": PERSON}}
    post(client, "2208", given, serial, minute, {"infcode": 0, "output": {"setlinfo": sheet}})


def quiet(told):
    assert told["output"]["result"] == [], [r["vola_cont"] for r in told["output"]["result"]]
    return told


def test_the_whole_life_of_an_honest_visit_is_silent(client):
    who(client)
    quiet(ask(client, 2, 6))  # the draft
    quiet(ask(client, 3, 7))  # asked again
    upload(client, 4, 10)
    quiet(ask(client, 6, 12))  # the doctor looks at the same orders once more
    quiet(ask(client, 7, 13, PLATFORM, "3102"))  # at the till: the platform's number
    quiet(ask(client, 8, 14, HIS, "3102"))  # or the hospital's
    settle(client, 9, 15)
    quiet(ask(client, 10, 16))
    refund(client, 11, 20)
    quiet(ask(client, 12, 21))
    quiet(ask(client, 13, 22, PLATFORM, "3102"))
    settle(client, 14, 25, "S2")
    quiet(ask(client, 15, 26, PLATFORM, "3102"))
    upload(client, 16, 30)  # repeated by a nervous client
    quiet(ask(client, 18, 33, PLATFORM, "3102"))


def test_the_one_order_too_many_is_said_and_only_that(client):
    who(client)
    upload(client, 4, 10)
    settle(client, 9, 15)
    lines = copy.deepcopy(LINES) | {"R9": (WATCH, 1, 12.0, "201")}
    told = ask(client, 10, 40, lines=lines)
    (said,) = told["output"]["result"]
    assert said["rule_id"] == "service_daily_limit" and len(said["judge_result_detail_dtos"]) == 1
    assert "10 天" not in (told["warn_msg"] or "")  # taken today, ordered today: the same act, nothing at home yet


def test_the_hospitals_own_patient_id_finds_the_same_past(client):
    who(client)
    upload(client, 4, 10)
    settle(client, 9, 15)
    tomorrow = envelope("3101", ask_given("HIS-PATIENT-7", HBA1C, "2026-10-16"), 50, at=HERE, time="2026-10-16 09:00:00")
    (said,) = client.post(tomorrow, "/3101")["output"]["result"]
    assert said["rule_id"] == "service_cycle_limit" and said["patn_id"] == "HIS-PATIENT-7"
    stranger = envelope("3101", ask_given("HIS-PATIENT-8", HBA1C, "2026-10-16"), 51, at=HERE, time="2026-10-16 09:00:00")
    told = client.post(stranger, "/3101")
    assert told["output"]["result"] == [] and "没有对应到参保人" in told["warn_msg"]


def ask_given(patn_id, code, day):
    order = {
        "rx_id": "X1", "hilist_type": "201", "chrg_type": "04", "hilist_code": code, "hilist_lv": "01", "cnt": 1, "pric": 50, "sumamt": 50,
        "drord_begn_date": f"{day} 09:00:00", "curr_drord_flag": "1",
    }  # fmt: skip
    visit = {
        "mdtrt_id": "HIS-NEXT", "medins_id": HERE, "medins_admdvs": "990101", "adm_date": f"{day} 08:50:00", "med_type": "11", "insutype": "310",
        "fsi_diagnose_dtos": [], "fsi_order_dtos": [order],
    }  # fmt: skip
    patient = {
        "patn_id": patn_id,
        "gend": "1",
        "brdy": "1968-04-02",
        "curr_mdtrt_id": "HIS-NEXT",
        "fsi_encounter_dtos": [visit],
    }
    return {"data": {"task_id": "T", "trig_scen": "2", "patient_dtos": [patient]}}
