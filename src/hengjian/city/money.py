"""Money, exact: each line = quantity × price to the fen, each settlement = its lines, fund + account + cash = the whole."""

from __future__ import annotations

import numpy as np

from hengjian.city.catalogue import Catalogue
from hengjian.city.encounters import INP, PHARM, med
from hengjian.city.frames import Array, Frame, size

_SUMS = ("amt", "ownpay", "presel", "inscp")


def price_lines(cat: Catalogue, level: Array, enc: Frame, lines: Frame) -> None:
    """Fill price, amount, wholly self-paid, first-paid and in-scope money of each line."""
    pric = cat.pric[lines["item"], level[enc["inst"][lines["enc"]]]]
    pric = np.where(lines["fen"] > 0, lines["fen"] * 10_000, pric)
    product = lines["cnt"].astype(np.int64) * pric
    if (product % 10_000).any():
        raise ValueError("a line is not whole fen")
    amt = product // 10_000
    lv = cat.lv[lines["item"]]
    own = lines["own"] | (lv == 3)
    presel = np.where((lv == 2) & ~own, np.sign(amt) * ((np.abs(amt) + 5) // 10), 0)
    ownpay = np.where(own, amt, 0)
    lines["pric"], lines["amt"], lines["ownpay"], lines["presel"] = pric, amt, ownpay, presel
    lines["inscp"] = amt - ownpay - presel


def settle(people: Frame, level: Array, enc: Frame, lines: Frame, undone: Array, rng: np.random.Generator) -> Frame:
    """Settlements in integer fen: one per encounter, three where it was undone and made again. Row order: encounter, stage."""
    n = size(enc)
    key = lines["enc"].astype(np.int64) * 3 + lines["stage"]
    exact = {name: _group_sum(key, lines[name], 3 * n) for name in _SUMS}
    stages = np.where(undone == 2, 3, np.where(undone == 1, 2, 1))
    who = np.repeat(np.arange(n), stages)
    stage = np.arange(len(who)) - np.repeat(np.cumsum(stages) - stages, stages)
    frame: Frame = {"enc": who.astype(np.int32), "stage": stage.astype(np.int8)}
    for name in _SUMS:
        frame[name] = exact[name][who * 3 + stage]
    base = {name: exact[name][np.arange(n) * 3] for name in _SUMS}
    paid = _pay(people, level, enc, base, rng)
    sign = np.where(stage == 1, -1, 1)
    for name, value in paid.items():
        frame[name] = value[who] * (sign if name not in ("ratio",) else 1)
    return frame


def _group_sum(key: Array, values: Array, groups: int) -> Array:
    """Exact integer sums by key (float weights would not do)."""
    order = np.argsort(key, kind="stable")
    total = np.concatenate([[0], np.cumsum(values[order])])
    edges = np.searchsorted(key[order], np.arange(groups + 1))
    return np.asarray(total[edges[1:]] - total[edges[:-1]])


def _pay(people: Frame, level: Array, enc: Frame, base: Frame, rng: np.random.Generator) -> Frame:
    """Who pays what of each encounter."""
    n = size(enc)
    employee = enc["insu"] != 1
    lv = level[enc["inst"]]
    inpatient, shop = enc["kind"] == INP, enc["kind"] == PHARM
    chronic, birth = enc["med"] == med("14"), np.isin(enc["med"], (med("51"), med("52")))
    dedc_full = np.select(
        [inpatient & (lv == 3), inpatient & (lv == 2), inpatient],
        [80_000, 50_000, 20_000],
        np.where(chronic | birth | shop, 0, 2_000),
    )
    dedc = np.minimum(np.maximum(base["inscp"], 0), dedc_full)
    ratio = np.select(
        [shop, inpatient & employee, inpatient, birth, chronic & employee, chronic, employee],
        [0, np.choose(lv, [0, 92, 90, 86]), np.choose(lv, [0, 85, 75, 65]), 90, 80, 65, 60],
        50,
    ).astype(np.int64)
    hifp = (np.maximum(base["inscp"], 0) - dedc) * ratio // 100
    left = np.maximum(base["inscp"], 0) - hifp
    large = np.where(inpatient & (left > 1_200_000), (left - 1_200_000) * 60 // 100, 0)
    aid = np.where(people["poor"][enc["person"]] & ~shop, (left - large) * 50 // 100, 0)
    fund = hifp + large + aid
    hospital = np.where(inpatient & (rng.random(n) < 0.02), np.minimum(base["amt"] - fund, 5_000), 0)
    rest = base["amt"] - fund - hospital
    account = np.where(employee & (rng.random(n) < 0.8), np.minimum(rest, np.maximum(left - large - aid - hospital, 0)), 0)
    account = np.maximum(account, 0)
    shared = np.where(~employee & shop & (rng.random(n) < 0.25), np.maximum(np.minimum(rest, left), 0), 0)
    cash = rest - account - shared
    return {
        "dedc": dedc,
        "ratio": ratio,
        "hifp": hifp,
        "hifob": np.where(employee, large, 0),
        "hifmi": np.where(employee, 0, large),
        "maf": aid,
        "fund": fund,
        "acct": account,
        "shared": shared,
        "cash": cash,
        "hospital": hospital,
        "part": account + shared + cash,
    }
