"""Messages in the shapes of the interface, of an invented town: region 990100, persons that do not exist."""

import copy

AT, SHOP, ELSEWHERE = "H99010000001", "P99010000002", "H99010000009"
PERSON, VISIT = "99010000000000000000100231", "MZ20261015000871"


def envelope(infno, given, serial=1, *, at=AT, time="2026-10-15 09:30:12", **more):
    """A request envelope."""
    stamp = time.replace("-", "").replace(":", "").replace(" ", "")
    return {
        "infno": infno,
        "msgid": f"{at}{stamp}{serial:04d}",
        "mdtrtarea_admvs": "990100",
        "insuplc_admdvs": "990100",
        "recer_sys_code": "HJ",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0417",
        "opter_name": "测试员甲",
        "inf_time": time,
        "fixmedins_code": at,
        "fixmedins_name": "示例市第一人民医院",
        "sign_no": "",
        "input": given,
    } | more


def order(number, code, **more):
    """One order line."""
    return {
        "rx_id": f"RX{number:05d}",
        "rxno": "CF1",
        "long_drord_flag": "0",
        "hilist_type": "101",
        "chrg_type": "09",
        "drord_bhvr": "0",
        "hilist_code": code,
        "hilist_name": "阿托伐他汀钙片",
        "hilist_lv": "02",
        "hilist_pric": 28.6,
        "hosplist_code": "1001",
        "hosplist_name": "阿托伐他汀钙片",
        "cnt": 2,
        "pric": 28.6,
        "sumamt": 57.2,
        "ownpay_amt": 0,
        "selfpay_amt": 5.72,
        "spec": "20mg×7片/盒",
        "spec_unt": "盒",
        "drord_begn_date": "2026-10-15 09:25:00",
        "drord_dept_codg": "A03.04",
        "drord_dept_name": "心血管内科",
        "drord_dr_codg": "D990100001234",
        "drord_dr_name": "测试医师乙",
        "drord_dr_profttl": "3",
        "curr_drord_flag": "1",
    } | more


def check(codes=("XC10AAA012A001010100001",), infno="3101", serial=1, **more):
    """3101 or 3102: one patient, one visit, one line a code."""
    visit = {
        "mdtrt_id": VISIT,
        "medins_id": AT,
        "medins_name": "示例市第一人民医院",
        "medins_admdvs": "990100",
        "medins_type": "A1",
        "medins_lv": "02",
        "adm_date": "2026-10-15 09:10:00",
        "dscg_date": "2026-10-15 09:10:00",
        "dscg_main_dise_codg": "E78.500x003",
        "dscg_main_dise_name": "高脂血症",
        "dr_codg": "D990100001234",
        "adm_dept_codg": "A03.04",
        "adm_dept_name": "心血管内科",
        "dscg_dept_codg": "A03.04",
        "dscg_dept_name": "心血管内科",
        "med_mdtrt_type": "1",
        "med_type": "11",
        "matn_stas": "0",
        "medfee_sumamt": 274.0,
        "ownpay_amt": 0.0,
        "selfpay_amt": 39.4,
        "setl_totlnum": 1,
        "insutype": "310",
        "reim_flag": "1",
        "out_setl_flag": "0",
        "fsi_diagnose_dtos": [
            {
                "dise_id": "ZD1",
                "inout_dise_type": "1",
                "maindise_flag": "1",
                "dias_srt_no": "1",
                "dise_codg": "E78.500x003",
                "dise_name": "高脂血症",
                "dise_date": "2026-10-15 09:20:00",
            }
        ],
        "fsi_order_dtos": [order(number, code) for number, code in enumerate(codes, 1)],
    }
    patient = {
        "patn_id": PERSON,
        "patn_name": "测试患者丙",
        "gend": "1",
        "brdy": "1968-04-02",
        "poolarea": "990100",
        "curr_mdtrt_id": VISIT,
        "fsi_encounter_dtos": [visit],
        "fsi_his_data_dto": [],
    }
    data = {
        "syscode": "EXHIS",
        "task_id": f"T{serial}",
        "trig_scen": "2" if infno in ("3101", "3660") else "7",
        "rule_ids": [],
        "patient_dtos": [patient],
    }
    return envelope(infno, {"data": data}, serial, **more)


def feedback(*warns, serial=1, **more):
    """3103; each warn: (warn_rslt_id, dspo_way, dspo_way_rea)."""
    rows = [{"warn_rslt_id": jr_id, "dspo_way": way, "dspo_way_rea": reason} for jr_id, way, reason in warns]
    return envelope("3103", {"data": {"warn_type": "1", "warns": rows}}, serial, **more)


def fee(number=1, **more):
    """One fee line of 2204 or 2301."""
    return {
        "feedetl_sn": f"F{number:05d}",
        "mdtrt_id": VISIT,
        "psn_no": PERSON,
        "chrg_bchno": "B1",
        "rx_circ_flag": "0",
        "fee_ocur_time": "2026-10-15 09:31:00",
        "med_list_codg": "XC10AAA012A001010100001",
        "medins_list_codg": "1001",
        "det_item_fee_sumamt": 57.2,
        "cnt": 2,
        "pric": 28.6,
        "bilg_dept_codg": "A03.04",
        "bilg_dept_name": "心血管内科",
        "bilg_dr_codg": "D990100001234",
        "bilg_dr_name": "测试医师乙",
        "hosp_appr_flag": "1",
    } | more


