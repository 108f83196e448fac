"""Filling the roles from a lake: the same lake gives the same people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from hengjian.engine.backends.duckdb import connect
from hengjian.gate.trial.roles import Role
from hengjian.kernel.errors import InputError
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion

SYNTHETIC = "synthetic"
"""Word in the sender of a synthetic city's files."""
_RECENT_DAYS = 270
_STRANGER = "99990000000000000017"


@dataclass(frozen=True)
class Place:
    """An institution."""

    code: str
    name: str
    admdvs: str
    kind: str
    level: str


@dataclass(frozen=True)
class Doctor:
    """Who orders."""

    code: str
    name: str
    dept_codg: str
    dept_name: str
    title: str


@dataclass(frozen=True)
class Patient:
    """Who is treated, in a role."""

    role: Role
    psn_no: str
    brdy: date
    insutype: str
    poolarea: str


@dataclass(frozen=True)
class Cast:
    """Everybody of a demonstration. `day`: the day it plays on; `elsewhere`: another institution."""

    day: date
    region: str
    here: Place
    elsewhere: Place
    doctor: Doctor
    patients: tuple[Patient, ...]


def cast(lake: LakeVersion, roles: Sequence[Role]) -> Cast:
    """Who plays. A role that nobody of this city can fill is left out. Raises InputError for a lake that is not synthetic or is empty."""
    refuse_real(lake)
    manifest = lake.load["manifest"]
    day = date.fromisoformat(str(manifest["period_end"])[:10]) + timedelta(1)
    with connect(threads=1, memory="1GB") as con:
        here, elsewhere = _places(con, lake)
        doctor = _doctor(con, lake, here, day)
        patients: list[Patient] = []
        for role in roles:
            if (found := _patient(con, lake, role, day, [p.psn_no for p in patients], here)) is not None:
                patients.append(found)
    return Cast(day, str(manifest.get("admdvs", "990100")), here, elsewhere, doctor, tuple(patients))


def refuse_real(lake: LakeVersion) -> None:
    """Raises InputError for a lake whose data are not a synthetic city's."""
    if SYNTHETIC not in str(lake.load.get("manifest", {}).get("sender", "")):
        raise InputError(
            "试用页只能开在合成城市的数据湖上",
            where=str(lake.root),
            why="它不核对谁坐在屏幕前，真实数据不能这样给人看",
            cure="运行 make gate-demo，会另建一座合成城市；已经有别的数据的文件夹，用 --home 换一个",
        )


def _places(con: duckdb.DuckDBPyConnection, lake: LakeVersion) -> tuple[Place, Place]:
    columns = ("fixmedins_code", "fixmedins_name", "admdvs", "medins_type", "hosp_lv")
    hospitals = rows_sql(lake, "institution", (*columns, "fixmedins_type"))
    found = con.execute(
        f"SELECT {', '.join(columns)} FROM {hospitals} WHERE fixmedins_type = '1' AND medins_type = 'A1' ORDER BY hosp_lv, 1 LIMIT 2"
    ).fetchall()
    if len(found) < 2:
        raise InputError("这座合成城市没有两家医院", where=str(lake.root), cure="换一座大一些的城市，例如 PEOPLE=5000")
    return Place(*found[0]), Place(*found[1])


def _doctor(con: duckdb.DuckDBPyConnection, lake: LakeVersion, here: Place, day: date) -> Doctor:
    columns = ("prac_psn_code", "prac_psn_name", "dept_codg", "dept_name", "profttl")
    doctors = rows_sql(lake, "practitioner", (*columns, "fixmedins_code", "prac_psn_type", "begndate", "enddate", "stas"))
    found = con.execute(
        f"""SELECT {", ".join(columns)} FROM {doctors} WHERE fixmedins_code = ? AND prac_psn_type = '1' AND dept_name IS NOT NULL
        AND begndate <= ? AND (enddate IS NULL OR enddate > ?) AND COALESCE(stas, '1') = '1' ORDER BY profttl = '3' DESC, 1 LIMIT 1""",
        [here.code, day, day],
    ).fetchall()
    if not found:
        raise InputError("这座合成城市的医院没有医师", where=here.code, cure="换一座城市，例如 SEED=2")
    return Doctor(*(str(cell or "") for cell in found[0]))


def _patient(
    con: duckdb.DuckDBPyConnection, lake: LakeVersion, role: Role, day: date, taken: Sequence[str], here: Place
) -> Patient | None:
    youngest, oldest = day.replace(year=day.year - role.years[0]), day.replace(year=day.year - role.years[1])
    if role.stranger:
        return Patient(role, _STRANGER, youngest.replace(month=6, day=15), "310", here.admdvs)
    people = rows_sql(lake, "person", ("psn_no", "gend", "brdy", "insutype", "insu_admdvs", "die_date", "psn_insu_stas"))
    diagnoses = rows_sql(lake, "diagnosis", ("psn_no", "diag_code", "diag_time"))
    never = f"^({'|'.join(role.never) or '-'})"
    if not people or not diagnoses:
        return None
    found = con.execute(
        f"""SELECT p.psn_no, p.brdy, p.insutype, p.insu_admdvs FROM {people} AS p LEFT JOIN {diagnoses} AS d USING (psn_no)
        WHERE p.gend = ? AND p.brdy > ? AND p.brdy <= ? AND p.die_date IS NULL AND p.psn_insu_stas = '1' AND NOT list_contains(?, p.psn_no)
        AND NOT EXISTS (FROM {diagnoses} AS n WHERE n.psn_no = p.psn_no AND regexp_matches(n.diag_code, ?))
        GROUP BY ALL ORDER BY COUNT(*) FILTER (d.diag_code LIKE ? AND d.diag_time >= ?) DESC, p.psn_no LIMIT 1""",
        [role.gend, oldest, youngest, list(taken), never, f"{role.had}%", day - timedelta(_RECENT_DAYS)],
    ).fetchall()
    return Patient(role, *found[0]) if found else None
