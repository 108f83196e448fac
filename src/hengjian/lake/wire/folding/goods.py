"""Rows of goods records and of the trace codes that travel with them."""

from __future__ import annotations

from functools import lru_cache

from hengjian.lake.wire.folding.exchange import Cells, Exchange, Fold, Gap, NotFact, Row
from hengjian.lake.wire.message import Message, Subject
from hengjian.lake.wire.nodes import Node, find, many, pick, text
from hengjian.lake.wire.subjects import mark_of, stock_records
from hengjian.lake.wire.trades import Act
from hengjian.lake.wire.trades.goods import SCAN_OF, TRACES


def sale_scan_id(setl_id: str, code: str, feedetl_sn: str = "") -> str:
    """The scan of a code sold under a settlement: the same whether the settlement or the goods record tells of it."""
    return f"sale-{mark_of(setl_id, code, feedetl_sn)}"


def fold_stock(fold: Fold, exchanges: list[Exchange]) -> None:
    """A record sent again replaces itself; 3507 takes away what was there before it."""
    kept: dict[str, tuple[Exchange, Node]] = {}
    for exchange in exchanges:
        trade = exchange.trade
        if trade is None:
            continue
        if exchange.failure is not None:
            exchange.end("failed", exchange.failure)
        elif trade.act is Act.DELETE_STOCK:
            if not (why := _refused(exchange.output, 0, 1)) and not kept:
                why = "ineffective"
            if why:
                exchange.end("ineffective" if why == "ineffective" else "failed", "" if why == "ineffective" else why)
                continue
            for before, _ in kept.values():
                before.end("undone", f"被 {exchange.message.msgid} 删除")
            kept.clear()
        else:
            _take(fold, exchange, kept)
    alive = {id(exchange) for exchange, _ in kept.values()}
    for exchange in exchanges:
        if exchange.trade is not None and exchange.trade.act is Act.STOCK and id(exchange) not in alive:
            exchange.end("replaced")
        if exchange.fate and id(exchange) not in alive:
            fold.not_facts.append(NotFact(exchange.message, exchange.fate, exchange.why))
    for stk_id in sorted(kept):
        _emit(fold, stk_id, *kept[stk_id])


@lru_cache(maxsize=16)
def _records(message: Message) -> tuple[tuple[Subject, str, Node], ...]:
    """The records of a message; a batch is asked once for each of its subjects."""
    return tuple(stock_records(message.infno, message.fixmedins_code, message.input))


def _take(fold: Fold, exchange: Exchange, kept: dict[str, tuple[Exchange, Node]]) -> None:
    message = exchange.message
    records = _records(message)
    for place, (subject, stk_id, node) in enumerate(records):
        if subject != fold.subject:
            continue
        if why := _refused(exchange.output, place, len(records)):
            exchange.end("failed", why)
            continue
        if stk_id in kept:
            kept[stk_id][0].end("replaced", f"被 {message.msgid} 取代")
        kept[stk_id] = (exchange, node)


def _refused(output: Node | None, place: int, count: int) -> str:
    """The second level of success: `result.retRslt` must be 1 where it is given; "" = accepted."""
    results = many(find(output, ("result",)))
    if len(results) not in (1, count):
        return ""
    result = results[place if len(results) == count else 0]
    verdict = text(result.get("retRslt")) or text(result.get("ret_rslt"))
    if verdict in (None, "1"):
        return ""
    return text(result.get("msgRslt")) or text(result.get("msg_rslt")) or f"retRslt {verdict}"


def _emit(fold: Fold, stk_id: str, exchange: Exchange, node: Node) -> None:
    trade, message = exchange.trade, exchange.message
    assert trade is not None
    cells = trade.nodes[0].plan("stock_change").read(node)
    cells |= {"stk_id": stk_id, "infno": trade.infno}
    if message.fixmedins_code:
        cells["fixmedins_code"] = message.fixmedins_code
    fold.add("stock_change", exchange.row(cells))
    codes = _codes(trade.nodes[0].plan("trace_code").read(node), node)
    if not codes:
        return
    scan_type = SCAN_OF.get(trade.infno) or ("5" if cells.get("inv_chg_type") in ("101", "102") else "")
    if not scan_type:
        fold.gaps.append(Gap("no_scan_type", f"交易 {trade.infno}，{len(codes)} 个追溯码", message.file, message.line))
        return
    shared = trade.nodes[0].plan("trace_code").read(node)
    if trade.infno == "3504":
        shared.pop("setl_id", None)
    for code in codes:
        scan: Cells = {**shared, "drug_trac_codg": code, "scan_type": scan_type}
        if message.fixmedins_code:
            scan["fixmedins_code"] = message.fixmedins_code
        setl_id = shared.get("setl_id", "")
        sold = scan_type == "2" and setl_id
        scan["scan_id"] = sale_scan_id(setl_id, code) if sold else f"scan-{mark_of(stk_id, code)}"
        fold.add("trace_code", Row(scan, message.file, message.line))


def _codes(cells: Cells, node: Node) -> list[str]:
    """The trace codes of a record, each once: from its nodes, or from its own field."""
    codes: dict[str, None] = {}
    for entry in many(find(node, TRACES.names)):
        if code := pick(entry, "drug_trac_codg"):
            codes[code] = None
    if own := cells.get("drug_trac_codg"):
        codes.setdefault(own)
    return sorted(codes)
