"""The row of a person: from the last 1101; what it lacks from settlements and settlement lists."""

from __future__ import annotations

from hengjian.lake.schema.codes import CODE_TABLES
from hengjian.lake.wire.folding.exchange import Cells, Exchange, Fold, Gap, NotFact
from hengjian.lake.wire.nodes import Node
from hengjian.lake.wire.trades import Act
from hengjian.lake.wire.trades.person import BASE, INSURANCES

_MAIN = ("310", "390", "391", "380", "340", "350", "360", "399", "320", "330", "370", "392", "510", "410")
"""Which of several insurances is the main one, when all are active: basic ones first, supplements after."""
_BASE, _INSURANCE = BASE.plan("person"), INSURANCES.plan("person")


def fold_person(fold: Fold, exchanges: list[Exchange]) -> None:
    """Later wins column by column; insurance columns come together from one answer."""
    own: Cells = {}
    insurance: Cells = {}
    others: Cells = {}
    source: Exchange | None = None
    for exchange in exchanges:
        trade = exchange.trade
        if trade is None or exchange.failure is not None:
            if trade is not None and trade.act is Act.PERSON:
                fold.not_facts.append(NotFact(exchange.message, "failed", exchange.failure or ""))
            continue
        if trade.act is Act.PERSON:
            found = BASE.entries(exchange.output)
            if not found:
                fold.not_facts.append(NotFact(exchange.message, "unanswered", ""))
                continue
            own |= _BASE.read(found[0])
            if main := main_insurance(INSURANCES.entries(exchange.output), exchange.message.insuplc_admdvs):
                insurance = main
            if exchange.message.insuplc_admdvs:
                others["insu_admdvs"] = exchange.message.insuplc_admdvs
            source = exchange
        else:
            told = _told(exchange)
            others |= told
            if source is None or source.trade is None or source.trade.act is not Act.PERSON:
                source = exchange
    cells = {**others, **own, **insurance, "psn_no": fold.subject.key}
    if source is None or not {"gend", "psn_name", "brdy"} & cells.keys():
        return
    where = source.message
    for code, column in (("no_gend", "gend"), ("no_insutype", "insutype"), ("no_insu_admdvs", "insu_admdvs")):
        if column not in cells:
            fold.gaps.append(Gap(code, f"人员 {fold.subject.key}", where.file, where.line))
    fold.add("person", source.row(cells))


def main_insurance(entries: list[Node], insuplc_admdvs: str = "") -> Cells:
    """Of the insurances a person holds, the main one.

    Active (psn_insu_stas 1) before inactive, then in the order of `_MAIN` (local codes by their beginning, unknown ones last),
    then the one of the place of the envelope, then the one begun last, then by its texts: never by the order of the rows.
    """

    def rank(cells: Cells) -> tuple[object, ...]:
        kind = cells.get("insutype", "")
        place = next((i for i, code in enumerate(_MAIN) if kind == code), None)
        if place is None:
            place = next((len(_MAIN) + i for i, code in enumerate(_MAIN) if kind.startswith(code)), 2 * len(_MAIN))
        return (
            cells.get("psn_insu_stas") != "1",
            place,
            cells.get("insu_admdvs") != insuplc_admdvs,
            [-ord(letter) for letter in cells.get("psn_insu_date", "")] or [0],
            sorted(cells.items()),
        )

    read = [cells for cells in map(_INSURANCE.read, entries) if "insutype" in cells]
    return min(read, key=rank) if read else {}


def _told(exchange: Exchange) -> Cells:
    cells: Cells = {}
    if exchange.trade is None:
        return cells
    for node in exchange.trade.nodes:
        if "person" in node.tables:
            for entry in node.entries(exchange.output if node.answer else exchange.given)[:1]:
                cells |= node.plan("person").read(entry)
    if cells.get("insutype", "310") not in CODE_TABLES["insutype"]:
        del cells["insutype"]
    if exchange.message.insuplc_admdvs:
        cells.setdefault("insu_admdvs", exchange.message.insuplc_admdvs)
    return cells
