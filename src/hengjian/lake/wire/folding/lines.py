"""The fee lines of an encounter as uploads, deletions and settlements go over them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from hengjian.lake.wire.folding.exchange import Cells, Exchange
from hengjian.lake.wire.nodes import Node, pick
from hengjian.lake.wire.subjects import common
from hengjian.lake.wire.trades.fee import DETAILS, RESULTS, WHICH_LINES

ALL = "0000"
"""Stands for every unsettled line in a deletion."""
NO_NUMBER = "?"
"""Begins the inner name of a line that came without feedetl_sn: the loader refuses it, each such line by itself."""
NO_CEILING = 999_999
_DETAIL, _VERDICT, _MED_TYPE = DETAILS.plan("fee_line"), RESULTS.plan("fee_line"), DETAILS.plan("encounter")
_SHAPES = (
    (re.compile(r"[XZ].*"), "101"),
    (re.compile(r"T.*"), "102"),
    (re.compile(r"C.*"), "301"),
    (re.compile(r"\d{15}"), "201"),
)
_LONGEST = 50


@dataclass(slots=True)
class Line:
    """One fee line, the upload it came with, and the settlement that holds it ("" = unsettled)."""

    cells: Cells
    exchange: Exchange
    judged: bool
    setl_id: str = ""


class Lines:
    """The lines of one encounter by feedetl_sn."""

    def __init__(self, mdtrt_id: str) -> None:
        self.mdtrt_id = mdtrt_id
        self.by_number: dict[str, Line] = {}
        self.med_type = ""
        self.twice: list[tuple[str, Exchange]] = []
        """Numbers that stand twice in one message; the last one counts."""

    def upload(self, exchange: Exchange) -> None:
        """A line sent again replaces itself; a settled one only when the platform answered that it took it."""
        given = exchange.given
        beside, person = common(given, "mdtrt_id"), common(given, "psn_no")
        verdicts = _verdicts(exchange)
        blocked = taken = 0
        for place, node in enumerate(DETAILS.entries(given)):
            if (pick(node, "mdtrt_id") or beside) != self.mdtrt_id:
                continue
            cells = _DETAIL.read(node)
            number = cells.get("feedetl_sn") or f"{NO_NUMBER}{exchange.message.digest}{place:06}"
            before = self.by_number.get(number)
            if before is not None and before.exchange is exchange:
                self.twice.append((number, exchange))
            if before is not None and before.setl_id and not exchange.answered:
                blocked += 1
                continue
            if before is not None:
                before.exchange.end("replaced", f"明细 {number} 被 {exchange.message.msgid} 取代")
            verdict = verdicts.get(number)
            self.by_number[number] = Line(_line(cells, verdict, self.mdtrt_id, person, exchange), exchange, verdict is not None)
            taken += 1
            if not self.med_type:
                self.med_type = _MED_TYPE.read(node).get("med_type", "")
        if blocked and not taken:
            exchange.end("settled", f"{blocked} 行明细")

    def delete(self, exchange: Exchange) -> None:
        """Named lines, or a batch, or all (0000): what is settled stays unless it is named and the platform answered."""
        done = blocked = False
        beside = common(exchange.given, "mdtrt_id")
        for node in WHICH_LINES.entries(exchange.given):
            if (pick(node, "mdtrt_id") or beside) != self.mdtrt_id:
                continue
            number, batch = pick(node, "feedetl_sn") or "", pick(node, "chrg_bchno") or ""
            if number and number != ALL:
                named = [number] if number in self.by_number else []
                gone = [n for n in named if exchange.answered or not self.by_number[n].setl_id]
            else:
                whole = ALL in (number, batch) or not batch
                named = [n for n, line in self.by_number.items() if whole or line.cells.get("chrg_bchno") == batch]
                gone = [n for n in named if not self.by_number[n].setl_id]
            blocked |= len(gone) < len(named)
            done |= bool(gone)
            for n in gone:
                self.by_number.pop(n).exchange.end("undone", f"明细被 {exchange.message.msgid} 删除")
        if not done:
            exchange.end("settled" if blocked else "ineffective")

    def settle(self, setl_id: str, batch: str) -> None:
        """A settlement takes the unsettled lines of its charge batch; lines without a batch belong to any."""
        for line in self.by_number.values():
            if not line.setl_id and (not batch or line.cells.get("chrg_bchno", batch) == batch):
                line.setl_id = setl_id

    def release(self, setl_id: str) -> None:
        """A cancelled settlement lets its lines go."""
        for line in self.by_number.values():
            if line.setl_id == setl_id:
                line.setl_id = ""

    def clear(self) -> None:
        self.by_number.clear()
        self.twice.clear()
        self.med_type = ""

    def __iter__(self) -> Iterator[Line]:
        return iter(self.by_number[number] for number in sorted(self.by_number))

    def __len__(self) -> int:
        return len(self.by_number)


def _verdicts(exchange: Exchange) -> dict[str, Node]:
    """What the platform answered, by feedetl_sn."""
    found: dict[str, Node] = {}
    for node in RESULTS.entries(exchange.output):
        if number := pick(node, "feedetl_sn"):
            found[number] = node
    return found


def _line(cells: Cells, verdict: Node | None, mdtrt_id: str, psn_no: str, exchange: Exchange) -> Cells:
    if verdict is not None:
        cells |= _VERDICT.read(verdict)
    cells["mdtrt_id"] = mdtrt_id
    if psn_no:
        cells.setdefault("psn_no", psn_no)
    if exchange.message.fixmedins_code:
        cells["fixmedins_code"] = exchange.message.fixmedins_code
    if "list_type" not in cells and (kind := list_type(cells.get("med_list_codg", ""))):
        cells["list_type"] = kind
    if len(level := cells.get("chrgitm_lv", "")) == 1:
        cells["chrgitm_lv"] = "0" + level
    if "pric_uplmt_amt" in cells and no_ceiling(cells["pric_uplmt_amt"]):
        del cells["pric_uplmt_amt"]
    if len(cells.get("medins_list_codg", "")) > _LONGEST:
        cells["medins_list_codg"] = cells["medins_list_codg"][:_LONGEST]
    return cells


@lru_cache(maxsize=1 << 14)
def list_type(med_list_codg: str) -> str:
    """The catalogue a national code belongs to by its shape; "" when the shape says nothing."""
    national = med_list_codg.split("-", 1)[0].upper()
    return next((kind for shape, kind in _SHAPES if shape.fullmatch(national)), "")


def no_ceiling(written: str) -> bool:
    """999999 or more stands for "no ceiling"."""
    whole = written.split(".", 1)[0]
    return whole.isascii() and whole.isdigit() and int(whole[:20]) >= NO_CEILING
