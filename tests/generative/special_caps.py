"""Lakes for rules that random lines do not meet: lines for too many days, or of too much a day; too many visits, too much at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

FIRST = date(2026, 9, 1)
_H, _P = "H99010100001", "P99010100004"
Rows = dict[str, list[dict[str, str]]]

CHRONIC = [
    {
        "dise_codg": "M03900",
        "dise_name": "高血压",
        "med_list_codg": "XC08CAZ001A001",
        "hilist_name": "降压药",
        "valid_from": "2025-01-01",
    }
]
"""The list of drugs of one chronic disease."""


def visit(
    lake: Rows, psn_no: str, number: str, at: datetime, *, kind: str = "11", inst: str = _H, **more: str
) -> dict[str, str]:
    """A person's encounter, settled for 20 yuan, and the person."""
    if all(p["psn_no"] != psn_no for p in lake.setdefault("person", [])):
        lake["person"].append({"psn_no": psn_no, "gend": "1", "insutype": "310", "insu_admdvs": "990101"})
    row = {"mdtrt_id": number, "psn_no": psn_no, "fixmedins_code": inst, "med_type": kind, "insutype": "310", "begntime": str(at),
           "insu_admdvs": "990101", "mdtrtarea_admvs": "990101"} | more  # fmt: skip
    lake.setdefault("encounter", []).append(row)
    lake.setdefault("settlement", []).append(
        {"setl_id": f"S{number}", "mdtrt_id": number, "setl_time": more.get("endtime", str(at)), "medfee_sumamt": "20.00",
         "inscp_scp_amt": "20.00", "fund_pay_sumamt": "10.00"}
    )  # fmt: skip
    return row


def line(lake: Rows, number: str, sn: str, code: str, at: datetime, **more: str) -> None:
    """A line of 20 yuan."""
    lake.setdefault("fee_line", []).append(
        {"mdtrt_id": number, "feedetl_sn": sn, "setl_id": f"S{number}", "med_list_codg": code, "fee_ocur_time": str(at), "cnt": "1",
         "pric": "20.00"} | more
    )  # fmt: skip


def long_lines(rules: list[tuple[str, str, list[dict[str, Any]]]], number: int) -> Rows:
    """A visit for each rule (id, measure, knowledge rows with whole codes) that judges a line by its days, with one line too much."""
    lake: Rows = {}
    for rule_id, measure, rows in rules:
        cells, name, at = rows[0], f"{number}/{rule_id}", datetime.combine(FIRST, datetime.min.time()) + timedelta(hours=9)
        visit(lake, f"P{name}", f"E{name}", at)
        days = int(cells["max_value"]) + 3 if measure == "supply" else 1
        count = "1" if measure == "supply" else str(int(cells["max_value"]) * 6)
        line(lake, f"E{name}", "L1", cells["whole"], at, prd_days=str(days), cnt=count)
    return lake


def off_list(number: int) -> Rows:
    """A visit for a chronic disease with a drug of its list and another."""
    lake: Rows = {}
    at, name = datetime.combine(FIRST, datetime.min.time()) + timedelta(hours=9), f"E{number}"
    visit(lake, f"P{number}", name, at, kind="14", dise_codg="M03900")
    for n, code in enumerate(("XC08CAZ001A001010100001", "XA10BAZ003A001010100001")):
        line(lake, name, f"L{n}", code, at, list_type="101")
    return lake


def crowded(number: int) -> Rows:
    """Prescriptions of too much, and persons who come too often."""
    lake: Rows = {}
    morning = datetime.combine(FIRST, datetime.min.time()) + timedelta(hours=9)
    for n, (kinds, list_type, code) in enumerate(((7, "101", "XA00AAA{:03d}A001010100001"), (27, "102", "T9900{:05d}"))):
        visit(lake, f"P{number}/rx{n}", f"E{number}/rx{n}", morning)
        for k in range(kinds):
            line(lake, f"E{number}/rx{n}", f"L{k}", code.format(k), morning, list_type=list_type, rxno="R1")
    for kind, times, every, inst in (("11", 17, 1, _H), ("41", 12, 2, _P), ("21", 5, 5, _H)):
        for n in range(times):
            at, name = morning + timedelta(days=every * n), f"E{number}/{kind}/{n}"
            more = {"endtime": str(at + timedelta(days=2)), "adm_way": "2"} if kind == "21" else {}
            visit(lake, f"P{number}/{kind}", name, at, kind=kind, inst=inst, **more)
            if kind != "41":
                lake.setdefault("diagnosis", []).append(
                    {"mdtrt_id": name, "inout_diag_type": "2" if more else "1", "diag_type": "1", "diag_srt_no": "1", "maindiag_flag": "1",
                     "diag_code": f"K{20 + n}.900"}
                )  # fmt: skip
    return lake
