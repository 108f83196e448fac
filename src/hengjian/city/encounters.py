"""The ordinary year: visits, monthly follow-ups, purchases, stays, series of dialysis, chemotherapy and childbirth.

Innocent by construction: nobody is at two places on one day, nobody visits while in hospital, stays of one person lie forty
days apart unless they are a planned series, nothing begins after death.
"""

from __future__ import annotations

import numpy as np

from hengjian.city import places as at
from hengjian.city.diseases import ALL, BANDS, DEPTS, DISEASES, INDEX
from hengjian.city.frames import Array, Frame, concat, fill, runs, size, take
from hengjian.city.people import CHRONIC
from hengjian.city.places import Places
from hengjian.city.plan import Plan
from hengjian.city.seasons import draw_days, is_winter

OUTP, INP, PHARM = 0, 1, 2
MED_TYPES = ("11", "13", "14", "21", "28", "41", "51", "52", "24", "71")
INSUTYPES = ("310", "390", "510")
DAY = 86_400
DEFAULTS = {
    "person": np.int32(0),
    "inst": np.int32(0),
    "kind": np.int8(0),
    "med": np.int8(0),
    "begin": np.int64(0),
    "end": np.int64(-1),
    "disease": np.int16(0),
    "dept": np.int8(0),
    "doctor": np.int32(0),
    "insu": np.int8(0),
    "adm_way": np.int8(0),
    "dscg_way": np.int8(0),
    "day_surgery": False,
    "planned": np.int8(0),
    "plain": False,
    "series": False,
    "online": np.int8(0),  # 1 = by internet, 2 = whether by internet was not sent
    "nursing": np.int8(2),
    "accept": np.int32(-1),
    "plant": np.int32(-1),
}
_DEPT_OF = np.array([list(DEPTS).index(d.dept) for d in ALL], np.int8)
GAP = 40
"""Ordinary stays of one person lie at least this many days apart."""


def med(code: str) -> int:
    """Index of a kind of care."""
    return MED_TYPES.index(code)


def ordinary(plan: Plan, people: Frame, places: Places, rng: np.random.Generator) -> Frame:
    """All ordinary encounters of a block, unfiltered."""
    parts = [
        _visits(plan, people, places, rng),
        _followups(plan, people, places, rng),
        _purchases(plan, people, places, rng),
        _stays(plan, people, places, rng),
    ]
    parts += [_dialysis(plan, people, places, rng), _chemo(plan, people, places, rng), *_births(plan, people, places, rng)]
    return concat([p for p in parts if size(p)])


def bands(plan: Plan, people: Frame) -> Array:
    """Age band of each person in the middle of the year."""
    return np.digitize((plan.first + 182 - people["brdy"]) / 365.25, BANDS).astype(np.int8)


def choose_place(rng: np.random.Generator, people: Frame, places: Places, person: Array, kinds: Array) -> Array:
    """An institution of the wanted kind, mostly the person's own favourite in the own district."""
    district = people["district"][person]
    habit = rng.random(len(person)) < 0.75
    u = np.where(habit, people["taste"][person], rng.random(len(person)))
    chosen = np.zeros(len(person), np.int32)
    for kind in np.unique(kinds):
        for d in np.unique(district):
            rows = (kinds == kind) & (district == d)
            pool = places.pools[kind][d]
            chosen[rows] = pool[(u[rows] * len(pool)).astype(np.int64)]
    return chosen


def _finish(rng: np.random.Generator, people: Frame, places: Places, frame: Frame) -> Frame:
    """Fill department, doctor and insurance."""
    n = size(frame)
    frame["dept"] = np.where(frame["med"] == med("13"), np.int8(list(DEPTS).index("A20")), _DEPT_OF[frame["disease"]]).astype(
        np.int8
    )
    first, count = places.doctor_first[frame["inst"], frame["dept"]], places.doctor_count[frame["inst"], frame["dept"]]
    frame["doctor"] = (first + (rng.random(n) * count).astype(np.int32)).astype(np.int32)
    frame["insu"] = np.where(frame["insu"] == 2, 2, np.where(people["employee"][frame["person"]], 0, 1)).astype(np.int8)
    return frame


def office_time(rng: np.random.Generator, n: int, start: float = 8.0, stop: float = 17.3) -> Array:
    """Seconds of the day in which people come, more in the morning."""
    return (rng.triangular(start, start + 1.6, stop, n) * 3600).astype(np.int64)


