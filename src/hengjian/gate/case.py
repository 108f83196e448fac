"""A check as rows: one visit of a message, its orders, diagnoses and operations, in the integers of the rule layer.

A draft has no fund share, no refunds and often no end. What is in scope of the fund is told by the order itself: its amount less what is
wholly self-paid, nothing for class 丙. A line that cannot be read is left out and named; nobody is accused by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hengjian.gate.acts import Layout, Row, Rows
from hengjian.gate.analysis import DATA, DIAGNOSES, ENCOUNTER, INFNOS, OPERATIONS, ORDERS, PATIENT, spelled, text
from hengjian.gate.derive import item_key, kind_of, region_flag
from hengjian.gate.numbers import MOST_YUAN, Moment, moment, scaled
from hengjian.kernel.amounts import FEN
from hengjian.kernel.keys import key_of
from hengjian.lake.wire.nodes import many, opened

SELF_PAID_LEVELS = ("03", "3")
"""Class 丙: the fund pays nothing."""
EMERGENCY, MATERNITY = ("13", "24"), "5"
NEWBORN_DAYS = 28


Cells = dict[str, int | str | None]


@dataclass(slots=True)
class Line:
    """One order line: what the answer points to, and its row."""

    sn: str
    code: str
    name: str
    item_key: int
    day: int
    cnt_e4: int
    dr_codg: str
    current: bool
    cells: Cells


@dataclass(slots=True)
class Visit:
    """One visit of a message."""

    mdtrt_id: str
    mdtrt_key: int
    fixmedins_code: str
    org_key: int
    kind: str
    begun: Moment
    cells: Cells
    lines: list[Line] = field(default_factory=list)
    diagnoses: list[Cells] = field(default_factory=list)
    operations: list[Cells] = field(default_factory=list)

    @property
    def in_day(self) -> int:
        """The day it began."""
        return self.begun[0]

    def rows(self, layout: Layout) -> Rows:
        """The rows of the visit."""
        return {
            "encounter": [fit(self.cells, layout.columns["encounter"])],
            "diagnosis": [fit(d, layout.columns["diagnosis"]) for d in self.diagnoses],
            "operation": [fit(o, layout.columns["operation"]) for o in self.operations],
            "fee_line": [fit(line.cells, layout.columns["fee_line"]) for line in self.lines],
        }


@dataclass(slots=True)
class Case:
    """One person's part of a check. `visit` is judged; `others` are told beside it."""

    stage: str
    task_id: str
    patn_id: str
    gend: str | None
    born: Moment | None
    fixmedins_code: str
    visit: Visit
    others: list[Visit]
    unread: list[str]

    @property
    def only_informs(self) -> bool:
        """Emergencies, maternity and newborns are only informed (design §6)."""
        med_type = str(self.visit.cells.get("med_type") or "")
        newborn = self.born is not None and self.visit.in_day - self.born[0] < NEWBORN_DAYS
        return newborn or med_type.startswith(EMERGENCY) or med_type.startswith(MATERNITY)


def fit(cells: Mapping[str, int | str | None], columns: Iterable[str]) -> Row:
    """Cells as a row of these columns."""
    return tuple(map(cells.get, columns))


def cases_of(infno: str, request: Mapping[str, Any], now: Moment) -> list[Case]:
    """The cases of a check: one a person, without those that name no visit. `now` stands in for a missing order time."""
    stage = INFNOS[infno]
    given = opened(request.get("input"))
    given = given if type(given) is dict else {}
    data = _node(given, DATA.names) or given
    head = spelled(DATA, data)
    envelope_org = text(request.get("fixmedins_code"))
    cases = []
    for entry in _entries((data, given), PATIENT.names):
        patient = spelled(PATIENT, entry)
        case = _case(stage, text(head.get("task_id")), patient, (entry, data, given), envelope_org, now)
        if case is not None:
            cases.append(case)
    return cases


def _node(root: Mapping[str, Any], names: Iterable[str]) -> Mapping[str, Any] | None:
    for name in names:
        found = opened(root.get(name))
        if type(found) is dict:
            return found
    return None


