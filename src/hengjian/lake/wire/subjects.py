"""Whose rows a message concerns, told from its nodes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from hengjian.lake.wire.message import ENCOUNTER, PERSON, STOCK, Message, Subject
from hengjian.lake.wire.nodes import Node, find, pick
from hengjian.lake.wire.trades import TRADES, Act, Trade, trade_of
from hengjian.lake.wire.trades.goods import KIND_OF, TELLS_APART

_TRIAL = ("data", "mdtrtinfo")


def subjects_of(infno: str, at: str, psn_no: str, given: Node | None, told: Node | None) -> tuple[Subject, ...]:
    """The subjects of a message, each once, in a fixed order; none when it names nobody or makes no rows."""
    trade = trade_of(infno)
    if trade is None or trade.act is Act.NOTED:
        return ()
    if trade.act is Act.PERSON:
        return (Subject(PERSON, psn_no),) if psn_no else ()
    if trade.act is Act.STOCK:
        return tuple(sorted({subject for subject, _, _ in stock_records(infno, at, given)}))
    if trade.act is Act.DELETE_STOCK:
        found = trade.nodes[0].entries(given)
        keys = {(pick(node, "inv_data_type") or "", pick(node, "fixmedins_bchno") or "") for node in found}
        return tuple(sorted(stock_subject(at, kind, batch) for kind, batch in keys if batch))
    found_in = [Subject(ENCOUNTER, key) for key in _encounters(trade, given, told)]
    if trade.act in (Act.SETTLE, Act.LIST) and psn_no:
        found_in.append(Subject(PERSON, psn_no))
    return tuple(found_in)


def person_of(infno: str, given: Node | None, told: Node | None) -> str:
    """The psn_no a message speaks of; "" when it names none."""
    trade = trade_of(infno)
    if trade is None or trade.act is Act.NOTED:
        return ""
    for node in trade.nodes:
        for entry in node.entries(told if node.answer else given)[:1]:
            if psn_no := pick(entry, "psn_no"):
                return psn_no
    root = find(given, _TRIAL)
    return (pick(root, "psn_no") if type(root) is dict else None) or ""


def common(given: Node | None, name: str) -> str:
    """A field that stands once for a whole message, beside its nodes or in `data`."""
    if given is None:
        return ""
    if found := pick(given, name):
        return found
    inner = given.get("data")
    return (pick(inner, name) if type(inner) is dict else None) or ""


def _encounters(trade: Trade, given: Node | None, told: Node | None) -> list[str]:
    if trade.act is Act.TRIAL:
        root = find(given, _TRIAL, "mdtrt_id")
        key = pick(root, "mdtrt_id") if type(root) is dict else None
        return [key] if key else []
    if trade.act in (Act.FEES, Act.DELETE_FEES):
        beside = common(given, "mdtrt_id")
        keys = {pick(entry, "mdtrt_id") or beside: None for entry in trade.nodes[0].entries(given)}
        return [key for key in keys if key]
    for node in trade.nodes:
        for entry in node.entries(told if node.answer else given)[:1]:
            if key := pick(entry, "mdtrt_id"):
                return [key]
    return [key] if (key := common(given, "mdtrt_id")) else []


def stock_subject(at: str, kind: str, batch: str) -> Subject:
    """The goods records of one institution, kind (as 3507 counts them) and batch number."""
    return Subject(STOCK, f"{at}/{kind}/{batch}")


def stock_records(infno: str, at: str, given: Node | None) -> Iterator[tuple[Subject, str, Node]]:
    """Each record of a 3501–3506 message: its subject, its stk_id, its node.

    The id is made from what tells two records apart (`TELLS_APART`), so that the same record sent again has the same id;
    records of one message that cannot be told apart are numbered.
    """
    trade = TRADES[infno[:4]]
    seen: dict[str, int] = {}
    for node in trade.nodes[0].entries(given):
        batch = pick(node, "fixmedins_bchno") or ""
        item = pick(node, "med_list_codg") or pick(node, "fixmedins_hilist_id") or ""
        apart = [pick(node, name) or "" for name in TELLS_APART[trade.infno]]
        mark = mark_of(batch, item, *apart)
        times = seen[mark] = seen.get(mark, 0) + 1
        stk_id = f"{at}-{trade.infno}-{mark}" + (f"-{times}" if times > 1 else "")
        yield stock_subject(at, KIND_OF[trade.infno], batch or f"#{mark}"), stk_id, node


def sales_of(message: Message) -> frozenset[str]:
    """The settlements under which a message may tell of codes sold: a settlement and a goods record tell of the same scans."""
    trade = trade_of(message.infno)
    if trade is None or trade.act not in (Act.SETTLE, Act.STOCK):
        return frozenset()
    if trade.act is Act.SETTLE:
        nodes = [entry for node in trade.nodes if node.answer for entry in node.entries(message.output)]
    else:
        nodes = [node for _, _, node in stock_records(message.infno, message.fixmedins_code, message.input)]
    return frozenset(setl_id for node in nodes if (setl_id := pick(node, "setl_id")))


def mark_of(*parts: str) -> str:
    """A short mark of some texts: 24 hexadecimal digits."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).hexdigest()
