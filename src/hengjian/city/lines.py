"""Fee lines of ordinary visits and purchases. What is drawn here is within every limit by construction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hengjian.city.catalogue import Catalogue
from hengjian.city.diseases import ALL, INDEX
from hengjian.city.encounters import DAY, INP, OUTP, PHARM, med
from hengjian.city.frames import Array, Frame, concat, fill, runs, size
from hengjian.city.services import BODY_PARTS

LINE = {
    "enc": np.int32(0),
    "item": np.int32(0),
    "cnt": np.int32(1),
    "sec": np.int64(0),
    "own": False,
    "days": np.int16(0),
    "body": np.int8(-1),
    "hours": np.int8(0),
    "home": False,
    "oper": np.int8(-1),
    "ref": np.int32(-1),
    "stage": np.int8(0),
    "tag": np.int32(-1),
    "unsaid": False,
    "fen": np.int64(0),
    "rx": np.int8(-1),
}
"""fen = price charged instead of the catalogue's; rx = prescription of the encounter, −1 = that of the day; cnt in whole units; hours = executed hours; home = drug taken home; ref = row it undoes; stage = settlement in the encounter."""

_EXAM_PARTS = {  # exam item → body parts it may name (index into BODY_PARTS), and what two parts at once are called
    "胸部数字化摄影": ((0,), 7),
    "四肢数字化摄影": ((1, 2, 3, 4), 8),
    "腹部数字化摄影": ((5,), 7),
    "头颅断层扫描": ((6,), 9),
    "胸部断层扫描": ((0,), 7),
    "腹部断层扫描": ((5,), 7),
    "头颅磁共振平扫": ((6,), -1),
    "腰椎磁共振平扫": ((10,), -1),
    "腹部彩色超声": ((5,), -1),
    "甲状腺彩色超声": ((11,), -1),
    "心脏彩色超声": ((12,), -1),
    "妇科彩色超声": ((13,), -1),
}
_EXAM_OF_DEPT = {  # which of the items of a role fits the department
    "dr": {"B04": "四肢数字化摄影", "": "胸部数字化摄影"},
    "ct": {"A06": "头颅断层扫描", "A03": "胸部断层扫描", "A11": "胸部断层扫描", "": "腹部断层扫描"},
    "mr": {"A06": "头颅磁共振平扫", "": "腰椎磁共振平扫"},
    "us": {"A05": "心脏彩色超声", "A07": "甲状腺彩色超声", "": "腹部彩色超声"},
}


def part_of(name: str) -> int:
    """A body part that fits an examination."""
    return _EXAM_PARTS.get(name, ((-1,), -1))[0][0]


def rows(n: int, **columns: object) -> Frame:
    """n fee lines with defaults."""
    return fill(LINE, n, **columns)


