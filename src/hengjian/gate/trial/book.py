"""The book of the demonstration: who is treated, what can be ordered and diagnosed, as the page reads it. One JSON file."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import msgspec

from hengjian.city.catalogue import Catalogue, catalogue
from hengjian.city.diseases import ALL
from hengjian.gate.trial.people import Cast, Patient
from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError

FILE = "try.json"
_PRICE = 3
"""The price group of the demonstration's hospital."""
_INSURANCE = {"310": "职工医保", "390": "居民医保"}
_VISITS = {"11": "门诊", "13": "急诊"}
_MORE_DIAGNOSES = {"Z34.900": "正常妊娠监督"}


def write_book(cast: Cast, home: Path) -> Path:
    """Write the book of a cast into the gate's home; its path. Raises InputError when the disk refuses."""
    path = home / FILE
    scratch = path.with_suffix(".part")
    try:
        home.mkdir(parents=True, exist_ok=True)
        scratch.write_bytes(msgspec.json.encode(book_of(cast)))
        os.replace(scratch, path)
    except OSError as error:
        raise InputError("试用页的资料没有写下来", where=str(path), why=cause_of(error), cure="检查权限和磁盘") from error
    return path


def book_of(cast: Cast) -> dict[str, object]:
    """What the page reads: see `static/main.js`."""
    items = catalogue()
    names = {d.code: d.name for d in ALL} | _MORE_DIAGNOSES
    return {
        "day": cast.day.isoformat(),
        "region": cast.region,
        "at": {
            "code": cast.here.code,
            "name": cast.here.name,
            "admdvs": cast.here.admdvs,
            "type": cast.here.kind,
            "lv": cast.here.level,
        },
        "doctor": {
            "code": cast.doctor.code,
            "name": cast.doctor.name,
            "dept_codg": cast.doctor.dept_codg,
            "dept_name": cast.doctor.dept_name,
            "title": cast.doctor.title,
        },
        "patients": [_patient(cast, patient, number, items, names) for number, patient in enumerate(cast.patients, 1)],
        "diagnoses": [[code, name] for code, name in sorted(names.items())],
        "items": _items(items),
    }


def _patient(cast: Cast, patient: Patient, number: int, items: Catalogue, names: dict[str, str]) -> dict[str, object]:
    role = patient.role
    tries = [[items.items[item_of(items, code)].code, quantity] for code, quantity in role.tries]
    return {
        "psn_no": patient.psn_no,
        "name": role.name,
        "gend": role.gend,
        "brdy": patient.brdy.isoformat(),
        "age": _age(patient.brdy, cast.day),
        "insutype": patient.insutype,
        "insurance": _INSURANCE.get(patient.insutype, "医保"),
        "poolarea": patient.poolarea,
        "med_type": role.med_type,
        "visit": _VISITS[role.med_type],
        "mdtrt_id": f"MZ{cast.day:%Y%m%d}{number:05d}",
        "diagnoses": [[code, names[code]] for code in role.diagnoses],
        "story": role.story,
        "tries": tries,
    }


def item_of(items: Catalogue, code: str) -> int:
    """The place in the catalogue of the first item whose code begins so."""
    return next(place for place, item in enumerate(items.items) if item.code.startswith(code))


def _items(items: Catalogue) -> list[list[object]]:
    """code, name, list type, fee category, class, price in yuan, unit, spec; one a code."""
    rows = {
        item.code: [
            item.code,
            item.name,
            item.list_type,
            item.chrg,
            f"{item.lv:02d}",
            int(items.pric[i, _PRICE]) / 1_000_000,
            item.unit,
            item.spec,
        ]
        for i, item in reversed(list(enumerate(items.items)))
    }
    return sorted(rows.values(), key=lambda row: (str(row[1]), str(row[7]), str(row[0])))


def _age(born: date, day: date) -> str:
    """An age as a doctor writes it: months below two years."""
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    return f"{months // 12} 岁" if months >= 24 else f"{months} 个月"
