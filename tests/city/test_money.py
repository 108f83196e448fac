"""Money of the city: every line, refund and settlement adds up to the fen, whoever pays it."""

from __future__ import annotations

import pytest

from .conftest import City

SUMS = (
    "medfee_sumamt = fund_pay_sumamt + acct_pay + acct_mulaid_pay + psn_cash_pay + hosp_part_amt",
    "fund_pay_sumamt = hifp_pay + cvlserv_pay + hifes_pay + hifmi_pay + hifob_pay + maf_pay + oth_pay",
    "psn_part_amt = acct_pay + acct_mulaid_pay + psn_cash_pay",
    "medfee_sumamt = fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt",
    "ABS(act_pay_dedc) + ABS(hifp_pay) <= ABS(inscp_scp_amt)",
    "ABS(fund_pay_sumamt) <= ABS(inscp_scp_amt)",
)
MONEY = (
    "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "acct_mulaid_pay", "psn_cash_pay", "hosp_part_amt", "inscp_scp_amt", "hifp_pay", "maf_pay",
    "act_pay_dedc", "fulamt_ownpay_amt", "preselfpay_amt",
)  # fmt: skip


@pytest.mark.parametrize("equation", SUMS)
def test_every_settlement_adds_up(city: City, equation: str) -> None:
    assert city.one("SELECT COUNT(*) FROM settlement") > 15_000
    assert city.ask(f"SELECT * FROM settlement WHERE NOT COALESCE({equation}, false) LIMIT 3") == []


def test_every_kind_of_payer_pays_something(city: City) -> None:
    for column in (
        "fund_pay_sumamt",
        "acct_pay",
        "acct_mulaid_pay",
        "psn_cash_pay",
        "hosp_part_amt",
        "maf_pay",
        "act_pay_dedc",
    ):
        assert city.one(f"SELECT SUM({column}) FROM settlement") > 0, column


def test_nobody_pays_less_than_nothing_except_in_a_refund(city: City) -> None:
    for column in MONEY:
        sign = f"CASE refd_setl_flag WHEN '1' THEN -{column} ELSE {column} END"
        assert city.one(f"SELECT MIN({sign}) FROM settlement") >= 0, column


@pytest.mark.parametrize(
    ("of_lines", "of_settlement"),
    [
        ("det_item_fee_sumamt", "medfee_sumamt"), ("inscp_scp_amt", "inscp_scp_amt"), ("fulamt_ownpay_amt", "fulamt_ownpay_amt"),
        ("preselfpay_amt", "preselfpay_amt"), ("overlmt_amt", "overlmt_selfpay"),
    ],
)  # fmt: skip
def test_a_settlement_is_the_sum_of_its_lines(city: City, of_lines: str, of_settlement: str) -> None:
    beside = {row["psn_no"] for row in city.rows("truth") if row["theme"] == "settlement_detail_mismatch"}
    off = f"""SELECT setl_id, l.whole, s.{of_settlement} FROM settlement AS s
              FULL JOIN (SELECT setl_id, SUM({of_lines}) AS whole FROM fee_line GROUP BY 1) AS l USING (setl_id)
              WHERE l.whole IS DISTINCT FROM s.{of_settlement}
              AND s.psn_no NOT IN ({", ".join(f"'{psn_no}'" for psn_no in sorted(beside))}) LIMIT 3"""
    assert beside and city.ask(off) == []


def test_a_line_is_quantity_times_price_and_splits_into_its_parts(city: City) -> None:
    assert city.one("SELECT MAX(ABS(cnt * pric - det_item_fee_sumamt)) FROM fee_line") <= 0.02
    parts = "fulamt_ownpay_amt + overlmt_amt + preselfpay_amt + inscp_scp_amt"
    assert city.ask(f"SELECT * FROM fee_line WHERE NOT COALESCE(det_item_fee_sumamt = {parts}, false) LIMIT 3") == []
    assert city.one("SELECT MIN(pric) FROM fee_line") > 0 and city.one("SELECT COUNT(*) FROM fee_line WHERE cnt = 0") == 0


