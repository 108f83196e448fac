"""Diagnoses and operations: numbering, main flags and what is left out."""

from __future__ import annotations

from hengjian.lake.schema.codes import CODE_TABLES
from hengjian.lake.wire.folding.exchange import Cells
from hengjian.lake.wire.nodes import Node, Plan, pick

ADMISSION, DISCHARGE = "1", "2"


def diagnoses(entries: list[Node], plan: Plan, inout: str) -> list[Cells]:
    """The valid diagnoses of one message.

    Numbers that are missing or given twice are given anew by position within their type. Without any main flag the first
    western diagnosis (or the first of all) is the main one.
    """
    found = [plan.read(entry) for entry in entries if pick(entry, "vali_flag") != "0"]
    found = [cells for cells in found if "diag_code" in cells or "diag_name" in cells]
    for cells in found:
        cells["inout_diag_type"] = inout
        if cells.get("adm_cond_type", "1") not in CODE_TABLES["adm_cond_type"]:
            del cells["adm_cond_type"]
    _number(found)
    if found and not any("maindiag_flag" in cells for cells in found):
        western = [cells for cells in found if cells.get("diag_type") == "1"] or found
        min(western, key=lambda cells: _place(cells["diag_srt_no"]))["maindiag_flag"] = "1"
    for cells in found:
        cells.setdefault("maindiag_flag", "0")
    return found


def _number(found: list[Cells]) -> None:
    by_type: dict[str, list[Cells]] = {}
    for cells in found:
        by_type.setdefault(cells.get("diag_type", ""), []).append(cells)
    for alike in by_type.values():
        numbers = {_place(cells.get("diag_srt_no", "")) for cells in alike}
        if len(numbers) < len(alike) or not all("diag_srt_no" in cells for cells in alike):
            for place, cells in enumerate(sorted(alike, key=lambda c: _place(c.get("diag_srt_no", ""))), start=1):
                cells["diag_srt_no"] = str(place)


def _place(written: str) -> tuple[int, str]:
    number = written.split(".", 1)[0]
    return (int(number[:9]), "") if number.isascii() and number.isdigit() else (10**9, written)


def enriched(coded: list[Cells], clinical: list[Cells]) -> list[Cells]:
    """The coded discharge diagnoses, with department, doctor and time from the discharge where both name the same code."""
    by_code = {cells["diag_code"]: cells for cells in reversed(clinical) if "diag_code" in cells}
    extra = ("diag_dept", "dise_dor_no", "diag_time")
    return [
        {column: value for column, value in by_code.get(cells.get("diag_code", ""), {}).items() if column in extra} | cells
        for cells in coded
    ]


def operations(entries: list[Node], plan: Plan) -> list[Cells]:
    """The operations of a settlement list, numbered by position."""
    found: list[Cells] = []
    for entry in entries:
        cells = plan.read(entry)
        if "oprn_oprt_code" not in cells and "oprn_oprt_name" not in cells:
            continue
        kind = pick(entry, "oprn_oprt_type")
        if "main_oprn_flag" not in cells and kind is not None:
            cells["main_oprn_flag"] = "1" if kind == "1" else "0"
        if "oprn_oprt_date" not in cells and (begun := cells.get("oprn_oprt_begntime")):
            cells["oprn_oprt_date"] = begun
        found.append(cells)
    flagged = any("main_oprn_flag" in cells for cells in found)
    for place, cells in enumerate(found, start=1):
        cells["oprn_srt_no"] = str(place)
        cells.setdefault("main_oprn_flag", "1" if place == 1 and not flagged else "0")
    return found
