"""Fee lines of stays: bed, round and nursing once for each day from admission to the day before discharge, and the treatment."""

from __future__ import annotations

import numpy as np

from hengjian.city.catalogue import Catalogue
from hengjian.city.diseases import ALL, INDEX
from hengjian.city.encounters import DAY, INP
from hengjian.city.frames import Array, Frame, runs
from hengjian.city.lines import drug_lines, exam_lines, fixed, panel_lines, rows

_NURSING = ("", "001201000030000", "001201000040000", "001201000050000")
_BED, _ROUND, _ICU_BED, _ICU = "001109000010000", "001102000050000", "001109000030000", "001201000010000"


def inpatient_lines(cat: Catalogue, rng: np.random.Generator, enc: Frame) -> list[Frame]:
    """Lines of every stay of the block."""
    stays = np.flatnonzero(enc["kind"] == INP)
    first = enc["begin"][stays] // DAY
    los = np.maximum(1, enc["end"][stays] // DAY - first).astype(np.int64)
    at = np.repeat(np.arange(len(stays)), los)  # one row a ward day
    day = first[at] + runs(los)
    late = day * DAY + 23 * 3600
    surgical = np.array([bool(d.op) for d in ALL])[enc["disease"][stays]]
    icu = np.where(
        ~enc["plain"][stays] & ~surgical & (los >= 5) & (rng.random(len(stays)) < 0.03), rng.integers(1, 4, len(stays)), 0
    )
    in_icu = runs(los) < icu[at]
    parts = _ward(cat, enc, stays, at, late, in_icu)
    parts += _ward_treatment(cat, rng, enc, stays, at, day, in_icu)
    disease, begin = enc["disease"][stays], enc["begin"][stays]
    parts.append(panel_lines(cat, stays, disease, begin + 1800, np.zeros(len(stays), np.int32)))
    again = (runs(los) % 4 == 3) & (runs(los) > 0)
    parts.append(
        panel_lines(cat, stays[at[again]], disease[at[again]], day[again] * DAY + 7 * 3600, np.full(int(again.sum()), 2))
    )
    parts += exam_lines(cat, rng, stays, disease, begin + 3 * 3600, 0.6)
    parts += _home_drugs(cat, rng, enc, stays)
    parts += _operated(cat, rng, enc, stays, los)
    return parts


def _ward(cat: Catalogue, enc: Frame, stays: Array, at: Array, late: Array, in_icu: Array) -> list[Frame]:
    nursing = np.array([cat.code(c) if c else 0 for c in _NURSING])[enc["nursing"][stays]]
    bed = np.where(in_icu, cat.code(_ICU_BED), cat.code(_BED))
    care = np.where(in_icu, cat.code(_ICU), nursing[at])
    hours = np.where(in_icu, 24, 0)
    n = len(at)
    return [
        rows(n, enc=stays[at], item=bed, sec=late),
        rows(n, enc=stays[at], item=cat.code(_ROUND), sec=late + 1),
        rows(n, enc=stays[at], item=care, cnt=np.maximum(hours, 1), sec=late + 2),
    ]


def _ward_treatment(
    cat: Catalogue, rng: np.random.Generator, enc: Frame, stays: Array, at: Array, day: Array, in_icu: Array
) -> list[Frame]:
    """Infusions and ward treatments each day, monitoring in the first days, sputum and decompression where they belong."""
    n = len(at)
    parts = []
    pool = np.array(cat.groups["infusion"])
    own_start = rng.integers(0, len(pool), len(stays))
    chemo = enc["disease"][stays] == INDEX["chemo"]
    active = (rng.random(n) < 0.93) & ~chemo[at]
    for slot in range(3):
        here = np.flatnonzero(active & (rng.random(n) < (0.95, 0.8, 0.55)[slot]))
        item = pool[(own_start[at[here]] + slot * 5) % len(pool)]
        parts.append(
            rows(
                len(here),
                enc=stays[at[here]],
                item=item,
                cnt=rng.integers(1, 4, len(here)),
                sec=day[here] * DAY + (18 + slot) * 3600,
                days=1,
            )
        )
    for role, chance in (("ward_treat", 0.7), ("c_common", 0.5)):
        here = np.flatnonzero(rng.random(n) < chance)
        group = np.array(cat.groups[role])
        parts.append(
            rows(
                len(here),
                enc=stays[at[here]],
                item=group[rng.integers(0, len(group), len(here))],
                sec=day[here] * DAY + 17 * 3600,
            )
        )
    disease = enc["disease"][stays]
    parts.append(
        drug_lines(
            cat,
            rng,
            stays,
            disease,
            np.minimum(2 + rng.binomial(3, 0.4, len(stays)), 5),
            enc["begin"][stays] + 2 * 3600,
            np.full(len(stays), 3),
        )
    )
    surgical = np.array([bool(d.op) for d in ALL])[disease]
    watched = ~surgical & (rng.random(len(stays)) < 0.3)
    early = np.concatenate([[True], at[1:] != at[:-1]]) if n else np.zeros(0, bool)
    here = np.flatnonzero(watched[at] & (in_icu | early))
    hours = np.where(early[here], rng.integers(4, 8, len(here)), rng.integers(10, 25, len(here)))
    parts += [
        fixed(cat, cat.code(code), stays[at[here]], day[here] * DAY + 16 * 3600 + 1800, hours, hours)
        for code in ("003107010220000", "003107010280000")
    ]
    lungs = np.isin(disease, [INDEX["pneumonia"], INDEX["copd"]]) & (rng.random(len(stays)) < 0.3)
    here = np.flatnonzero(lungs[at] & ~early)
    parts.append(fixed(cat, cat.code("001201000150000"), stays[at[here]], day[here] * DAY + 10 * 3600))
    belly = np.isin(disease, [INDEX["appendix"], INDEX["gallstone"], INDEX["stomach_ca"]]) & (rng.random(len(stays)) < 0.5)
    here = np.flatnonzero(belly[at] & ~early)
    return [*parts, fixed(cat, cat.code("001209000010000"), stays[at[here]], day[here] * DAY + 9 * 3600)]


def _home_drugs(cat: Catalogue, rng: np.random.Generator, enc: Frame, stays: Array) -> list[Frame]:
    some = stays[rng.random(len(stays)) < 0.55]
    lines = drug_lines(
        cat, rng, some, enc["disease"][some], np.full(len(some), 2), enc["end"][some] - 1800, np.full(len(some), 7)
    )
    lines["home"][:] = True
    return [lines]


def _operated(cat: Catalogue, rng: np.random.Generator, enc: Frame, stays: Array, los: Array) -> list[Frame]:
    """Operation, anaesthesia and material on the day after admission (on the same day in day surgery); deliveries likewise."""
    parts = []
    for d, disease in enumerate(ALL):
        here = np.flatnonzero(enc["disease"][stays] == d)
        if not len(here) or not disease.opcode or enc["plain"][stays[here]].all():
            continue
        here = here[~enc["plain"][stays[here]]]
        who, when = stays[here], operation_time(enc, stays[here])
        if disease.key == "birth":
            parts += _delivered(cat, rng, who, when)
            continue
        role = disease.op if disease.op in cat.groups else f"s_{disease.op}"
        group = np.array(cat.groups[role])
        item = next(
            (i for i in group.tolist() if cat.items[i].name[-2:] == disease.opname[-2:]),
            int(group[rng.integers(0, len(group))]),
        )
        parts.append(rows(len(who), enc=who, item=item, sec=when, oper=1))
        parts.append(rows(len(who), enc=who, item=cat.groups["anaesthesia"][d % 2], sec=when - 600, oper=1))
        for role in ("c_op", "c_bone" if "bone" in disease.op else "c_eye" if "eye" in disease.op else "c_op"):
            material = np.array(cat.groups[role])
            parts.append(
                rows(
                    len(who),
                    enc=who,
                    item=material[rng.integers(0, len(material), len(who))],
                    cnt=rng.integers(1, 3, len(who)),
                    sec=when + 1800,
                    oper=1,
                )
            )
        large = who[(los[here] >= 6) & (rng.random(len(who)) < 0.4)]
        after = operation_time(enc, large)
        parts.append(fixed(cat, cat.code("003107020020000"), large, after, rng.integers(2, 6, len(large))))
        parts.append(fixed(cat, cat.code("003301000100000"), large, after + 4 * 3600))
    return parts


def operation_time(enc: Frame, stays: Array) -> Array:
    """When the operation of a stay begins: 10:00 on the second day, or two hours after a day-surgery admission."""
    first, last = enc["begin"][stays] // DAY, enc["end"][stays] // DAY
    spread = (enc["begin"][stays] % 97) * 120
    return np.asarray(
        np.where(
            (last - first <= 1) | enc["day_surgery"][stays],
            enc["begin"][stays] + 2 * 3600,
            (first + 1) * DAY + 13 * 3600 + spread,
        )
    )


def _delivered(cat: Catalogue, rng: np.random.Generator, who: Array, when: Array) -> list[Frame]:
    """A birth at 13:00 or later on the second day; heart sounds of the child the evening before and before 07:00."""
    parts = [fixed(cat, cat.code("003314000020000"), who, when), fixed(cat, cat.drug_of("XH01BBS194"), who, when + 600)]
    day = when // DAY
    parts += [
        fixed(cat, cat.code("003112010260000"), who, (day - 1) * DAY + 20 * 3600),
        fixed(cat, cat.code("003112010260000"), who, day * DAY + 6 * 3600 + 1200),
    ]
    some = who[rng.random(len(who)) < 0.3]
    chosen = np.isin(who, some)
    return [*parts, fixed(cat, cat.groups["k_maternity"][1], who[chosen], when[chosen] + 1200)]
