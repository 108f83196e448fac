"""What was planted, written down as rows of `truth.csv`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from hengjian.city.block import Block
from hengjian.city.frames import Array
from hengjian.city.plant.plot import Fact
from hengjian.city.tables import encounter_ids, line_numbers
from hengjian.city.texts import person_numbers
from hengjian.kernel.amounts import to_yuan
from hengjian.kernel.dates import day_date

COLUMNS = (
    "violation_id", "theme", "rule_id", "official_code", "grain", "psn_no", "mdtrt_id", "feedetl_sn", "fixmedins_code", "atddr_no",
    "window_start", "window_end", "amount", "is_guilty", "variant", "also", "note",
)  # fmt: skip
"""Columns of truth.csv; `violation_id` is given when the rows of all blocks are joined."""

TruthRow = dict[str, str]


def truth_rows(block: Block) -> list[TruthRow]:
    """The facts of a block, without `violation_id`, by theme, guilt and variant."""
    facts = sorted(block.plot.facts, key=lambda f: (f.theme.name, not f.guilty, f.variant, f.person))
    encs = sorted({e for f in facts for e in f.encs})
    rows = block.planted_enc[encs]
    mdtrt = dict(zip(encs, encounter_ids(block).take(rows).to_pylist(), strict=True))
    tags = sorted({tag for f in facts for tag in f.lines})
    sns = dict(zip(tags, line_numbers(block.sn[block.planted_line[tags]]).to_pylist(), strict=True)) if tags else {}
    persons = person_numbers(block.people["number"][[f.person for f in facts]]).to_pylist()
    totals = np.zeros(len(block.enc["begin"]), np.int64)
    np.add.at(totals, block.settlements["enc"], block.settlements["amt"])
    net = _net_amounts(block)
    found = []
    for fact, psn_no in zip(facts, persons, strict=True):
        insts = block.enc["inst"][block.planted_enc[fact.encs]].tolist()
        lines = [f"{mdtrt[int(block.plot.specials[tag]['enc'])]}/{sns[tag]}" for tag in fact.lines]
        found.append(
            {
                "theme": fact.theme.name,
                "rule_id": fact.theme.r_code,
                "official_code": fact.theme.official_code,
                "grain": fact.theme.grain,
                "psn_no": psn_no,
                "mdtrt_id": ";".join(mdtrt[e] for e in _subject(fact)),
                "feedetl_sn": ";".join(lines),
                "fixmedins_code": ";".join(dict.fromkeys(block.places.codes[i] for i in insts)),
                "atddr_no": "",
                "window_start": day_date(fact.window[0]).isoformat(),
                "window_end": day_date(fact.window[1]).isoformat(),
                "amount": _amount(block, fact, totals, net),
                "is_guilty": "1" if fact.guilty else "0",
                "variant": fact.variant,
                "also": fact.also,
                "note": fact.note,
            }
        )
    return found


def _subject(fact: Fact) -> Sequence[int]:
    return list(dict.fromkeys(fact.encs))


def _net_amounts(block: Block) -> Array:
    """Amount of each planted line less its refunds, by tag, in fen."""
    lines, rows = block.lines, block.planted_line
    net = lines["amt"][rows].copy()
    place = {(int(e), int(sn)): tag for tag, (e, sn) in enumerate(zip(lines["enc"][rows], block.sn[rows], strict=True))}
    for row in np.flatnonzero((lines["cnt"] < 0) & np.isin(lines["enc"], block.planted_enc)).tolist():
        tag = place.get((int(lines["enc"][row]), int(block.init[row])))
        if tag is not None:
            net[tag] += lines["amt"][row]
    return net


def _amount(block: Block, fact: Fact, totals: Array, net: Array) -> str:
    if not fact.guilty:
        return ""
    if fact.amount_fen >= 0:
        return str(to_yuan(fact.amount_fen))
    if fact.amount_lines:
        return str(to_yuan(int(net[fact.amount_lines].sum())))
    if fact.amount_enc >= 0:
        return str(to_yuan(int(totals[block.planted_enc[fact.amount_enc]])))
    return ""


def numbered_rows(rows: Iterable[TruthRow]) -> list[tuple[str, ...]]:
    """Rows of all blocks with their `violation_id`, in the order of `COLUMNS`."""
    return [tuple({**row, "violation_id": f"V{number:07d}"}[c] for c in COLUMNS) for number, row in enumerate(rows, 1)]
