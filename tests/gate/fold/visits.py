"""Invented visits as texts of lake rows, from small sets, so that refunds meet their lines and settlements their visits.

Every choice goes through `choose(list)`, so that Hypothesis can draw and shrink and a seeded generator can make hundreds for one load.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hengjian.lake.schema import TABLES
from hengjian.lake.wire import Row

Choose = Callable[[Sequence[Any]], Any]
Texts = dict[str, list[dict[str, str]]]

TODAY = date(2026, 10, 31)
_FIRST = date(2026, 9, 1)
_ITEMS = [
    ("001102000010000", "201"),
    ("001102000010000-0001", "201"),
    ("XJ01FAA051A001010201187", "101"),
    ("C0101010010000100001", "301"),
]
_ODD: list[str] = [
    "", "-", "—", "无", "NULL", "\\N", "0", "1", "2", "9", "是", "N", "1.5", "-3", "１２", "1,234.50", "1,23", "abc", "3E+17", "0.005", "1e3", "0.0001",
    "99999999999999999999", "2026-02-30", "2026/9/1", "20260901", "1900-01-01", "1999-12-31 23:59:59", "2026-10-31 23:59:59", "2026-11-01",
    "2026-09-01T08:30", "20260901083015", "2026-09-02 25:00:00", "2026-09-01 08:30:00+08:00", "#N/A", "锟斤拷", "a\tb", "x" * 51, "x" * 600,
    "ＡＢ１", "410199", "H99010000001", "P99010000009", "J18.900", "é", "真", "2026-09-01 08:00:00.250", "10000000.01", "-0", "+5", ".5", "5.",
]  # fmt: skip
"""What clients write into any cell."""


def as_rows(texts: Texts) -> dict[str, list[Row]]:
    """Texts as a fold leaves them: empty cells are not there."""
    return {table: [Row({c: t for c, t in cells.items() if t}, "", 0) for cells in rows] for table, rows in texts.items()}


def visit(choose: Choose, name: str, psn_no: str, *, odd: Sequence[bool] = (False,)) -> Texts:
    """The rows of one visit. `odd`: draws of whether a row gets an odd cell."""
    made: Texts = {table: [] for table in ("encounter", "diagnosis", "operation", "fee_line", "settlement")}
    begin = datetime.combine(_FIRST + timedelta(days=choose([0, 1, 9, 29, 58])), time(choose([0, 8, 23]), choose([0, 59])))
    end = choose([None, begin, begin + timedelta(hours=20), begin + timedelta(days=4), begin + timedelta(days=30)])
    place = choose(["H99010000001", "H99010000001", "H99010000002", "P99010000009"])
    encounter = {
        "mdtrt_id": name, "psn_no": psn_no, "fixmedins_code": place, "insutype": choose(["310", "390"]),
        "med_type": choose(["11", "13", "21", "28", "41", "51", "52", "2102"]), "begntime": spelled(choose, begin),
        "endtime": spelled(choose, end) if end else "", "upld_time": choose(["", spelled(choose, begin + timedelta(days=2))]),
        "insu_admdvs": choose(["990101", "990199", "990201", "980101"]), "mdtrtarea_admvs": choose(["990101", "990199", "999900"]),
        "adm_way": choose(["", "1", "7"]), "dscg_way": choose(["", "1"]), "adm_dept_codg": choose(["", "A03"]), "dise_codg": choose(["", "M03900"]),
        "matn_stas": choose(["", "1"]), "days_rinp_flag_31": choose(["", "1"]), "onln_flag": choose(["", "0", "1", "是"]), "atddr_no": choose(["", "D990100000001"]),
    }  # fmt: skip
    made["encounter"].append(encounter)
    own = {"mdtrt_id": name, "psn_no": psn_no}
    for number in range(choose([0, 1, 2, 3])):
        made["diagnosis"].append(own | {
            "inout_diag_type": choose(["1", "2"]), "diag_type": choose(["1", "1", "2"]), "diag_srt_no": choose(["1", "2", "3"]),
            "maindiag_flag": choose(["0", "1"]), "diag_code": choose(["J18.900", "I10.x00x002", "K35"]), "diag_name": "病",
            "diag_time": choose(["", spelled(choose, begin + timedelta(days=number))]),
        })  # fmt: skip
    for number in range(choose([0, 0, 1, 2])):
        made["operation"].append(own | {
            "oprn_srt_no": f"{number + 1}", "main_oprn_flag": choose(["0", "1"]), "oprn_oprt_code": choose(["47.0900", "33.2200"]),
            "oprn_oprt_name": "术", "oprn_oprt_date": spelled(choose, begin), "incs_type": choose(["", "2"]), "oprn_no": choose(["", "1"]),
        })  # fmt: skip
    settled = choose([[], ["A"], ["A"], ["A", "B"], ["A", "B", "C"]])
    for number in range(choose([1, 2, 3, 5])):
        _line(made["fee_line"], choose, encounter, begin, f"{number}", settled)
    for setl in settled:
        _settlement(made["settlement"], choose, encounter, begin, f"{name}{setl}")
    for table, rows in made.items():
        made[table] = [_odd(choose, table, row) if choose(odd) else row for row in rows]
    return made


def spelled(choose: Choose, at: datetime) -> str:
    """An instant in one of the spellings that clients use."""
    how = choose(["%Y-%m-%d %H:%M:%S"] * 3 + ["%Y%m%d%H%M%S", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
    return at.strftime(how)


def _line(
    made: list[dict[str, str]], choose: Choose, of: dict[str, str], begin: datetime, sn: str, settled: Sequence[str]
) -> None:
    code, kind = choose(_ITEMS)
    count, price = (
        choose([Decimal(1), Decimal(2), Decimal("0.3333"), Decimal(30)]),
        choose([Decimal("10.5"), Decimal("3.333333")]),
    )
    amount = (count * price).quantize(Decimal("0.01"))
    inside = choose([amount, amount, (amount / 3).quantize(Decimal("0.01")), Decimal(0)])
    line = {
        "mdtrt_id": of["mdtrt_id"], "psn_no": of["psn_no"], "fixmedins_code": of["fixmedins_code"], "feedetl_sn": f"L{sn}",
        "setl_id": choose(["", *(of["mdtrt_id"] + s for s in settled)]), "med_list_codg": code, "list_type": kind, "med_chrgitm_type": "02",
        "fee_ocur_time": spelled(choose, begin + timedelta(days=choose([-1, 0, 0, 1, 5]), hours=choose([0, 3]))),
        "cnt": str(count), "pric": str(price), "det_item_fee_sumamt": str(amount), "inscp_scp_amt": str(inside),
        "chrgitm_lv": choose(["", "01", "03"]), "rxno": choose(["", "R1"]), "bilg_dr_codg": choose(["", "D990100000001"]),
        "body_part": choose(["", "左膝"]), "prd_days": choose(["", "7", "0.5"]), "exe_begntime": choose(["", spelled(choose, begin)]),
    }  # fmt: skip
    made.append(line)
    for number in range(choose([0, 0, 1, 2])):
        back = choose([count, count / 2, count * 2]).quantize(Decimal("0.0001"))
        share = back / count
        made.append(line | {
            "feedetl_sn": f"{sn}R{number}", "init_feedetl_sn": choose([f"L{sn}", f"L{sn}", "", "L9"]), "cnt": str(-back),
            "det_item_fee_sumamt": str((-amount * share).quantize(Decimal("0.01"))),
            "inscp_scp_amt": str((-inside * share).quantize(Decimal("0.01"))),
            "fee_ocur_time": choose([line["fee_ocur_time"], str(begin + timedelta(days=6))]),
        })  # fmt: skip


def _settlement(made: list[dict[str, str]], choose: Choose, of: dict[str, str], begin: datetime, setl_id: str) -> None:
    money = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "hifp_pay", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")  # fmt: skip
    amounts = {column: choose(["0", "10.01", "33.33", "120"]) for column in money}
    shared = {
        c: of[c] for c in ("mdtrt_id", "psn_no", "fixmedins_code", "insutype", "med_type", "insu_admdvs", "mdtrtarea_admvs")
    }
    row = (
        shared | amounts | {"setl_id": setl_id, "setl_time": spelled(choose, begin + timedelta(days=9)), "refd_setl_flag": "0"}
    )
    made.append(row)
    if choose([False, False, True]):
        undone = {column: "0" if value == "0" else f"-{value}" for column, value in amounts.items()}
        named = choose([setl_id, setl_id, setl_id, "无此结算"])
        made.append(row | undone | {"setl_id": f"{setl_id}-R", "init_setl_id": named, "refd_setl_flag": "1"})


def _odd(choose: Choose, table: str, row: dict[str, str]) -> dict[str, str]:
    """One cell as clients should not write it; the row keeps its visit, and its kind of diagnosis, which the load reads as a number."""
    free = ("mdtrt_id", "setl_id")
    columns = [c.name for c in TABLES[table].columns] + list(row)
    return row | {choose([c for c in columns if c not in free]): choose(_ODD)}
