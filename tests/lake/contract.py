"""One pair of rows for every reason code: the row just inside its edge and the row just outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .folder import DEFAULTS, Row

OTHER_ORG = "H99010000008"
MORE: dict[str, dict[str, Any]] = {
    "operation": {
        "mdtrt_id": "M1", "psn_no": "P1", "oprn_srt_no": "1", "main_oprn_flag": "0", "oprn_oprt_code": "47.0900x001", "oprn_oprt_name": "阑尾切除",
        "oprn_oprt_date": "2026-03-01", "oprn_oprt_begntime": "", "oprn_oprt_endtime": "",
    },
    "practitioner": {
        "prac_psn_code": "D1", "prac_psn_name": "乙", "prac_psn_type": "1", "fixmedins_code": "H99010000001", "begndate": "", "enddate": "",
    },
    "entitlement": {"psn_no": "P1", "entl_type": "1", "dise_codg": "M03900", "begndate": "2026-01-01", "enddate": ""},
    "stock_change": {
        "stk_id": "K1", "infno": "3503", "fixmedins_code": "H99010000001", "med_list_codg": "XA01ABD075A002010100483",
        "stk_time": "2026-03-01 09:00:00", "cnt": "1", "undo_stk_id": "",
    },
    "trace_code": {
        "scan_id": "C1", "drug_trac_codg": "8" + "1" * 19, "scan_type": "2", "scan_time": "2026-03-01 09:00:00", "fixmedins_code": "H99010000001",
        "med_list_codg": "XA01ABD075A002010100483",
    },
    "presence": {
        "prs_id": "R1", "psn_no": "P1", "prac_psn_code": "", "fixmedins_code": "H99010000001", "prs_time": "2026-03-01 09:00:00", "prs_type": "1",
        "prs_rslt": "1",
    },
    "external_list": {"list_kind": "custody", "psn_no": "P1", "begndate": "2026-03-01", "enddate": "", "src_dept": "司法局"},
    "price": {"admdvs": "990100", "hosp_lv_grp": "0", "med_list_codg": "001102000010000", "pric_uplmt_amt": "9", "valid_from": "2026-01-01", "valid_to": ""},
}  # fmt: skip
"""A clean row of each table that a clean folder does not hold."""

EIGHTH: dict[str, dict[str, Any]] = {
    "person": {"psn_no": "P8"},
    "institution": {"fixmedins_code": OTHER_ORG},
    "encounter": {"mdtrt_id": "M8"},
    "settlement": {"setl_id": "S8"},
    "diagnosis": {"diag_srt_no": "8", "maindiag_flag": "0"},
    "fee_line": {"feedetl_sn": "8"},
    "operation": {"oprn_srt_no": "8"},
    "practitioner": {"prac_psn_code": "D8"},
    "entitlement": {"dise_codg": "M08"},
    "stock_change": {"stk_id": "K8"},
    "trace_code": {"scan_id": "C8"},
    "presence": {"prs_id": "R8"},
    "external_list": {"src_dept": "公安局"},
    "price": {"hosp_lv_grp": "3"},
}
"""What tells the second row of a case from the first."""


def clean(table: str, **cells: Any) -> dict[str, Any]:
    """A clean row of any table with these cells instead."""
    return DEFAULTS.get(table, {}) | MORE.get(table, {}) | cells


@dataclass(frozen=True)
class Case:
    """`key` in REASONS; the cells that lie inside and outside; the column and value the reason names.

    `base`: rows of the same table sent before the two. `more`: other tables. `odd`: the row inside is flagged for another reason.
    """

    key: str
    table: str
    inside: Mapping[str, Any]
    outside: Mapping[str, Any]
    column: str
    value: str
    base: tuple[Row, ...] = ()
    more: Mapping[str, list[Row]] = field(default_factory=dict)
    odd: bool = False

    def rows(self) -> list[Row]:
        """The rows of the table; the last is the one outside."""
        both = dict.fromkeys((*self.inside, *self.outside), "")
        known = clean(self.table)
        blank = {name: known.get(name, "") for name in both}
        first = clean(self.table, **(blank | dict(self.inside)))
        last = clean(self.table, **(blank | EIGHTH[self.table] | dict(self.outside)))
        return [*({**blank, **row} for row in self.base), first, last]


def _line(key: str, column: str, inside: Mapping[str, Any] | str, outside: Mapping[str, Any] | str, value: str | None = None, **more: Any) -> Case:  # fmt: skip
    """A case of a fee line; a bare text is the cell of `column`."""
    cells = [c if isinstance(c, Mapping) else {column: c} for c in (inside, outside)]
    return Case(key, "fee_line", *cells, column, str(cells[1].get(column, "")) if value is None else value, **more)


def _cell(key: str, table: str, column: str, inside: str, outside: str, **more: Any) -> Case:
    return Case(key, table, {column: inside}, {column: outside}, column, outside, **more)


def _amounts(cnt: str, pric: str, amount: str, inscp: str | None = None, **cells: str) -> dict[str, str]:
    return {
        "cnt": cnt,
        "pric": pric,
        "det_item_fee_sumamt": amount,
        "inscp_scp_amt": amount if inscp is None else inscp,
        **cells,
    }


_TWO = clean("fee_line", feedetl_sn="0", **_amounts("2", "100", "200"))
_STAY = {"med_type": "21", "begntime": "2026-03-10 09:00:00", "endtime": "2026-03-12 09:00:00"}
_IN_STAY = {"encounter": [clean("encounter", **_STAY)]}
_TWO_STAYS = {
    "fee_line": [clean("fee_line"), clean("fee_line", mdtrt_id="M8", setl_id="S8")],
    "settlement": [clean("settlement"), clean("settlement", setl_id="S8", mdtrt_id="M8")],
}
_XCODE = "XA01ABD075A002010100483"

CASES: tuple[Case, ...] = (
    _line("T01", "med_list_codg", "001102000010000", ""),
    _line("T02", "cnt", "１", "一"),
    _line("T02", "det_item_fee_sumamt", "１００", "1.0E2"),
    _line("T02", "selfpay_prop", "9.9999", "10"),
    _line("T03", "fee_ocur_time", "2024-02-29 09:30", "2026-02-29 09:30"),
    _cell("T03", "operation", "oprn_oprt_date", "20260301", "2026-03-32"),
    _line("T04", "rxno", "9" * 50, "9" * 51),
    _line("T05", "hilist_name", "诊 查 费", "诊\ufffd费"),
    _line("T05", "medins_list_codg", "A-1", "A\x0b1"),
    _line("T07", "rxno", "430102000000000001", "4.30102E+17"),
    _line("T06", "det_item_fee_sumamt", "100.00000", "100.005"),
    _line("C01", "list_type", "201", "999"),
    _line("C01", "dscg_tkdrug_flag", "是", "2"),
    _cell("C01", "stock_change", "infno", "3503", "3509"),
    _cell("C01", "external_list", "list_kind", "custody", "caught"),
    _cell("C01", "presence", "prs_type", "6", "7"),
    _cell("C01", "trace_code", "scan_type", "5", "6"),
    _cell("C01", "entitlement", "entl_type", "6", "7"),
    _line("C01W", "chrgitm_lv", "01", "甲"),
    _cell("C01W", "encounter", "med_type", "110104", "88"),
    _cell("C01W", "person", "gend", "9", "男"),
    _cell("C02", "encounter", "fixmedins_code", "H99010000001", "H9901000001"),
    _cell("C02", "encounter", "fixmedins_code", "H99010000001", "X99010000001"),
    Case("C02", "institution", {"fixmedins_type": "1"}, {"fixmedins_type": "2"}, "fixmedins_code", OTHER_ORG),
    _line("C03", "med_list_codg", "001102000010000-430300", "01102000010000"),
    _line("C03", "med_list_codg", {"med_list_codg": _XCODE, "list_type": "101"}, {"med_list_codg": _XCODE, "list_type": "201"}),
    _line("C03", "med_list_codg", {"med_list_codg": "C" + "1" * 19, "list_type": "301"}, {"med_list_codg": "C" + "1" * 20, "list_type": "301"}),
    _line("C03", "med_list_codg", {"med_list_codg": "T001700015", "list_type": "102"}, {"med_list_codg": _XCODE, "list_type": "102"}),
    _cell("C04", "diagnosis", "diag_code", "A17.000+G01*", "高血压"),
    _cell("C04", "operation", "oprn_oprt_code", "47.0900x001", "阑尾切除"),
    Case("C05", "person", {"psn_cert_type": "01", "certno": "990102198001010002"}, {"psn_cert_type": "01", "certno": "990102198001010000"}, "certno", "990102198001010000"),
    _cell("C06", "person", "insu_admdvs", "990100", "99010"),
    _cell("C06", "price", "admdvs", "990000", "99000O"),
    Case("D02", "fee_line", {}, {"feedetl_sn": "1", "rxno": "R"}, "mdtrt_id", "M1/1"),
    _cell("K01", "encounter", "psn_no", "P1", "P9"),
    _cell("K02", "encounter", "fixmedins_code", "H99010000001", "H99010000009"),
    _line("K03", "mdtrt_id", "M1", "M9"),
    _cell("K03", "diagnosis", "mdtrt_id", "M1", "M9"),
    _line("K04", "psn_no", "P1", "P9"),
    _line("K04", "fixmedins_code", "H99010000001", "H99010000009"),
    _line("K05", "bilg_dr_codg", "D1", "D9", more={"practitioner": [clean("practitioner")]}),
    _line("K06", "init_feedetl_sn", _amounts("-1", "100", "-100", init_feedetl_sn="0"), _amounts("-1", "100", "-100", init_feedetl_sn="77"), base=(_TWO,)),
    _line("K07", "cnt", _amounts("-1", "100", "-100", init_feedetl_sn="0"), _amounts("-1.0001", "100", "-100.01", init_feedetl_sn="0"), base=(_TWO,)),
    Case("K08", "settlement", {"init_setl_id": "S0"}, {"init_setl_id": "S9"}, "init_setl_id", "S9", base=(clean("settlement", setl_id="S0"),), odd=True),
    _line("K09", "setl_id", "S1", "S9"),
    _line("K09", "setl_id", "S1", "S2", more={"encounter": [clean("encounter"), clean("encounter", mdtrt_id="M2")],
                                             "settlement": [clean("settlement"), clean("settlement", setl_id="S2", mdtrt_id="M2")]}),
    _cell("L01", "encounter", "endtime", "2026-03-01 09:00:00", "2026-03-01 08:59:59"),
    _cell("L01", "entitlement", "enddate", "2026-01-01", "2025-12-31"),
    _cell("L01", "price", "valid_to", "2026-01-02", "2026-01-01"),
    _line("L02", "fee_ocur_time", "2026-10-31 23:59:59", "2026-11-01 00:00:00"),
    _line("L03", "fee_ocur_time", "2000-01-01 00:00:00", "1999-12-31 23:59:59"),
    _cell("L04", "person", "brdy", "1895-11-01", "1895-10-31"),
    _cell("L02", "person", "brdy", "2026-10-31", "2026-11-01", more={"encounter": [], "settlement": [], "diagnosis": [], "fee_line": []}),
    _cell("L04", "person", "brdy", "2026-03-01", "2026-03-02", more={"encounter": [clean("encounter"), clean("encounter", mdtrt_id="M8", psn_no="P8")]}),
    _line("L05", "fee_ocur_time", "2026-03-13 23:59:59", "2026-03-14 00:00:00", more=_IN_STAY),
    _line("L05", "fee_ocur_time", "2026-03-09 00:00:00", "2026-03-08 23:59:59", more=_IN_STAY),
    _line("L06", "det_item_fee_sumamt", "100.50", "100.51", odd=True),
    _line("L06", "det_item_fee_sumamt", _amounts("1", "1", "1.02", "1"), _amounts("1", "1", "1.03", "1"), odd=False),
    _line("L06W", "det_item_fee_sumamt", "100.02", "100.03"),
    _line("L07", "pric", _amounts("1", "0", "0"), _amounts("1", "-100", "-100"), "-100.000000"),
    _line("L07", "det_item_fee_sumamt", _amounts("0", "100", "0"), _amounts("0", "100", "0.01", "0")),
    _line("L07", "det_item_fee_sumamt", _amounts("1", "0.01", "0.01"), _amounts("1", "0.01", "-0.01")),
    _line("L07", "cnt", _amounts("-1", "100", "-100"), _amounts("-1", "7", "-7"), "-1.0000", base=(_TWO,)),
    _line("L08", "inscp_scp_amt", "100.00", "100.01"),
    _line("L08", "inscp_scp_amt", "0", "-0.01"),
    Case("L09", "settlement", {"psn_cash_pay": "0.05"}, {"psn_cash_pay": "0.06"}, "medfee_sumamt", "100.00"),
    Case("L10", "settlement", {"hifp_pay": "60.05"}, {"hifp_pay": "60.06"}, "fund_pay_sumamt", "60.00"),
    Case("L11", "settlement", {"medfee_sumamt": "101.00", "psn_cash_pay": "1.00"}, {"medfee_sumamt": "101.01", "psn_cash_pay": "1.01", "mdtrt_id": "M8"},
         "medfee_sumamt", "101.01", more={"encounter": [clean("encounter"), clean("encounter", mdtrt_id="M8")], "fee_line": _TWO_STAYS["fee_line"]}),
    Case("L12", "encounter", _STAY, _STAY | {"endtime": ""}, "endtime", "", more=_TWO_STAYS, odd=True),
    Case("L12", "encounter", {"endtime": ""}, {"med_type": "52", "endtime": ""}, "endtime", "", more=_TWO_STAYS),
    Case("L13", "diagnosis", {"maindiag_flag": "0", "diag_srt_no": "2"}, {"maindiag_flag": "1"}, "maindiag_flag", "I10.x00", base=(clean("diagnosis"),)),
    _cell("L14", "stock_change", "cnt", "0", "-0.0001"),
    Case("L14", "stock_change", {"infno": "3507", "undo_stk_id": "K1"}, {"infno": "3507"}, "undo_stk_id", ""),
    _cell("L15", "trace_code", "drug_trac_codg", "8" + "1" * 19, "8" + "1" * 18),
    _cell("L15", "trace_code", "drug_trac_codg", "8" + "1" * 19, "8" + "1" * 18 + "A"),
    _cell("L16", "encounter", "upld_time", "2026-03-02 09:00:00", "2026-03-02 09:00:01"),
    Case("L16", "encounter", _STAY | {"upld_time": "2026-03-15 09:00:00"}, _STAY | {"upld_time": "2026-03-15 09:00:01"}, "upld_time", "2026-03-15 09:00:01",
         more={"settlement": [], "fee_line": []}),
    Case("L17", "presence", {"psn_no": "P1"}, {"psn_no": "P1", "prac_psn_code": "D1"}, "psn_no", "P1"),
    Case("L17", "presence", {"psn_no": "", "prac_psn_code": "D1"}, {"psn_no": "", "prac_psn_code": ""}, "psn_no", ""),
    _line("L18", "cnt", _amounts("100000", "0", "0"), _amounts("100000.0001", "0", "0")),
    _line("L18", "pric", _amounts("1", "2000000", "2000000"), _amounts("1", "2000000.000001", "2000000")),
    _line("L19", "det_item_fee_sumamt", _amounts("5", "2000000", "10000000.00"), _amounts("5", "2000000", "10000000.01")),
)  # fmt: skip
"""Every code decided on a row; a code with several edges stands more than once."""
