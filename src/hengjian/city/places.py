"""Hospitals, health centres, clinics, pharmacies, their people and machines. All invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hengjian.city.columns import days
from hengjian.city.diseases import DEPTS
from hengjian.city.frames import Array
from hengjian.city.people import DISTRICTS
from hengjian.city.plan import Plan
from hengjian.city.registrations import registrations

TERTIARY, SECONDARY, WOMEN, TOWNSHIP, CLINIC, PHARMACY = range(6)
DEPT_CODES = tuple(DEPTS)
_KINDS = (  # name, hosp_lv, medins_type, price group, beds for 100,000 people in all
    ("人民医院", "02", "A1", 3, 260),
    ("中心医院", "05", "A1", 2, 260),
    ("妇幼保健院", "05", "G1", 2, 60),
    ("中心卫生院", "08", "C2", 1, 90),
    ("诊所", "11", "D1", 1, 0),
    ("大药房", "", "", 0, 0),
)
_SYLLABLES = "澄砚衡溪岚棠桐鹤松莲枫榆竹荷梅柏清远宁和"
_SMALL = ("A01", "A02", "A20")
_WOMENS = ("A01", "A02", "E01", "E02", "A20")


@dataclass(frozen=True)
class Places:
    """Institutions as arrays, with pools by kind and district and doctors by institution and department."""

    kind: Array
    district: Array
    level: Array
    codes: tuple[str, ...]
    names: tuple[str, ...]
    pools: tuple[tuple[Array, ...], ...]  # [kind][district] → institutions; an empty district takes the whole city's
    doctor_first: Array  # [institution, department]
    doctor_count: Array
    doctor_codes: tuple[str, ...]
    doctor_names: tuple[str, ...]
    doctor_place: Array
    doctor_dept: Array
    doctor_right: Array  # right to prescribe antibiotics as registered there, -1 = not on record
    doctor_else: Array  # the same of a second registration elsewhere, -2 = there is none
    tables: dict[str, pa.Table]

    def of_kind(self, kind: int) -> Array:
        """All institutions of a kind."""
        return np.flatnonzero(self.kind == kind)

    @property
    def unrated(self) -> int:
        """The one clinic whose level is not on record."""
        return int(self.of_kind(CLINIC)[-1])


def make_places(plan: Plan) -> Places:
    """The institutions of a city of this size."""
    rng = plan.rng(1_000_000)
    n = plan.people
    counts = (
        max(2, n // 150_000),
        max(3, n // 45_000),
        max(1, n // 250_000),
        max(6, n // 14_000),
        max(8, n // 4_000),
        max(9, n // 3_500),
    )
    kind = np.repeat(np.arange(6), counts).astype(np.int8)
    serial = np.concatenate([np.arange(c) for c in counts])
    district = (serial % len(DISTRICTS)).astype(np.int8)
    level = np.array([k[3] for k in _KINDS], np.int8)[kind]
    names, codes, groups = [], [], []
    for i, (k, s) in enumerate(zip(kind.tolist(), serial.tolist(), strict=True)):
        area = DISTRICTS[district[i]]
        word = _SYLLABLES[s % 20] + _SYLLABLES[(s // 20 + s * 7 + k) % 20]
        chain = f"G{s // 4 % 12:03d}" if k == PHARMACY and s % 3 else ""
        number = f"第{s // 20 + 1}" if s >= 20 else ""
        names.append(
            f"镜川市{area[1] if k != TERTIARY else ''}{('恒和连锁' if chain else '') + word}{number}{_KINDS[k][0]}{f'{s + 1}店' if chain else ''}"
        )
        codes.append(f"{'P' if k == PHARMACY else 'H'}{area[0]}{i + 1:05d}")
        groups.append(chain or None)
    pools = tuple(tuple(_pool(kind, district, k, d) for d in range(len(DISTRICTS))) for k in range(6))
    staff = _staff(plan, kind, codes)
    beds = np.array([max(20, k[4] * n // 100_000 // c * 2) if k[4] else 0 for k, c in zip(_KINDS, counts, strict=True)])[kind]
    tables = {
        "institution": _institution_table(kind, district, codes, names, groups, beds),
        "practitioner": staff["table"],
        "device": _devices(kind, codes, rng),
    }
    return Places(
        kind,
        district,
        level,
        tuple(codes),
        tuple(names),
        pools,
        staff["first"],
        staff["count"],
        tuple(staff["codes"]),
        tuple(staff["names"]),
        staff["place"],
        staff["dept"],
        staff["right"],
        staff["else"],
        tables,
    )


def _pool(kind: Array, district: Array, k: int, d: int) -> Array:
    here = np.flatnonzero((kind == k) & (district == d))
    return here if len(here) else np.flatnonzero(kind == k)


def _staff(plan: Plan, kind: Array, codes: list[str]) -> dict[str, Any]:
    places, depts = len(kind), len(DEPT_CODES)
    first, count = np.zeros((places, depts), np.int32), np.zeros((places, depts), np.int32)
    per_dept = {TERTIARY: 5, SECONDARY: 4, WOMEN: 4, TOWNSHIP: 3, CLINIC: 2, PHARMACY: 1}
    rows: list[tuple[int, str, str]] = []  # institution, department, type
    for i, k in enumerate(kind.tolist()):
        own = {TOWNSHIP: _SMALL, CLINIC: ("A01",), PHARMACY: ("A01",), WOMEN: _WOMENS}.get(k, DEPT_CODES)
        for dept in own:
            j = DEPT_CODES.index(dept)
            first[i, j], count[i, j] = len(rows), per_dept[k]
            rows += [(i, dept, "3" if k == PHARMACY else "1")] * per_dept[k]
        for j, dept in enumerate(DEPT_CODES):
            if dept not in own:
                first[i, j], count[i, j] = first[i, 0], count[i, 0]
    doctors = len(rows)
    helpers = [
        (i, "A01", kind_of)
        for i, k in enumerate(kind.tolist())
        if k in (TERTIARY, SECONDARY, WOMEN, TOWNSHIP)
        for kind_of in ("2", "2", "4", "5")
    ]
    prefix = {"1": "D", "2": "HS", "3": "YS", "4": "J", "5": "J"}
    people = [f"{prefix[t]}{codes[i][1:7]}{n + 1:06d}" for n, (i, _, t) in enumerate(rows + helpers)]
    surnames, given = "章程方许薛雷贺倪汤滕殷罗毕郝邬安常乐于时", "若澄砚秋鉴溪云舟望舒知远清晏怀瑾"
    names = [surnames[n % 20] + given[n * 7 % 16] + given[(n * 11 + n // 16) % 16] for n in range(len(people))]
    everyone = rows + helpers
    rights, elsewhere, registered = registrations(kind, everyone, doctors)
    doctor = [everyone[n][2] == "1" for n, *_ in registered]
    table = pa.table(
        {
            "prac_psn_code": [people[n] for n, *_ in registered],
            "prac_psn_name": [names[n] for n, *_ in registered],
            "prac_psn_type": [everyone[n][2] for n, *_ in registered],
            "fixmedins_code": [codes[i] for _, i, *_ in registered],
            "begndate": days(np.array([since for *_, since, _ in registered])),
            "enddate": days(np.array([end or 0 for *_, end in registered]), np.array([end is None for *_, end in registered])),
            "dept_codg": [everyone[n][1] for n, *_ in registered],
            "dept_name": [DEPTS[everyone[n][1]] for n, *_ in registered],
            "profttl": [str(2 + n % 4) for n, *_ in registered],
            "prac_type": ["1" if t else None for t in doctor],
            "antb_lv": [str(lv) if lv >= 0 else None for _, _, lv, *_ in registered],
            "nrct_flag": ["1" if t else None for t in doctor],
            "stas": ["1"] * len(registered),
        }
    )
    return {
        "place": np.array([i for i, _, _ in rows], np.int32),
        "dept": np.array([DEPT_CODES.index(d) for _, d, _ in rows], np.int8),
        "right": rights,
        "else": elsewhere,
        "first": first,
        "count": count,
        "codes": people[:doctors],
        "names": names[:doctors],
        "table": table,
    }


def _institution_table(
    kind: Array, district: Array, codes: list[str], names: list[str], groups: list[str | None], beds: Array
) -> pa.Table:
    n = len(codes)
    clinic = kind >= CLINIC
    levels = [_KINDS[k][1] or None for k in kind]
    levels[int(np.flatnonzero(kind == CLINIC)[-1])] = None
    return pa.table(
        {
            "fixmedins_code": codes,
            "fixmedins_name": names,
            "fixmedins_type": ["2" if k == PHARMACY else "1" for k in kind],
            "medins_type": [_KINDS[k][2] or None for k in kind],
            "hosp_lv": pa.array(levels, pa.string()),
            "admdvs": [str(DISTRICTS[d][0]) for d in district],
            "addr": [f"{DISTRICTS[d][1]}砚池巷{i + 1}号" for i, d in enumerate(district)],
            "aprv_bed_cnt": pa.array(beds.astype(np.int32), mask=beds == 0),
            "bed_valid_from": days(np.full(n, 18_262), beds == 0),
            "open_bed_cnt": pa.array(beds.astype(np.int32), mask=beds == 0),
            "day_bed_cnt": pa.array(np.full(n, 6, np.int32), mask=clinic),
            "agre_begndate": days(np.full(n, 18_262)),
            "agre_enddate": days(np.full(n, 22_279)),
            "biz_open_time": ["08:00"] * n,
            "biz_close_time": ["22:00"] * n,
            "onln_hosp_flag": ["1" if k == TERTIARY else "0" for k in kind],
            "grp_no": pa.array(groups, pa.string()),
        }
    )


def _devices(kind: Array, codes: list[str], rng: np.random.Generator) -> pa.Table:
    rows: list[tuple[str, str, str, str, int | None]] = []
    for i, k in enumerate(kind.tolist()):
        tills = 4 if k in (TERTIARY, SECONDARY) else 1
        rows += [(f"POS{i:05d}{t}", "1", codes[i], "结算终端", None) for t in range(tills)]
        if k in (TERTIARY, SECONDARY):
            rows += [
                (f"CT{i:05d}", "4", codes[i], "断层扫描机", 120),
                (f"DR{i:05d}", "6", codes[i], "数字化摄影机", 200),
                (f"HD{i:05d}", "3", codes[i], "血透机", 3),
            ]
    begun = days(rng.integers(18_300, 20_000, len(rows)))
    return pa.table(
        {
            "dev_no": [r[0] for r in rows],
            "dev_type": [r[1] for r in rows],
            "fixmedins_code": [r[2] for r in rows],
            "dev_name": [r[3] for r in rows],
            "begndate": begun,
            "shift_cap": pa.array([r[4] for r in rows], pa.int32()),
        }
    )
