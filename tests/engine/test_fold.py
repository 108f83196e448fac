"""What `rules show` prints is what runs: the text with the rule's settings folded in finds the same."""

import pytest

from hengjian.engine.compile import parse
from hengjian.engine.examples import Court, differences, example_rule, example_rulebook
from hengjian.engine.fold import folded_sql
from hengjian.rulebook import load_rulebook

BOOK = load_rulebook()
CASES = [pytest.param(r, e, id=f"{r.rule_id}-{i}") for r in BOOK.rules.values() for i, e in enumerate(r.examples)]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_the_folded_text_finds_the_same(rule, example):
    court = Court(BOOK, rule, example)
    try:
        assert (
            differences(
                example, court.judge(sql=folded_sql(example_rulebook(BOOK, rule, example), example_rule(rule, example)))
            )
            == []
        )
    finally:
        court.close()


@pytest.mark.parametrize("rule", [r for r in BOOK.rules.values() if r.family], ids=lambda r: r.rule_id)
def test_settings_and_what_they_rule_out_are_gone(rule):
    whole = parse(BOOK.families[rule.family].sql).sql("duckdb", pretty=True)
    folded = folded_sql(BOOK, rule)
    assert len(folded.splitlines()) <= len(whole.splitlines())
    of_rows = {
        f"k.{word}" for word in ("dim", "per") if word not in rule.settings
    }  # a rule whose knowledge rows each name their own
    for name in {"k.algo", "k.chk", "k.dim", "k.relation", "k.per", "k.measure", "k.subject"} - of_rows:
        assert name not in folded


def test_a_sex_limit_reads_like_one():
    folded = folded_sql(BOOK, BOOK.rules["drug_sex_limit"])
    assert (
        "gend" in folded and "insutype" not in folded and "diagnosis" not in folded and "CASE" not in folded.split("seen AS")[0]
    )
