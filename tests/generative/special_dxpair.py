"""A lake that breaks every rule on what a disease, another item or a package allows, once each: too rare for random lakes."""

from __future__ import annotations

from datetime import timedelta

from hengjian.city.knowledge import local_files
from hengjian.engine.shapes import split_codes
from hengjian.rulebook.model import Rule, Rulebook

from .lakes import FIRST, INSTITUTIONS, Rows, _diagnosis, _item, cells_of

_OTHER = "Y98.x00"
"""A diagnosis that justifies nothing."""


def breaches(book: Rulebook, number: int) -> Rows:
    """One visit or stay for each rule of the families `diagnosis` and `pair`, one for split charges, one for an unsupported diagnosis."""
    lake: Rows = {}
    for rule in book.rules.values():
        if rule.family == "diagnosis" and rule.status != "retired":
            _disease(lake, rule, cells_of(book, rule)[0], f"{number}/{rule.rule_id}")
        elif rule.family == "pair" and rule.status != "retired":
            _pair(lake, rule, cells_of(book, rule)[0], f"{number}/{rule.rule_id}")
    parts = [row["part_codg"] for row in local_files()["package"]][:2]
    _encounter(lake, f"{number}/split", [_OTHER], parts, price="90.00")
    evidence = local_files()["cc_evidence"][0]
    _encounter(lake, f"{number}/claimed", [_OTHER, _diagnosis(evidence["diag_prefix"])], ["001102000050000"], inpatient=True)
    _encounter(lake, f"{number}/treated", [_OTHER], [_item(evidence["med_list_codg"], "prefix")])
    return lake


def _disease(lake: Rows, rule: Rule, cells: dict[str, str], name: str) -> None:
    fits = _diagnosis(split_codes(cells["diag_prefixes"])[0])
    shown = [fits] if rule.settings["relation"] == "forbids" else [_OTHER]
    clean = rule.settings.get("occasion") == "clean_operation"
    if rule.settings.get("subject") == "oprn":
        _encounter(lake, name, shown, ["001102000050000"], inpatient=True, operation=split_codes(cells["code"])[0])
        return
    code = _item(split_codes(cells["code"])[0], cells.get("match", "exact"))
    _encounter(lake, name, shown, [code], inpatient=clean, operation="86.3x00" if clean else "")


def _pair(lake: Rows, rule: Rule, cells: dict[str, str], name: str) -> None:
    match = cells.get("match", "exact")
    first, second = ([_item(code, match) for code in split_codes(cells.get(column, ""))[:1]] for column in ("a_code", "b_code"))
    if rule.settings["relation"] in ("requires", "alone"):
        second = []
    codes = [*(first or [_item(split_codes(cells["code"])[0], match)]), *second]
    _encounter(lake, name, [_OTHER], codes)


def _encounter(
    lake: Rows,
    name: str,
    diagnoses: list[str],
    codes: list[str],
    *,
    inpatient: bool = False,
    operation: str = "",
    price: str = "20.00",
) -> None:
    who = {"psn_no": f"P{name}", "gend": "1", "insutype": "310", "insu_admdvs": "990101"}
    lake.setdefault("person", []).append(who)
    lake.setdefault("encounter", []).append(
        {"mdtrt_id": f"E{name}", "psn_no": who["psn_no"], "fixmedins_code": INSTITUTIONS[0]["fixmedins_code"],
         "med_type": "21" if inpatient else "11", "insutype": "310", "begntime": str(FIRST),
         "endtime": str(FIRST + timedelta(days=5)) if inpatient else "", "insu_admdvs": "990101", "mdtrtarea_admvs": "990101"}
    )  # fmt: skip
    for n, code in enumerate(diagnoses, 1):
        lake.setdefault("diagnosis", []).append(
            {"mdtrt_id": f"E{name}", "inout_diag_type": "2" if inpatient else "1", "diag_type": "1", "diag_srt_no": str(n),
             "maindiag_flag": "1" if n == 1 else "0", "diag_code": code}
        )  # fmt: skip
    if operation:
        lake.setdefault("operation", []).append(
            {"mdtrt_id": f"E{name}", "oprn_oprt_code": operation, "oprn_oprt_date": str(FIRST), "incs_type": "1"}
        )
    for n, code in enumerate(codes):
        line = {"mdtrt_id": f"E{name}", "feedetl_sn": f"L{n}", "setl_id": f"S{name}", "med_list_codg": code, "cnt": "1", "pric": price,
                "fee_ocur_time": f"{FIRST} 08:00:0{n}", "rxno": "R1"}  # fmt: skip
        lake.setdefault("fee_line", []).append(
            line | ({"list_type": "102", "med_chrgitm_type": "10"} if code[0] == "T" else {})
        )
    amount = f"{float(price) * len(codes):.2f}"
    lake.setdefault("settlement", []).append(
        {"setl_id": f"S{name}", "mdtrt_id": f"E{name}", "setl_time": str(FIRST), "medfee_sumamt": amount, "inscp_scp_amt": amount,
         "fund_pay_sumamt": amount}
    )  # fmt: skip
