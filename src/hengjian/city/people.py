"""The insured: households, ages, sexes, insurances, chronic diseases, deaths. Nobody here is a real person."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.city.columns import money
from hengjian.city.frames import Array, Frame, runs
from hengjian.city.plan import Plan
from hengjian.city.texts import digit_matrix, from_matrix, identity_numbers, numbered, person_numbers
from hengjian.kernel.dates import day_number

DISTRICTS: tuple[tuple[int, str], ...] = (
    (990102, "鉴东区"),
    (990103, "鉴西区"),
    (990104, "澄心新区"),
    (990121, "云砚县"),
    (990122, "砚北县"),
    (990181, "澜川市"),
)
_SHARES = (0.24, 0.2, 0.16, 0.15, 0.12, 0.13)
_SURNAMES = "章程方许薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞"
_GIVEN = "若澄砚秋鉴溪云舟望舒知远清晏怀瑾星野听澜景行书言和畅予安青禾沐川向晚南栀北辰朝暮拾光念初衡宁"
CHRONIC = ("hypertension", "diabetes", "coronary", "stroke", "copd", "hepatitis", "rheumatoid", "psoriasis")
_PREVALENCE = {  # by age band 45–64 and 65+; younger adults a tenth
    "hypertension": (0.13, 0.28),
    "diabetes": (0.06, 0.11),
    "coronary": (0.02, 0.07),
    "stroke": (0.012, 0.04),
    "copd": (0.006, 0.025),
    "hepatitis": (0.012, 0.006),
    "rheumatoid": (0.008, 0.008),
    "psoriasis": (0.006, 0.004),
}


def make_people(plan: Plan, rng: np.random.Generator, start: int, stop: int) -> Frame:
    """Persons `start` to `stop`: one row each, days as day numbers, −1 where something never happens."""
    n = stop - start
    role, family = _households(rng, n)
    mid = plan.first + 182
    age = np.where(role == 0, np.clip(rng.gamma(9, 5.6, n), 20, 94), 0.0)
    head_age = age[family]
    age = np.select(
        [role == 1, role == 2, role == 3],
        [
            np.clip(head_age + rng.normal(-1, 3, n), 20, 96),
            np.clip(head_age - rng.uniform(24, 36, n), 0.1, 60),
            np.clip(head_age + rng.uniform(22, 32, n), 50, 99),
        ],
        age,
    )
    brdy = np.minimum((mid - age * 365.25).astype(np.int32), plan.first - 3)
    brdy = brdy - (np.arange(start, stop) * 7919 % 365).astype(np.int32)  # the ages cut off above are no single birthday
    gend = rng.integers(1, 3, n).astype(np.int8)
    gend = np.where(role == 1, 3 - gend[family], gend)
    years = (mid - brdy) / 365.25
    employed = ((years >= 20) & (years < 60) & (rng.random(n) < 0.46)) | ((years >= 60) & (rng.random(n) < 0.34))
    psn_type = np.select([employed & (years >= 60), employed, years < 18, years >= 60], [12, 11, 14, 16], 15).astype(np.int8)
    people: Frame = {
        "number": np.arange(start, stop, dtype=np.int64),
        "brdy": brdy,
        "gend": gend.astype(np.int8),
        "known": (rng.random(n) >= 0.003),
        "born_known": (rng.random(n) >= 0.003),
        "district": rng.choice(len(DISTRICTS), n, p=_SHARES).astype(np.int8)[family],
        "employee": employed,
        "psn_type": psn_type,
        "family": (start + family).astype(np.int64),
        "taste": rng.random(n),
        "frailty": rng.gamma(1.6, 1 / 1.6, n),
        "poor": rng.random(n) < 0.03,
        "die": np.full(n, -1, np.int32),
        "die_listed": np.full(n, -1, np.int32),
        "hidden": np.zeros(n, bool),  # a death that only other departments know of
        "away": rng.random(n) < 0.015,
    }
    mortality = np.select(
        [years < 1, years < 40, years < 60, years < 75, years < 85], [0.003, 0.0005, 0.0025, 0.013, 0.045], 0.11
    )
    dead = rng.random(n) < mortality
    people["die"] = np.where(dead, plan.first + rng.integers(5, plan.last - plan.first - 5, n), -1).astype(np.int32)
    listed = dead & (rng.random(n) < 0.7)
    people["die_listed"] = np.where(listed, people["die"], -1).astype(np.int32)
    _chronic(people, rng, years)
    return people


def _households(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Role of each person (0 head, 1 spouse, 2 child, 3 parent) and the row of the head."""
    sizes = rng.choice([1, 2, 3, 4, 5], n, p=[0.22, 0.3, 0.24, 0.16, 0.08])
    heads = np.cumsum(sizes) - sizes
    keep = heads < n
    sizes, heads = sizes[keep], heads[keep]
    sizes[-1] = n - heads[-1]
    place = np.arange(n) - np.repeat(heads, sizes)
    role = np.select([place == 0, place == 1, place <= 3], [0, 1, 2], 3).astype(np.int8)
    return role, np.repeat(heads, sizes)


