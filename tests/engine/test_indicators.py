"""The eight national statistics of a small lake, to the last digit: numbers with peers, and never a finding."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hengjian.engine.run import run_audit
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook

from ..lake.folder import NOW, load, make_folder, row

BOOK = load_rulebook()
EIGHT = {
    "drug_cost_share", "exam_cost_share", "consumable_cost_share", "treatment_cost_share", "ct_cost_share", "mr_cost_share",
    "hospital_infection_rate", "unplanned_readmission_rate",
}  # fmt: skip
LINES = (("09", "XA02BCA084A012010101001", "101", 20), ("03", "002103000010000", "201", 30), ("03", "002102000010000", "201", 10),
         ("04", "002501000010000", "201", 5), ("08", "C0201020300100000001", "301", 15), ("05", "003101000010000", "201", 20))  # fmt: skip
"""Category, code, list, yuan of the lines of each stay: 100 yuan."""


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve stays of a day at each of two hospitals of one kind, and at one of another; at the first a patient comes back, another falls
    ill there."""
    folder = tmp_path_factory.mktemp("indicators")
    tables: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("person", "encounter", "diagnosis", "settlement", "fee_line")
    }
    places = [f"H9901000000{n}" for n in (1, 2, 3)]
    for p, place in enumerate(places):
        for n in range(12):
            stay, person = f"M{p}{n}", "P00" if p == 0 and n in (0, 7) else f"P{p}{n}"
            day = date(2026, 3, 1 + n * 2)
            if person not in {r["psn_no"] for r in tables["person"]}:
                tables["person"].append(row("person", psn_no=person))
            own = {"mdtrt_id": stay, "psn_no": person, "fixmedins_code": place}
            tables["encounter"].append(
                row(
                    "encounter",
                    **own,
                    med_type="21",
                    begntime=f"{day} 08:00:00",
                    endtime=f"{day.replace(day=day.day + 1)} 08:00:00",
                )
            )
            tables["diagnosis"].append(
                row("diagnosis", mdtrt_id=stay, psn_no=person, inout_diag_type="2", diag_code="I10.x00", adm_cond_type="1")
            )
            if p == 0 and n == 3:
                more = {"diag_srt_no": "2", "maindiag_flag": "0", "diag_code": "T81.400", "adm_cond_type": "4"}
                tables["diagnosis"].append(row("diagnosis", mdtrt_id=stay, psn_no=person, inout_diag_type="2", **more))
            tables["settlement"].append(
                row(
                    "settlement", **own, setl_id=f"S{stay}", med_type="21", setl_time=f"{day.replace(day=day.day + 1)} 09:00:00"
                )
            )
            for sn, (kind, code, listed, yuan) in enumerate(LINES):
                much = yuan * 2 if p == 1 and kind == "09" else yuan
                tables["fee_line"].append(
                    row("fee_line", **own, feedetl_sn=str(sn), setl_id=f"S{stay}", med_list_codg=code, list_type=listed, med_chrgitm_type=kind,
                        fee_ocur_time=f"{day} 09:00:00", pric=str(much), det_item_fee_sumamt=f"{much}.00", inscp_scp_amt=f"{much}.00")
                )  # fmt: skip
    tables["institution"] = [
        row("institution", fixmedins_code=place, medins_type="G1" if place == places[2] else "A1") for place in places
    ]
    load(make_folder(folder / "in", **tables), folder / "lake")
    run_audit(open_lake(folder / "lake"), BOOK, folder / "out", now=NOW)
    return folder / "out"


def shares(out: Path, rule_id: str) -> list[tuple[Any, ...]]:
    columns = (
        "RIGHT(fixmedins_code, 1), unit, numerator::VARCHAR, denominator::VARCHAR, share::VARCHAR, peers, place, percentile"
    )
    quantiles = "peer_median::VARCHAR, peer_p90::VARCHAR"
    return duckdb.execute(
        f"SELECT {columns}, {quantiles} FROM read_parquet('{out / 'indicators.parquet'}') WHERE rule_id = ? ORDER BY 1",
        [rule_id],
    ).fetchall()


def test_money_shares_are_exact_and_compared_with_hospitals_of_the_same_kind(audited: Path) -> None:
    assert shares(audited, "drug_cost_share") == [
        ("1", "元", "240.00", "1200.00", "0.2000", 2, 1, 0, "0.2000", "0.3333"),
        ("2", "元", "480.00", "1440.00", "0.3333", 2, 2, 100, "0.2000", "0.3333"),
        ("3", "元", "240.00", "1200.00", "0.2000", 1, 1, None, "0.2000", "0.2000"),
    ]
    first = {rule_id: shares(audited, rule_id)[0][2] for rule_id in EIGHT}
    assert [first[f"{n}_cost_share"] for n in ("exam", "consumable", "treatment", "ct", "mr")] == [
        "540.00", "180.00", "240.00", "360.00", "120.00",
    ]  # fmt: skip


def test_rates_count_discharges(audited: Path) -> None:
    for rule_id in ("hospital_infection_rate", "unplanned_readmission_rate"):
        assert shares(audited, rule_id) == [
            ("1", "人次", "1.00", "12.00", "0.0833", 2, 2, 100, "0.0000", "0.0833"),
            ("2", "人次", "0.00", "12.00", "0.0000", 2, 1, 0, "0.0000", "0.0833"),
            ("3", "人次", "0.00", "12.00", "0.0000", 1, 1, None, "0.0000", "0.0000"),
        ]


def test_an_indicator_is_never_a_finding(audited: Path) -> None:
    told = {r.rule_id for r in BOOK.active if r.certainty == "indicator"}
    assert told == EIGHT and {BOOK.families[BOOK.rules[r].family].output for r in told} == {"indicator"}
    for name in ("findings.parquet", "shadow.parquet"):
        found = {r for (r,) in duckdb.execute(f"SELECT DISTINCT rule_id FROM read_parquet('{audited / name}')").fetchall()}
        assert not found & EIGHT
    listed = duckdb.execute(
        f"SELECT rule_id, findings FROM read_csv('{audited / 'rules.csv'}') WHERE certainty = 'indicator'"
    ).fetchall()
    assert {r for r, _ in listed} == EIGHT and {n for _, n in listed} == {0}
