"""Invented messages in the shape of the national interface: identity numbers begin with 99, regions with 99."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from hengjian.lake.wire import Fold, Message, Refusal, fold_all, parse, read_messages, written

HOSPITAL = "H99010000001"
PERSON = "99010000000000000001"
VISIT = "MZ990101"
STAY = "ZY990101"
SERVICE = "001102000010000"
DRUG = "XJ01FAA051A001010201187"


def request(
    infno: str, given: dict[str, Any], *, at: str = "2026-03-01 09:00:00", serial: int = 1, **more: Any
) -> dict[str, Any]:
    """A request envelope."""
    stamp = "".join(letter for letter in at if letter.isdigit())
    return {
        "infno": infno,
        "msgid": f"{HOSPITAL}{stamp}{serial:04d}",
        "mdtrtarea_admvs": "990100",
        "insuplc_admdvs": "990199",
        "recer_sys_code": "FSI_LOCAL",
        "dev_no": "D1",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0417",
        "opter_name": "测试员甲",
        "inf_time": at,
        "fixmedins_code": HOSPITAL,
        "fixmedins_name": "云溪市第一医院",
        "sign_no": "SN1",
        "input": given,
    } | more


def answer(output: Any = None, **more: Any) -> dict[str, Any]:
    """A successful answer."""
    return {
        "infcode": 0,
        "inf_refmsgid": "990100202603010900001234567890",
        "refmsg_time": "20260301090001123",
        "respond_time": "20260301090001456",
        "err_msg": "",
        "output": output,
    } | more


def read(*lines: tuple[Any, ...] | dict[str, Any] | bytes) -> list[Message]:
    """Messages of these exchanges (request, answer), lone requests or raw lines; none may be refused."""
    found: list[Message] = []
    for number, line in enumerate(lines, start=1):
        raw = line if isinstance(line, bytes) else written(*line) if isinstance(line, tuple) else written(line)
        message = parse(raw, file="报文.ndjson", line=number)
        assert isinstance(message, Message), str(message)
        found.append(message)
    return found


def read_stream(raw: bytes) -> list[tuple[int, Message | Refusal]]:
    return list(read_messages(io.BytesIO(raw), file="报文.ndjson"))


def rows(folds: Iterable[Fold]) -> dict[str, list[dict[str, str]]]:
    """Every row of every fold by table, in a fixed order."""
    found: dict[str, list[dict[str, str]]] = {}
    for done in folds:
        for table, listed in done.rows.items():
            found.setdefault(table, []).extend(row.cells for row in listed)
    return {table: sorted(listed, key=lambda cells: sorted(cells.items())) for table, listed in sorted(found.items())}


def rows_of(*lines: Any) -> dict[str, list[dict[str, str]]]:
    return rows(fold_all(read(*lines)))


def fates(*lines: Any) -> list[tuple[str, str]]:
    """(trade, reason) of the messages that are no facts."""
    return [(n.message.infno, n.code) for done in fold_all(read(*lines)) for n in done.not_facts]


def gaps(*lines: Any) -> list[str]:
    return [gap.code for done in fold_all(read(*lines)) for gap in done.gaps]


def visit(mdtrt_id: str = VISIT, *, at: str = "2026-03-01 09:00:00", serial: int = 1, **more: Any) -> tuple[Any, ...]:
    """2203 with one diagnosis."""
    info = {"mdtrt_id": mdtrt_id, "psn_no": PERSON, "med_type": "11", "begntime": "2026-03-01 08:55:00", "dise_codg": ""} | more
    disease = {
        "diag_type": "1", "diag_srt_no": 1, "diag_code": "I10.x00x002", "diag_name": "高血压", "diag_dept": "A03",
        "dise_dor_no": "D990100000001", "dise_dor_name": "测试医师", "diag_time": "2026-03-01 08:58:00", "vali_flag": "1",
    }  # fmt: skip
    return request("2203", {"mdtrtinfo": info, "diseinfo": [disease]}, at=at, serial=serial), answer()


def detail(number: str, mdtrt_id: str = VISIT, **more: Any) -> dict[str, Any]:
    """One row of feedetail."""
    return {
        "feedetl_sn": number, "mdtrt_id": mdtrt_id, "psn_no": PERSON, "chrg_bchno": "B1", "fee_ocur_time": "2026-03-01 09:00:00",
        "med_list_codg": SERVICE, "medins_list_codg": "0001", "det_item_fee_sumamt": 10.5, "cnt": 1, "pric": 10.5,
        "bilg_dept_codg": "A03", "bilg_dept_name": "内科", "bilg_dr_codg": "D990100000001", "bilg_dr_name": "测试医师", "hosp_appr_flag": "0",
    } | more  # fmt: skip


def verdict(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What the platform answers for one row."""
    return {
        "feedetl_sn": row["feedetl_sn"], "det_item_fee_sumamt": row["det_item_fee_sumamt"], "cnt": row["cnt"], "pric": row["pric"],
        "pric_uplmt_amt": 999999, "selfpay_prop": 0, "fulamt_ownpay_amt": 0, "overlmt_amt": 0, "preselfpay_amt": 0,
        "inscp_scp_amt": row["det_item_fee_sumamt"], "chrgitm_lv": "1", "med_chrgitm_type": "02", "lmt_used_flag": "0",
    } | more  # fmt: skip


