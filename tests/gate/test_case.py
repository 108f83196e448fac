"""Messages as clients really send them become the same visit; what cannot be read is left out and named."""

import copy
import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengjian.gate.case import cases_of
from hengjian.gate.numbers import moment_of, scaled

from ..conftest import need_shared

NOW = moment_of(datetime(2026, 10, 15, 9, 30, 12))
ORDER = {
    "rx_id": "R1", "rxno": "C1", "hilist_type": "101", "chrg_type": "09", "hilist_code": "XA01AAA001A001010100001-7", "hilist_name": "某片",
    "hilist_lv": "02", "cnt": 2, "pric": 14.3, "sumamt": 28.6, "ownpay_amt": 0.6, "drord_begn_date": "2026-10-15 09:25:40",
    "drord_dr_codg": "D990101000001", "curr_drord_flag": "1",
}  # fmt: skip
VISIT = {
    "mdtrt_id": "MZ1", "medins_id": "H99010100001", "medins_admdvs": "990101", "adm_date": "2026-10-15 09:10:00", "dscg_date": "2026-10-15 09:10:00",
    "med_type": "11", "insutype": "310", "matn_stas": "0",
    "fsi_diagnose_dtos": [{"inout_dise_type": "1", "maindise_flag": "1", "dias_srt_no": "1", "dise_codg": "I10.x00x002", "dise_date": "2026-10-15"}],
    "fsi_order_dtos": [ORDER],
}  # fmt: skip
PATIENT = {
    "patn_id": "99PSN1", "gend": "1", "brdy": "1968-04-02", "poolarea": "990102", "curr_mdtrt_id": "MZ1", "fsi_encounter_dtos": [VISIT],
}  # fmt: skip
REQUEST = {
    "infno": "3101", "msgid": "M1", "fixmedins_code": "H99010100001", "inf_time": "2026-10-15 09:30:12",
    "input": {"data": {"task_id": "T1", "trig_scen": "2", "patient_dtos": [PATIENT]}},
}  # fmt: skip


def read(request=REQUEST, infno="3101"):
    return cases_of(infno, request, NOW)


def changed(part, **cells):
    """The request with some cells of the order, visit or patient changed."""
    request = copy.deepcopy(REQUEST)
    patient = request["input"]["data"]["patient_dtos"][0]
    {
        "patient": patient,
        "visit": patient["fsi_encounter_dtos"][0],
        "order": patient["fsi_encounter_dtos"][0]["fsi_order_dtos"][0],
    }[part].update(cells)
    return request


def test_a_message_becomes_the_rows_of_its_visit():
    (case,) = read()
    (line,) = case.visit.lines
    assert (case.patn_id, case.gend, case.born[2], case.visit.kind) == ("99PSN1", "1", 19680402, "outp")
    assert line.cells["net_cnt_e4"] == 20_000 and line.cells["net_amt"] == 2860 and line.cells["net_inscp"] == 2800
    assert line.cells["pric_e6"] == 14_300_000 and line.cells["fee_ymd"] == 20261015 and line.cells["chrgitm_lv"] == "02"
    assert case.visit.cells["inscp_amt"] == 2800 and case.visit.cells["diag3"] == "I10" and case.visit.cells["rgn_flag"] == "0"
    assert case.visit.cells["out_day"] is None and not case.unread and not case.only_informs


