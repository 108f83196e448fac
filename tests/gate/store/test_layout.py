"""What is kept is what the rules read, and nothing that names anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hengjian.gate.acts import ACT_TABLES
from hengjian.gate.layout import layout_of
from hengjian.kernel.errors import RulebookError
from hengjian.lake.schema.layer import LAYER
from hengjian.rulebook import Rulebook, load_rulebook


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load_rulebook()


def test_the_columns_of_the_shipped_rules(rulebook: Rulebook) -> None:
    layout = layout_of(rulebook)
    assert set(layout.columns) == set(ACT_TABLES)
    for table, columns in layout.columns.items():
        assert columns[0] == "mdtrt_key" and set(columns) <= set(LAYER[table].by_name) and len(set(columns)) == len(columns)
        assert not {"psn_no", "mdtrt_id", "psn_key", "bucket"} & set(columns)
    assert layout.columns["fee_line"][1] == "org_key" == layout.columns["encounter"][1]
    assert {"item_key", "fee_sec", "net_inscp", "feedetl_sn"} <= set(layout.columns["fee_line"])
    assert not {"bilg_dr_codg", "body_part", "exe_end_sec"} & set(
        layout.columns["fee_line"]
    )  # no rule over one person reads them


def test_a_rule_that_is_not_active_counts_and_a_whole_text_does_not(rulebook: Rulebook) -> None:
    own = next(r for r in rulebook.rules.values() if r.sql)
    reads = "SELECT f.body_part, k.kid FROM fee_line AS f JOIN kn_limit AS k ON k.code_key = f.item_key AND f.fee_day >= k.valid_from"
    more = replace(rulebook, rules=rulebook.rules | {"draft": replace(own, rule_id="draft", status="draft", sql=reads)})
    assert "body_part" in layout_of(more).columns["fee_line"]
    family = rulebook.families["limit"]
    for other in (replace(family, sql=reads, scope="whole"), replace(family, sql=reads, engines=("duckdb", "spark"))):
        fewer = replace(rulebook, families={"limit": other}, rules={})
        assert layout_of(fewer).columns["fee_line"] == ("mdtrt_key", "org_key", "prd_days_e4")  # for what is still at home
        assert layout_of(fewer).columns["diagnosis"] == ("mdtrt_key", "diag_key")


def test_a_text_that_cannot_be_read_is_told(rulebook: Rulebook) -> None:
    broken = replace(rulebook.families["limit"], sql="SELECT f.nothing FROM fee_line AS f")
    with pytest.raises(RulebookError, match="nothing"):
        layout_of(replace(rulebook, families={"limit": broken}))