def fees(*details: dict[str, Any], infno: str = "2204", at: str = "2026-03-01 09:10:00", serial: int = 1) -> tuple[Any, ...]:
    """2204 or 2301 with its answer."""
    return request(infno, {"feedetail": list(details)}, at=at, serial=serial), answer({"result": [verdict(d) for d in details]})


def settlement(
    setl_id: str = "S1",
    mdtrt_id: str = VISIT,
    *,
    infno: str = "2207",
    at: str = "2026-03-01 09:20:00",
    serial: int = 1,
    **more: Any,
) -> tuple[Any, ...]:
    """2207 or 2304 with its answer."""
    given = {
        "psn_no": PERSON, "mdtrt_cert_type": "02", "mdtrt_cert_no": "99010019600501001X", "med_type": "11", "medfee_sumamt": "10.50",
        "psn_setlway": "01", "mdtrt_id": mdtrt_id, "chrg_bchno": "B1", "insutype": "310", "acct_used_flag": "1", "invono": "F1",
        "fulamt_ownpay_amt": 0, "overlmt_selfpay": 0, "preselfpay_amt": 0, "inscp_scp_amt": 10.5,
    }  # fmt: skip
    asked = request(infno, {"data": given}, at=at, serial=serial)
    told = {
        "mdtrt_id": mdtrt_id, "setl_id": setl_id, "psn_no": PERSON, "psn_name": "测试患者", "psn_cert_type": "01",
        "certno": "99010019600501001X", "gend": "1", "brdy": "1960-05-01", "insutype": "310", "psn_type": "11", "setl_time": at,
        "med_type": "11", "medfee_sumamt": 10.5, "fulamt_ownpay_amt": 0, "overlmt_selfpay": 0, "preselfpay_amt": 0, "inscp_scp_amt": 10.5,
        "act_pay_dedc": 0, "hifp_pay": 7.5, "pool_prop_selfpay": 0.7143, "cvlserv_pay": 0, "hifes_pay": 0, "hifmi_pay": 0, "hifob_pay": 0,
        "maf_pay": 0, "oth_pay": 0, "fund_pay_sumamt": 7.5, "psn_part_amt": 3, "acct_pay": 2, "psn_cash_pay": 1, "hosp_part_amt": 0,
        "balc": 88.2, "acct_mulaid_pay": 0, "medins_setl_id": asked["msgid"], "clr_optins": "990199", "clr_way": "1", "clr_type": "11",
    } | more  # fmt: skip
    return asked, answer({"setlinfo": told, "setldetail": [{"fund_pay_type": "310100", "fund_payamt": 7.5}]})


