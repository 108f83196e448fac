"""What is wrong with the export: each kind of dirt once per round, as a row of its own beside the clean ones.

A row keeps its right values in `cells` and its wrong text in `raw`, so next month's correction is the same row without `raw`.
The expected code is the first refusing one in the order of the contract's table of checks, not the one a reader thinks of first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any

from .ledger import DUPLICATE, FLAGGED, REJECTED, TAKEN, Fate, Row
from .world import HOME, ITEMS, NEXT_CITY, World, identity_number

Spec = tuple[str, str, dict[str, Any], str]
_DAY = "fee_ocur_time"
_AMT, _SCOPE = "det_item_fee_sumamt", "inscp_scp_amt"

MARCH: dict[str, Spec] = {  # kind: outcome, code, raw text, wreck — lines of the March file: GB18030, 2026/3/1 8:05, 2 × 12.5 = 25.00
    "fee_no_count": (REJECTED, "T01", {"cnt": ""}, ""),
    "fee_null_for_code": (REJECTED, "T01", {"med_list_codg": "NULL"}, ""),
    "fee_spaces_for_number": (REJECTED, "T01", {"feedetl_sn": "   "}, ""),
    "fee_dash_for_price": (REJECTED, "T02", {"pric": "—"}, ""),
    "fee_words_for_count": (REJECTED, "T02", {"cnt": "两盒"}, ""),
    "fee_scientific_money": (REJECTED, "T02", {_AMT: "2.5E1"}, ""),
    "fee_scientific_count": (TAKEN, "", {"数量": "0.2E1"}, ""),
    "fee_yuan_in_money": (REJECTED, "T02", {_AMT: "25.00元"}, ""),
    "fee_february_30": (REJECTED, "T03", {_DAY: "2026-02-30 08:05"}, ""),
    "fee_two_digit_year": (REJECTED, "T03", {_DAY: "26/3/1 8:05"}, ""),
    "fee_american_date": (REJECTED, "T03", {_DAY: "3/31/2026 8:05"}, ""),
    "fee_serial_in_csv": (REJECTED, "T03", {_DAY: "46082.3368"}, ""),
    "fee_day_without_time": (TAKEN, "", {_DAY: "2026/3/9"}, ""),
    "fee_split_second": (TAKEN, "", {_DAY: "2026-03-09 08:05:07.123"}, ""),
    "fee_long_number": (REJECTED, "T04", {"rxno": "9" * 51}, ""),
    "fee_long_name": (REJECTED, "T04", {"hilist_name": "药" * 501}, ""),
    "fee_bell_in_name": (REJECTED, "T05", {"hilist_name": "布洛芬\x07缓释胶囊"}, ""),
    "fee_mojibake": (REJECTED, "T05", {"hilist_name": "锟斤拷锟斤拷"}, ""),
    "fee_three_decimals": (REJECTED, "T06", {_AMT: "25.005"}, ""),
    "fee_binary_dust": (TAKEN, "", {"范围内金额": "20.0000000001"}, ""),
    "fee_unknown_list_type": (REJECTED, "C01", {"list_type": "器械"}, ""),
    "fee_unknown_flag": (REJECTED, "C01", {"dscg_tkdrug_flag": "可能"}, ""),
    "fee_unknown_level": (FLAGGED, "C01", {"chrgitm_lv": "自费"}, ""),
    "fee_short_institution": (REJECTED, "C02", {"fixmedins_code": "H990181"}, ""),
    "fee_local_item": (FLAGGED, "C03", {"med_list_codg": "YL-0007"}, ""),
    "fee_other_person": (REJECTED, "K04", {"psn_no": "9900000001"}, ""),
    "fee_unknown_doctor": (FLAGGED, "K05", {"bilg_dr_codg": "D990181777777"}, ""),
    "fee_refund_of_nothing": (REJECTED, "K06", {"cnt": "-2", _AMT: "-25.00", _SCOPE: "-20.00", "init_feedetl_sn": "NO-SUCH"}, ""),
    "fee_unknown_settlement": (FLAGGED, "K09", {"setl_id": "JS-NONE"}, ""),
    "fee_in_2062": (REJECTED, "L02", {_DAY: "2062/3/1 8:05"}, ""),
    "fee_in_1998": (REJECTED, "L03", {_DAY: "1998/3/1 8:05"}, ""),
    "fee_one_fen_off": (TAKEN, "", {_AMT: "25.01"}, ""),
    "fee_three_fen_off": (FLAGGED, "L06", {_AMT: "25.03"}, ""),
    "fee_far_off": (REJECTED, "L06", {_AMT: "52.00"}, ""),
    "fee_count_against_amount": (REJECTED, "L06", {"cnt": "-2"}, ""),
    "fee_no_count_but_money": (REJECTED, "L06", {"cnt": "0"}, ""),
    "fee_negative_price": (REJECTED, "L07", {"pric": "-12.5", _AMT: "-25.00", _SCOPE: "-20.00"}, ""),
    "fee_refund_of_no_earlier": (REJECTED, "L07", {"cnt": "-1", "pric": "7.77", _AMT: "-7.77", _SCOPE: "-7.77"}, ""),
    "fee_scope_above_amount": (REJECTED, "L08", {_SCOPE: "26.00"}, ""),
    "fee_scope_of_other_sign": (REJECTED, "L08", {_SCOPE: "-20.00"}, ""),
    "fee_absurd_count": (REJECTED, "L18", {"cnt": "200000", _AMT: "2,500,000.00"}, ""),
    "fee_absurd_amount": (REJECTED, "L19", {"cnt": "10", "pric": "1200000", _AMT: "12,000,000.00"}, ""),
    "fee_more_fields": (REJECTED, "F04", {}, "more"),
    "fee_trailing_commas": (REJECTED, "F04", {}, "commas"),
    "fee_fewer_fields": (REJECTED, "F04", {}, "fewer"),
    "fee_unclosed_quote": (REJECTED, "F04", {}, "unclosed"),
    "fee_stray_quote": (TAKEN, "", {}, "stray"),
    "fee_semicolons_in_remark": (TAKEN, "", {"备注": "已核对"}, "semicolons"),
    "fee_break_in_remark": (TAKEN, "", {"备注": "家属代领\r\n电话已核"}, ""),
    "fee_tab_before_number": (TAKEN, "", {"单据号": "\t{feedetl_sn}"}, ""),
    "fee_wide_space_after_number": (TAKEN, "", {"个人编号": "{psn_no}　"}, ""),
}  # fmt: skip
FEBRUARY: dict[str, Spec] = {  # UTF-8 in gzip, 2026-02-01T08:05:00, full-width digits, the amount last
    "fee_zone_of_tokyo": (REJECTED, "T03", {_DAY: "2026-02-09T08:05:00+09:00"}, ""),
    "fee_zone_utc": (REJECTED, "T03", {_DAY: "2026-02-09T08:05:00Z"}, ""),
    "fee_zone_at_home": (TAKEN, "", {_DAY: "2026-02-09T08:05:00+08:00"}, ""),
    "fee_replacement_mark": (REJECTED, "T05", {"hilist_name": "布洛\ufffd缓释胶囊"}, ""),
    "fee_wide_letters_in_code": (TAKEN, "", {"项目代码": "ＸＮ02BEB001A001010100001"}, ""),
    "fee_semicolons_in_money": (REJECTED, "T02", {}, "semicolons"),
}
VISITS: dict[str, Spec] = {  # outpatient register
    "visit_no_person": (REJECTED, "T01", {"psn_no": ""}, ""),
    "visit_two_digit_year": (REJECTED, "T03", {"begntime": "26/3/1 8:05"}, ""),
    "visit_unknown_insurance": (FLAGGED, "C01", {"insutype": "新农合"}, ""),
    "visit_odd_institution": (REJECTED, "C02", {"fixmedins_code": "X99018100001"}, ""),
    "visit_short_region": (REJECTED, "C06", {"insu_admdvs": "99018"}, ""),
    "visit_unknown_place": (FLAGGED, "K02", {"fixmedins_code": "H99018188888"}, ""),
    "visit_at_refused_place": (FLAGGED, "K02", {"fixmedins_code": "H99018177777"}, ""),
    "visit_unknown_doctor": (FLAGGED, "K05", {"atddr_no": "D990181777777"}, ""),
    "visit_in_2062": (REJECTED, "L02", {"begntime": "2062/3/1 8:05"}, ""),
    "visit_in_1998": (REJECTED, "L03", {"begntime": "1998/3/1 8:05"}, ""),
    "visit_uploaded_late": (FLAGGED, "L16", {"upld_time": "2026/3/31 23:00"}, ""),
}
STAYS: dict[str, Spec] = {  # workbook: typed cells
    "stay_ends_before_it_begins": (REJECTED, "L01", {"endtime": datetime(2026, 1, 1, 9, 0)}, ""),
    "stay_date_as_text": (TAKEN, "", {"begntime": "2026-02-01 10:20"}, ""),
    "stay_bare_serial": (TAKEN, "", {"begntime": 46054.430555555555}, ""),
    "stay_error_cell": (REJECTED, "T03", {"endtime": "#N/A"}, ""),
    "stay_not_over": (TAKEN, "", {"endtime": "", "upld_time": "", "dscg_way": ""}, ""),
}
PEOPLE: dict[str, Spec] = {
    "person_no_insurance": (REJECTED, "T01", {"insutype": ""}, ""),
    "person_words_for_balance": (REJECTED, "T02", {"balc": "不详"}, ""),
    "person_1900_leap_day": (REJECTED, "T03", {"brdy": "1900/2/29"}, ""),
    "person_birthday_unknown": (TAKEN, "", {"brdy": "1900/1/1"}, ""),
    "person_bell_in_name": (REJECTED, "T05", {"psn_name": "王\x07小"}, ""),
    "person_mojibake": (REJECTED, "T05", {"psn_name": "锟斤拷"}, ""),
    "person_three_decimals": (REJECTED, "T06", {"balc": "1.005"}, ""),
    "person_unknown_gender": (FLAGGED, "C01", {"gend": "未填"}, ""),
    "person_wrong_check_digit": (FLAGGED, "C05", {"certno": "{certno_wrong}"}, ""),
    "person_masked_number": (TAKEN, "", {"certno": "990181********001X"}, ""),
    "person_short_region": (REJECTED, "C06", {"insu_admdvs": "9901"}, ""),
    "person_born_in_2062": (REJECTED, "L02", {"brdy": "2062/1/1"}, ""),
}
BILLS: dict[str, Spec] = {  # March settlements: national codes, ISO dates, 1,234.50
    "bill_three_decimals": (REJECTED, "T06", {"psn_cash_pay": "1.005"}, ""),
    "bill_unknown_flag": (REJECTED, "C01", {"refd_setl_flag": "？"}, ""),
    "bill_of_no_visit": (REJECTED, "K03", {"mdtrt_id": "MZ-NONE"}, ""),
    "bill_of_other_place": (REJECTED, "K04", {"fixmedins_code": "P99018100005"}, ""),
    "bill_undoes_nothing": (REJECTED, "K08", {"init_setl_id": "JS-NONE", "refd_setl_flag": "1"}, ""),
    "bill_in_2062": (REJECTED, "L02", {"setl_time": "2062-03-01T08:05:00"}, ""),
    "bill_does_not_add_up": (FLAGGED, "L09", {"psn_cash_pay": "999.00"}, ""),
    "bill_fund_does_not_add_up": (FLAGGED, "L10", {"hifp_pay": "0.00"}, ""),
}
ILLNESSES: dict[str, Spec] = {
    "illness_no_name": (REJECTED, "T01", {"diag_name": ""}, ""),
    "illness_words_for_order": (REJECTED, "T02", {"diag_srt_no": "第一"}, ""),
    "illness_unknown_flag": (REJECTED, "C01", {"maindiag_flag": "主"}, ""),
    "illness_local_code": (FLAGGED, "C04", {"diag_code": "GANMAO"}, ""),
    "illness_of_no_visit": (REJECTED, "K03", {"mdtrt_id": "MZ-NONE"}, ""),
    "illness_of_other_person": (REJECTED, "K04", {"psn_no": "9900000001"}, ""),
    "illness_second_main": (REJECTED, "L13", {"maindiag_flag": "是"}, ""),
}
OPERATIONS: dict[str, Spec] = {
    "operation_february_30": (REJECTED, "T03", {"oprn_oprt_date": "2026-02-30"}, ""),
    "operation_unknown_flag": (REJECTED, "C01", {"main_oprn_flag": "主刀"}, ""),
    "operation_local_code": (FLAGGED, "C04", {"oprn_oprt_code": "LC-APP"}, ""),
    "operation_of_no_visit": (REJECTED, "K03", {"mdtrt_id": "ZY-NONE"}, ""),
}
PLACES: dict[str, Spec] = {
    "place_words_for_beds": (REJECTED, "T02", {"aprv_bed_cnt": "约百张"}, ""),
    "place_letter_against_type": (REJECTED, "C02", {"fixmedins_type": "药店"}, ""),
    "place_short_code": (REJECTED, "C02", {"fixmedins_code": "H9901"}, ""),
    "place_short_region": (REJECTED, "C06", {"admdvs": "9901", "fixmedins_code": "H99018177777"}, ""),
}
DOCTORS: dict[str, Spec] = {
    "doctor_unknown_title": (FLAGGED, "C01", {"profttl": "名誉主任"}, ""),
    "doctor_leaves_before_coming": (REJECTED, "L01", {"enddate": datetime(2001, 1, 1)}, ""),
    "doctor_since_1996": (TAKEN, "", {"begndate": datetime(1996, 7, 1)}, ""),
}
FILINGS: dict[str, Spec] = {
    "filing_no_start": (REJECTED, "T01", {"begndate": ""}, ""),
    "filing_no_such_day": (REJECTED, "T03", {"begndate": "20260230"}, ""),
    "filing_unknown_kind": (REJECTED, "C01", {"entl_type": "其他"}, ""),
    "filing_ends_before_it_begins": (REJECTED, "L01", {"enddate": "20240101"}, ""),
}
PRICES: dict[str, Spec] = {
    "price_nothing_but_commas": (REJECTED, "T01", {}, "empty"),
    "price_negotiable": (REJECTED, "T02", {"pric_uplmt_amt": "面议"}, ""),
    "price_unknown_level": (FLAGGED, "C01", {"hosp_lv_grp": "民营"}, ""),
    "price_short_region": (REJECTED, "C06", {"admdvs": "9901"}, ""),
    "price_of_no_day": (REJECTED, "L01", {"valid_to": "2025/1/1"}, ""),
}


def spoil(w: World, rounds: int) -> None:
    """Add every kind of dirt `rounds` times."""
    clean = {table: list(rows) for table, rows in w.rows.items()}
    undone = {f"-{number:05d}" for number in range(0, len(clean["encounter"]) + 1, 12)}
    visits = [
        r
        for r in clean["encounter"]
        if r.cells["mdtrt_id"].startswith("MZ") and r.cells["psn_no"] != "9900000001" and r.cells["mdtrt_id"][-6:] not in undone
    ]
    march = cycle(
        [
            r
            for r in visits
            if r.cells["begntime"] >= datetime(2026, 3, 1) and r.cells["begntime"].date() < datetime(2026, 3, 20).date()
        ]
    )
    february = cycle([r for r in visits if r.cells["begntime"] < datetime(2026, 2, 20)])
    stays = cycle([r for r in clean["encounter"] if r.cells["endtime"] and r.cells["begntime"] > datetime(2026, 2, 2)])
    for turn in range(rounds):
        for number, (kind, spec) in enumerate((MARCH | FEBRUARY).items()):
            _plant(w, kind, spec, line(next(february if kind in FEBRUARY else march), f"D{turn}{number:03d}"))
        for number, (kind, spec) in enumerate(VISITS.items()):
            _plant(w, kind, spec, visit(next(march), f"D{turn}{number:02d}"))
        for number, (kind, spec) in enumerate(STAYS.items()):
            _plant(w, kind, spec, Row("encounter", next(stays).cells | {"mdtrt_id": f"{95000000 + turn * 100 + number}"}))
        for number, (kind, spec) in enumerate(PEOPLE.items()):
            _plant(w, kind, spec, person(clean["person"][0], f"77{turn}{number:03d}", 100 + turn * 20 + number))
        for number, (kind, spec) in enumerate(BILLS.items()):
            _plant(w, kind, spec, bill(next(march), f"JD{turn}{number:02d}"))
        for number, (kind, spec) in enumerate(ILLNESSES.items()):
            _plant(w, kind, spec, illness(next(march), 50 + turn * 10 + number))
        for number, (kind, spec) in enumerate(OPERATIONS.items()):
            host = next(stays).cells
            one = next(r for r in clean["operation"] if r.cells["mdtrt_id"] == host["mdtrt_id"])
            _plant(w, kind, spec, Row("operation", one.cells | {"oprn_srt_no": 10 + turn * 10 + number, "main_oprn_flag": "0"}))
        for table, kinds, key, form in (
            ("institution", PLACES, "fixmedins_code", f"H{HOME}9{turn}{{:03d}}"),
            ("practitioner", DOCTORS, "prac_psn_code", f"D{HOME}9{turn}{{:04d}}"),
            ("entitlement", FILINGS, "dise_codg", f"M9{turn}{{:03d}}"),
            ("price", PRICES, "med_list_codg", f"0099{turn}{{:010d}}"),
        ):
            for number, (kind, spec) in enumerate(kinds.items()):
                _plant(w, kind, spec, Row(table, clean[table][0].cells | {key: form.format(number)}))
        for row in _tangles(w, clean, turn, march, stays):
            w.rows[row.table].append(row)


def _plant(w: World, kind: str, spec: Spec, row: Row) -> None:
    outcome, code, raw, wreck = spec
    facts = {k: v for k, v in row.cells.items() if isinstance(v, str)}
    if certno := facts.get("certno"):
        facts["certno_wrong"] = certno[:17] + ("1" if certno[17] == "0" else "0")
    row.raw = {k: v.format_map(facts) if isinstance(v, str) else v for k, v in raw.items()}
    row.wreck = wreck
    if wreck == "stray":
        row.cells["hilist_name"] = '5"留置针'
    row.fate = Fate(kind, outcome, code, ("L11",) if row.table == "settlement" else ())
    w.rows[row.table].append(row)


def line(host: Row, number: str, count: int = 2, **cells: Any) -> Row:
    """An unsettled line of an encounter."""
    h, item = host.cells, ITEMS[0]
    return Row("fee_line", {k: h[k] for k in ("mdtrt_id", "psn_no", "fixmedins_code")} | {
        "feedetl_sn": number, "init_feedetl_sn": None, "setl_id": None, "rxno": None, "fee_ocur_time": h["begntime"] + timedelta(minutes=15),
        "med_list_codg": item[0], "hilist_name": item[1], "list_type": item[2], "med_chrgitm_type": item[3], "chrgitm_lv": item[4],
        "cnt": Decimal(count), "pric": Decimal(item[5]), "det_item_fee_sumamt": Decimal("12.50") * count, "inscp_scp_amt": Decimal("10.00") * count,
        "cnt_unt": item[6], "bilg_dept_name": h["adm_dept_name"], "bilg_dr_codg": h["atddr_no"], "dscg_tkdrug_flag": "0"} | cells)  # fmt: skip


def visit(host: Row, number: str, **cells: Any) -> Row:
    """Another outpatient visit like this one."""
    return Row("encounter", host.cells | {"mdtrt_id": f"MZ20260315-{number}"} | cells)


def person(host: Row, psn_no: str, serial: int, **cells: Any) -> Row:
    """Another person."""
    fresh = {"psn_no": psn_no, "psn_name": "新某", "certno": identity_number(HOME, host.cells["brdy"], serial + 300)}
    return Row("person", host.cells | fresh | cells)


def bill(host: Row, setl_id: str) -> Row:
    """A second settlement of an encounter, of 100.00, to which no line belongs."""
    h, money = host.cells, Decimal
    links = {
        k: h[k] for k in ("mdtrt_id", "psn_no", "fixmedins_code", "insutype", "med_type", "insu_admdvs", "mdtrtarea_admvs")
    }
    return Row("settlement", links | {
        "setl_id": setl_id, "psn_type": None, "setl_time": datetime(2026, 3, 28, 9, 0), "medfee_sumamt": money(100), "fulamt_ownpay_amt": money(0),
        "overlmt_selfpay": money(0), "preselfpay_amt": money(0), "inscp_scp_amt": money(100), "hifp_pay": money(60), "fund_pay_sumamt": money(60),
        "acct_pay": money(20), "psn_cash_pay": money(20), "refd_setl_flag": "0", "init_setl_id": None})  # fmt: skip


def illness(host: Row, order: int) -> Row:
    """A further diagnosis of an encounter."""
    links = {k: host.cells[k] for k in ("mdtrt_id", "psn_no")}
    return Row("diagnosis", links | {"inout_diag_type": "1", "diag_type": "1", "diag_srt_no": order, "maindiag_flag": "0", "diag_code": "J06.900",
                                     "diag_name": "急性上呼吸道感染", "diag_dept": "0301", "dise_dor_no": host.cells["atddr_no"]})  # fmt: skip


def _tangles(w: World, clean: dict[str, list[Row]], turn: int, march: Iterator[Row], stays: Iterator[Row]) -> Iterator[Row]:
    """Dirt that takes more than one row."""

    def fated(row: Row, kind: str, outcome: str, code: str = "", *also: str, raw: dict[str, Any] | None = None) -> Row:
        row.fate, row.raw = Fate(kind, outcome, code, also), raw or {}
        return row

    for table in ("fee_line", "encounter", "settlement", "diagnosis", "person", "entitlement"):
        one = clean[table][len(clean[table]) // 2 + turn]
        yield fated(Row(table, dict(one.cells)), f"{table}_again", DUPLICATE, "D01")
        other = {"fee_line": {"rxno": "CF-OTHER"}, "encounter": {"adm_dept_codg": "0999"}, "settlement": {"med_type": "13"},
                 "diagnosis": {"diag_name": "高血压病"}, "person": {"balc": Decimal("0.07")}, "entitlement": {"dise_name": "原发性高血压"}}[table]  # fmt: skip
        yield fated(Row(table, one.cells | other), f"{table}_same_key", REJECTED, "D02")
    host = next(march)
    for number in (f"B{turn}1", f"B{turn}2"):  # next month brings both visits; of the first also its rows, of the second not
        away = visit(host, number)
        yield fated(line(away, "1"), "fee_of_missing_visit", REJECTED, "K03")
        yield fated(illness(away, 1), "illness_of_missing_visit", REJECTED, "K03")
    broken = visit(next(march), f"C{turn}")
    yield fated(broken, "visit_february_30", REJECTED, "T03", raw={"begntime": "2026-02-30 08:05"})
    yield fated(line(broken, "1"), "fee_of_refused_visit", REJECTED, "K03")
    yield fated(illness(broken, 1), "illness_of_refused_visit", REJECTED, "K03")
    host = next(march)
    yield fated(line(host, f"R{turn}1"), "fee_later_refunded", TAKEN)
    after = {"fee_ocur_time": host.cells["begntime"] + timedelta(hours=2)}
    minus = after | {"init_feedetl_sn": f"R{turn}1"}
    yield fated(line(host, f"R{turn}2", -1, **minus), "fee_refund_of_half", TAKEN)
    yield fated(line(host, f"R{turn}3", -2, **minus), "fee_refund_of_more_than_is_left", REJECTED, "K07")
    yield fated(line(host, f"R{turn}4", -1, **after), "fee_refund_unnumbered", TAKEN)
    yield fated(line(host, f"R{turn}5"), "fee_refused_then_refunded", REJECTED, "T02", raw={"cnt": "两"})
    yield fated(
        line(host, f"R{turn}6", -2, **(after | {"init_feedetl_sn": f"R{turn}5"})), "fee_refund_of_refused_line", REJECTED, "K06"
    )
    host = next(march)
    yield fated(bill(host, f"JL{turn}"), "bill_lines_differ", FLAGGED, "L11")
    yield line(host, f"L{turn}1", setl_id=f"JL{turn}")
    stranger = visit(next(march), f"V{turn}", psn_no=f"WD{turn}99029900", insu_admdvs=NEXT_CITY)
    yield fated(stranger, "visit_of_stranger", FLAGGED, "K01")
    yield fated(line(stranger, "1"), "fee_of_stranger", TAKEN, "", "K01")
    yield fated(visit(next(march), f"W{turn}", psn_no=f"77{turn}004"), "visit_of_refused_person", FLAGGED, "K01")
    for number, kind in enumerate(("at_140", "before_birth", "on_day_of_birth"), 1):
        at, psn_no = next(march).cells["begntime"], f"78{turn}{number}"
        born = {1: at.date().replace(year=1886), 2: at.date() + timedelta(1), 3: at.date()}[number]
        wrong = number < 3  # the birthday is what cannot be: the visit is kept, of a person nothing is known of
        one = person(clean["person"][0], psn_no, 200 + turn, brdy=born, certno=None)
        yield fated(one, f"person_of_visit_{kind}", *((REJECTED, "L04") if wrong else (TAKEN, "")))
        seen = visit(next(march), f"A{turn}{number}", psn_no=psn_no, begntime=at, upld_time=None)
        yield fated(seen, f"visit_{kind}", *((FLAGGED, "K01") if wrong else (TAKEN, "")))
    stay = next(stays)
    open_stay = Row(
        "encounter", stay.cells | {"mdtrt_id": f"{96000000 + turn}", "endtime": None, "upld_time": None, "dscg_way": None}
    )
    yield fated(open_stay, "stay_settled_but_not_over", FLAGGED, "L12")
    yield fated(bill(open_stay, f"JM{turn}"), "bill_in_mid_stay", TAKEN, "", "L11", "L12")
    late = line(stay, f"L{turn}", fee_ocur_time=stay.cells["endtime"] + timedelta(days=5))
    yield fated(late, "fee_after_stay", FLAGGED, "L05")
