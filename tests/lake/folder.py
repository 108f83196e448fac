"""Small folders of claims, written row by row, so that a test shows only what matters."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hengjian.lake.ingest import LoadReport, load_folder, register
from hengjian.lake.ingest.personal import RAW, keys_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import LakeVersion, open_lake

NOW = datetime(2026, 11, 1, 9, 0, 0)
Row = Mapping[str, Any]

DEFAULTS: dict[str, dict[str, Any]] = {
    "person": {"psn_no": "P1", "psn_name": "甲", "gend": "1", "brdy": "1960-05-01", "insutype": "310", "insu_admdvs": "990100"},
    "institution": {"fixmedins_code": "H99010000001", "fixmedins_name": "云溪市第一医院", "fixmedins_type": "1", "hosp_lv": "02", "admdvs": "990100"},
    "encounter": {
        "mdtrt_id": "M1", "psn_no": "P1", "fixmedins_code": "H99010000001", "insutype": "310", "med_type": "11",
        "begntime": "2026-03-01 09:00:00", "endtime": "", "insu_admdvs": "990100", "mdtrtarea_admvs": "990100",
    },
    "settlement": {
        "setl_id": "S1", "mdtrt_id": "M1", "psn_no": "P1", "fixmedins_code": "H99010000001", "insutype": "310", "med_type": "11",
        "setl_time": "2026-03-01 10:00:00", "medfee_sumamt": "100.00", "fulamt_ownpay_amt": "0", "overlmt_selfpay": "0", "preselfpay_amt": "0",
        "inscp_scp_amt": "100.00", "hifp_pay": "60.00", "fund_pay_sumamt": "60.00", "acct_pay": "40.00", "psn_cash_pay": "0",
        "refd_setl_flag": "0", "init_setl_id": "", "insu_admdvs": "990100", "mdtrtarea_admvs": "990100",
    },
    "diagnosis": {
        "mdtrt_id": "M1", "psn_no": "P1", "inout_diag_type": "1", "diag_type": "1", "diag_srt_no": "1", "maindiag_flag": "1",
        "diag_code": "I10.x00", "diag_name": "高血压",
    },
    "fee_line": {
        "mdtrt_id": "M1", "feedetl_sn": "1", "init_feedetl_sn": "", "psn_no": "P1", "fixmedins_code": "H99010000001", "setl_id": "S1",
        "fee_ocur_time": "2026-03-01 09:30:00", "med_list_codg": "001102000010000", "hilist_name": "诊查费", "list_type": "201",
        "med_chrgitm_type": "02", "chrgitm_lv": "01", "cnt": "1", "pric": "100", "det_item_fee_sumamt": "100.00", "inscp_scp_amt": "100.00",
    },
}  # fmt: skip
"""A clean row of each table."""


def row(table: str, **cells: Any) -> dict[str, Any]:
    """A clean row with these cells instead."""
    return DEFAULTS[table] | cells


def write_csv(path: Path, rows: Iterable[Row], *, encoding: str = "utf-8", header: Mapping[str, str] | None = None) -> Path:
    """Rows as a CSV file; `header` renames columns."""
    listed = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as handle:
        names = list(listed[0])
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([(header or {}).get(name, name) for name in names])
        writer.writerows([[r.get(name, "") for name in names] for r in listed])
    return path


def make_folder(folder: Path, **tables: Iterable[Row]) -> Path:
    """A clean folder of one visit, with these tables instead."""
    whole = {name: [cells] for name, cells in DEFAULTS.items()} | {name: list(rows) for name, rows in tables.items()}
    for name, rows in whole.items():
        if rows:
            write_csv(folder / f"{name}.csv", rows)
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": "2026-10-31"}])
    return folder


def load(folder: Path, lake: Path, **more: Any) -> LoadReport:
    """Load and check that every count balances."""
    report = load_folder(folder, lake, now=NOW, **more)
    for counts in report.tables.values():
        assert counts["read"] == counts["taken"] + counts["replaced"] + counts["rejected"] + counts["duplicate"]
    return report


def query(lake: Path | LakeVersion, sql: str, **tables: str) -> list[tuple[Any, ...]]:
    """Rows of a query in which `{name}` stands for a table of the current version."""
    version = lake if isinstance(lake, LakeVersion) else open_lake(lake)
    names = {name: rows_sql(version, name) for name in version.tables}
    with duckdb.connect() as con:
        return con.execute(sql.format(**(names | tables))).fetchall()


def reject_codes(lake: Path) -> list[tuple[str, int, str, str]]:
    """(table, line, code, column) of every refused row."""
    version = open_lake(lake)
    return query(version, "SELECT tab, line, code, col FROM {rejects} ORDER BY ALL") if version.rows("rejects") else []


def opened(lake: Path) -> list[tuple[str, str]]:
    """(val, raw) of every refused row, opened with the key of the lake."""
    sealer = keys_of(lake, open_lake(lake)).sealer
    found = []
    for tab, file, line, col, val, raw in query(lake, "SELECT tab, file, line, col, val, raw FROM {rejects} ORDER BY ALL"):
        ids = register.ids_of(file, [line])
        private = not col or TABLES[tab][col].personal
        val = sealer.open(register.VAL, ids, pa.array([val]))[0].as_py() if private else val
        found.append((val, sealer.open(RAW, ids, pa.array([raw]))[0].as_py()))
    return found