def _chronic(people: Frame, rng: np.random.Generator, years: Array) -> None:
    n = len(years)
    for name in CHRONIC:
        middle, old = _PREVALENCE[name]
        chance = np.select([years < 18, years < 45, years < 65], [0, middle / 10, middle], old)
        people[f"has_{name}"] = rng.random(n) < chance
    healthy = people["die"] < 0
    people["dialysis"] = (years > 25) & healthy & (rng.random(n) < 0.0008)
    people["cancer"] = (years > 35) & healthy & ~people["dialysis"] & (rng.random(n) < 0.0035)
    fertile = (
        people["known"]
        & (people["gend"] == 2)
        & (years > 21)
        & (years < 40)
        & healthy
        & ~people["cancer"]
        & ~people["dialysis"]
    )
    people["birth"] = fertile & (rng.random(n) < 0.06)


def person_table(plan: Plan, people: Frame, rng: np.random.Generator) -> pa.Table:
    """The lake table `person`."""
    n = len(people["brdy"])
    names = pa.array(list(_SURNAMES)).take(pa.array(rng.integers(0, len(_SURNAMES), n)))
    first = pa.array([*list(_GIVEN), *[""] * 12]).take(pa.array(rng.integers(0, len(_GIVEN) + 12, n)))
    second = pa.array(list(_GIVEN)).take(pa.array(rng.integers(0, len(_GIVEN), n)))
    districts = np.array([code for code, _ in DISTRICTS])
    region = districts[people["district"]]
    insured = np.where(people["away"], 990200, region)
    birth = people["brdy"].astype("datetime64[D]").astype(object)
    ymd = np.array([d.year * 10_000 + d.month * 100 + d.day for d in birth], np.int64)
    serial = _serials(plan, people, region)
    street = pa.array([f"{name}{road}" for _, name in DISTRICTS for road in ("明鉴路", "恒心街", "砚池巷", "澄江道", "云栖里")])
    road = pa.array(people["district"].astype(np.int64) * 5 + people["family"] % 5)
    house = from_matrix(digit_matrix(people["family"] // 5 % 900 + 100, 3))
    age_start = plan.first - np.minimum(people["brdy"], plan.first)
    insured_since = np.where(people["employee"], people["brdy"] + 22 * 365, people["brdy"] + 30 + age_start % 700).astype(
        np.int32
    )
    insured_since = np.minimum(np.maximum(insured_since, day_number(date(2001, 1, 1))), plan.first - 1)
    insured_since = np.maximum(insured_since, people["brdy"])  # a child of this year is insured from birth
    account = np.where(people["employee"], rng.integers(0, 900_000, n), 0)
    return pa.table(
        {
            "psn_no": person_numbers(people["number"]),
            "psn_name": pc.binary_join_element_wise(names, first, second, ""),
            "psn_cert_type": pa.array(np.full(n, "01", object)),
            "certno": identity_numbers(region, ymd, serial),
            "gend": pa.array(np.where(people["known"], people["gend"], 9).astype(str).astype(object)),
            "brdy": pa.array(people["brdy"], mask=~people["born_known"]).cast(pa.date32()),
            "insutype": pa.array(np.where(people["employee"], "310", "390").astype(object)),
            "psn_type": pa.array(people["psn_type"].astype(str).astype(object)),
            "insu_admdvs": numbered("", insured, 6),
            "psn_insu_stas": pa.array(np.where((people["die"] >= 0) & ~people["hidden"], "4", "1").astype(object)),
            "psn_insu_date": pa.array(insured_since).cast(pa.date32()),
            "emp_name": pa.array(
                ("明鉴路第" + (people["family"] % 97 + 1).astype(str) + "工坊").astype(object), mask=~people["employee"]
            ),
            "curr_addr": pc.binary_join_element_wise(street.take(road), house, "号", ""),
            "tel": numbered("10099", people["number"] * 7919 % 1_000_000, 6),
            "balc": money(account),
            "fmly_no": numbered("F", people["family"], 8),
            "die_date": pa.array(people["die"], mask=(people["die"] < 0) | people["hidden"]).cast(pa.date32()),
        }
    )


def _serials(plan: Plan, people: Frame, region: Array) -> Array:
    """Sequence part of identity numbers, odd for men: nobody of one region, birthday and sex shares it, in this block or another."""
    group = (region.astype(np.int64) * 1_000_000 + people["brdy"]) * 2 + (people["gend"] == 1)
    order = np.argsort(group, kind="stable")
    _, counts = np.unique(group, return_counts=True)
    rank = np.empty(len(group), np.int64)
    rank[order] = runs(counts)
    block = people["number"] // -(-plan.people // plan.blocks)
    return np.asarray((rank * plan.blocks + block) % 499 * 2 + np.where(people["gend"] == 1, 1, 2))


def death_list(people: Frame) -> pa.Table:
    """`external_list`: deaths reported by other departments, and poor households."""
    dead = np.flatnonzero(people["die_listed"] >= 0)
    poor = np.flatnonzero(people["poor"])
    day = np.concatenate([people["die_listed"][dead], np.full(len(poor), day_number(date(2024, 1, 1)))]).astype(np.int32)
    who = np.concatenate([dead, poor])
    source = np.where(people["number"][dead] % 3 == 0, "公安", "殡葬")
    return pa.table(
        {
            "list_kind": pa.array(["death"] * len(dead) + ["lowinc"] * len(poor), pa.string()),
            "psn_no": person_numbers(people["number"][who]),
            "begndate": pa.array(day).cast(pa.date32()),
            "enddate": pa.nulls(len(who), pa.date32()),
            "src_dept": pa.array([*source.tolist(), *["民政"] * len(poor)], pa.string()),
            "info": pa.nulls(len(who), pa.string()),
        }
    )
