"""What is left of an encounter, as rows; and what it still lacks."""

from __future__ import annotations

from collections.abc import Mapping

from hengjian.lake.wire.folding.clinical import enriched
from hengjian.lake.wire.folding.exchange import Cells, Exchange, Fold, Gap
from hengjian.lake.wire.folding.goods import sale_scan_id
from hengjian.lake.wire.folding.settlements import Settlement, cancelled_id, refund_row
from hengjian.lake.wire.folding.state import Encounter, PersonLookup
from hengjian.lake.wire.trades import Act

_OF_DISCHARGE = ("endtime", "dscg_way", "dscg_dept_codg", "dscg_dept_name", "acp_optins_code", "days_rinp_flag_31")
_OF_SALE: tuple[str, ...] = ("psn_no", "fixmedins_code")
_PLACES = (
    ("fixmedins_code", "fixmedins_code"),
    ("insu_admdvs", "insuplc_admdvs"),
    ("mdtrtarea_admvs", "mdtrtarea_admvs"),
)


def emit(fold: Fold, state: Encounter, person: PersonLookup | None) -> None:
    """Write the rows of every table and the gaps."""
    if not state.members:
        return
    shared = _shared(state, person)
    _encounter(fold, state, shared)
    for setl_id, settlement in state.settlements.items():
        _settlement(fold, settlement, shared, state.periods.get(setl_id, {}))
    _diagnoses(fold, state, shared)
    if state.sheet is not None:
        for cells in state.sheet.operations:
            fold.add("operation", state.sheet.exchange.row(cells | _named(shared)))
    _lines(fold, state, shared)
    _traces(fold, state, shared)
    for member in state.members:
        if member.trade is not None and member.trade.act is Act.CANCEL_SETTLEMENT:
            setl_id = cancelled_id(member)
            if setl_id not in state.settlements:
                _lacks(fold, "no_original", f"结算 {setl_id}", member)


def _lacks(fold: Fold, code: str, what: str, exchange: Exchange) -> None:
    fold.gaps.append(Gap(code, f"就诊 {fold.subject.key}，{what}", exchange.message.file, exchange.message.line))


def _shared(state: Encounter, person: PersonLookup | None) -> Cells:
    """What every row of the encounter may need: the visit and discharge as told, and what else is known where they are silent."""
    cells = state.visit | state.discharge | {"mdtrt_id": state.mdtrt_id}
    for filler in _fillers(state):
        for column, value in filler.items():
            cells.setdefault(column, value)
    if state.lines.med_type:
        cells.setdefault("med_type", state.lines.med_type)
    for line in state.lines:
        if "psn_no" in line.cells:
            cells.setdefault("psn_no", line.cells["psn_no"])
            break
    for member in reversed(state.members):
        for column, key in _PLACES:
            if column not in cells and (value := getattr(member.message, key)):
                cells[column] = value
        if "psn_no" not in cells and member.message.psn_no:
            cells["psn_no"] = member.message.psn_no
    missing = [column for column in ("insutype", "insu_admdvs") if column not in cells]
    if missing and person and "psn_no" in cells:
        known: Mapping[str, str | None] = person(cells["psn_no"]) or {}
        cells |= {column: found for column in missing if (found := known.get(column))}
    return cells


def _fillers(state: Encounter) -> list[Cells]:
    fillers: list[Cells] = []
    if state.sheet is not None:
        cells = dict(state.sheet.cells)
        if state.discharge_undone:
            for column in _OF_DISCHARGE:
                cells.pop(column, None)
        if state.discharged_by is not None:
            cells.pop("endtime", None)
        fillers.append(cells)
    for settlement in reversed(state.settlements.values()):
        fillers.append(settlement.of_encounter)
        if "psn_no" in settlement.cells:
            fillers.append({"psn_no": settlement.cells["psn_no"]})
    return fillers


def _named(shared: Cells) -> Cells:
    return {column: shared[column] for column in ("mdtrt_id", "psn_no") if column in shared}