def cancel(setl_id: str = "S1", mdtrt_id: str = VISIT, *, infno: str = "2208", at: str = "2026-03-01 10:00:00", serial: int = 1, own: str = "S1C") -> tuple[Any, ...]:  # fmt: skip
    """2208 or 2305 with its answer."""
    given = {"data": {"setl_id": setl_id, "mdtrt_id": mdtrt_id, "psn_no": PERSON}}
    told = {"setlinfo": {"mdtrt_id": mdtrt_id, "setl_id": own, "setl_time": at, "medfee_sumamt": -10.5}}
    return request(infno, given, at=at, serial=serial), answer(told)


def which(infno: str, mdtrt_id: str = VISIT, *, at: str, serial: int = 1, **more: Any) -> tuple[Any, ...]:
    """A trade that only names an encounter: 2202, 2205, 2302, 2404, 2405."""
    return request(infno, {"data": {"mdtrt_id": mdtrt_id, "psn_no": PERSON} | more}, at=at, serial=serial), answer()


def admission(mdtrt_id: str = STAY, *, at: str = "2026-03-01 09:00:00", serial: int = 1, **more: Any) -> tuple[Any, ...]:
    """2401: the platform gives the mdtrt_id in its answer."""
    info = {
        "psn_no": PERSON, "insutype": "310", "begntime": "2026-03-01 08:30:00", "mdtrt_cert_type": "02", "mdtrt_cert_no": "99010019600501001X",
        "med_type": "21", "ipt_no": "ZY-1", "medrcdno": "BL-1", "atddr_no": "D990100000001", "chfpdr_name": "测试医师", "adm_diag_dscr": "肺炎",
        "adm_dept_codg": "A03", "adm_dept_name": "内科", "adm_bed": "12", "dscg_maindiag_code": "J18.900", "dscg_maindiag_name": "肺炎",
    } | more  # fmt: skip
    disease = {
        "psn_no": PERSON, "diag_type": "1", "maindiag_flag": "1", "diag_srt_no": 1, "diag_code": "J18.900", "diag_name": "肺炎",
        "adm_cond": "1", "diag_dept": "A03", "dise_dor_no": "D990100000001", "dise_dor_name": "测试医师", "diag_time": "2026-03-01 08:40:00",
    }  # fmt: skip
    return (
        request("2401", {"mdtrtinfo": info, "diseinfo": [disease]}, at=at, serial=serial),
        answer({"result": {"mdtrt_id": mdtrt_id, "psn_no": PERSON}}),
    )


def discharge(mdtrt_id: str = STAY, *, at: str = "2026-03-08 10:00:00", serial: int = 1, **more: Any) -> tuple[Any, ...]:
    """2402 with one discharge diagnosis."""
    info = {
        "mdtrt_id": mdtrt_id, "psn_no": PERSON, "insutype": "310", "endtime": "2026-03-08 09:30:00", "dscg_dept_codg": "A03",
        "dscg_dept_name": "内科", "dscg_bed": "12", "dscg_way": "1",
    } | more  # fmt: skip
    disease = {
        "psn_no": PERSON, "diag_type": "1", "maindiag_flag": "1", "diag_srt_no": 1, "diag_code": "J15.900", "diag_name": "细菌性肺炎",
        "diag_dept": "A03", "dise_dor_no": "D990100000001", "dise_dor_name": "测试医师", "diag_time": "2026-03-08 09:00:00",
    }  # fmt: skip
    return request("2402", {"dscginfo": info, "diseinfo": [disease]}, at=at, serial=serial), answer()


