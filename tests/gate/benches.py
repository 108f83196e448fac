"""A bench over a generated lake: the archive's court, and the gate over the same rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from hengjian.gate.acts import ACT_TABLES, Layout, Person, Rows
from hengjian.gate.case import cases_of
from hengjian.gate.checker import Checker
from hengjian.gate.judge import Judge
from hengjian.gate.knowledge import Knowledge
from hengjian.gate.levels import Levels
from hengjian.gate.numbers import moment_of
from hengjian.kernel.dates import day_date, second_instant
from hengjian.lake.schema.layer import LAYER

from ..generative.court import LakeCourt

ALL = Layout({t: tuple(c.name for c in LAYER[t].columns if c.name not in ("bucket", "psn_key")) for t in ACT_TABLES})
"""Every column of the rule layer."""

NOT_IN_A_MESSAGE = {
    "fee_line": ("exe_beg_sec", "exe_end_sec", "oprn_no", "body_part"),
}
"""What the archive may know and no check says; rules at the gate fall back on another column."""


class Bench:
    """The gate over a court's rows: `ask(mdtrt_key, stage)` builds the message an honest hospital would have sent."""

    def __init__(self, court: LakeCourt, stages: dict[str, frozenset[str]]) -> None:
        book, con = court.book, court.con
        self.court = court
        wanted = {rule_id for named in stages.values() for rule_id in named}
        self.knowledge = Knowledge(book, [r for r in court.rules if r.rule_id in wanted], con)
        institutions = self._rows("institution", tuple(c.name for c in LAYER["institution"].columns))
        self.judge = Judge(book, stages, self.knowledge, ALL, institutions)
        self.checker = Checker(book, self.judge, self, Levels())
        self.persons = {row[0]: Person(*row) for row in self._rows("person", Person._fields)}
        self.names = dict(con.execute("SELECT psn_key, psn_no FROM person").fetchall())
        self.codes = {n: dict(con.execute(f"SELECT key, code FROM code_{n}").fetchall()) for n in ("item", "diag", "oprn")}
        self.acts: dict[int, Rows] = defaultdict(lambda: {t: [] for t in ACT_TABLES})
        for table in ACT_TABLES:
            for psn_key, *row in self._rows(table, ("psn_key", *ALL.columns[table])):
                self.acts[psn_key][table].append(tuple(row))

    def _rows(self, table: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        return self.court.con.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()

    def person(self, psn_key: int) -> tuple[Person, Rows] | None:
        """As a store answers."""
        return (self.persons[psn_key], self.acts[psn_key]) if psn_key in self.persons else None

    def patient(self, org_key: int, patn_key: int) -> int | None:
        return None

    def without(self, psn_key: int, mdtrt_key: int) -> Rows:
        """A person's rows of other visits."""
        return {t: [r for r in rows if r[ALL.place(t, "mdtrt_key")] != mdtrt_key] for t, rows in self.acts[psn_key].items()}

    def message(self, psn_key: int, mdtrt_key: int, infno: str, insured: str = "990101") -> dict[str, Any]:
        """The check of one visit, made of its rows as they stand."""
        rows = {
            t: [dict(zip(ALL.columns[t], r, strict=True)) for r in found if r[ALL.place(t, "mdtrt_key")] == mdtrt_key]
            for t, found in self.acts[psn_key].items()
        }
        e, p = rows["encounter"][0], self.persons[psn_key]
        inst = next(i for i in self._rows("institution", ("org_key", "fixmedins_code", "admdvs")) if i[0] == e["org_key"])
        encounter = {
            "mdtrt_id": e["mdtrt_id"],
            "medins_id": inst[1],
            "medins_admdvs": inst[2],
            "adm_date": stamp(e["beg_sec"]),
            "dscg_date": stamp(e["end_sec"]) or stamp(e["beg_sec"]),
            "med_type": e["med_type"],
            "insutype": e["insutype"],
            "matn_stas": e["matn_stas"],
            "dr_codg": e["atddr_no"],
            "fsi_diagnose_dtos": [
                {
                    "inout_dise_type": d["inout_diag_type"],
                    "maindise_flag": d["maindiag_flag"],
                    "dias_srt_no": d["diag_srt_no"],
                    "dise_codg": d["diag_code"],
                    "dise_date": str(day_date(d["diag_day"])),
                }
                for d in rows["diagnosis"]
            ],
            "fsi_operation_dtos": [
                {
                    "oprn_code": o["oprn_oprt_code"],
                    "main_oprn_flag": o["main_oprn_flag"],
                    "oprn_date": str(day_date(o["oprn_day"])) if o["oprn_day"] is not None else "",
                }
                for o in rows["operation"]
            ],
            "fsi_order_dtos": [
                {
                    "rx_id": f["feedetl_sn"],
                    "rxno": f["rxno"],
                    "hilist_type": f["list_type"],
                    "chrg_type": f["med_chrgitm_type"],
                    "hilist_code": self.codes["item"][f["item_key"]],
                    "hilist_lv": f["chrgitm_lv"] if f["chrgitm_lv"] != "03" or not f["net_inscp"] else "02",
                    "cnt": str(Decimal(f["net_cnt_e4"]).scaleb(-4)),
                    "pric": str(Decimal(f["pric_e6"]).scaleb(-6)),
                    "sumamt": str(Decimal(f["net_amt"]).scaleb(-2)),
                    "ownpay_amt": str(Decimal(f["net_amt"] - f["net_inscp"]).scaleb(-2)),
                    "drord_begn_date": stamp(f["fee_sec"]),
                    "drord_dept_codg": f["bilg_dept_codg"],
                    "drord_dr_codg": f["bilg_dr_codg"],
                    "curr_drord_flag": "1",
                }
                for f in rows["fee_line"]
                if f["net_cnt_e4"] > 0
            ],
        }
        patient = {
            "patn_id": self.names[psn_key],
            "gend": p.gend or "9",
            "brdy": str(day_date(p.brdy_day)) if p.brdy_day is not None else "",
            "poolarea": insured,
            "curr_mdtrt_id": e["mdtrt_id"],
            "fsi_encounter_dtos": [encounter],
        }
        return {
            "infno": infno,
            "msgid": f"{inst[1]}20261015093012{mdtrt_key % 10000:04}",
            "inf_time": "2026-10-15 09:30:12",
            "fixmedins_code": inst[1],
            "input": {"data": {"task_id": "T1", "trig_scen": "2", "patient_dtos": [patient]}},
        }

    def visits(self) -> list[tuple[int, int]]:
        """(psn_key, mdtrt_key) of every visit."""
        place = ALL.place("encounter", "mdtrt_key")
        return [(psn, int(row[place])) for psn, acts in self.acts.items() for row in acts["encounter"]]

    def ask(self, psn_key: int, mdtrt_key: int, infno: str) -> list[Any]:
        """Findings about one visit with the rest of the person's acts as its past."""
        (case,) = cases_of(infno, self.message(psn_key, mdtrt_key, infno), moment_of(datetime(2026, 10, 15)))
        found, skipped = self.checker.judge(case, self.persons[psn_key], {}, self.without(psn_key, mdtrt_key))
        assert not skipped, skipped
        return found


def stamp(sec: int | None) -> str:
    """An instant as messages write it."""
    return "" if sec is None else str(second_instant(sec))


def as_a_message_tells(court: LakeCourt) -> None:
    """Take from the court's rows what no check says, and let a visit's money be the sum of its lines."""
    for table, columns in NOT_IN_A_MESSAGE.items():
        court.con.execute(f"UPDATE {table} SET {', '.join(f'{c} = NULL' for c in columns)}").fetchall()
    court.con.execute(
        """UPDATE encounter SET inscp_amt = COALESCE((SELECT SUM(f.net_inscp) FROM fee_line AS f
           WHERE f.mdtrt_key = encounter.mdtrt_key AND f.net_cnt_e4 > 0), 0)"""
    ).fetchall()