def drug_lines(
    cat: Catalogue, rng: np.random.Generator, enc: Array, disease: Array, slots: Array, sec: Array, target: Array
) -> Frame:
    """Different drugs of the disease's pool for each encounter, enough for `target` days."""
    pool_n = cat.pool_n[disease]
    slots = np.minimum(slots, pool_n)
    at = np.repeat(np.arange(len(enc)), slots)
    start = rng.integers(0, 1_000_000, len(enc))
    item = cat.pools[disease[at], (start[at] + runs(slots)) % np.maximum(pool_n[at], 1)]
    need = np.maximum(1, -(-target[at] // cat.cover[item]))
    cnt = np.where(cat.step[item] > 1, 12, np.minimum(need, 6))
    days = np.minimum(target[at], cnt * cat.cover[item])
    own = rng.random(len(at)) < 0.012
    return rows(len(at), enc=enc[at], item=item, cnt=cnt, sec=sec[at] + runs(slots) * 3, own=own, days=days)


def panel_lines(cat: Catalogue, enc: Array, disease: Array, sec: Array, skip: Array) -> Frame:
    """One of each item of the disease's laboratory panel; the first `skip` items are left out."""
    count = np.maximum(cat.lab_n[disease] - skip, 0)
    at = np.repeat(np.arange(len(enc)), count)
    place = runs(count)
    return rows(len(at), enc=enc[at], item=cat.labs[disease[at], place], sec=sec[at] + place)


def exam_lines(cat: Catalogue, rng: np.random.Generator, enc: Array, disease: Array, sec: Array, chance: float) -> list[Frame]:
    """At most one examination for each encounter, films within the limit."""
    parts: list[Frame] = []
    for d in np.unique(disease):
        roles = ALL[d].exams
        if not roles:
            continue
        here = np.flatnonzero((disease == d) & (rng.random(len(disease)) < chance))
        role_of = rng.integers(0, len(roles), len(here))
        for r, role in enumerate(roles):
            one = here[role_of == r]
            if len(one) and cat.groups.get(role):
                parts += _examined(cat, rng, role, ALL[d].dept, enc[one], sec[one])
    return parts


def _examined(cat: Catalogue, rng: np.random.Generator, role: str, dept: str, enc: Array, sec: Array) -> list[Frame]:
    n = len(enc)
    wanted = _EXAM_OF_DEPT.get(role, {}).get(dept) or _EXAM_OF_DEPT.get(role, {}).get("")
    item = next((i for i in cat.groups[role] if cat.items[i].name == wanted), cat.groups[role][0])
    single, double = _EXAM_PARTS.get(cat.items[item].name, ((-1,), -1))
    two = (rng.random(n) < 0.08) & (double >= 0)
    body = np.where(two, double, np.array(single)[rng.integers(0, len(single), n)])
    count = np.where(two, 2, 1)
    found = [rows(n, enc=enc, item=item, cnt=count, sec=sec, body=body)]
    if role in ("dr", "ct"):
        films = rng.integers(0, (2 if role == "dr" else 3), n) * count
        films = np.where((films == 0) & (rng.random(n) < 0.6), count, films)
        some = films > 0
        found.append(
            rows(int(some.sum()), enc=enc[some], item=cat.groups[f"film_{role}"][0], cnt=films[some], sec=sec[some] + 60)
        )
    return found


def fixed(cat: Catalogue, item: int, enc: Array, sec: Array, cnt: Array | int = 1, hours: Array | int = 0) -> Frame:
    """One line of one item for each encounter."""
    return rows(len(enc), enc=enc, item=item, sec=sec, cnt=cnt, hours=hours)


def outpatient_lines(cat: Catalogue, rng: np.random.Generator, enc: Frame, level: Array) -> list[Frame]:
    """Lines of visits and purchases."""
    visits = np.flatnonzero(enc["kind"] == OUTP)
    shops = np.flatnonzero(enc["kind"] == PHARM)
    parts = [*_consult(cat, rng, enc, visits, level), *_special(cat, rng, enc, visits)]
    disease, begin = enc["disease"][visits], enc["begin"][visits]
    chronic = enc["med"][visits] == med("14")
    slots = np.where(chronic, 2, 1) + rng.binomial(3, 0.42, len(visits))
    slots = np.where(disease == INDEX["dialysis"], 1, slots)
    slots = np.minimum(slots, np.where(enc["plain"][visits], 3, 4))  # five kinds are the most; room for what is planted beside
    target = np.where(chronic, 28, np.where(enc["med"][visits] == med("13"), 3, 6))
    target = np.where(disease == INDEX["dialysis"], 1, target)
    parts.append(drug_lines(cat, rng, visits, disease, slots, begin + 1500, target))
    there = enc["online"][visits] != 1  # by internet nobody is tested or treated
    tested = rng.random(len(visits)) < np.where(chronic, 0.16, 0.34) * ((disease != INDEX["dialysis"]) & there)
    parts.append(panel_lines(cat, visits[tested], disease[tested], begin[tested] + 700, rng.integers(0, 3, int(tested.sum()))))
    free = (disease != INDEX["dialysis"]) & there
    parts += exam_lines(cat, rng, visits[free], disease[free], begin[free] + 1000, 0.24)
    parts += _treatments(cat, rng, visits[there], begin[there])
    parts += _slices(cat, rng, visits[~chronic], begin[~chronic])
    slots = 1 + rng.binomial(3, 0.3, len(shops))
    parts.append(drug_lines(cat, rng, shops, enc["disease"][shops], slots, enc["begin"][shops] + 30, np.full(len(shops), 7)))
    injured = shops[rng.random(len(shops)) < 0.004]  # vaccines and the like, wholly self-paid: lawful
    lines = fixed(cat, cat.groups["k_injury"][2], injured, enc["begin"][injured] + 90)
    lines["own"][:] = True
    return [*parts, lines]


def _consult(cat: Catalogue, rng: np.random.Generator, enc: Frame, visits: Array, level: Array) -> list[Frame]:
    expert = rng.random(len(visits)) < 0.25
    lv = level[enc["inst"][visits]]
    plain_item = np.where(lv <= 1, cat.groups["visit"][2], np.where(expert, cat.groups["visit"][1], cat.groups["visit"][0]))
    urgent = (enc["med"][visits] == med("13")) & ~enc["plain"][visits]
    watched = urgent & (rng.random(len(visits)) < 0.12)
    item = np.where(watched, cat.groups["watch"][0], np.where(urgent, cat.code("001102000030000"), plain_item))
    sec = enc["begin"][visits]
    shift = np.flatnonzero(watched)
    found = [
        rows(len(visits), enc=visits, item=item, sec=sec),
        fixed(cat, cat.code("001103000010000"), visits[shift], sec[shift] + 900),
    ]
    rescued = np.flatnonzero(urgent & (rng.random(len(visits)) < 0.04))
    return [*found, fixed(cat, cat.code("001202000010000"), visits[rescued], sec[rescued] + 600)]


def _special(cat: Catalogue, rng: np.random.Generator, enc: Frame, visits: Array) -> list[Frame]:
    """Dialysis sessions and the glucose tolerance test of pregnancy."""
    begin = enc["begin"][visits]
    session = np.flatnonzero(enc["disease"][visits] == INDEX["dialysis"])
    found = [fixed(cat, cat.groups["dialysis"][0], visits[session], begin[session] + 300)]
    found += [
        fixed(cat, item, visits[session], begin[session] + 310)
        for item in (cat.groups["c_dialysis"][0], cat.groups["c_dialysis"][3])
    ]
    pregnant = np.flatnonzero((enc["disease"][visits] == INDEX["prenatal"]) & (rng.random(len(visits)) < 0.2))
    return [*found, fixed(cat, cat.code("003102050010000"), visits[pregnant], begin[pregnant] + 800)]


def _treatments(cat: Catalogue, rng: np.random.Generator, visits: Array, begin: Array) -> list[Frame]:
    found = []
    for role, chance, most in (("treat", 0.2, 2), ("physio", 0.06, 3), ("c_common", 0.18, 3)):
        here = np.flatnonzero(rng.random(len(visits)) < chance)
        count = rng.integers(1, most + 1, len(here))
        at = np.repeat(here, count)
        pool = np.array(cat.groups[role])
        start = np.repeat(rng.integers(0, len(pool), len(here)), count)
        found.append(
            rows(len(at), enc=visits[at], item=pool[(start + runs(count)) % len(pool)], sec=begin[at] + 1800 + runs(count))
        )
    here = np.flatnonzero(rng.random(len(visits)) < 0.003)
    lines = fixed(cat, cat.groups["beauty"][0], visits[here], begin[here] + 2000)
    return [*found, lines]


def _slices(cat: Catalogue, rng: np.random.Generator, visits: Array, begin: Array) -> list[Frame]:
    here = np.flatnonzero(rng.random(len(visits)) < 0.05)
    count = rng.integers(8, 15, len(here))
    at = np.repeat(here, count)
    pool = np.array(cat.groups["slices"])
    doses = np.repeat(rng.choice([5, 7], len(here)), count)
    start = np.repeat(rng.integers(0, len(pool), len(here)), count)
    return [
        rows(
            len(at),
            enc=visits[at],
            item=pool[(start + runs(count)) % len(pool)],
            cnt=doses * rng.integers(6, 16, len(at)),
            sec=begin[at] + 1600,
            days=doses,
        )
    ]


def keep_hosts_plain(cat: Catalogue, lines: Frame, plain: Array) -> Array:
    """Mask: planted hosts keep no ordinary line of an item that any regulation names, ward days excepted."""
    return np.asarray(~(plain[lines["enc"]] & cat.closed[lines["item"]]))


def joined(parts: Sequence[Frame]) -> Frame:
    """All parts as one frame."""
    return concat([p for p in parts if size(p)])


__all__ = [
    "BODY_PARTS",
    "DAY",
    "INP",
    "LINE",
    "drug_lines",
    "exam_lines",
    "fixed",
    "joined",
    "keep_hosts_plain",
    "outpatient_lines",
    "panel_lines",
    "part_of",
    "rows",
]
