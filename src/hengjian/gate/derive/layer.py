"""Rows of the rule layer from the rows of visits that stand: the twin of `lake.derive`, line by line the same SQL in Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from hengjian.gate.acts import ACT_TABLES, Layout, Rows
from hengjian.gate.acts import Row as LayerRow
from hengjian.gate.derive.cells import Cells
from hengjian.gate.derive.judge import by_visit, target_of
from hengjian.gate.derive.spelled import DAY, ymd_of
from hengjian.kernel.amounts import largest_remainder
from hengjian.kernel.keys import BUCKETS, key_of

Named = dict[str, int | str | None]
"""One row of the rule layer by column."""
_CODES = 1 << 16
_NO_PLACE = -(10**9)
"""Where a diagnosis of a kind that is no number stands among main ones: last."""
_TEXTS = {
    "encounter": [
        "mdtrt_id",
        "insutype",
        "med_type",
        "adm_way",
        "dscg_way",
        "adm_dept_codg",
        "dscg_dept_codg",
        "atddr_no",
        "dise_codg",
        "matn_stas",
        "ipt_med_type",
        "days_rinp_flag_31",
        "onln_flag",
    ],
    "diagnosis": ["diag_code", "inout_diag_type", "diag_type", "maindiag_flag", "adm_cond_type"],
    "operation": ["oprn_oprt_code", "main_oprn_flag", "incs_type", "oprn_no"],
    "fee_line": [
        "feedetl_sn",
        "list_type",
        "med_chrgitm_type",
        "chrgitm_lv",
        "bilg_dept_codg",
        "bilg_dr_codg",
        "rxno",
        "oprn_no",
        "body_part",
    ],
}
"""Columns that hold the national value itself."""

code_key = lru_cache(_CODES)(key_of)
"""`key_of` of a code, of which there are few."""


@lru_cache(_CODES)
def item_key(med_list_codg: str) -> int:
    """Key of the national part of a catalogue code: what stands before the first `-`."""
    return key_of(med_list_codg.split("-", 1)[0])


def kind_of(med_type: str, fixmedins_code: str) -> str:
    """outp, inp or pharm."""
    if med_type.startswith("4") or fixmedins_code.startswith("P"):
        return "pharm"
    return "inp" if med_type.startswith(("2", "52")) else "outp"


def region_flag(insured: str, treated: str) -> str:
    """0 local, 1 same province, 2 other province, from place of insurance and place of care."""
    if insured[:4] == treated[:4]:
        return "0"
    if insured[:2] != treated[:2]:
        return "2"
    return "0" if "99" in (insured[2:4], treated[2:4]) else "1"


def layer_rows(taken: Mapping[str, Sequence[Cells]], layout: Layout) -> Rows:
    """The rows of every table of the layout. `taken`: rows that stand, complete for each visit they contain."""
    visits = {row.texts["mdtrt_id"]: row for row in taken.get("encounter", ())}
    named: dict[str, list[Named]] = {table: [] for table in ACT_TABLES}
    main = _main_diagnoses(taken.get("diagnosis", ()))
    money = by_visit(taken.get("settlement", ()))
    lines = by_visit(taken.get("fee_line", ()))
    for mdtrt_id, visit in visits.items():
        settled = money.get(mdtrt_id, [])
        keys = _keys(visit)
        named["encounter"].append(_encounter(visit, keys, main.get(mdtrt_id), settled))
        named["fee_line"] += _fee_lines(lines.get(mdtrt_id, []), visit, keys, settled)
    for row in taken.get("diagnosis", ()):
        visit = visits[row.texts["mdtrt_id"]]
        named["diagnosis"].append(_keys(visit) | _diagnosis(row, visit))
    for row in taken.get("operation", ()):
        named["operation"].append(_keys(visits[row.texts["mdtrt_id"]]) | _operation(row))
    return {table: [_ordered(row, columns) for row in named[table]] for table, columns in layout.columns.items()}


def _ordered(row: Named, columns: Sequence[str]) -> LayerRow:
    return tuple(row[column] for column in columns)


def _keys(visit: Cells) -> Named:
    psn_key = key_of(visit.texts["psn_no"])
    return {
        "bucket": psn_key % BUCKETS,
        "psn_key": psn_key,
        "mdtrt_key": key_of(visit.texts["mdtrt_id"]),
        "org_key": code_key(visit.texts["fixmedins_code"]),
    }


def _texts(table: str, row: Cells) -> Named:
    return {column: row.texts.get(column) for column in _TEXTS[table]}


def _day(second: int | None) -> int | None:
    return None if second is None else second // DAY


def _main_diagnoses(rows: Iterable[Cells]) -> dict[str, str]:
    """The main diagnosis of each visit: at discharge before at admission, western before Chinese, the first."""
    found: dict[str, tuple[tuple[str, int, int], str]] = {}
    for row in rows:
        if row.texts["maindiag_flag"] == "1":
            kind = row.texts["diag_type"]
            place = (
                row.texts["inout_diag_type"],
                -int(kind) if kind.isdecimal() and len(kind) < 10 else _NO_PLACE,
                -row.numbers["diag_srt_no"],
            )
            known = found.get(row.texts["mdtrt_id"])
            if known is None or place > known[0]:
                found[row.texts["mdtrt_id"]] = place, row.texts["diag_code"]
    return {visit: code for visit, (_, code) in found.items()}


def _encounter(visit: Cells, keys: Named, main: str | None, settled: Sequence[Cells]) -> Named:
    texts, numbers = visit.texts, visit.numbers
    kind = kind_of(texts["med_type"], texts["fixmedins_code"])
    begin, end = numbers["begntime"], numbers.get("endtime")
    in_day, out_day = begin // DAY, _day(end)
    return (
        keys
        | _texts("encounter", visit)
        | {
            "kind": kind,
            "in_day": in_day,
            "out_day": out_day if kind == "inp" else None,
            "beg_sec": begin,
            "end_sec": end,
            "upld_sec": numbers.get("upld_time"),
            "los_days": 1 if out_day is None else max(1, out_day - in_day),
            "rgn_flag": region_flag(texts["insu_admdvs"], texts["mdtrtarea_admvs"]),
            "main_diag": main,
            "diag3": None if main is None else main[:3],
            "total_amt": sum(s.numbers["medfee_sumamt"] for s in settled),
            "inscp_amt": sum(s.numbers["inscp_scp_amt"] for s in settled),
            "fund_amt": sum(s.numbers["fund_pay_sumamt"] for s in settled),
        }
    )


def _diagnosis(row: Cells, visit: Cells) -> Named:
    on = row.numbers.get("diag_time", visit.numbers["begntime"]) // DAY
    return _texts("diagnosis", row) | {
        "diag_key": code_key(row.texts["diag_code"]),
        "diag_srt_no": row.numbers["diag_srt_no"],
        "diag_day": on,
        "diag_ymd": ymd_of(on),
    }


def _operation(row: Cells) -> Named:
    on = row.numbers["oprn_oprt_date"]
    return _texts("operation", row) | {
        "oprn_key": code_key(row.texts["oprn_oprt_code"]),
        "oprn_srt_no": row.numbers["oprn_srt_no"],
        "oprn_day": on,
        "oprn_ymd": ymd_of(on),
    }


def _fee_lines(lines: Sequence[Cells], visit: Cells, keys: Named, settled: Sequence[Cells]) -> list[Named]:
    net = [_net(line) for line in lines]
    places = {line.texts["feedetl_sn"]: place for place, line in enumerate(lines)}
    sold = [line for line in lines if line.numbers["cnt"] > 0]
    for line in lines:
        if line.numbers["cnt"] < 0 and (target := target_of(line, sold)) is not None:
            own = line.numbers
            undone = net[places[target]]
            undone[0] += own["cnt"]
            undone[1] += own["det_item_fee_sumamt"]
            undone[2] += own["inscp_scp_amt"]
    fund = _shares(lines, [inside for _, _, inside in net], settled)
    in_day, out_day = visit.numbers["begntime"] // DAY, _day(visit.numbers.get("endtime"))
    stay = kind_of(visit.texts["med_type"], visit.texts["fixmedins_code"]) == "inp"
    return [
        keys | _fee_line(line) | {
            "off_days": _off_days(line.numbers["fee_ocur_time"] // DAY, in_day, out_day) if stay else 0,
            "net_cnt_e4": net[place][0],
            "net_amt": net[place][1],
            "net_inscp": net[place][2],
            "fund_amt": fund[place],
        }
        for place, line in enumerate(lines)
    ]  # fmt: skip


def _net(line: Cells) -> list[int]:
    """Quantity, amount and amount in scope before refunds; nothing on a refund line."""
    own = line.numbers
    return [own["cnt"], own["det_item_fee_sumamt"], own["inscp_scp_amt"]] if own["cnt"] > 0 else [0, 0, 0]


def _off_days(on: int, in_day: int, out_day: int | None) -> int:
    if on < in_day:
        return on - in_day
    return on - out_day if out_day is not None and on > out_day else 0


def _fee_line(line: Cells) -> Named:
    second = line.numbers["fee_ocur_time"]
    on = second // DAY
    return _texts("fee_line", line) | {
        "item_key": item_key(line.texts["med_list_codg"]),
        "fee_day": on,
        "fee_sec": second,
        "fee_ymd": ymd_of(on),
        "pric_e6": line.numbers["pric"],
        "prd_days_e4": line.numbers["prd_days"] * 100 if "prd_days" in line.numbers else None,
        "exe_beg_sec": line.numbers.get("exe_begntime"),
        "exe_end_sec": line.numbers.get("exe_endtime"),
    }


def _shares(lines: Sequence[Cells], inside: Sequence[int], settled: Iterable[Cells]) -> list[int]:
    """The fund's money of each settlement that stands, shared out over its lines in scope by largest remainder, exact to the fen."""
    found = [0] * len(lines)
    of_settlement: dict[str, list[int]] = {}
    for place in sorted(range(len(lines)), key=lambda n: lines[n].texts["feedetl_sn"]):
        setl_id = lines[place].texts.get("setl_id")
        if setl_id is not None and inside[place] > 0:
            of_settlement.setdefault(setl_id, []).append(place)
    settled = list(settled)
    undone = {s.texts.get("init_setl_id") for s in settled if s.texts["refd_setl_flag"] == "1"}
    for settlement in settled:
        setl_id, fund = settlement.texts["setl_id"], settlement.numbers["fund_pay_sumamt"]
        places = of_settlement.get(setl_id, [])
        if places and fund > 0 and settlement.texts["refd_setl_flag"] == "0" and setl_id not in undone:
            for place, part in zip(places, largest_remainder(fund, [inside[n] for n in places]), strict=True):
                found[place] = part
    return found
