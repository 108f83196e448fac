"""One block of people from nothing to numbers: people, planted facts, encounters, fee lines, refunds, settlements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hengjian.city.catalogue import Catalogue
from hengjian.city.encounters import lawful, ordinary
from hengjian.city.frames import Array, Frame, concat, size, take
from hengjian.city.limited import limited_lines
from hengjian.city.lines import joined, keep_hosts_plain, outpatient_lines
from hengjian.city.local_use import local_lines
from hengjian.city.money import price_lines, settle
from hengjian.city.people import make_people
from hengjian.city.places import Places
from hengjian.city.plan import Plan
from hengjian.city.plant import plant_block
from hengjian.city.plant.plot import Plot
from hengjian.city.refunds import undo, with_refunds
from hengjian.city.stays import inpatient_lines

DAY = 86_400


@dataclass(frozen=True)
class Block:
    """Everything of one block in integers. Lines stand in order of encounter, settlement and time.

    `sn` numbers the lines of an encounter from 1; `init` is the number of the line undone (0 = none, or not said);
    `planted_line` and `planted_enc` give the row of a planted line or encounter.
    """

    plan: Plan
    number: int
    places: Places
    cat: Catalogue
    people: Frame
    enc: Frame
    lines: Frame
    settlements: Frame
    sn: Array
    init: Array
    last_line: Array
    plot: Plot
    planted_enc: Array
    planted_line: Array


def make_block(plan: Plan, places: Places, cat: Catalogue, number: int) -> Block:
    """Block `number` of the city; the same arguments give the same block, whatever else is built before or beside it."""
    people = make_people(plan, plan.rng(1, number), *plan.block_people(number))
    plot = Plot(plan, people, places, cat, plan.rng(2, number))
    plant_block(plot, number)
    enc = lawful(plan, people, ordinary(plan, people, places, plan.rng(3, number)), plot.busy())
    enc = concat([enc, plot.encounter_frame()])
    enc = take(enc, np.lexsort((enc["kind"], enc["begin"], enc["person"])))
    planted = np.flatnonzero(enc["plant"] >= 0)
    planted_enc = planted[np.argsort(enc["plant"][planted])]
    lines = _lines(plan, places, cat, people, enc, plot, planted_enc, number)
    lines, undone = with_refunds(cat, plan.rng(5, number), enc, lines, planted_enc[sorted(plot.undone)])
    lines = _give_back(plot, lines)
    lines, sn, init = _in_order(lines)
    price_lines(cat, places.level, enc, lines)
    settlements = settle(people, places.level, enc, lines, undone, plan.rng(6, number))
    _settle_beyond(settlements, {int(planted_enc[e]): fen for e, fen in plot.beyond.items()})
    tagged = np.flatnonzero(lines["tag"] >= 0)
    planted_line = tagged[np.argsort(lines["tag"][tagged], kind="stable")]
    return Block(
        plan, number, places, cat, people, enc, lines, settlements, sn, init, _last(enc, lines), plot, planted_enc, planted_line
    )


def _lines(
    plan: Plan, places: Places, cat: Catalogue, people: Frame, enc: Frame, plot: Plot, planted_enc: Array, number: int
) -> Frame:
    """Ordinary lines, without those that a planted host must not carry, and planted lines."""
    rng = plan.rng(4, number)
    lines = joined(
        [
            *outpatient_lines(cat, rng, enc, places.level),
            *inpatient_lines(cat, rng, enc),
            *limited_lines(cat, rng, people, enc, places.level),
            local_lines(cat, rng, people, enc, places),
        ]
    )
    keep = keep_hosts_plain(cat, lines, enc["plain"])
    plant = enc["plant"][lines["enc"]].astype(np.int64)
    lines["own"] &= plant < 0  # whether a planted host is self-paid is its plot's to say, not chance's
    ward_day = lines["sec"] // DAY - enc["begin"][lines["enc"]] // DAY
    slot = (plant * 1000 + ward_day) * 4 + cat.daily[lines["item"]]
    keep &= ~((plant >= 0) & np.isin(slot, np.array(sorted(plot.suppressed), np.int64)))
    special = plot.line_frame()
    special["enc"] = planted_enc[special["enc"]].astype(np.int32)
    lines = concat([take(lines, keep), special])
    lines["own"] |= np.isin(lines["enc"], planted_enc[sorted(plot.unpaid)])
    return lines


def _give_back(plot: Plot, lines: Frame) -> Frame:
    """Add the refunds that planted facts ask for."""
    if not plot.backs:
        return lines
    tagged = np.flatnonzero(lines["tag"] >= 0)
    row_of = dict(zip(lines["tag"][tagged].tolist(), tagged.tolist(), strict=True))
    rows = np.array([row_of[tag] for tag, _ in plot.backs])
    return concat([lines, undo(lines, rows, np.array([part for _, part in plot.backs]))])


def _settle_beyond(settlements: Frame, beyond: dict[int, int]) -> None:
    """Let settlements say more (or less) than their lines, in cash, so that they still add up in themselves."""
    fen = np.array([beyond.get(e, 0) for e in settlements["enc"].tolist()], np.int64) * np.where(
        settlements["stage"] == 1, -1, 1
    )
    for name in ("amt", "ownpay", "part", "cash"):
        settlements[name] = settlements[name] + fen


def _in_order(lines: Frame) -> tuple[Frame, Array, Array]:
    """Lines by encounter, settlement and time; their numbers; and the numbers of the lines they undo."""
    seconds = lines["sec"] - int(lines["sec"].min())
    key = (lines["enc"].astype(np.int64) << 34) | (lines["stage"].astype(np.int64) << 32) | seconds
    order = np.argsort(key, kind="stable")
    enc = lines["enc"][order]
    starts = np.flatnonzero(np.concatenate([[True], enc[1:] != enc[:-1]]))
    counts = np.diff(np.append(starts, len(enc)))
    sn = np.arange(len(enc)) - np.repeat(starts, counts) + 1
    sn_of_old = np.empty(len(enc), np.int64)
    sn_of_old[order] = sn
    ref = lines["ref"][order]
    said = (ref >= 0) & ~lines["unsaid"][order]
    init = np.where(said, sn_of_old[np.maximum(ref, 0)], 0)
    return take(lines, order), sn, init


def _last(enc: Frame, lines: Frame) -> Array:
    """Second of the last line, or of the end, of each encounter."""
    n = size(enc)
    last = np.maximum(enc["begin"], enc["end"])
    if size(lines):
        starts = np.searchsorted(lines["enc"], np.arange(n))
        filled = np.append(starts[1:], size(lines)) > starts
        last[filled] = np.maximum(last[filled], np.maximum.reduceat(lines["sec"], starts[filled]))
    return last