def _diseases(rng: np.random.Generator, plan: Plan, people: Frame, person: Array, day: Array, inp: bool) -> Array:
    """A disease for each event by age band, sex and season."""
    weights = np.array([d.inp if inp else d.outp for d in DISEASES], float)  # [disease, band]
    sexes = np.array([d.sex for d in DISEASES])
    winter = np.array([d.winter for d in DISEASES])[:, None]
    table = np.zeros((5, 3, 2, len(DISEASES)))
    for sex in range(3):
        allowed = (sexes == 0) | (sexes == sex)
        table[:, sex, 0] = weights.T * allowed
        table[:, sex, 1] = (weights * winter).T * allowed
    flat = table.reshape(30, -1)
    edges = np.cumsum(flat / flat.sum(axis=1, keepdims=True), axis=1)
    edges[:, -1] = 1.0
    known_sex = np.where(people["known"][person], people["gend"][person], 0)
    group = (bands(plan, people)[person].astype(np.int64) * 3 + known_sex) * 2 + is_winter(day)  # × diseases is past int8
    found = np.searchsorted((edges + np.arange(30)[:, None]).ravel(), group + rng.random(len(person)), side="right")
    return np.asarray(np.minimum(found - group * len(DISEASES), len(DISEASES) - 1).astype(np.int16))


def _visits(plan: Plan, people: Frame, places: Places, rng: np.random.Generator) -> Frame:
    rate = np.array([4.2, 2.4, 1.7, 2.3, 3.2])[bands(plan, people)] * people["frailty"]
    person = np.repeat(np.arange(len(rate)), rng.poisson(rate)).astype(np.int32)
    n = len(person)
    day = draw_days(plan, rng, "visit", n)
    disease = _diseases(rng, plan, people, person, day, inp=False)
    kinds = rng.choice([at.TERTIARY, at.SECONDARY, at.TOWNSHIP, at.CLINIC], n, p=[0.2, 0.28, 0.32, 0.2])
    sex = np.array([d.sex for d in ALL])[disease]
    kinds = np.where((sex == 2) & (rng.random(n) < 0.5), at.WOMEN, kinds)
    inst = choose_place(rng, people, places, person, kinds)
    urgent = (places.level[inst] >= 2) & (rng.random(n) < 0.08)
    begin = day * np.int64(DAY) + np.where(urgent, rng.integers(6 * 3600, 22 * 3600, n), office_time(rng, n))
    return _finish(
        rng,
        people,
        places,
        fill(
            DEFAULTS,
            n,
            person=person,
            inst=inst,
            kind=OUTP,
            med=np.where(urgent, med("13"), med("11")),
            begin=begin,
            disease=disease,
        ),
    )


def _followups(plan: Plan, people: Frame, places: Places, rng: np.random.Generator) -> Frame:
    parts = []
    for name in CHRONIC:
        who = np.flatnonzero(people[f"has_{name}"])
        every = rng.choice([30, 30, 30, 45, 60, 90], len(who))
        times = (plan.last - plan.first) // every
        person = np.repeat(who, times).astype(np.int32)
        offset = np.repeat(rng.integers(0, 28, len(who)), times)
        day = np.minimum(
            plan.first + offset + runs(times) * np.repeat(every, times) + rng.integers(0, 4, len(person)), plan.last - 1
        )
        steady = np.repeat(rng.random(len(who)), times)
        kinds = np.select([steady < 0.5, steady < 0.85], [at.TOWNSHIP, at.SECONDARY], at.TERTIARY)
        begin = day.astype(np.int64) * DAY + office_time(rng, len(person))
        parts.append(
            fill(
                DEFAULTS,
                len(person),
                person=person,
                inst=choose_place(rng, people, places, person, kinds),
                kind=OUTP,
                med=med("14"),
                begin=begin,
                disease=INDEX[name],
                online=(kinds == at.TERTIARY) & (runs(times) % 5 == 4),  # now and then the prescription is renewed by internet
            )
        )
    return _finish(rng, people, places, concat(parts))


def _purchases(plan: Plan, people: Frame, places: Places, rng: np.random.Generator) -> Frame:
    rate = np.array([0.5, 0.6, 2.0, 3.2, 3.4])[bands(plan, people)] * (0.5 + people["employee"]) * people["frailty"]
    person = np.repeat(np.arange(len(rate)), rng.poisson(rate)).astype(np.int32)
    n = len(person)
    begin = draw_days(plan, rng, "purchase", n) * np.int64(DAY) + rng.integers(8 * 3600 + 900, 21 * 3600, n)
    inst = choose_place(rng, people, places, person, np.full(n, at.PHARMACY))
    return _finish(
        rng,
        people,
        places,
        fill(DEFAULTS, n, person=person, inst=inst, kind=PHARM, med=med("41"), begin=begin, disease=INDEX["purchase"]),
    )


