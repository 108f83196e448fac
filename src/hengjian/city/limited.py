"""Items that only some people, places or kinds of care may have: which tables name them, and their lawful use.

The tables are read as data. Ordinary people use such items within their limits, so that innocence is tested: children's drugs go
to children, ward drugs to wards, narcotics to those who come in person, services for newborns stand in the mother's bill.
"""

from __future__ import annotations

import numpy as np

from hengjian.city import knowledge
from hengjian.city.catalogue import Catalogue
from hengjian.city.diseases import ALL, INDEX
from hengjian.city.encounters import DAY, INP, OUTP
from hengjian.city.frames import Array, Frame
from hengjian.city.lines import rows

_BIRTHS = (INDEX["birth"], INDEX["section"])
_CHILD_AGES = (3, 12)
"""Completed years at which every drug for children up to 17 is lawful."""


def years(people: Frame, person: Array, day: Array) -> Array:
    """Rough age in years: good for ages far from any limit."""
    return np.asarray((day - people["brdy"][person]) / 365.25)


def limited_lines(cat: Catalogue, rng: np.random.Generator, people: Frame, enc: Frame, level: Array) -> list[Frame]:
    """Lawful lines of limited items in ordinary encounters."""
    day = enc["begin"] // DAY
    age = years(people, enc["person"], day)
    inpatient, free = enc["kind"] == INP, ~enc["plain"]
    grown_ward = inpatient & free & (age > 20) & (level[enc["inst"]] >= 2) & ~np.isin(enc["disease"], _BIRTHS)
    sick_child = (enc["kind"] == OUTP) & (enc["online"] == 0) & free & (age > _CHILD_AGES[0]) & (age < _CHILD_AGES[1])
    sick_child &= np.isin(enc["disease"], [i for i, d in enumerate(ALL) if "cold" in d.drugs])
    chemo = inpatient & free & (enc["disease"] == INDEX["chemo"])
    mother = inpatient & free & np.isin(enc["disease"], _BIRTHS)
    return [
        some(cat, rng, enc, grown_ward, 0.12, _alone(cat, "k_level", "drug_hosp_level_limit"), 3),
        some(cat, rng, enc, grown_ward, 0.08, _alone(cat, "k_ward", "drug_visit_type_limit"), 3),
        some(cat, rng, enc, sick_child, 0.4, _for_all_children(cat), 1),
        some(cat, rng, enc, chemo, 0.3, _alone(cat, "k_online", "internet_excluded_drug"), 1),
        some(cat, rng, enc, mother, 0.7, _newborn(cat), 1),
    ]


def some(
    cat: Catalogue, rng: np.random.Generator, enc: Frame, fits: Array, chance: float, items: list[int], most: int
) -> Frame:
    """Lines of one of the items each, of at most so many, in a share of the encounters that fit."""
    here = np.flatnonzero(fits & (rng.random(len(fits)) < chance)) if items else np.zeros(0, np.int64)
    item = np.array(items or [0])[rng.integers(0, max(len(items), 1), len(here))]
    after = np.where(enc["kind"][here] == INP, 5 * 3600, 1700)
    days = np.where(cat.is_drug[item], 3, 0)
    apart = np.where(enc["kind"][here] == INP, -1, 9)  # on a prescription of its own: one holds five drugs at most
    cnt = rng.integers(1, most + 1, len(here))
    return rows(len(here), enc=here, item=item, cnt=cnt, sec=enc["begin"][here] + after, days=days, rx=apart)


def _alone(cat: Catalogue, group: str, table: str) -> list[int]:
    return [i for i in cat.groups.get(group, []) if cat.only_in(i, table)]


def _for_all_children(cat: Catalogue) -> list[int]:
    """Drugs that any child of `_CHILD_AGES` may have, whatever the birthday."""
    low, high = _CHILD_AGES
    fits = {
        f["code"]
        for f in knowledge.facts("drug_child_only")
        if f["dim"] == "age_years" and int(f["low"] or 0) <= low and int(f["high"] or 99) > high
    }
    return [i for i in _alone(cat, "k_child", "drug_child_only") if cat.items[i].code.startswith(tuple(fits))]


def _newborn(cat: Catalogue) -> list[int]:
    """Services for the newborn."""
    codes = [f["code"] for f in knowledge.facts("service_child_only") if f["dim"] == "age_days"]
    return [i for i in (cat.code(c) for c in codes) if cat.only_in(i, "service_child_only")]
