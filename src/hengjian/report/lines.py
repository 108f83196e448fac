"""The rows behind one finding, read from the lake: its lines with the neighbours of the day, and its encounters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from hengjian.kernel.keys import bucket_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion

ASKED, OTHER, REFUND, NEIGHBOUR = "在疑", "对照", "退费", "其他"
MOST_EVIDENCE, MOST_NEIGHBOURS = 30, 12


@dataclass(frozen=True)
class Line:
    """One fee line and the part it plays: 在疑, 对照, 退费 (undoes one of them) or 其他 (same encounter and day)."""

    role: str
    mdtrt_id: str
    feedetl_sn: str
    at: datetime
    code: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    inscope: Decimal


@dataclass(frozen=True)
class Encounter:
    """One encounter the finding names."""

    role: str
    mdtrt_id: str
    fixmedins_code: str
    begins: datetime | None
    ends: datetime | None
    diagnosis: str


@dataclass(frozen=True)
class Rows:
    """What stands behind a finding. `hidden` counts lines left out because there are too many."""

    lines: list[Line]
    encounters: list[Encounter]
    hidden: int = 0


def evidence_of(finding: Mapping[str, Any]) -> dict[str, Any]:
    """The evidence of a finding as written by the engine; empty when there is none."""
    text = finding.get("evidence") or "{}"
    value = json.loads(text) if isinstance(text, str) else text
    return value if isinstance(value, dict) else {}


def rows_of(finding: Mapping[str, Any], lake: LakeVersion | None) -> Rows:
    """Lines and encounters of a finding; nothing when there is no lake or the finding names no person."""
    if lake is None or not finding.get("psn_no"):
        return Rows([], [])
    evidence = evidence_of(finding)
    roles = {(r.get("mdtrt_id"), r.get("feedetl_sn")): r.get("role") or ASKED for r in evidence.get("lines") or []}
    if finding.get("feedetl_sn"):
        roles[(finding["mdtrt_id"], finding["feedetl_sn"])] = ASKED
    visits: dict[str, str] = {}
    for row in evidence.get("encounters") or []:
        name, role = (str(row.get("mdtrt_id")), row.get("role")) if isinstance(row, dict) else (str(row), None)
        visits[name] = role or (ASKED if name == finding.get("mdtrt_id") else OTHER)
    if finding.get("mdtrt_id"):
        visits.setdefault(finding["mdtrt_id"], ASKED)
    with duckdb.connect() as con:
        lines, hidden = _lines(con, lake, finding["psn_no"], roles)
        return Rows(lines, _encounters(con, lake, finding["psn_no"], visits), hidden)


def _lines(
    con: duckdb.DuckDBPyConnection, lake: LakeVersion, psn_no: str, roles: dict[tuple[Any, Any], str]
) -> tuple[list[Line], int]:
    rows = rows_sql(lake, "fee_line", None, [bucket_of(psn_no)])
    if not rows or not roles:
        return [], 0
    found = con.execute(
        f"""SELECT mdtrt_id, feedetl_sn, init_feedetl_sn, fee_ocur_time, med_list_codg, COALESCE(hilist_name, medins_list_name, ''), cnt,
                  COALESCE(cnt_unt, ''), pric, det_item_fee_sumamt, inscp_scp_amt
           FROM {rows} AS t WHERE psn_no = ? AND list_contains(?, mdtrt_id)
           ORDER BY fee_ocur_time, mdtrt_id, feedetl_sn""",
        [psn_no, sorted({visit for visit, _ in roles})],
    ).fetchall()
    days = {(row[0], row[3].date()) for row in found if (row[0], row[1]) in roles}
    chosen: list[Line] = []
    spare = {True: MOST_EVIDENCE, False: MOST_NEIGHBOURS}
    hidden = 0
    for row in found:
        role = roles.get((row[0], row[1])) or (REFUND if row[2] and (row[0], row[2]) in roles else None)
        named = role is not None
        if not named and (row[0], row[3].date()) not in days:
            continue
        if not spare[named]:
            hidden += 1
            continue
        spare[named] -= 1
        chosen.append(Line(role or NEIGHBOUR, row[0], row[1], *row[3:]))
    return chosen, hidden


def _encounters(con: duckdb.DuckDBPyConnection, lake: LakeVersion, psn_no: str, visits: dict[str, str]) -> list[Encounter]:
    rows = rows_sql(lake, "encounter", None, [bucket_of(psn_no)])
    if not rows or not visits:
        return []
    found = con.execute(
        f"""SELECT mdtrt_id, fixmedins_code, begntime, endtime FROM {rows} AS t
           WHERE psn_no = ? AND list_contains(?, mdtrt_id) ORDER BY begntime, mdtrt_id""",
        [psn_no, sorted(visits)],
    ).fetchall()
    names = _diagnoses(con, lake, psn_no, sorted(visits))
    return [Encounter(visits[m], m, place, begins, ends, names.get(m, "")) for m, place, begins, ends in found]


def _diagnoses(con: duckdb.DuckDBPyConnection, lake: LakeVersion, psn_no: str, visits: Sequence[str]) -> dict[str, str]:
    """Main diagnosis of each encounter: at discharge, else at admission."""
    rows = rows_sql(lake, "diagnosis", None, [bucket_of(psn_no)])
    if not rows:
        return {}
    found = con.execute(
        f"""SELECT mdtrt_id, arg_max(COALESCE(diag_name, diag_code), inout_diag_type) FROM {rows} AS t
           WHERE maindiag_flag = '1' AND list_contains(?, mdtrt_id) GROUP BY 1""",
        [list(visits)],
    ).fetchall()
    return dict(found)


def institution_name(code: str | None, lake: LakeVersion | None) -> str:
    """Name of an institution; its code when the lake does not know it."""
    rows = rows_sql(lake, "institution") if code else ""
    if not rows:
        return code or ""
    with duckdb.connect() as con:
        row = con.execute(f"SELECT fixmedins_name FROM {rows} WHERE fixmedins_code = ?", [code]).fetchone()
    return str(row[0]) if row and row[0] else str(code)