def stay_frame(
    rng: np.random.Generator,
    people: Frame,
    places: Places,
    person: Array,
    inst: Array,
    disease: Array,
    in_day: Array,
    los: Array,
    **more: object,
) -> Frame:
    """Stays from their days; admission in the morning or afternoon, discharge before noon."""
    n = len(person)
    begin = in_day.astype(np.int64) * DAY + office_time(rng, n, 8.5, 16.0)
    end = (in_day + los).astype(np.int64) * DAY + rng.integers(9 * 3600, 11 * 3600, n)
    columns: dict[str, object] = {
        "med": med("21"),
        "adm_way": np.where(rng.random(n) < 0.12, 1, 2),
        "dscg_way": np.where(rng.random(n) < 0.03, 4, 1),
        "planned": 1,
        "nursing": rng.choice([1, 2, 2, 2, 3], n),
    }
    return _finish(
        rng,
        people,
        places,
        fill(DEFAULTS, n, person=person, inst=inst, disease=disease, kind=INP, begin=begin, end=end, **(columns | more)),
    )


def _stays(plan: Plan, people: Frame, places: Places, rng: np.random.Generator) -> Frame:
    rate = np.array([0.07, 0.03, 0.05, 0.1, 0.24])[bands(plan, people)] * (0.4 + 0.6 * people["frailty"])
    rate = np.where(people["birth"] | people["cancer"] | people["dialysis"], 0, rate)
    person = np.repeat(np.arange(len(rate)), rng.poisson(rate)).astype(np.int32)
    n = len(person)
    day = draw_days(plan, rng, "stay", n)
    disease = _diseases(rng, plan, people, person, day, inp=True)
    mean = np.array([d.los for d in ALL])[disease]
    los = np.maximum(1, rng.poisson(mean * 0.9)).astype(np.int32)
    kinds = rng.choice([at.TERTIARY, at.SECONDARY, at.TOWNSHIP], n, p=[0.4, 0.45, 0.15])
    surgical = np.array([bool(d.op) for d in ALL])[disease]
    kinds = np.where(surgical & (kinds == at.TOWNSHIP), at.SECONDARY, kinds)
    day_case = np.isin(disease, [INDEX["cataract"], INDEX["lump"]]) & (rng.random(n) < 0.5)
    los = np.where(day_case, 1, los)
    inst = choose_place(rng, people, places, person, kinds)
    return stay_frame(
        rng, people, places, person, inst, disease, day, los, med=np.where(day_case, med("28"), med("21")), day_surgery=day_case
    )


def _dialysis(plan: Plan, people: Frame, places: Places, rng: np.random.Generator) -> Frame:
    who = np.flatnonzero(people["dialysis"]).astype(np.int32)
    days = np.arange(plan.first, plan.last)
    days = days[np.isin((days + 3) % 7, (0, 2, 4))]
    person = np.repeat(who, len(days))
    day = np.tile(days, len(who))
    inst = np.repeat(choose_place(rng, people, places, who, np.full(len(who), at.SECONDARY)), len(days))
    begin = day.astype(np.int64) * DAY + 8 * 3600 + rng.integers(0, 3600, len(person))
    return _finish(
        rng,
        people,
        places,
        fill(
            DEFAULTS,
            len(person),
            person=person,
            inst=inst,
            kind=OUTP,
            med=med("14"),
            begin=begin,
            disease=INDEX["dialysis"],
            series=True,
        ),
    )


def _chemo(plan: Plan, people: Frame, places: Places, rng: np.random.Generator) -> Frame:
    who = np.flatnonzero(people["cancer"]).astype(np.int32)
    times = rng.integers(2, 7, len(who))
    person = np.repeat(who, times)
    day = np.repeat(plan.first + rng.integers(3, 200, len(who)), times) + runs(times) * 21
    inst = np.repeat(choose_place(rng, people, places, who, np.full(len(who), at.TERTIARY)), times)
    los = rng.integers(2, 5, len(person))
    return stay_frame(rng, people, places, person, inst, np.full(len(person), INDEX["chemo"]), day, los, series=True, planned=2)