def _encounter(fold: Fold, state: Encounter, shared: Cells) -> None:
    visited = state.visited
    if visited is None:
        parts = [f"费用 {len(state.lines)} 行"] if len(state.lines) else []
        parts += [f"结算 {len(state.settlements)} 笔"] if state.settlements else []
        parts += ["出院"] if state.discharged_by else []
        parts += ["结算清单"] if state.sheet else []
        if parts:
            _lacks(fold, "no_visit", "已到" + "、".join(parts), state.members[-1])
        return
    fold.add("encounter", visited.row(shared | {"upld_time": state.uploaded}))
    for code, column in (("no_insutype", "insutype"), ("no_insu_admdvs", "insu_admdvs"), ("no_med_type", "med_type")):
        if column not in shared:
            _lacks(fold, code, f"报文 {visited.message.msgid}", visited)


def _settlement(fold: Fold, settlement: Settlement, shared: Cells, period: Cells) -> None:
    beside = ("fixmedins_code", "psn_no", "insutype", "med_type", "insu_admdvs", "mdtrtarea_admvs")
    cells = {column: shared[column] for column in beside if column in shared} | period | settlement.cells
    cells["mdtrt_id"] = shared["mdtrt_id"]
    settlement.cells = cells
    fold.add("settlement", settlement.exchange.row(cells))
    if settlement.undo is not None:
        fold.add("settlement", settlement.undo.row(refund_row(settlement)))


def _diagnoses(fold: Fold, state: Encounter, shared: Cells) -> None:
    named = _named(shared)
    if state.admitted_by is not None:
        for cells in state.admitted:
            fold.add("diagnosis", state.admitted_by.row(cells | named))
    sheet = state.sheet
    if sheet is not None and sheet.diagnoses and not state.discharge_undone:
        for cells in enriched(sheet.diagnoses, state.discharged):
            fold.add("diagnosis", sheet.exchange.row(cells | named))
    elif state.discharged_by is not None:
        for cells in state.discharged:
            fold.add("diagnosis", state.discharged_by.row(cells | named))


def _lines(fold: Fold, state: Encounter, shared: Cells) -> None:
    unjudged: list[Exchange] = []
    for line in state.lines:
        cells = {column: shared[column] for column in ("psn_no", "fixmedins_code") if column in shared} | line.cells
        if line.setl_id:
            cells["setl_id"] = line.setl_id
        fold.add("fee_line", line.exchange.row(cells))
        if not line.judged:
            unjudged.append(line.exchange)
        original = line.cells.get("init_feedetl_sn")
        if original and original not in state.lines.by_number:
            _lacks(fold, "no_original_line", f"明细 {line.cells.get('feedetl_sn', '')} 要冲销 {original}", line.exchange)
    for number, exchange in state.lines.twice:
        _lacks(fold, "twice", f"明细 {number}", exchange)
    if unjudged:
        _lacks(fold, "no_answer", f"费用 {len(unjudged)} 行", unjudged[0])


def _traces(fold: Fold, state: Encounter, shared: Cells) -> None:
    """Codes sold under settlements that stand; a cancelled settlement sold nothing."""
    for setl_id, settlement in state.settlements.items():
        if settlement.undo is not None:
            continue
        seen: set[tuple[str, str]] = set()
        told: set[str] = set()
        for trace in sorted(settlement.traces, key=lambda t: (t.get("drug_trac_codg", ""), t.get("feedetl_sn", ""))):
            code, number = trace.get("drug_trac_codg", ""), trace.get("feedetl_sn", "")
            if not code or (code, number) in seen:
                continue
            line = state.lines.by_number.get(number)
            cells: Cells = {c: settlement.cells[c] for c in _OF_SALE if c in settlement.cells}
            if line is not None and "med_list_codg" in line.cells:
                cells["med_list_codg"] = line.cells["med_list_codg"]
            else:
                _lacks(fold, "no_traced_line", f"明细 {number}，追溯码 {code}", settlement.exchange)
            cells |= trace | {
                "scan_id": sale_scan_id(setl_id, code, number if code in told else ""),
                "scan_type": "2",
                "scan_time": settlement.cells["setl_time"],
                "mdtrt_id": shared["mdtrt_id"],
                "setl_id": setl_id,
                "mdtrt_setl_type": "1",
            }
            seen.add((code, number))
            told.add(code)
            fold.add("trace_code", settlement.exchange.row(cells))