def _entries(places: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[Mapping[str, Any]]:
    """The entries of a collection, nested or flat, one or many."""
    for place in places:
        for name in names:
            if found := many(opened(place.get(name))):
                return list(found)
    return []


def _case(
    stage: str,
    task_id: str,
    patient: Mapping[str, Any],
    places: tuple[Mapping[str, Any], ...],
    envelope_org: str,
    now: Moment,
) -> Case | None:
    unread: list[str] = []
    born, gend = moment(text(patient.get("brdy"))), text(patient.get("gend"))
    current = text(patient.get("curr_mdtrt_id"))
    area = text(patient.get("poolarea"))
    visits = []
    for entry in _entries(places, ENCOUNTER.names):
        seen = _visit(stage, spelled(ENCOUNTER, entry), (entry,), area, envelope_org, now, unread)
        visits.append(seen)
    if not visits:
        return None
    judged = next((v for v in visits if v.mdtrt_id == current), None) if current else visits[0]
    if judged is None and len(visits) == 1:
        judged = visits[0]
    if judged is None:
        return None
    if not judged.lines:  # orders beside the encounter, as one client sends them
        _read_parts(judged, places, now, unread, stage)
    return Case(
        stage,
        task_id,
        text(patient.get("patn_id")),
        gend if gend in ("1", "2") else None,
        born if born is not None and born[2] > 19000101 else None,
        judged.fixmedins_code,
        judged,
        [v for v in visits if v is not judged],
        unread,
    )


def _visit(
    stage: str,
    entry: Mapping[str, Any],
    places: tuple[Mapping[str, Any], ...],
    area: str,
    envelope_org: str,
    now: Moment,
    unread: list[str],
) -> Visit:
    mdtrt_id = text(entry.get("mdtrt_id"))
    org = text(entry.get("medins_id")) or envelope_org
    med_type = text(entry.get("med_type"))
    begun = moment(text(entry.get("adm_date"))) or now
    ended = moment(text(entry.get("dscg_date"))) if stage == "during" else None
    kind = kind_of(med_type, org)
    if ended is not None and ended[1] <= begun[1]:
        ended = None
    cells: Cells = {
        "psn_key": 1,
        "mdtrt_key": key_of(mdtrt_id),
        "org_key": key_of(org),
        "insutype": text(entry.get("insutype")) or None,
        "med_type": med_type or None,
        "kind": kind,
        "in_day": begun[0],
        "out_day": ended[0] if ended is not None and kind == "inp" else None,
        "beg_sec": begun[1],
        "end_sec": ended[1] if ended is not None else None,
        "los_days": max(1, ended[0] - begun[0]) if ended is not None else None,
        "adm_dept_codg": text(entry.get("adm_dept_codg")) or None,
        "dscg_dept_codg": text(entry.get("dscg_dept_codg")) or None,
        "atddr_no": text(entry.get("dr_codg")) or None,
        "matn_stas": text(entry.get("matn_stas")) or None,
        "rgn_flag": region_flag(area, at) if area and (at := text(entry.get("medins_admdvs"))) else None,
        "fund_amt": 0,
    }
    visit = Visit(mdtrt_id, key_of(mdtrt_id), org, key_of(org), kind, begun, cells)
    _read_parts(visit, places, now, unread, stage, main=text(entry.get("dscg_main_dise_codg")))
    return visit


def _read_parts(
    visit: Visit, places: tuple[Mapping[str, Any], ...], now: Moment, unread: list[str], stage: str, main: str = ""
) -> None:
    """Diagnoses, operations and orders of a visit."""
    keys: Cells = {"psn_key": 1, "mdtrt_key": visit.mdtrt_key}
    for place, node in enumerate(_entries(places, DIAGNOSES.names)):
        d = spelled(DIAGNOSES, node)
        if code := text(d.get("dise_codg")):
            when = moment(text(d.get("dise_date"))) or visit.begun
            srt = scaled(d.get("dias_srt_no"), 0)
            visit.diagnoses.append(
                keys
                | {
                    "diag_key": key_of(code),
                    "diag_code": code,
                    "inout_diag_type": text(d.get("inout_dise_type")) or "1",
                    "diag_type": "1",
                    "diag_srt_no": srt if srt is not None else place + 1,
                    "maindiag_flag": text(d.get("maindise_flag")) or None,
                    "diag_day": when[0],
                    "diag_ymd": when[2],
                }
            )
    if not visit.diagnoses and main:
        visit.diagnoses.append(
            keys
            | {"diag_key": key_of(main), "diag_code": main, "inout_diag_type": "1", "diag_type": "1", "diag_srt_no": 1}
            | {"maindiag_flag": "1", "diag_day": visit.begun[0], "diag_ymd": visit.begun[2]}
        )
    chief = [d for d in visit.diagnoses if d["maindiag_flag"] == "1"]
    if chief:
        best = max(chief, key=lambda d: (str(d["inout_diag_type"]), -int(d["diag_srt_no"] or 0)))
        visit.cells["main_diag"] = best["diag_code"]
        visit.cells["diag3"] = str(best["diag_code"])[:3]
    for place, node in enumerate(_entries(places, OPERATIONS.names)):
        o = spelled(OPERATIONS, node)
        if code := text(o.get("oprn_code")):
            done = moment(text(o.get("oprn_date")))
            visit.operations.append(
                keys
                | {
                    "oprn_key": key_of(code),
                    "oprn_oprt_code": code,
                    "oprn_srt_no": place + 1,
                    "main_oprn_flag": text(o.get("main_oprn_flag")) or None,
                    "oprn_day": done[0] if done else None,
                    "oprn_ymd": done[2] if done else None,
                }
            )
    for place, node in enumerate(_entries(places, ORDERS.names)):
        line = _line(visit, spelled(ORDERS, node), place, now)
        if isinstance(line, str):
            unread.append(line)
        elif line is not None:
            visit.lines.append(line)
    visit.cells["total_amt"] = sum(int(line.cells["net_amt"] or 0) for line in visit.lines)
    visit.cells["inscp_amt"] = sum(int(line.cells["net_inscp"] or 0) for line in visit.lines)


def _line(visit: Visit, o: Mapping[str, Any], place: int, now: Moment) -> Line | str | None:
    """An order as a line; its name when it cannot be read; None for one that takes back (a draft has nothing to take back from)."""
    sn, code = text(o.get("rx_id")) or f"#{place + 1}", text(o.get("hilist_code"))
    name = text(o.get("hilist_name")) or text(o.get("hosplist_name"))
    cnt, pric, amt = scaled(o.get("cnt"), 4), scaled(o.get("pric"), 6), scaled(o.get("sumamt"), 2)
    if not code:
        return None  # no national code: nothing any rule knows, and the fund pays nothing
    if amt is None and cnt is not None and pric is not None:
        amt = (2 * cnt * pric + 10**8) // (2 * 10**8)
    if cnt is None or amt is None or abs(amt) > MOST_YUAN * FEN:
        return name or code
    if cnt <= 0 or amt < 0:
        return None
    if pric is None:
        pric = amt * 10**8 // cnt
    level = text(o.get("hilist_lv"))
    own = scaled(o.get("ownpay_amt"), 2) or 0
    inscp = 0 if level in SELF_PAID_LEVELS else max(0, amt - own)
    when = moment(text(o.get("drord_begn_date"))) or now
    key = item_key(code)
    dr = text(o.get("drord_dr_codg"))
    cells: Cells = {
        "psn_key": 1,
        "mdtrt_key": visit.mdtrt_key,
        "org_key": visit.org_key,
        "feedetl_sn": sn,
        "item_key": key,
        "fee_day": when[0],
        "fee_sec": when[1],
        "fee_ymd": when[2],
        "off_days": _off(visit, when[0]),
        "list_type": text(o.get("hilist_type")) or None,
        "med_chrgitm_type": text(o.get("chrg_type")) or None,
        "chrgitm_lv": level.zfill(2) if level else None,
        "net_cnt_e4": cnt,
        "pric_e6": pric,
        "net_amt": amt,
        "net_inscp": inscp,
        "fund_amt": 0,
        "bilg_dept_codg": text(o.get("drord_dept_codg")) or None,
        "bilg_dr_codg": dr or None,
        "rxno": text(o.get("rxno")) or None,
    }
    return Line(sn, code, name, key, when[0], cnt, dr, text(o.get("curr_drord_flag")) != "0", cells)


def _off(visit: Visit, day: int) -> int:
    if visit.kind != "inp":
        return 0
    out = visit.cells.get("out_day")
    if day < visit.in_day:
        return day - visit.in_day
    return day - int(out) if out is not None and day > int(out) else 0
