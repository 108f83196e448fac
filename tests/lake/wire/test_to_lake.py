"""What messages come to is taken by the ordinary loader, row by row."""

from __future__ import annotations

from pathlib import Path

from hengjian.lake.schema import TABLES
from tests.lake.folder import load, query, reject_codes, row, write_csv
from tests.lake.wire.messages import (
    DRUG,
    HOSPITAL,
    PERSON,
    STAY,
    admission,
    cancel,
    detail,
    discharge,
    fees,
    insurance,
    person,
    rows_of,
    sale,
    settlement,
    settlement_list,
    visit,
)


def test_the_rows_of_a_day_load_without_a_refusal(tmp_path: Path):
    refund = detail("3", init_feedetl_sn="1", cnt=-1, det_item_fee_sumamt=-10.5)
    found = rows_of(
        person(insurance("390", "2"), insurance("310")),
        visit(),
        fees(detail("1"), detail("2", med_list_codg=DRUG, spec="0.25g×12片/盒"), refund),
        settlement(),
        cancel(),
        settlement("S3", at="2026-03-01 10:30:00"),
        admission(),
        fees(detail("1", STAY, chrg_bchno=""), infno="2301", serial=2),
        discharge(),
        settlement("S2", STAY, infno="2304", at="2026-03-08 11:00:00", med_type="21"),
        settlement_list(setl_id="S2"),
        sale(setl_id="S3"),
    )
    folder = tmp_path / "in"
    for table, listed in (found | {"institution": [row("institution", fixmedins_code=HOSPITAL)]}).items():
        names = [c.name for c in TABLES[table].columns]
        write_csv(folder / f"{table}.csv", [{n: cells.get(n, "") for n in names} for cells in listed])
    write_csv(folder / "manifest.csv", [{"key": "data_date", "value": "2026-10-31"}])
    load(folder, tmp_path / "lake")
    assert reject_codes(tmp_path / "lake") == []
    assert query(tmp_path / "lake", "SELECT psn_no, insutype FROM {person}") == [(PERSON, "310")]
    assert query(tmp_path / "lake", "SELECT sum(fund_pay_sumamt) FROM {settlement} WHERE setl_id IN ('S1', 'S1C')")[0][0] == 0
