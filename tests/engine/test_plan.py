"""Reading rule SQL: which columns it needs, and when lines without knowledge may be left out."""

import pytest

from hengjian.engine.plan import kept_lines
from hengjian.engine.text import columns_read
from hengjian.kernel.errors import RulebookError
from hengjian.rulebook import load_rulebook

KN = (("kn_cap", tuple((c, "BIGINT") for c in ("kid", "item_key", "valid_from", "valid_to"))),)


def test_only_what_is_read_is_named():
    sql = "WITH x AS (SELECT f.psn_key, f.fee_day AS d FROM fee_line AS f JOIN kn_cap AS k ON k.item_key = f.item_key) SELECT x.d FROM x"
    assert columns_read(sql, "here", KN) == {"fee_line": {"psn_key", "fee_day", "item_key"}}


def test_a_column_that_does_not_exist_is_refused():
    with pytest.raises(RulebookError, match="读不懂"):
        columns_read("SELECT f.fund_paid FROM fee_line AS f", "rules/x.sql", KN)


def test_a_text_that_is_no_sql_is_refused():
    with pytest.raises(RulebookError, match="读不懂"):
        columns_read("SELECT FROM WHERE", "rules/x.sql", KN)


def test_lines_are_left_out_only_where_no_text_can_use_them():
    joined = "SELECT f.fee_day FROM fee_line AS f JOIN kn_cap AS k ON k.item_key = f.item_key"
    own = "SELECT f.fee_day FROM fee_line AS f JOIN kn_valid AS k ON k.chk = 'x' WHERE f.off_days <> 0 AND f.fee_day > k.n AND f.net_amt > 0"
    assert kept_lines([joined]) == ()
    assert kept_lines([joined, own]) == ("t.off_days <> 0 AND t.net_amt > 0",)
    assert kept_lines([f"{joined} UNION ALL SELECT g.fee_day FROM fee_line AS g"]) is None
    assert (
        kept_lines(
            ["SELECT e.in_day FROM encounter AS e LEFT JOIN fee_line AS f ON f.mdtrt_key = e.mdtrt_key WHERE f.net_amt > 0"]
        )
        is None
    )


def test_all_shipped_texts_leave_most_lines_out():
    book = load_rulebook()
    texts = [f.sql for f in book.families.values() if f.scope == "person"]
    texts += [r.sql for r in book.rules.values() if r.sql and r.scope == "person"]
    assert (
        kept_lines(texts)
        == (
            "t.net_cnt_e4 > 0 AND COALESCE(t.list_type, '102') IN ('102', '106')",  # slices, to see what stands beside one
            "t.net_cnt_e4 > 0 AND t.net_inscp > 0 AND NOT t.rxno IS NULL AND t.list_type IN ('101', '102')",  # kinds in a prescription
            "t.net_cnt_e4 > 0 AND t.net_inscp > 0 AND t.list_type = '101'",  # the same drug bought again and again
            "t.off_days <> 0 AND t.net_cnt_e4 > 0 AND t.net_inscp > 0",
        )
    )


def test_knowledge_that_a_line_may_lack_leaves_no_line_out():
    joined = "SELECT f.item_key FROM fee_line AS f {} JOIN kn_cap AS k ON k.item_key = f.item_key"
    assert kept_lines([joined.format("")]) == ()
    assert kept_lines([joined.format("LEFT")]) is None