def settlement_list(mdtrt_id: str = STAY, *, infno: str = "4101", at: str = "2026-03-10 10:00:00", serial: int = 1, **more: Any) -> tuple[Any, ...]:  # fmt: skip
    """4101: coded diagnoses, one operation."""
    info = {
        "mdtrt_id": mdtrt_id, "setl_id": "S1", "fixmedins_code": HOSPITAL, "medcasno": "BL-9", "psn_name": "测试患者", "gend": "1",
        "brdy": "1960-05-01", "certno": "99010019600501001X", "curr_addr": "云溪市测试路", "hi_type": "310", "insuplc": "990199",
        "nwb_bir_wt": "3200", "nwb_adm_wt": "3150", "ipt_med_type": "1", "adm_way": "2", "adm_time": "2026-03-01 08:30:00",
        "dscg_time": "2026-03-08 09:30:00", "vent_used_dura": "1/13/24", "dscg_way": "1", "days_rinp_flag_31": "1",
        "chfpdr_name": "测试医师", "chfpdr_code": "D990100000001", "setl_begn_date": "2026-03-01", "setl_end_date": "2026-03-08",
    } | more  # fmt: skip
    diseases = [
        {"diag_type": "1", "diag_code": "J15.900", "diag_name": "细菌性肺炎", "adm_cond_type": "1", "maindiag_flag": "1"},
        {"diag_type": "1", "diag_code": "I10.x00x002", "diag_name": "高血压", "adm_cond_type": "1", "maindiag_flag": "0"},
    ]
    operation = {
        "oprn_oprt_type": "1", "oprn_oprt_name": "支气管镜检查", "oprn_oprt_code": "33.2200", "oprn_oprt_date": "2026-03-03",
        "anst_way": "01", "oper_dr_name": "测试医师", "oper_dr_code": "D990100000001", "anst_dr_name": "", "anst_dr_code": "-",
    }  # fmt: skip
    return request(infno, {"setlinfo": info, "diseinfo": diseases, "oprninfo": [operation]}, at=at, serial=serial), answer()


def sale(
    batch: str = "K1", *, infno: str = "3505", at: str = "2026-03-01 09:30:00", serial: int = 1, **more: Any
) -> tuple[Any, ...]:
    """3505 or 3506 with a trace code."""
    given = {
        "med_list_codg": DRUG, "fixmedins_hilist_id": "Y1", "fixmedins_hilist_name": "测试药", "fixmedins_bchno": batch,
        "prsc_dr_name": "测试医师", "phar_name": "测试药师", "phar_prac_cert_no": "YS1", "hi_feesetl_type": "1", "setl_id": "S1",
        "mdtrt_sn": "MZ-1", "psn_no": PERSON, "manu_lotnum": "L1", "manu_date": "2025-01-01", "expy_end": "2027-01-01", "rx_flag": "1",
        "trdn_flag": "0", "finl_trns_pric": 12.5, "rtal_docno": "R1", "sel_retn_cnt": 2, "sel_retn_time": "2026-03-01 09:25:00",
        "sel_retn_opter_name": "测试员甲", "mdtrt_setl_type": "1", "drugtracinfo": [{"drug_trac_codg": "81000010000000000001"}],
    } | more  # fmt: skip
    return request(infno, {"selinfo": given}, at=at, serial=serial), answer({"result": {"retRslt": "1", "msgRslt": ""}})


def person(*insurances: dict[str, Any], at: str = "2026-02-01 08:00:00", **more: Any) -> tuple[Any, ...]:
    """1101 with its answer."""
    base = {
        "psn_no": PERSON, "psn_cert_type": "01", "certno": "99010019600501001X", "psn_name": "测试患者", "gend": "1", "naty": "01",
        "brdy": "1960-05-01", "age": 65.8,
    } | more  # fmt: skip
    given = {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": "99010019600501001X", "card_sn": "", "begntime": ""}}
    listed = insurances or (insurance("310"),)
    return request("1101", given, at=at, insuplc_admdvs=""), answer(
        {"baseinfo": base, "insuinfo": list(listed), "idetinfo": []}
    )


def insurance(insutype: str, stas: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "balc": 88.2, "insutype": insutype, "psn_type": "11", "psn_insu_stas": stas, "psn_insu_date": "2010-01-01", "paus_insu_date": "",
        "cvlserv_flag": "0", "insuplc_admdvs": "990199", "emp_name": "云溪机械厂",
    } | more  # fmt: skip
