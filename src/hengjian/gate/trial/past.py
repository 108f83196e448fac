"""What the demonstration's people had done elsewhere, told to the gate as that institution would tell it: 2203 and 2204, through the inbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from hengjian.city.catalogue import catalogue
from hengjian.gate.acts import Layout
from hengjian.gate.fold import fold_subjects
from hengjian.gate.store import Incoming, Store
from hengjian.gate.subjects import kept_under
from hengjian.gate.trial.book import item_of
from hengjian.gate.trial.people import Cast, Patient
from hengjian.kernel.dates import day_number
from hengjian.kernel.errors import InputError
from hengjian.lake.wire import Message, Refusal, parse

_DAY = 86_400


def tell_past(cast: Cast, store: Store, layout: Layout) -> int:
    """Keep and fold the messages; how many were new. Run again it changes nothing. `layout`: the columns the rules read."""
    lines = [json.dumps(message, ensure_ascii=False).encode() for message in _messages(cast)]
    messages = [(_read(line), line) for line in lines]
    now = day_number(cast.day) * _DAY
    new = sum(store.accept([Incoming.of(message, line, now) for message, line in messages]))
    subjects = dict.fromkeys(s for message, _ in messages for s in kept_under(message))
    with store.folding(subjects) as due:
        if due:
            fold_subjects(due, store, store.use_layout(layout), today=cast.day)
    return new


def _read(line: bytes) -> Message:
    found = parse(line)
    if isinstance(found, Refusal):
        raise InputError("演示的既往报文读不出", why=found.code)
    return found


def _messages(cast: Cast) -> Iterator[dict[str, object]]:
    for number, patient in enumerate(cast.patients, 1):
        if patient.role.elsewhere is not None:
            yield from _visit(cast, patient, number)


def _visit(cast: Cast, patient: Patient, number: int) -> Iterator[dict[str, object]]:
    did = patient.role.elsewhere
    assert did is not None
    at = datetime.combine(cast.day, time(9, 20)) - timedelta(did.days_before)
    items = catalogue()
    index = item_of(items, did.code)
    item, price = items.items[index], int(items.pric[index, 3]) / 1_000_000
    visit = {"mdtrt_id": f"TRY{at:%Y%m%d}{number:03d}", "psn_no": patient.psn_no}
    begun = {"insutype": patient.insutype, "med_type": "11", "begntime": f"{at:%Y-%m-%d %H:%M:%S}", "atddr_no": "D990000000001"}
    line = visit | {
        "feedetl_sn": "1",
        "chrg_bchno": "1",
        "fee_ocur_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "med_list_codg": item.code,
        "medins_list_codg": item.code,
        "hilist_name": item.name,
        "det_item_fee_sumamt": price,
        "cnt": 1,
        "pric": price,
        "bilg_dr_codg": "D990000000001",
    }
    if item.cover:
        line |= {"prd_days": item.cover, "used_frqu_dscr": item.freq, "medc_way_dscr": item.way}
    told = {"feedetl_sn": "1", "det_item_fee_sumamt": price, "cnt": 1, "pric": price, "inscp_scp_amt": price}
    told |= {"fulamt_ownpay_amt": 0, "preselfpay_amt": 0, "overlmt_amt": 0, "selfpay_prop": 0}
    told |= {"chrgitm_lv": f"{item.lv:02d}", "med_chrgitm_type": item.chrg, "list_type": item.list_type}
    disease = {"diag_type": "1", "diag_srt_no": "1", "maindiag_flag": "1", "diag_code": did.diagnosis}
    yield _exchange(cast, at, number, "2203", {"mdtrtinfo": visit | begun, "diseinfo": [disease]}, {})
    yield _exchange(cast, at, number, "2204", {"feedetail": [line]}, {"result": [told]})


def _exchange(
    cast: Cast, at: datetime, number: int, infno: str, given: dict[str, object], told: dict[str, object]
) -> dict[str, object]:
    code = cast.elsewhere.code
    request = {
        "infno": infno,
        "msgid": f"{code}{at:%Y%m%d%H%M%S}{number:02d}{infno[-2:]}",
        "mdtrtarea_admvs": cast.elsewhere.admdvs,
        "insuplc_admdvs": cast.region,
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0001",
        "inf_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "fixmedins_code": code,
        "fixmedins_name": cast.elsewhere.name,
        "input": given,
    }
    answer = {"infcode": 0, "inf_refmsgid": f"{cast.region}{at:%Y%m%d%H%M%S}{number:010d}", "err_msg": "", "output": told}
    return {"request": request, "response": answer}
