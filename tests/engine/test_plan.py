"""Reading rule SQL: which columns it needs, and when lines without knowledge may be left out."""

import pytest

from hengjian.engine.plan import joins_knowledge
from hengjian.engine.text import columns_read
from hengjian.kernel.errors import RulebookError
from hengjian.rulebook import load_rulebook

KN = (("kn_cap", ("kid", "item_key", "valid_from", "valid_to")),)


def test_only_what_is_read_is_named():
    sql = "WITH x AS (SELECT f.psn_key, f.fee_day AS d FROM fee_line AS f JOIN kn_cap AS k ON k.item_key = f.item_key) SELECT x.d FROM x"
    assert columns_read(sql, "here", KN) == {"fee_line": {"psn_key", "fee_day", "item_key"}}


def test_a_column_that_does_not_exist_is_refused():
    with pytest.raises(RulebookError, match="读不懂"):
        columns_read("SELECT f.fund_paid FROM fee_line AS f", "rules/x.sql", KN)


def test_a_text_that_is_no_sql_is_refused():
    with pytest.raises(RulebookError, match="读不懂"):
        columns_read("SELECT FROM WHERE", "rules/x.sql", KN)


def test_a_text_that_looks_at_every_line_is_recognised():
    joined = "SELECT f.fee_day FROM fee_line AS f JOIN kn_cap AS k ON k.item_key = f.item_key"
    assert joins_knowledge(joined)
    assert not joins_knowledge("SELECT f.fee_day FROM fee_line AS f WHERE f.off_days <> 0")
    assert not joins_knowledge(f"{joined} UNION ALL SELECT g.fee_day FROM fee_line AS g")


def test_all_shipped_texts_need_only_lines_with_knowledge():
    book = load_rulebook()
    assert all(joins_knowledge(f.sql) for f in book.families.values())
    assert all(joins_knowledge(r.sql) for r in book.rules.values() if r.sql)
