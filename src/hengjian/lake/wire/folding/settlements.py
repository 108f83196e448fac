"""The settlements of an encounter and their cancellations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hengjian.lake.schema import TABLES
from hengjian.lake.wire.folding.exchange import Cells, Exchange
from hengjian.lake.wire.trades.settlement import CANCEL, CANCELLED, REQUEST, RESULT, TRACES

_REQUEST, _RESULT = REQUEST.plan("settlement"), RESULT.plan("settlement")
_CANCEL, _CANCELLED = CANCEL.plan("settlement"), CANCELLED.plan("settlement")
_ASKED_FOR, _TOLD = REQUEST.plan("encounter"), RESULT.plan("encounter")
_TRACE = TRACES.plan("trace_code")
_MONEY = tuple(column.name for column in TABLES["settlement"].columns if column.kind.word == "money")
_AMOUNT = re.compile(r"[+-]?(?:[\d,]+\.?\d*|\.\d+)")
REFUND = "-R"
"""Follows the id of a settlement to name its refund when the platform gave none."""


@dataclass(slots=True)
class Settlement:
    """One settlement: its row, what it tells of the encounter, the trace codes sold, and its cancellation."""

    cells: Cells
    of_encounter: Cells
    traces: list[Cells]
    exchange: Exchange
    undo: Exchange | None = None


def read_settlement(exchange: Exchange) -> Settlement | None:
    """A settlement as asked for and answered; None when no answer gave it an id."""
    told = RESULT.entries(exchange.output)[:1]
    answer = _RESULT.read(told[0]) if told else {}
    if "setl_id" not in answer:
        return None
    asked = REQUEST.entries(exchange.given)[:1]
    cells = (_REQUEST.read(asked[0]) if asked else {}) | answer | {"refd_setl_flag": "0"}
    about = (_ASKED_FOR.read(asked[0]) if asked else {}) | _TOLD.read(told[0])
    traces = [_TRACE.read(entry) for entry in TRACES.entries(exchange.given)]
    assert exchange.trade is not None
    for target, key in exchange.trade.from_envelope:
        if value := getattr(exchange.message, key):
            cells[target.split(".")[1]] = value
    cells.setdefault("setl_time", exchange.order[0])
    return Settlement(cells, about, traces, exchange)


def cancelled_id(exchange: Exchange) -> str:
    """The settlement a cancellation names; "" when it names none."""
    found = CANCEL.entries(exchange.given)[:1]
    return _CANCEL.read(found[0]).get("init_setl_id", "") if found else ""


def cancellations(exchanges: list[Exchange]) -> dict[str, Exchange]:
    """The cancellation of each cancelled settlement: the first that was answered, else the first.

    An id is given by the platform, so a cancellation belongs to its settlement whichever clock was ahead.
    """
    found: dict[str, Exchange] = {}
    for exchange in exchanges:
        setl_id = cancelled_id(exchange)
        known = found.get(setl_id)
        if known is None or (exchange.answered and not known.answered):
            found[setl_id] = exchange
    return found


def refund_row(settlement: Settlement) -> Cells:
    """The row that undoes a settlement: every amount negated, its own id and time."""
    undo = settlement.undo
    assert undo is not None
    original = settlement.cells["setl_id"]
    told = CANCELLED.entries(undo.output)[:1]
    answer = _CANCELLED.read(told[0]) if told else {}
    own = answer.get("setl_id", original)
    cells = dict(settlement.cells)
    for column in _MONEY:
        if column in cells:
            cells[column] = negated(cells[column])
    for column, value in (("dev_no", undo.message.dev_no), ("opter", undo.message.opter)):
        cells.pop(column, None)
        if value:
            cells[column] = value
    return cells | {
        "setl_id": own if own != original else original + REFUND,
        "init_setl_id": original,
        "refd_setl_flag": "1",
        "setl_time": answer.get("setl_time", undo.order[0]),
    }


def negated(amount: str) -> str:
    """An amount with the other sign; zero has none, and what is no amount is left for the loader to refuse."""
    if not _AMOUNT.fullmatch(amount) or not amount.strip("+-0.,"):
        return amount.lstrip("+-") if _AMOUNT.fullmatch(amount) else amount
    return amount[1:] if amount[0] == "-" else "-" + amount.lstrip("+")
