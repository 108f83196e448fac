"""A 3101 to send by hand: the demonstration's first patient and the order that was done for her elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hengjian.gate.sites import SiteKey
from hengjian.gate.trial.book import book_of
from hengjian.gate.trial.people import Cast

FILE = "3101.json"


def write_example(cast: Cast, home: Path) -> Path:
    """Write the message; its path."""
    path = home / FILE
    path.write_text(json.dumps(_message(cast), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def curl_line(address: str, message: Path, key: SiteKey) -> str:
    """A shell line that signs the message and sends it."""
    sign = "$(printf %s \"$T$S$N$T\" | sha256sum | cut -d' ' -f1)"
    headers = (f"paasid: {key.paasid}", "timestamp: $T", "nonce: $N", f"signature: {sign}")
    return (
        f"S={key.secret}; T=$(date +%s); N=$RANDOM$RANDOM; curl -s {address} "
        + " ".join(f'-H "x-tif-{h}"' for h in headers)
        + f" -d @{message}"
    )


def _message(cast: Cast) -> dict[str, object]:
    book = book_of(cast)
    patient, doctor, here = cast.patients[0], cast.doctor, cast.here
    told = next(p for p in _list(book["patients"]) if p["psn_no"] == patient.psn_no)
    code, count = told["tries"][0]
    item = next(row for row in _list(book["items"]) if row[0] == code)
    at = f"{cast.day} 09:30:00"
    order = {
        "rx_id": "RX001",
        "rxno": "CF1",
        "hilist_type": item[2],
        "chrg_type": item[3],
        "hilist_code": item[0],
        "hilist_name": item[1],
        "hilist_lv": item[4],
        "cnt": count,
        "pric": item[5],
        "sumamt": round(item[5] * count, 2),
        "ownpay_amt": 0,
        "drord_begn_date": at,
        "drord_dept_codg": doctor.dept_codg,
        "drord_dr_codg": doctor.code,
        "drord_dr_name": doctor.name,
        "curr_drord_flag": "1",
    }
    diagnoses = [
        {
            "inout_dise_type": "1",
            "maindise_flag": "0" if number else "1",
            "dias_srt_no": str(number + 1),
            "dise_codg": code,
            "dise_name": name,
            "dise_date": at,
        }
        for number, (code, name) in enumerate(told["diagnoses"])
    ]
    visit = {
        "mdtrt_id": told["mdtrt_id"],
        "medins_id": here.code,
        "medins_name": here.name,
        "medins_admdvs": here.admdvs,
        "medins_type": here.kind,
        "medins_lv": here.level,
        "adm_date": at,
        "dscg_date": at,
        "dr_codg": doctor.code,
        "adm_dept_codg": doctor.dept_codg,
        "med_type": patient.role.med_type,
        "insutype": patient.insutype,
        "matn_stas": "0",
        "fsi_diagnose_dtos": diagnoses,
        "fsi_order_dtos": [order],
    }
    person = {
        "patn_id": patient.psn_no,
        "patn_name": patient.role.name,
        "gend": patient.role.gend,
        "brdy": patient.brdy.isoformat(),
        "poolarea": patient.poolarea,
        "curr_mdtrt_id": told["mdtrt_id"],
        "fsi_encounter_dtos": [visit],
    }
    return {
        "infno": "3101",
        "msgid": f"{here.code}{cast.day:%Y%m%d}0930000001",
        "mdtrtarea_admvs": here.admdvs,
        "insuplc_admdvs": cast.region,
        "infver": "V1.0",
        "opter_type": "1",
        "opter": doctor.code,
        "opter_name": doctor.name,
        "inf_time": at,
        "fixmedins_code": here.code,
        "fixmedins_name": here.name,
        "input": {"data": {"syscode": "TRY", "task_id": "T1", "trig_scen": "2", "rule_ids": [], "patient_dtos": [person]}},
    }


def _list(value: object) -> list[Any]:
    assert isinstance(value, list)
    return value