def test_other_spellings_and_wrappings_say_the_same():
    (plain,) = read()
    variants = []
    as_text = changed("order", cnt="2", pric="14.300000", sumamt="28.60", ownpay_amt="0.60")
    variants.append(as_text)
    single = copy.deepcopy(REQUEST)
    patient = single["input"]["data"]["patient_dtos"][0]
    patient["fsi_encounter_dtos"] = {**VISIT, "fsi_order_dtos": ORDER, "fsi_diagnose_dtos": VISIT["fsi_diagnose_dtos"][0]}
    single["input"]["data"]["patient_dtos"] = patient
    variants.append(single)
    flat = copy.deepcopy(REQUEST)
    flat["input"] = {
        "data": {"task_id": "T1", "trig_scen": "2"},
        "patient_dtos": [{k: v for k, v in PATIENT.items() if k != "fsi_encounter_dtos"}],
        "fsi_encounter_dtos": [VISIT],
    }
    variants.append(flat)
    hainan = {
        "infno": "3660", "msgid": "M1", "fixmedins_code": "H99010100001", "inf_time": "2026-10-15 09:30:12",
        "input": {"trigScen": {"trigScen": "2", "task_id": "T1", "patientDtos": [{
            "psn_no": "99PSN1", "gend": "1", "brdy": "1968-04-02", "insuplc_admdvs": "990102", "curr_mdtrt_id": "MZ1",
            "encounterDtos": [{**{k: v for k, v in VISIT.items() if not k.startswith("fsi_") and k != "medins_id"}, "medins_code": "H99010100001",
                               "diagnoseDtos": VISIT["fsi_diagnose_dtos"], "orderDtos": [ORDER]}],
        }]}},
    }  # fmt: skip
    variants.append(hainan)
    variants.append({**REQUEST, "input": json.dumps(REQUEST["input"])})
    later = copy.deepcopy(REQUEST)
    visit = later["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]
    order = visit["fsi_order_dtos"][0]
    for old, new in (
        ("rx_id", "feedetl_sn"),
        ("rxno", "rx_drord_no"),
        ("hilist_type", "list_type"),
        ("chrg_type", "med_chrgitm_type"),
    ):
        order[new] = order.pop(old)
    visit["begntime"] = visit.pop("adm_date")
    variants.append(later)
    for request in variants:
        (case,) = cases_of(request["infno"], request, NOW)
        assert case == plain, request


@pytest.mark.parametrize(
    ("cells", "left"),
    [
        ({"cnt": "x"}, ["某片"]),
        ({"sumamt": 1e12}, ["某片"]),
        ({"cnt": None, "hilist_name": "-"}, ["XA01AAA001A001010100001-7"]),
    ],
)
def test_a_line_that_cannot_be_read_is_left_out_and_named(cells, left):
    (case,) = read(changed("order", **cells))
    assert case.visit.lines == [] and case.unread == left


def test_what_takes_back_or_has_no_code_is_no_line():
    for cells in ({"cnt": -1}, {"hilist_code": "-"}, {"sumamt": -3}):
        (case,) = read(changed("order", **cells))
        assert case.visit.lines == [] and case.unread == []


def test_class_c_and_wholly_self_paid_lines_are_out_of_scope():
    for cells in ({"hilist_lv": "03"}, {"hilist_lv": "3"}, {"ownpay_amt": 28.6}, {"ownpay_amt": "99"}):
        (case,) = read(changed("order", **cells))
        assert case.visit.lines[0].cells["net_inscp"] == 0


def test_an_end_counts_only_at_settlement_and_after_the_beginning():
    stay = changed("visit", med_type="21", adm_date="2026-10-10 08:00:00", dscg_date="2026-10-15 10:00:00")
    assert read(stay)[0].visit.cells["out_day"] is None
    (during,) = read(stay, "3102")
    assert during.visit.cells["out_day"] - during.visit.cells["in_day"] == 5 and during.visit.kind == "inp"
    same = changed("visit", med_type="21", dscg_date="2026-10-15 09:10:00")
    assert read(same, "3102")[0].visit.cells["out_day"] is None


@pytest.mark.parametrize(
    ("part", "cells"), [("visit", {"med_type": "13"}), ("visit", {"med_type": "52"}), ("patient", {"brdy": "2026-10-01"})]
)
def test_emergencies_maternity_and_newborns_are_only_informed(part, cells):
    assert read(changed(part, **cells))[0].only_informs


def test_amounts_never_pass_through_a_float():
    assert scaled(0.29, 2) == 29 and scaled("0.285", 2) == 28 and scaled(1.005, 2) == 100 and scaled(4, 4) == 40_000
    assert scaled("1,234.50", 2) == 123_450 and scaled(True, 2) is None and scaled(float("inf"), 2) is None
    assert scaled("9" * 40, 2) is None and scaled(1e-30, 2) == 0


@pytest.mark.parametrize(
    "broken", [None, [], {}, {"data": None}, {"data": {"patient_dtos": "x"}}, {"data": {"patient_dtos": [{}]}}]
)
def test_a_message_without_a_visit_has_no_case(broken):
    assert cases_of("3101", {"input": broken}, NOW) == []


def test_the_samples_are_read_whole():
    for name, infno in (("3101-request.json", "3101"), ("3102-request.json", "3102")):
        request = json.loads(need_shared(f"reference/samples/{name}").read_text(encoding="utf-8"))
        (case,) = cases_of(infno, request, NOW)
        assert case.visit.lines and not case.unread and case.visit.diagnoses


@given(st.decimals(-(10**7), 10**7, places=2), st.sampled_from([2, 4, 6]))
def test_a_json_number_is_what_was_written(yuan, digits):
    assert scaled(float(yuan), digits) == scaled(str(yuan), digits) == int(yuan.scaleb(digits))