def _births(plan: Plan, people: Frame, places: Places, rng: np.random.Generator) -> list[Frame]:
    who = np.flatnonzero(people["birth"]).astype(np.int32)
    n = len(who)
    day = plan.first + rng.integers(20, plan.last - plan.first - 20, n)
    section = rng.random(n) < 0.4
    inst = choose_place(rng, people, places, who, np.where(rng.random(n) < 0.6, at.WOMEN, at.SECONDARY))
    insu = np.where(people["employee"][who] & (rng.random(n) < 0.3), 2, 0)
    stays = stay_frame(
        rng,
        people,
        places,
        who,
        inst,
        np.where(section, INDEX["section"], INDEX["birth"]),
        day,
        np.where(section, 6, 4),
        med=med("52"),
        insu=insu,
    )
    times = np.minimum(7, (day - plan.first) // 30)
    person = np.repeat(who, times)
    check = np.repeat(day, times) - (runs(times) + 1) * 29 + rng.integers(0, 4, len(person))
    begin = check.astype(np.int64) * DAY + office_time(rng, len(person))
    visits = fill(
        DEFAULTS,
        len(person),
        person=person,
        inst=np.repeat(inst, times),
        kind=OUTP,
        med=med("51"),
        begin=begin,
        disease=INDEX["prenatal"],
    )
    return [stays, _finish(rng, people, places, visits)]


def lawful(plan: Plan, people: Frame, frame: Frame, busy: Frame) -> Frame:
    """The encounters that an innocent population may have. `busy` (person, first, last) are windows kept free for plants."""
    begin_day = frame["begin"] // DAY
    last_day = np.where(frame["end"] >= 0, frame["end"] // DAY, begin_day)
    died = people["die"][frame["person"]]
    keep = (begin_day >= plan.first) & (last_day < plan.last) & ((died < 0) | (last_day < died))
    keep &= begin_day >= people["brdy"][frame["person"]]
    keep &= ~_inside(frame["person"], begin_day, last_day, busy)
    planted_stay = np.isin(frame["person"], busy["person"]) & (frame["kind"] == INP)
    frame = take(frame, keep & ~planted_stay)
    frame = take(frame, np.lexsort((frame["kind"], frame["begin"], frame["person"])))
    stays = frame["kind"] == INP
    inpatient = _apart(take(frame, stays))
    other = take(frame, ~stays)
    window = {"person": inpatient["person"], "first": inpatient["begin"] // DAY - 1, "last": inpatient["end"] // DAY + 1}
    day = other["begin"] // DAY
    other = take(other, ~_inside(other["person"], day, day, window))
    other = take(other, _first_of_day(other))
    return concat([inpatient, other])


def _inside(person: Array, first: Array, last: Array, windows: Frame) -> Array:
    """Whether [first, last] of a person touches one of that person's windows (which do not overlap each other)."""
    if not size(windows):
        return np.zeros(len(person), bool)
    order = np.lexsort((windows["first"], windows["person"]))
    opens = windows["person"][order].astype(np.int64) * 100_000 + windows["first"][order]
    closes = np.maximum.accumulate(windows["person"][order].astype(np.int64) * 100_000 + windows["last"][order])
    before = np.searchsorted(opens, person.astype(np.int64) * 100_000 + last, side="right") - 1
    return np.asarray((before >= 0) & (closes[np.maximum(before, 0)] >= person.astype(np.int64) * 100_000 + first))


def _apart(stays: Frame) -> Frame:
    """Stays far enough from the one before, planned series excepted (those persons have nothing else)."""
    if not size(stays):
        return stays
    person, first, last = stays["person"].astype(np.int64), stays["begin"] // DAY, stays["end"] // DAY
    reach = np.maximum.accumulate(person * 100_000 + last)
    near = np.zeros(len(person), bool)
    near[1:] = person[1:] * 100_000 + first[1:] < reach[:-1] + GAP
    return take(stays, ~near | stays["series"])


def _first_of_day(frame: Frame) -> Array:
    """One visit and one purchase a person and day; a series wins over the rest."""
    key = (frame["person"].astype(np.int64) * 100_000 + frame["begin"] // DAY) * 2 + (frame["kind"] == PHARM)
    order = np.lexsort((~frame["series"], key))
    first = np.ones(len(key), bool)
    first[1:] = key[order][1:] != key[order][:-1]
    return np.sort(order[first])
