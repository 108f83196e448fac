"""Arithmetic at the corners: the largest line there may be, through every engine, against Python's own integers.

A fee line above 10,000,000 yuan, 100,000 units or 2,000,000 yuan a unit is refused at load (checks L18, L19), so what stands here is
the worst that rules can meet.
"""

import sqlite3
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengjian.engine.backends.duckdb import connect
from hengjian.engine.compile import compile_sql
from hengjian.kernel.amounts import share

MOST_FEN = 1_000_000_000
MOST_UNITS = 1_000_000_000
SHARE = "SELECT c.n, (2 * c.a * c.x + c.m) // (2 * c.m) AS part FROM corner AS c"
OVER = "SELECT c.n, (c.pric - c.due) * c.cnt // 100000000 AS over_amt FROM corner AS c"
STOCK = "SELECT c.n, c.amt * (c.sold - c.had) // c.sold * 100 AS part FROM corner AS c"

SHARES = [
    {"a": a, "x": x, "m": m}
    for a, m in product((0, 1, 2, 99, MOST_FEN - 1, MOST_FEN), (1, 2, 3, 10_000, 2**29 + 1, MOST_UNITS))
    for x in {1, m // 2 or 1, m}
]
PRICES = [
    {"pric": price, "due": due, "cnt": cnt}
    for price, cnt in (
        (2_000_000 * 10**6, 5 * 10_000),
        (100 * 10**6, MOST_UNITS),
        (1, MOST_UNITS),
        (10**12, 10**5),
        (333_333, 30_001),
    )
    for due in (0, price // 2, price - 1)
]
STOCKS = [
    {"amt": amt, "sold": sold, "had": had}
    for amt, sold in ((10**9, 10**9), (1, 10**9), (10**9, 1), (7, 3))
    for had in {0, sold // 3, sold - 1}
]  # whole yuan, whole units: a year of one item in one institution


def by_duckdb(sql, rows):
    con = connect(threads=1)
    con.register("corner", pa.Table.from_pylist(rows))
    return dict(con.execute(sql).fetchall())


def by_sqlite(sql, rows):
    with sqlite3.connect(":memory:") as db:
        db.execute(f"CREATE TABLE corner ({', '.join(rows[0])})")
        db.executemany(f"INSERT INTO corner VALUES ({', '.join('?' * len(rows[0]))})", [tuple(r.values()) for r in rows])
        found = db.execute(compile_sql(sql, "sqlite")).fetchall()
    db.close()
    assert all(type(value) is int for _, value in found)
    return dict(found)


def by_spark(sql, rows, spark):
    names = list(rows[0])
    spark.createDataFrame([tuple(r.values()) for r in rows], ", ".join(f"{n} bigint" for n in names)).createOrReplaceTempView(
        "corner"
    )
    return {r[0]: r[1] for r in spark.sql(compile_sql(sql, "spark")).collect()}


def numbered(rows):
    return [{"n": n} | row for n, row in enumerate(rows)]


CASES = [
    pytest.param(SHARE, SHARES, lambda r: share(r["a"], r["x"], r["m"]), id="share"),
    pytest.param(OVER, PRICES, lambda r: (r["pric"] - r["due"]) * r["cnt"] // 10**8, id="price"),
    pytest.param(STOCK, STOCKS, lambda r: r["amt"] * (r["sold"] - r["had"]) // r["sold"] * 100, id="stock"),
]


@pytest.mark.parametrize(("sql", "rows", "exact"), CASES)
def test_every_engine_is_exact_at_the_corners(sql, rows, exact, spark):
    rows = numbered(rows)
    wanted = {r["n"]: exact(r) for r in rows}
    assert by_duckdb(sql, rows) == wanted
    assert by_sqlite(sql, rows) == wanted
    assert by_spark(sql, rows, spark) == wanted


@given(
    st.lists(
        st.tuples(st.integers(0, MOST_FEN), st.integers(1, MOST_UNITS), st.integers(1, MOST_UNITS)).map(
            lambda t: {"a": t[0], "x": min(t[1], t[2]), "m": max(t[1], t[2])}
        ),
        min_size=1,
        max_size=40,
    )
)
def test_a_share_of_any_line_is_exact(rows):
    rows = numbered(rows)
    wanted = {r["n"]: share(r["a"], r["x"], r["m"]) for r in rows}
    assert by_duckdb(SHARE, rows) == by_sqlite(SHARE, rows) == wanted


def test_sqlite_would_lose_a_unit_without_the_patch():
    big = 2**53 + 1
    with sqlite3.connect(":memory:") as db:
        (ours,) = db.execute(compile_sql(f"SELECT {big} // 1", "sqlite")).fetchone()
        (through_real,) = db.execute(f"SELECT CAST(CAST({big} AS REAL) / 1 AS INTEGER)").fetchone()
    db.close()
    assert (ours, through_real) == (big, big - 1)
