"""The planter's tools: reserve a person, give them encounters and lines, and write down the truth about it.

A planted person is otherwise ordinary: their own stays are left out and the days around the planted encounters are kept free,
so that nothing ordinary can change what was planted. Planted hosts carry no ordinary line that any regulation names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hengjian.city import places as at
from hengjian.city.catalogue import Catalogue
from hengjian.city.diseases import DEPTS, DISEASES, INDEX
from hengjian.city.encounters import DAY, DEFAULTS, INP, OUTP, PHARM, med
from hengjian.city.frames import Array, Frame, fill
from hengjian.city.lines import rows
from hengjian.city.places import Places
from hengjian.city.plan import Plan

MARGIN = 4
"""Days kept free of ordinary encounters before and after a planted one."""


@dataclass(frozen=True)
class Theme:
    """One kind of violation: names as truth.csv has them, and its variants."""

    name: str
    r_code: str
    official_code: str
    grain: str
    guilty: tuple[str, ...]
    innocent: tuple[str, ...]


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis of a planted encounter. `out` = discharge diagnosis."""

    code: str
    name: str
    main: bool = True
    out: bool = False


@dataclass(frozen=True)
class Operation:
    """An operation of a planted stay. `sec` = when it began, -1 = the usual time after admission; `main` = the main one; `cut` = class of
    the incision, -1 = not told."""

    code: str
    name: str
    sec: int = -1
    main: bool = True
    cut: int = 2


@dataclass
class Fact:
    """A planted fact, with handles that become keys when everything is numbered."""

    theme: Theme
    variant: str
    guilty: bool
    person: int
    encs: list[int]
    lines: list[int]
    window: tuple[int, int]
    amount_lines: list[int] = field(default_factory=list)
    amount_fen: int = -1
    amount_enc: int = -1
    also: str = ""
    note: str = ""


