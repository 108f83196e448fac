"""The rule layer against plain Python: netted refunds, and the fund's money shared out to the fen."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.kernel.amounts import largest_remainder
from hengjian.kernel.dates import OPEN_DAY, day_date
from hengjian.lake.derive import create_empty_tables, layer_sql

START = datetime(2026, 3, 1, 9)


def derive(lines: list[tuple[str, str | None, int, int]], fund: int) -> dict[str, tuple[int, int, int]]:
    """(sn, undoes, quantity, fen in scope) of one settled visit → sn: net quantity (1/10,000), net fen in scope, fen of the fund."""
    with duckdb.connect() as con:
        create_empty_tables(con)
        con.execute("INSERT INTO encounter (mdtrt_id, psn_no, fixmedins_code, med_type, begntime, insu_admdvs, mdtrtarea_admvs) VALUES ('M', 'P', 'H99010000001', '11', ?, '990100', '990100')", [START]).fetchall()  # fmt: skip
        con.execute(
            "INSERT INTO settlement (setl_id, mdtrt_id, psn_no, refd_setl_flag, fund_pay_sumamt) VALUES ('S', 'M', 'P', '0', ?)",
            [Decimal(fund) / 100],
        ).fetchall()
        for n, (sn, undoes, cnt, fen) in enumerate(lines):
            yuan = Decimal(fen) / 100
            con.execute(
                """INSERT INTO fee_line (mdtrt_id, feedetl_sn, init_feedetl_sn, psn_no, setl_id, fee_ocur_time, med_list_codg, cnt, pric, det_item_fee_sumamt, inscp_scp_amt)
                   VALUES ('M', ?, ?, 'P', 'S', ?, 'C1', ?, 1, ?, ?)""",
                [sn, undoes, START + timedelta(minutes=n), cnt, yuan, yuan],
            ).fetchall()
        found = con.execute(f"SELECT feedetl_sn, net_cnt_e4, net_inscp, fund_amt FROM ({layer_sql('fee_line')})").fetchall()
    return {sn: (cnt, fen, share) for sn, cnt, fen, share in found}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6), st.integers(0, 10**9))
def test_the_fund_is_shared_by_largest_remainder_to_the_fen(fen: list[int], fund: int) -> None:
    found = derive([(f"{i}", None, 1, part) for i, part in enumerate(fen)], fund)
    wanted = largest_remainder(fund, fen) if fund else [0] * len(fen)
    assert [found[f"{i}"][2] for i in range(len(fen))] == wanted
    assert sum(wanted) == (fund if any(fen) else 0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=5))
def test_refunds_are_netted_on_the_line_they_undo(lines: list[tuple[int, int]]) -> None:
    sent: list[tuple[str, str | None, int, int]] = []
    for i, (cnt, back) in enumerate(lines):
        sent.append((f"{i}", None, cnt, cnt * 100))
        if 0 < back <= cnt:
            sent.append((f"r{i}", f"{i}", -back, -back * 100))
    found = derive(sent, 0)
    for i, (cnt, back) in enumerate(lines):
        left = cnt - back if back <= cnt else cnt
        assert found[f"{i}"][:2] == (left * 10_000, left * 100)
        assert found.get(f"r{i}", (0, 0))[:2] == (0, 0)


def test_a_refund_without_a_number_undoes_the_latest_earlier_line() -> None:
    found = derive([("1", None, 1, 100), ("2", None, 1, 100), ("3", None, -1, -100), ("4", None, 1, 100)], 0)
    assert {sn: cnt for sn, (cnt, _, _) in found.items()} == {"1": 10_000, "2": 0, "3": 0, "4": 10_000}


def test_a_registration_ends_on_its_last_day_or_when_it_is_stopped() -> None:
    cases = {  # begndate, enddate, stas, stas_date, antb_lv → first day, first day no longer, right
        "D1": (("2020-01-01", None, "1", None, "2"), ("2020-01-01", None, 2)),
        "D2": (("2020-01-01", "2026-02-28", "1", None, "3"), ("2020-01-01", "2026-03-01", 3)),
        "D3": (("2020-01-01", None, "2", "2026-03-01", "1"), ("2020-01-01", "2026-03-01", 1)),
        "D4": (("2020-01-01", "2025-12-31", "3", "2026-03-01", "1"), ("2020-01-01", "2026-01-01", 1)),
        "D5": (("2020-01-01", None, "4", None, "0"), ("2020-01-01", "1970-01-01", 0)),
        "D6": ((None, None, None, None, "9"), ("1970-01-01", None, None)),
    }
    with duckdb.connect() as con:
        create_empty_tables(con)
        for code, (cells, _) in cases.items():
            con.execute(
                """INSERT INTO practitioner (prac_psn_code, prac_psn_type, fixmedins_code, begndate, enddate, stas, stas_date, antb_lv)
                   VALUES (?, '1', 'H99010000001', ?, ?, ?, ?, ?)""",
                [code, *cells],
            ).fetchall()
        rows = con.execute(f"SELECT prac_psn_code, beg_day, end_day, antb_lv FROM ({layer_sql('practitioner')})").fetchall()
    found = {
        code: (str(day_date(begin)), None if end == OPEN_DAY else str(day_date(end)), right) for code, begin, end, right in rows
    }
    assert found == {code: wanted for code, (_, wanted) in cases.items()}
