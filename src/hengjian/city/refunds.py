"""Refunds of daily life: single lines given back in whole or part, and whole settlements undone and often made again."""

from __future__ import annotations

import numpy as np

from hengjian.city.catalogue import Catalogue
from hengjian.city.encounters import INP
from hengjian.city.frames import Array, Frame, concat, size, take

SHARE = 0.028
UNDONE = 0.004
UNDONE_AFTER = 2_700
"""Seconds from a charge to its undoing; visits and purchases end early enough for it to stay on the day."""


def with_refunds(
    cat: Catalogue, rng: np.random.Generator, enc: Frame, lines: Frame, planted_undone: Array
) -> tuple[Frame, Array]:
    """Lines and their refunds, and per encounter how it was settled: 0 once, 1 undone, 2 undone and made again.

    Only drugs, consumables and unregulated services are given back at random, so that no examination or ward day loses what
    it needs to be lawful. Planted lines (tag ≥ 0) are left alone: their theme asks for its own refunds. `planted_undone` are
    the encounters whose theme wants the whole settlement undone.
    """
    undone = _undone_encounters(rng, enc)
    undone[planted_undone] = 1
    n = size(lines)
    free = (
        (lines["tag"] < 0)
        & ~cat.closed[lines["item"]]
        & (cat.daily[lines["item"]] == 0)
        & (undone[lines["enc"]] == 0)
        & (enc["plant"][lines["enc"]] < 0)
    )
    back = np.flatnonzero(free & (rng.random(n) < SHARE / max(free.mean(), 0.01)))
    step = cat.step[lines["item"][back]]
    step = np.where(step > 1, 4, 1)
    partly = (lines["cnt"][back] > step) & (rng.random(len(back)) < 0.4)
    refund = take(lines, back)
    refund["cnt"] = (-np.where(partly, step, lines["cnt"][back])).astype(lines["cnt"].dtype)
    refund["ref"] = back.astype(np.int32)
    refund["sec"] = lines["sec"][back] + rng.integers(300, 3600, len(back))
    inpatient = enc["kind"][lines["enc"][back]] == INP
    refund["sec"] = np.where(inpatient, np.minimum(refund["sec"], enc["end"][lines["enc"][back]]), refund["sec"])
    refund["sec"] = np.maximum(refund["sec"], lines["sec"][back] + 1)
    refund["unsaid"] = ~inpatient & (rng.random(len(back)) < 0.08) & _only_one(lines)[back]
    parts = [lines, refund]
    again = np.flatnonzero(undone[lines["enc"]] > 0)
    if len(again):
        gone = take(lines, again)
        gone["cnt"], gone["ref"], gone["stage"] = -gone["cnt"], again.astype(np.int32), np.full(len(again), 1, np.int8)
        gone["sec"], gone["tag"] = gone["sec"] + UNDONE_AFTER, np.full(len(again), -1, np.int32)
        remade = take(lines, again[undone[lines["enc"][again]] == 2])
        remade["stage"] = np.full(size(remade), 2, np.int8)
        parts += [gone, remade]
    return concat(parts), undone


def _undone_encounters(rng: np.random.Generator, enc: Frame) -> Array:
    chosen = (enc["kind"] != INP) & (enc["plant"] < 0) & (rng.random(size(enc)) < UNDONE)
    return np.where(chosen, np.where(rng.random(size(enc)) < 0.7, 2, 1), 0).astype(np.int8)


def _only_one(lines: Frame) -> Array:
    """Whether the item stands once in its encounter: then a refund without a number is still clear."""
    key = lines["enc"].astype(np.int64) * 100_000 + lines["item"]
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[inverse] == 1)


def undo(lines: Frame, rows: Array, parts: Array) -> Frame:
    """Refund lines for planted lines: `parts` is the quantity given back."""
    refund = take(lines, rows)
    refund["cnt"], refund["ref"] = -parts.astype(np.int32), rows.astype(np.int32)
    refund["sec"], refund["tag"] = lines["sec"][rows] + 900, np.full(len(rows), -1, np.int32)
    return refund
