"""Lawful use of what only some people, hospitals or departments may have, by ordinary people: innocence is tested at its source.

The tables are read as data: what is for newborns stands in the mother's bill, what is for children goes to children, what one department
may order is ordered there.
"""

from __future__ import annotations

import numpy as np

from hengjian.city import knowledge
from hengjian.city.catalogue import Catalogue
from hengjian.city.diseases import ALL, DEPTS, INDEX
from hengjian.city.encounters import DAY, INP, OUTP, med
from hengjian.city.frames import Array, Frame, concat
from hengjian.city.limited import some, years
from hengjian.city.places import Places
from hengjian.city.regulated import full_code

_BIRTHS = (INDEX["birth"], INDEX["section"])
_MALE = tuple(INDEX[k] for k in ("prostate", "prostate_ca"))
_FEMALE = tuple(INDEX[k] for k in ("gyn_inflam", "menses", "fibroid"))
_NEWBORN = ("drug_newborn_limit", "service_newborn_limit", "consumable_newborn_limit")
_CHILD = ("service_child_limit", "consumable_child_limit")
_SEX = ("service_sex_limit", "consumable_sex_limit")
_DEPT = ("service_dept_limit", "consumable_dept_mismatch")


def local_lines(cat: Catalogue, rng: np.random.Generator, people: Frame, enc: Frame, places: Places) -> Frame:
    """Lawful lines of such items in ordinary encounters."""
    level = places.level
    age = years(people, enc["person"], enc["begin"] // DAY)
    free = ~enc["plain"]
    visit = (
        (enc["kind"] == OUTP) & (enc["online"] == 0) & free & (enc["med"] != med("14"))
    )  # a chronic disease has a list of its own
    mother = (enc["kind"] == INP) & free & np.isin(enc["disease"], _BIRTHS)
    covered = mother & ((enc["med"] == med("52")) | (enc["insu"] == 2))
    child = visit & (age > 1.5) & (age < 6) & np.isin(enc["disease"], [i for i, d in enumerate(ALL) if "cold" in d.drugs])
    grown = visit & (age > 20) & (age < 60)
    parts = [
        some(cat, rng, enc, mother, 0.3, _items(cat, *_NEWBORN), 1),
        some(cat, rng, enc, covered, 0.2, _items(cat, "service_maternity_only"), 1),
        some(cat, rng, enc, child, 0.1, _items(cat, *_CHILD), 1),
        some(cat, rng, enc, grown, 0.01, _items(cat, "drug_unsafe_for_elderly"), 1),
        some(cat, rng, enc, grown, 0.004, _items(cat, "service_age_limit"), 1),
        some(cat, rng, enc, visit & np.isin(enc["disease"], _MALE), 0.1, _items(cat, *_SEX, value="1"), 1),
        some(cat, rng, enc, visit & np.isin(enc["disease"], _FEMALE), 0.1, _items(cat, *_SEX, value="2"), 1),
    ]
    for least in (2, 3):
        here = visit & (level[enc["inst"]] >= least)
        parts.append(some(cat, rng, enc, here, 0.004, _items(cat, "service_hosp_level_limit", value=str(least)), 1))
    for allowed in dict.fromkeys(f["value"] for table in _DEPT for f in knowledge.facts(table)):
        there = visit & np.isin(enc["dept"], [i for i, code in enumerate(DEPTS) if code in allowed.split("|")])
        parts.append(some(cat, rng, enc, there, 0.03, _items(cat, *_DEPT, value=allowed), 1))
    for need in (2, 3):
        may = (rights(places)[enc["doctor"]] >= need) | (enc["med"] == med("13"))
        parts.append(
            some(cat, rng, enc, visit & (age > 18) & may, 0.006, _items(cat, "antibiotic_level", antb_lv=str(need)), 1)
        )
    return concat(parts)


def rights(places: Places) -> Array:
    """The highest right of each doctor to prescribe antibiotics; -1 where it is not on record."""
    return np.where(places.doctor_right < 0, -1, np.maximum(places.doctor_right, places.doctor_else))


def _items(cat: Catalogue, *tables: str, **cells: str) -> list[int]:
    """Items of these tables (of rows with these cells) that no other table names."""
    facts = [f for table in tables for f in knowledge.facts(table) if cells.items() <= dict(f.row).items()]
    codes = [f["code"] for f in facts]
    found = [cat.drug_of(code) if code[0] in "XZ" else cat.code(full_code(code)) for code in codes]
    return [i for i in found if cat.only_in(i, *tables)]