def test_the_list_level_says_what_is_paid_first(city: City) -> None:
    """甲 nothing, 乙 a tenth to the nearest fen, 丙 all; anything may be paid wholly by oneself."""
    fen = "(ABS({}) * 100)::BIGINT"
    first = (
        f"CASE WHEN chrgitm_lv = '02' AND fulamt_ownpay_amt = 0 THEN ({fen.format('det_item_fee_sumamt')} + 5) // 10 ELSE 0 END"
    )
    assert city.ask(f"SELECT * FROM fee_line WHERE {fen.format('preselfpay_amt')} <> {first} LIMIT 3") == []
    whole = (
        "fulamt_ownpay_amt NOT IN (0, det_item_fee_sumamt) OR (chrgitm_lv = '03' AND fulamt_ownpay_amt <> det_item_fee_sumamt)"
    )
    assert city.ask(f"SELECT * FROM fee_line WHERE {whole} LIMIT 3") == []
    assert {lv for (lv,) in city.ask("SELECT DISTINCT chrgitm_lv FROM fee_line")} == {"01", "02", "03"}


def test_about_three_lines_in_a_hundred_are_refunds(city: City) -> None:
    assert 0.025 <= city.one("SELECT AVG((cnt < 0)::INT) FROM fee_line") <= 0.036


def test_a_refund_undoes_an_earlier_line_and_never_more_than_it(city: City) -> None:
    back = "SELECT * FROM fee_line WHERE cnt < 0 AND init_feedetl_sn IS NOT NULL"
    lame = f"""SELECT r.mdtrt_id, r.feedetl_sn FROM ({back}) AS r
               LEFT JOIN fee_line AS o ON o.mdtrt_id = r.mdtrt_id AND o.feedetl_sn = r.init_feedetl_sn
               WHERE NOT COALESCE(o.cnt > 0 AND o.med_list_codg = r.med_list_codg AND o.pric = r.pric AND o.fee_ocur_time <= r.fee_ocur_time
                                  AND o.psn_no = r.psn_no, false) LIMIT 3"""
    assert city.ask(lame) == []
    over = f"""SELECT o.mdtrt_id, o.feedetl_sn FROM fee_line AS o
               JOIN (SELECT mdtrt_id, init_feedetl_sn AS feedetl_sn, SUM(cnt) AS cnt, SUM(inscp_scp_amt) AS inscp FROM ({back}) GROUP BY 1, 2) AS r
               USING (mdtrt_id, feedetl_sn) WHERE r.cnt + o.cnt < 0 OR r.inscp + o.inscp_scp_amt < 0 LIMIT 3"""
    assert city.ask(over) == []
    part = (
        f"SELECT COUNT(*) FROM ({back}) AS r JOIN fee_line AS o ON o.mdtrt_id = r.mdtrt_id AND o.feedetl_sn = r.init_feedetl_sn"
    )
    assert 0 < city.one(f"{part} WHERE -r.cnt < o.cnt") < city.one(part)


def test_a_refund_that_names_no_line_still_leaves_no_doubt(city: City) -> None:
    unsaid = """SELECT r.mdtrt_id, r.feedetl_sn, COUNT(o.feedetl_sn) AS possible FROM fee_line AS r
                LEFT JOIN fee_line AS o ON o.mdtrt_id = r.mdtrt_id AND o.med_list_codg = r.med_list_codg AND o.cnt >= -r.cnt
                WHERE r.cnt < 0 AND r.init_feedetl_sn IS NULL GROUP BY ALL"""
    assert {possible for _, _, possible in city.ask(unsaid)} == {1}


def test_an_undone_settlement_is_mirrored_and_a_remade_one_is_the_first_again(city: City) -> None:
    mirrored = " AND ".join(f"r.{column} = -o.{column}" for column in MONEY)
    pairs = "FROM settlement AS r LEFT JOIN settlement AS o ON o.setl_id = r.init_setl_id WHERE r.refd_setl_flag = '1'"
    assert city.one(f"SELECT COUNT(*) {pairs}") >= 20
    assert city.ask(f"SELECT r.setl_id {pairs} AND NOT COALESCE({mirrored} AND r.setl_time > o.setl_time, false)") == []
    assert city.one("SELECT COUNT(*) FROM settlement WHERE refd_setl_flag = '0' AND init_setl_id IS NOT NULL") == 0
    live = """SELECT mdtrt_id, SUM(medfee_sumamt) AS left_over, MAX(medfee_sumamt) AS once, COUNT(*) AS n FROM settlement GROUP BY 1"""
    assert (
        city.ask(
            f"SELECT * FROM ({live}) WHERE NOT CASE n WHEN 1 THEN true WHEN 2 THEN left_over = 0 ELSE left_over = once END"
        )
        == []
    )
    assert {n for (n,) in city.ask(f"SELECT DISTINCT n FROM ({live})")} == {1, 2, 3}