_VISIT_AND_PERSON = {"mdtrt_id": VISIT, "psn_no": PERSON}
_PLACE = {
    "insutype": "310",
    "med_type": "11",
    "begntime": "2026-10-15 09:10:00",
    "atddr_no": "D990100001234",
    "dr_name": "测试医师乙",
}
_GOODS = {
    "med_list_codg": "XC10AAA012A001010100001",
    "fixmedins_hilist_id": "1001",
    "fixmedins_hilist_name": "阿托伐他汀钙片",
    "fixmedins_bchno": "PC0001",
    "rx_flag": "1",
    "trdn_flag": "0",
    "manu_lotnum": "L1",
    "manu_date": "2026-01-01",
    "sel_retn_cnt": 1,
    "sel_retn_time": "2026-10-15 10:00:00",
    "sel_retn_opter_name": "测试员甲",
}
_MONEY = {
    "insutype": "310",
    "med_type": "11",
    "medfee_sumamt": 57.2,
    "psn_setlway": "01",
    "acct_used_flag": "0",
    "chrg_bchno": "B1",
}

UPLOADED = {
    "1101": {
        "data": {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": "-",
            "psn_cert_type": "01",
            "certno": "-",
            "psn_name": "-",
            "patn_id": "P77",
        }
    },
    "2203": {
        "mdtrtinfo": _VISIT_AND_PERSON | _PLACE,
        "diseinfo": [{"diag_type": "1", "diag_srt_no": "1", "diag_code": "E78.500x003"}],
    },
    "2204": {"feedetail": [fee(1), fee(2)]},
    "2205": {"data": _VISIT_AND_PERSON | {"chrg_bchno": "0000"}},
    "2207": {"data": _VISIT_AND_PERSON | _MONEY},
    "2208": {"data": _VISIT_AND_PERSON | {"setl_id": "JS1"}},
    "2301": {"feedetail": [fee(1), fee(2)]},
    "2302": {"data": [_VISIT_AND_PERSON | {"feedetl_sn": "F00001"}]},
    "2304": {"data": _VISIT_AND_PERSON | _MONEY},
    "2305": {"data": _VISIT_AND_PERSON | {"setl_id": "JS1"}},
    "2401": {"mdtrtinfo": _VISIT_AND_PERSON | _PLACE, "diseinfo": []},
    "2402": {"dscginfo": _VISIT_AND_PERSON | {"endtime": "2026-10-20 14:30:00", "dscg_way": "1"}, "diseinfo": []},
    "2403": {"adminfo": _VISIT_AND_PERSON | _PLACE, "diseinfo": []},
    "2404": {"data": _VISIT_AND_PERSON},
    "2405": {"data": _VISIT_AND_PERSON},
    "2601": {"data": {"psn_no": PERSON, "omsgid": f"{AT}202610150930120001", "oinfno": "2207"}},
    "3501": {"invinfo": _GOODS | {"inv_date": "2026-10-15", "inv_cnt": 9}},
    "3502": {"invinfo": _GOODS | {"inv_chg_type": "106", "cnt": 3, "inv_chg_time": "2026-10-15 10:00:00"}},
    "3503": {
        "purcinfo": _GOODS | {"purc_retn_cnt": 10, "purc_retn_stoin_time": "2026-10-10 10:00:00", "spler_name": "示例医药"}
    },
    "3504": {
        "purcinfo": _GOODS | {"purc_retn_cnt": 1, "purc_retn_stoin_time": "2026-10-11 10:00:00", "spler_name": "示例医药"}
    },
    "3505": {"selinfo": _GOODS | {"setl_id": "JS1", "mdtrt_sn": "S1"}},
    "3506": {"selinfo": _GOODS},
    "3507": {"data": {"fixmedins_bchno": "PC0001", "inv_data_type": "4"}},
    "4101": {"setlinfo": _VISIT_AND_PERSON | {"setl_id": "JS1", "fixmedins_code": AT}, "diseinfo": [], "iteminfo": []},
}
"""`input` of every upload, the shortest that names whose it is."""

TOLD = {
    "1101": {
        "baseinfo": {
            "psn_no": PERSON,
            "psn_cert_type": "01",
            "certno": "990100196804020018",
            "psn_name": "测试患者丙",
            "gend": "1",
            "brdy": "1968-04-02",
        },
        "insuinfo": [{"balc": 0, "insutype": "310", "psn_type": "11", "psn_insu_stas": "1", "insuplc_admdvs": "990100"}],
        "idetinfo": [],
    },
    "2207": {
        "setlinfo": _VISIT_AND_PERSON
        | {"setl_id": "JS1", "setl_time": "2026-10-15 09:40:00", "medfee_sumamt": 57.2, "hifp_pay": 40}
    },
}
"""`output` of answers that are relayed."""


def upload(infno, serial=1, **more):
    """A request of an upload as the hospital sent it to the platform; suffix letters as given."""
    return envelope(infno, copy.deepcopy(UPLOADED[infno[:4]]), serial, **more)


def exchange(infno, serial=1, **more):
    """A request with the platform's answer, as a hospital relays it."""
    answer = {
        "infcode": 0,
        "inf_refmsgid": "990100202610150930120000000001",
        "err_msg": "",
        "output": copy.deepcopy(TOLD.get(infno[:4], {})),
    }
    return {"request": upload(infno, serial, **more), "response": answer}
