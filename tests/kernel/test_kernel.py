"""Amounts, days, periods and keys: exact, and the same in Python and in DuckDB."""

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengjian.kernel.amounts import largest_remainder, share, to_fen, to_yuan, wan_text, yuan_text
from hengjian.kernel.dates import OPEN_DAY, Period, day_date, day_number, second_instant, second_number
from hengjian.kernel.errors import HengjianError, InputError
from hengjian.kernel.keys import BUCKETS, bucket_of, key_of
from hengjian.lake.derive import key_sql


@given(st.integers(-(10**11), 10**11))
def test_fen_and_yuan_go_back_and_forth(fen):
    assert to_fen(to_yuan(fen)) == fen


def test_a_fraction_of_a_fen_is_refused():
    with pytest.raises(ValueError, match="fraction"):
        to_fen(Decimal("1.005"))


def test_amounts_read_as_users_write_them():
    assert yuan_text(102336) == "1,023.36"
    assert yuan_text(-5) == "−0.05"
    assert wan_text(912_400_00) == "91.2"
    assert wan_text(-49_999) == "0.0"
    assert wan_text(-912_450_00) == "−91.2"


def test_wan_rounds_half_up():
    assert wan_text(50_000) == "0.1"
    assert wan_text(49_999) == "0.0"


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**10), min_size=1, max_size=20))
def test_the_largest_remainder_adds_up_and_no_part_is_off_by_more_than_one(total, weights):
    parts = largest_remainder(total, weights)
    if sum(weights) == 0:
        assert parts == [0] * len(weights)
        return
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        exact = total * weight // sum(weights)
        assert exact <= part <= exact + 1


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_rounds_half_up(amount, part, whole):
    exact = Decimal(amount) * part / whole
    assert abs(Decimal(share(amount, part, whole)) - exact) <= Decimal("0.5")
    assert share(1, 1, 2) == 1


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="positive"):
        share(1, 1, 0)


def test_days_and_seconds():
    assert day_number(date(1970, 1, 2)) == 1
    assert day_date(day_number(date(2024, 2, 29))) == date(2024, 2, 29)
    assert second_number(datetime(1970, 1, 2, 0, 0, 1)) == 86401
    assert second_instant(86401) == datetime(1970, 1, 2, 0, 0, 1)
    assert day_number(date(9999, 12, 31)) + 1 == OPEN_DAY


def test_a_period_is_half_open():
    period = Period(10, 20)
    assert 10 in period and 19 in period
    assert 9 not in period and 20 not in period
    assert period.meet(Period(19)) == Period(19, 20)
    assert period.meet(Period(20)) is None
    with pytest.raises(ValueError, match="empty"):
        Period(5, 5)


@given(st.text(min_size=0, max_size=60).filter(lambda s: "\x00" not in s))
def test_a_key_is_the_same_in_duckdb(text):
    with duckdb.connect() as con:
        ((key,),) = con.execute(f"SELECT {key_sql('?')}", [text]).fetchall()
    assert key == key_of(text)
    assert 0 <= key < 2**63
    assert bucket_of(text) == key % BUCKETS


def test_an_error_says_what_where_why_and_what_to_do():
    error = InputError("读不出来", where="a.csv:3", why="半行", cure="补全")
    assert str(error) == "读不出来\n位置：a.csv:3\n原因：半行\n办法：补全"
    assert str(HengjianError("只有一句")) == "只有一句"
