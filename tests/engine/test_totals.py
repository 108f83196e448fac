"""Money in totals: one line counts once, whatever the number of rules, and every breakdown adds up to the same total."""

from decimal import Decimal

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from hengjian.engine.totals import grand_total, once_sql


def relation(rows):
    names = ("finding_id", "grain", "psn_no", "mdtrt_id", "feedetl_sn", "amount_total", "amount_inscope", "amount_fund")
    con = duckdb.connect()
    money = pa.decimal128(16, 2)
    types = [pa.string()] * 5 + [money] * 3
    columns = [pa.array([r[i] for r in rows], type=t) for i, t in enumerate(types)]
    con.register("f", pa.table(columns, names=list(names)))
    return con


def row(fid, grain, mdtrt, sn, total, inscope=None, fund=None):
    amounts = [Decimal(total), Decimal(inscope or total), Decimal(fund or total)]
    return (fid, grain, "P", mdtrt, sn, *amounts)


def test_two_rules_on_one_line_count_the_larger():
    con = relation(
        [row("a", "line", "V", "1", "80.00"), row("b", "line", "V", "1", "50.00"), row("c", "line", "V", "2", "10.00")]
    )
    assert grand_total(con, "f")["amount_total"] == Decimal("90.00")


def test_a_stay_in_question_counts_what_its_lines_do_not():
    con = relation(
        [row("a", "encounter", "V", None, "100.00"), row("b", "line", "V", "1", "30.00"), row("c", "line", "W", "1", "7.00")]
    )
    total = grand_total(con, "f")
    assert total["amount_total"] == Decimal("107.00")
    assert total["findings"] == 3


def test_lines_dearer_than_their_stay_are_not_cut():
    con = relation([row("a", "encounter", "V", None, "20.00"), row("b", "line", "V", "1", "30.00")])
    assert grand_total(con, "f")["amount_total"] == Decimal("30.00")


def test_equal_amounts_are_broken_by_the_id():
    con = relation([row("b", "line", "V", "1", "50.00"), row("a", "line", "V", "1", "50.00")])
    once = dict(con.execute(f"SELECT finding_id, once_total FROM ({once_sql('f')})").fetchall())
    assert once == {"a": Decimal("50.00"), "b": Decimal("0.00")}


def test_nothing_found_is_zero():
    assert grand_total(relation([]), "f")["amount_fund"] == 0


cents = st.integers(0, 5000).map(lambda n: str(Decimal(n) / 100))


@given(
    st.lists(
        st.tuples(st.sampled_from(["line", "encounter"]), st.sampled_from("VW"), st.sampled_from("12"), cents), max_size=12
    )
)
def test_the_total_is_the_largest_of_each_line_and_stay(picks):
    rows = [
        row(f"{i:02d}", grain, m, sn if grain == "line" else None, amount) for i, (grain, m, sn, amount) in enumerate(picks)
    ]
    expected = Decimal(0)
    for mdtrt in "VW":
        lines = {
            sn: max((Decimal(a) for g, m, s, a in picks if g == "line" and (m, s) == (mdtrt, sn)), default=Decimal(0))
            for sn in "12"
        }
        stay = max((Decimal(a) for g, m, _, a in picks if g == "encounter" and m == mdtrt), default=Decimal(0))
        expected += max(stay, sum(lines.values()))
    assert grand_total(relation(rows), "f")["amount_total"] == expected
