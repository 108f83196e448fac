"""The rows of an encounter: visit, discharge, fee lines, settlements, settlement list, in the order in which they took effect."""

from __future__ import annotations

from collections.abc import Callable

from hengjian.lake.wire.folding import clinical, settlements
from hengjian.lake.wire.folding.emit import emit
from hengjian.lake.wire.folding.exchange import Exchange, Fold, Gap, NotFact
from hengjian.lake.wire.folding.lines import Lines
from hengjian.lake.wire.folding.state import Encounter, PersonLookup, Sheet
from hengjian.lake.wire.nodes import pick
from hengjian.lake.wire.trades import Act, settlement_list, visit
from hengjian.lake.wire.trades.settlement import REQUEST

_DISEASE = visit.DISEASES.plan("diagnosis")
_LISTED = settlement_list.DISEASES.plan("diagnosis")
_OPERATION = settlement_list.OPERATIONS.plan("operation")
_SHEET, _PERIOD = settlement_list.SHEET.plan("encounter"), settlement_list.SHEET.plan("settlement")
_LONGEST = 50


def fold_encounter(fold: Fold, exchanges: list[Exchange], person: PersonLookup | None) -> None:
    """Let every exchange take effect, then write down what is left."""
    accepted: list[Exchange] = []
    for exchange in exchanges:
        if exchange.trade is not None and exchange.trade.act is Act.TRIAL:
            exchange.end("trial")
        elif exchange.failure is not None:
            exchange.end("failed", exchange.failure)
        else:
            accepted.append(exchange)
    undone = settlements.cancellations([x for x in accepted if x.trade is not None and x.trade.act is Act.CANCEL_SETTLEMENT])
    state = Encounter(fold.subject.key, Lines(fold.subject.key))
    for exchange in accepted:
        assert exchange.trade is not None
        _EFFECTS[exchange.trade.act](state, exchange, undone, fold)
    fold.not_facts.extend(NotFact(x.message, x.fate, x.why) for x in exchanges if x.fate and not _alive(state, x))
    emit(fold, state, person)


Effect = Callable[[Encounter, Exchange, dict[str, Exchange], Fold], None]


def _alive(state: Encounter, exchange: Exchange) -> bool:
    """A fee upload of which some lines stand is a fact, though others of its lines are gone."""
    return exchange.fate in ("undone", "replaced") and any(line.exchange is exchange for line in state.lines)


def _visit(state: Encounter, exchange: Exchange, _: dict[str, Exchange], fold: Fold) -> None:
    """Registration, visit, admission, change: later wins column by column; diagnoses come as a whole."""
    trade, message = exchange.trade, exchange.message
    assert trade is not None
    for target, key in trade.from_envelope:
        if value := getattr(message, key):
            state.visit[target.split(".")[1]] = value
    state.uploaded = state.uploaded or exchange.order[0]
    main, found = trade.nodes[0].entries(exchange.given)[:1], []
    for entry in main:
        state.visit |= trade.nodes[0].plan("encounter").read(entry)
        found = visit.DISEASES.entries(exchange.given) or visit.DISEASES.entries(entry)
        if not found and "diagnosis" in trade.nodes[0].tables:
            admission = trade.nodes[0].plan("diagnosis").read(entry)
            if "diag_code" in admission and not state.admitted:
                state.admitted = [admission | _ONLY]
                state.admitted_by = exchange
    if found:
        state.admitted = clinical.diagnoses(found, _DISEASE, clinical.ADMISSION)
        state.admitted_by = exchange
    if len(state.visit.get("mdtrt_cert_no", "")) > _LONGEST:
        state.visit["mdtrt_cert_no"] = state.visit["mdtrt_cert_no"][:_LONGEST]
    state.visited = exchange
    state.members.append(exchange)


_ONLY = {"inout_diag_type": clinical.ADMISSION, "diag_type": "1", "diag_srt_no": "1", "maindiag_flag": "1"}


def _cancel_visit(state: Encounter, exchange: Exchange, _: dict[str, Exchange], fold: Fold) -> None:
    """Everything before it goes; not while a settlement stands, as no platform takes back a visit that is paid."""
    if any(s.undo is None for s in state.settlements.values()):
        exchange.end("ineffective", "这次就诊有没有撤销的结算")
        return
    if not state.members:
        exchange.end("ineffective", "这次就诊还没有办理，或已经取消")
        return
    for member in state.members:
        member.end("undone", f"就诊被 {exchange.message.msgid} 取消")
    fresh = Encounter(state.mdtrt_id, state.lines)
    state.lines.clear()
    state.__dict__.update(fresh.__dict__)


