"""Stages come from columns: what a message does not say, no rule is asked about."""

import pytest

from hengjian.gate.analysis import NODES
from hengjian.gate.stage_page import stage_page
from hengjian.gate.stages import GATE_STAGES, known_columns, running, standings
from hengjian.kernel.errors import RulebookError
from hengjian.lake.schema import TABLES
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.loader import SHIPPED

BOOK = load_rulebook()
RULES = [r for r in BOOK.rules.values() if r.status in ("active", "shadow")]
FOUND = {(s.rule.rule_id, s.stage): s for s in standings(BOOK, RULES)}


def test_every_column_a_message_fills_is_a_column_of_the_lake():
    for node in NODES:
        for field in node.fields:
            for target in field.to:
                table, column = target.split(".")
                assert TABLES[table][column].name == column


@pytest.mark.parametrize(
    ("rule_id", "stage", "lacks"),
    [
        ("late_upload", "during", ("encounter.upld_sec",)),
        ("internet_excluded_drug", "before", ("encounter.onln_flag",)),
        ("no_main_diagnosis", "before", ("encounter.out_day",)),
        ("no_main_diagnosis", "during", ()),
        ("duplicate_charge_pair", "before", ()),  # the execution time is not told, and the order's time stands in for it
        ("drug_child_forbidden", "before", ()),  # no row of it asks for the channel
    ],
)
def test_a_rule_waits_for_the_columns_it_reads(rule_id, stage, lacks):
    assert FOUND[rule_id, stage].lacks == lacks


def test_fraud_rules_are_shown_to_nobody_in_advance():
    fraud = [s for s in FOUND.values() if s.rule.category == "fraud"]
    assert fraud and not any(s.runs for s in fraud)


def test_an_author_only_narrows(tmp_path):
    assert FOUND["consumable_without_service", "before"].why and FOUND["consumable_without_service", "during"].runs
    import shutil

    shutil.copytree(SHIPPED, tmp_path / "book")
    path = tmp_path / "book" / "rules" / "medical" / "drug_sex_limit.yml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("grain: line\n", "grain: line\nstages: [before]\n"), "utf-8")
    with pytest.raises(RulebookError, match="stages 不对"):
        load_rulebook(tmp_path / "book")
    path.write_text(text.replace("grain: line\n", "grain: line\nstages: [before, after]\n"), "utf-8")
    book = load_rulebook(tmp_path / "book")
    assert running(book, [book.rules["drug_sex_limit"]]) == {"before": {"drug_sex_limit"}, "during": frozenset()}


def test_the_page_says_what_runs():
    page = stage_page(BOOK)
    runs = running(BOOK, RULES)
    assert f"事前能问 {len(runs['before'])} 条，事中能问 {len(runs['during'])} 条" in page
    assert all(f"`{r.rule_id}`" in page for r in RULES)
    assert "fee_line.net_inscp" in known_columns("before") and "encounter.out_day" not in known_columns("before")
    assert len(runs["before"]) >= 25 and set(runs) == set(GATE_STAGES)