@dataclass
class Plot:
    """What is planted in one block."""

    plan: Plan
    people: Frame
    places: Places
    cat: Catalogue
    rng: np.random.Generator
    encs: list[dict[str, Any]] = field(default_factory=list)
    specials: list[dict[str, Any]] = field(default_factory=list)
    backs: list[tuple[int, int]] = field(default_factory=list)  # (special line, quantity given back)
    suppressed: set[int] = field(default_factory=set)  # (planted encounter × 1000 + ward day) × 4 + daily class
    diagnoses: dict[int, list[Diagnosis]] = field(default_factory=dict)
    operations: dict[int, list[Operation]] = field(default_factory=dict)
    uploads: dict[int, int] = field(default_factory=dict)  # planted encounter → second of its upload, 0 = not told
    beyond: dict[int, int] = field(default_factory=dict)  # planted encounter → fen settled beyond its lines
    alone: set[int] = field(default_factory=set)  # persons without any ordinary encounter in the year
    undone: set[int] = field(default_factory=set)
    unpaid: set[int] = field(default_factory=set)
    facts: list[Fact] = field(default_factory=list)
    _used: set[int] = field(default_factory=set)
    _pools: dict[tuple[int, ...], Array] = field(default_factory=dict)
    _queues: dict[tuple[object, ...], list[int]] = field(default_factory=dict)

    # people and places -------------------------------------------------------------------------------------------------
    def person(self, *, sex: int = 0, ages: tuple[int, int] = (20, 80), known: bool = True) -> int:
        """Reserve a person: alive all year, in no planned series, of this sex (0 = either) and age; `known` = sex on record."""
        key = (sex, ages, known)
        if key not in self._queues:
            p, plan = self.people, self.plan
            years = (plan.first - p["brdy"]) / 365.25
            fits = (
                (years >= ages[0])
                & (years < ages[1])
                & (p["die"] < 0)
                & ~p["birth"]
                & ~p["cancer"]
                & ~p["dialysis"]
                & (p["known"] == known)
            )
            fits &= (p["gend"] == sex) if sex else True
            self._queues[key] = self.rng.permutation(np.flatnonzero(fits)).tolist()
        queue = self._queues[key]
        while queue:
            who = int(queue.pop())
            if who not in self._used:
                self._used.add(who)
                return who
        return self._stranger(sex, ages, known)

    def _stranger(self, sex: int, ages: tuple[int, int], known: bool) -> int:
        """In a very small city nobody may fit: somebody unused is given the sex, age and health that the fact needs."""
        p = self.people
        free = [
            i
            for i in range(len(p["brdy"]))
            if i not in self._used and p["die"][i] < 0 and not (p["birth"][i] or p["cancer"][i] or p["dialysis"][i])
        ]
        who = int(free[int(self.rng.integers(len(free)))])
        self._used.add(who)
        p["known"][who] = known
        p["gend"][who] = sex or p["gend"][who]
        age = (ages[0] + ages[1]) // 2
        years = (self.plan.first - p["brdy"][who]) / 365.25
        if not ages[0] <= years < ages[1]:
            p["brdy"][who] = self.plan.first - int(age * 365.25)
        return who

    def born(self, person: int, day: int, *, known: bool = True) -> int:
        """Let a reserved person be born on a day (`known` = on record); returns the person."""
        self.people["brdy"][person] = day
        self.people["born_known"][person] = known
        return person

    def hospital(self, other: int = -1, kinds: Sequence[int] = (at.TERTIARY, at.SECONDARY)) -> int:
        """A hospital (another one than `other`)."""
        key = tuple(kinds)
        if key not in self._pools:
            self._pools[key] = np.concatenate([self.places.of_kind(k) for k in kinds])
        pool = self._pools[key]
        pool = pool[pool != other] if other >= 0 else pool
        return int(pool[self.rng.integers(len(pool))])

    def day(self, first: int, last: int | None = None, tail: int = 40) -> int:
        """A day of the period from `first` on (not before the period) to `last`, at least `tail` days before its end."""
        low = max(first, self.plan.first + 8)
        high = min(last if last is not None else self.plan.last, self.plan.last - tail)
        return int(self.rng.integers(low, max(high, low) + 1))

    def disease(self, inp: bool = False) -> int:
        """An unsuspicious disease of adults."""
        keys = (
            ("gastritis", "hypertension", "dizzy", "back", "diarrhoea")
            if not inp
            else ("dizzy", "back", "hypertension", "coronary", "ulcer")
        )
        return INDEX[keys[int(self.rng.integers(len(keys)))]]

    # encounters --------------------------------------------------------------------------------------------------------
    def _encounter(self, person: int, inst: int, disease: int, **columns: object) -> int:
        dept = list(DEPTS).index(DISEASES[disease].dept if disease < len(DISEASES) else "A01")
        if columns.get("med") == med("13"):
            dept = list(DEPTS).index("A20")
        doctor = int(self.places.doctor_first[inst, dept] + self.rng.integers(self.places.doctor_count[inst, dept]))
        base = {
            "person": person,
            "inst": inst,
            "disease": disease,
            "dept": dept,
            "doctor": doctor,
            "insu": 0 if self.people["employee"][person] else 1,
            "plain": True,
        }
        self.encs.append(base | columns | {"plant": len(self.encs)})
        return len(self.encs) - 1

    def visit(
        self,
        person: int,
        day: int,
        *,
        inst: int | None = None,
        disease: int | None = None,
        kind: str = "11",
        hour: float | None = None,
        online: int = 0,
    ) -> int:
        """An outpatient visit; `online` as in the encounter columns: 1 = by internet, 2 = the flag was not sent. One for a chronic disease
        names one that is recognised only if it is asked for: there only the drugs on its list are lawful."""
        if disease is None:
            disease = INDEX["gastritis"] if kind == "14" else self.disease()
        second = int((hour if hour is not None else self.rng.uniform(8.2, 10.0)) * 3600)
        return self._encounter(
            person,
            self.hospital() if inst is None else inst,
            disease,
            kind=OUTP,
            med=med(kind),
            begin=day * DAY + second,
            online=online,
        )

    def purchase(self, person: int, day: int, *, inst: int | None = None) -> int:
        """A purchase at a pharmacy."""
        begin = day * DAY + int(self.rng.integers(9 * 3600, 20 * 3600))
        return self._encounter(
            person,
            self.hospital(kinds=(at.PHARMACY,)) if inst is None else inst,
            INDEX["purchase"],
            kind=PHARM,
            med=med("41"),
            begin=begin,
        )

    def stay(
        self, person: int, day: int, los: int, *, inst: int | None = None, disease: int | None = None, **columns: object
    ) -> int:
        """A stay from `day`, `los` days long."""
        begin = day * DAY + int(self.rng.integers(9 * 3600, 15 * 3600))
        if columns.pop("afternoon", False):
            begin = day * DAY + int(self.rng.integers(14 * 3600, 16 * 3600))
        end = (day + los) * DAY + int(self.rng.integers(9 * 3600, 11 * 3600))
        usual: dict[str, object] = {"med": med("21"), "adm_way": 2, "dscg_way": 1, "planned": 1, "nursing": 2}
        return self._encounter(
            person,
            self.hospital() if inst is None else inst,
            self.disease(True) if disease is None else disease,
            kind=INP,
            begin=begin,
            end=end,
            **(usual | columns),
        )

    def diagnose(self, enc: int, *diagnoses: Diagnosis) -> None:
        """Replace the diagnoses of a planted encounter; none at all if none is given."""
        self.diagnoses[enc] = list(diagnoses)

    def operate(self, enc: int, *operations: Operation) -> None:
        """The operations of a planted stay."""
        self.operations[enc] = list(operations)

    # lines -------------------------------------------------------------------------------------------------------------
    def line(
        self,
        enc: int,
        item: int,
        sec: int,
        *,
        cnt: int = 1,
        own: bool = False,
        back: int = 0,
        body: int = -1,
        days: int = 0,
        fen: int = 0,
        rx: int = -1,
    ) -> int:
        """A fee line; `own` = wholly self-paid, `back` = quantity given back afterwards, `fen` = price if not the usual one,
        `rx` = number of the prescription if not the day's."""
        tag = len(self.specials)
        base = {"enc": enc, "item": item, "sec": sec, "cnt": cnt, "own": own, "tag": tag}
        self.specials.append(base | {"body": body, "days": days, "fen": fen, "rx": rx})
        if back:
            self.backs.append((tag, back))
        return tag

    def without(self, enc: int, day: int, daily: int) -> None:
        """Leave out the ordinary ward line of a daily class on one day of a planted stay."""
        first = int(self.encs[enc]["begin"]) // DAY
        self.suppressed.add((enc * 1000 + day - first) * 4 + daily)

    def begin(self, enc: int) -> int:
        """Begin of a planted encounter in seconds."""
        return int(self.encs[enc]["begin"])

    def price(self, enc: int, item: int) -> int:
        """Price of an item there, in fen."""
        inst = int(self.encs[enc]["inst"])
        return int(self.cat.pric[item, self.places.level[inst]]) // 10_000

    # truth -------------------------------------------------------------------------------------------------------------
    def fact(self, theme: Theme, variant: str, guilty: bool, encs: list[int], lines: list[int], **more: object) -> None:
        """Write a planted fact down. Its window is the days of its lines, or of its encounters."""
        ends = [int(self.encs[e].get("end", 0)) for e in encs]
        seconds = [int(self.specials[i]["sec"]) for i in lines] or [self.begin(e) for e in encs] + ends
        days = [s // DAY for s in seconds if s > 0]
        person = int(self.encs[encs[0]]["person"])
        self.facts.append(Fact(theme, variant, guilty, person, encs, lines, (min(days), max(days)), **more))  # type: ignore[arg-type]

    # results -----------------------------------------------------------------------------------------------------------
    def encounter_frame(self) -> Frame:
        """Planted encounters as a frame."""
        names = DEFAULTS.keys()
        columns = {name: np.array([e.get(name, DEFAULTS[name]) for e in self.encs]) for name in names}
        return fill(DEFAULTS, len(self.encs), **columns)

    def line_frame(self) -> Frame:
        """Planted lines as a frame; `enc` is the number of the planted encounter."""
        names = ("enc", "item", "sec", "cnt", "own", "tag", "body", "days", "fen", "rx")
        return rows(len(self.specials), **{name: np.array([s[name] for s in self.specials]) for name in names})

    def busy(self) -> Frame:
        """Windows of days that ordinary encounters must leave free; one window a person, so that they never overlap."""
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for e in self.encs:
            who, begin, end = int(e["person"]), int(e["begin"]), int(e.get("end", -1))
            first[who] = min(first.get(who, 1 << 40), begin // DAY - MARGIN)
            last[who] = max(last.get(who, 0), max(begin, end) // DAY + MARGIN)
        for who in self.alone:
            first[who], last[who] = self.plan.first - MARGIN, self.plan.last + MARGIN
        people = np.array(sorted(first), np.int64)
        return {
            "person": people,
            "first": np.array([first[p] for p in people.tolist()], np.int64),
            "last": np.array([last[p] for p in people.tolist()], np.int64),
        }