def _discharge(state: Encounter, exchange: Exchange, _: dict[str, Exchange], fold: Fold) -> None:
    entry = visit.DISCHARGE.entries(exchange.given)[:1]
    if state.discharged_by is not None:
        state.discharged_by.end("replaced", f"被 {exchange.message.msgid} 取代")
    state.discharge = visit.DISCHARGE.plan("encounter").read(entry[0]) if entry else {}
    found = visit.DISEASES.entries(exchange.given) or [x for e in entry for x in visit.DISEASES.entries(e)]
    state.discharged = clinical.diagnoses(found, _DISEASE, clinical.DISCHARGE)
    state.discharged_by, state.discharge_undone = exchange, False
    state.members.append(exchange)


def _undo_discharge(state: Encounter, exchange: Exchange, _: dict[str, Exchange], fold: Fold) -> None:
    if state.discharged_by is None:
        exchange.end("ineffective", "还没有办理出院，或已经取消")
    else:
        state.discharged_by.end("undone", f"出院被 {exchange.message.msgid} 取消")
    state.discharge, state.discharged, state.discharged_by = {}, [], None
    state.discharge_undone = True
    state.members.append(exchange)


def _fees(state: Encounter, exchange: Exchange, _: dict[str, Exchange], fold: Fold) -> None:
    state.lines.upload(exchange)
    state.members.append(exchange)


def _delete_fees(state: Encounter, exchange: Exchange, _: dict[str, Exchange], fold: Fold) -> None:
    state.lines.delete(exchange)
    state.members.append(exchange)


def _settle(state: Encounter, exchange: Exchange, undone: dict[str, Exchange], fold: Fold) -> None:
    settlement = settlements.read_settlement(exchange)
    message = exchange.message
    if settlement is None:
        exchange.end("unanswered")
        fold.gaps.append(Gap("no_settlement", f"就诊 {state.mdtrt_id}，报文 {message.msgid}", message.file, message.line))
        return
    setl_id = settlement.cells["setl_id"]
    if (before := state.settlements.get(setl_id)) is not None:
        before.exchange.end("replaced", f"被 {message.msgid} 取代")
        settlement.cells = {**before.cells, **settlement.cells}
        settlement.of_encounter = before.of_encounter | settlement.of_encounter
        settlement.traces = settlement.traces or before.traces
    settlement.undo = undone.get(setl_id)
    state.settlements[setl_id] = settlement
    state.members.append(exchange)
    if before is None and (settlement.undo is None or settlement.undo.order > exchange.order):
        state.lines.settle(setl_id, _batch(exchange))


def _batch(exchange: Exchange) -> str:
    found = REQUEST.entries(exchange.given)[:1]
    return (pick(found[0], "chrg_bchno") if found else None) or ""


def _cancel_settlement(state: Encounter, exchange: Exchange, undone: dict[str, Exchange], fold: Fold) -> None:
    setl_id = settlements.cancelled_id(exchange)
    if not setl_id:
        exchange.end("ineffective", "没有说撤销哪一笔结算")
    elif undone[setl_id] is not exchange:
        exchange.end("ineffective", f"结算 {setl_id} 已经撤销")
    else:
        state.lines.release(setl_id)
        state.members.append(exchange)


def _list(state: Encounter, exchange: Exchange, _: dict[str, Exchange], fold: Fold) -> None:
    entry = settlement_list.SHEET.entries(exchange.given)[:1]
    cells = _SHEET.read(entry[0]) if entry else {}
    for column in ("nwb_bir_wt", "nwb_adm_wt"):
        if column in cells:
            cells[column] = (
                cells[column].replace("，", ",").replace("/", ",").replace(";", ",").replace("、", ",").split(",")[0]
            )
    period = _PERIOD.read(entry[0]) if entry else {}
    if setl_id := period.pop("setl_id", ""):
        state.periods[setl_id] = period
    if state.sheet is not None:
        state.sheet.exchange.end("replaced", f"被 {exchange.message.msgid} 取代")
    state.sheet = Sheet(
        exchange,
        cells,
        clinical.diagnoses(settlement_list.DISEASES.entries(exchange.given), _LISTED, clinical.DISCHARGE),
        clinical.operations(settlement_list.OPERATIONS.entries(exchange.given), _OPERATION),
    )
    state.members.append(exchange)


_EFFECTS: dict[Act, Effect] = {
    Act.VISIT: _visit,
    Act.CANCEL_VISIT: _cancel_visit,
    Act.DISCHARGE: _discharge,
    Act.UNDO_DISCHARGE: _undo_discharge,
    Act.FEES: _fees,
    Act.DELETE_FEES: _delete_fees,
    Act.SETTLE: _settle,
    Act.CANCEL_SETTLEMENT: _cancel_settlement,
    Act.LIST: _list,
}
