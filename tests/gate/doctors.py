"""A hospital with a store in memory: one person, one catalogue of what the rulebook ships, orders typed by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from hengjian.engine.backends.duckdb import connect
from hengjian.gate.acts import Layout, Person, Rows
from hengjian.gate.build import attach, checker_of
from hengjian.gate.case import cases_of
from hengjian.gate.checker import Checked, Checker
from hengjian.gate.levels import LevelRow, Levels
from hengjian.gate.numbers import moment_of
from hengjian.kernel.dates import second_number
from hengjian.kernel.keys import key_of
from hengjian.lake.schema.layer import LAYER
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import Rulebook

from .benches import ALL

BOOK = load_rulebook()
HERE, THERE = "H99010100001", "H99010100002"
NOW = datetime(2026, 10, 15, 9, 30)


class Memory:
    """A store of a few persons."""

    def __init__(self) -> None:
        self.persons: dict[int, tuple[Person, Rows]] = {}
        self.patients: dict[tuple[int, int], int] = {}

    def person(self, psn_key: int) -> tuple[Person, Rows] | None:
        return self.persons.get(psn_key)

    def patient(self, org_key: int, patn_key: int) -> int | None:
        return self.patients.get((org_key, patn_key))

    def know(self, psn_no: str, rows: Rows | None = None, gend: str | None = "1", born: str = "1968-04-02") -> None:
        day = moment_of(datetime.fromisoformat(born))
        self.persons[key_of(psn_no)] = (Person(key_of(psn_no), gend, day[0], day[2]), rows or {})


def institutions() -> list[tuple[Any, ...]]:
    columns = [c.name for c in LAYER["institution"].columns]
    rows = []
    for code, level in ((HERE, 3), (THERE, 2)):
        cells = {"org_key": key_of(code), "fixmedins_code": code, "fixmedins_type": "1", "lv_grp": level, "admdvs": "990101"}
        rows.append(tuple(cells.get(c) for c in columns))
    return rows


def checker(
    memory: Memory, *, book: Rulebook = BOOK, levels: Iterable[LevelRow] = (), budget_seconds: float = 5.0, layout: Layout = ALL
) -> Checker:
    """A checker over the shipped knowledge."""
    with connect(threads=1) as con:
        attach(con, None)
        return checker_of(
            book, con, memory, layout, institutions(), levels=Levels(tuple(levels)), budget_seconds=budget_seconds
        )


def order(code: str, sn: str = "R1", **cells: Any) -> dict[str, Any]:
    return {
        "rx_id": sn, "rxno": "C1", "hilist_type": "101", "chrg_type": "09", "hilist_code": code, "hilist_name": f"名{sn}", "hilist_lv": "01",
        "cnt": 1, "pric": 10, "sumamt": 10, "ownpay_amt": 0, "drord_begn_date": str(NOW), "drord_dr_codg": "D990101000001", "curr_drord_flag": "1",
    } | cells  # fmt: skip


def request(
    *orders: dict[str, Any], infno: str = "3101", patient: Any = None, msgid: str = "M1", **visit: Any
) -> dict[str, Any]:
    """A check of one visit."""
    encounter = {
        "mdtrt_id": "HIS1", "medins_id": HERE, "medins_admdvs": "990101", "adm_date": "2026-10-15 09:00:00", "dscg_date": "2026-10-15 09:00:00",
        "med_type": "11", "insutype": "310", "matn_stas": "0", "dr_codg": "D990101000001",
        "fsi_diagnose_dtos": [{"inout_dise_type": "1", "maindise_flag": "1", "dias_srt_no": "1", "dise_codg": "E11.900", "dise_date": "2026-10-15"}],
        "fsi_order_dtos": list(orders),
    } | visit  # fmt: skip
    who = {"patn_id": "99P1", "gend": "1", "brdy": "1968-04-02", "poolarea": "990101", "curr_mdtrt_id": encounter["mdtrt_id"]}
    who |= patient or {}
    who["fsi_encounter_dtos"] = [encounter]
    return {
        "infno": infno, "msgid": msgid, "fixmedins_code": HERE, "inf_time": str(NOW),
        "input": {"data": {"task_id": "T1", "trig_scen": "2", "patient_dtos": [who]}},
    }  # fmt: skip


def ask(bench: Checker, *orders: dict[str, Any], infno: str = "3101", **given: Any) -> Checked:
    return bench.check(infno, request(*orders, infno=infno, **given), second_number(NOW))


def kept(*visits: dict[str, Any], days_ago: int = 0) -> Rows:
    """Rows of earlier checks as if they had been uploaded: `visit` and `orders` of `request`, under the platform's number."""
    rows: Rows = {}
    for given in visits:
        (case,) = cases_of("3102", given, moment_of(NOW - timedelta(days=days_ago)))
        for table, found in case.visit.rows(ALL).items():
            rows.setdefault(table, []).extend(found)
    return rows
