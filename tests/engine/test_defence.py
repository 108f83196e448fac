"""The defence lint itself: what it strikes, what it lets pass, and that all that ships is defended."""

from dataclasses import replace

import pytest

from hengjian.engine.defence import rule_mutants, text_mutants, undefended
from hengjian.rulebook import load_rulebook

BOOK = load_rulebook()


def struck(sql):
    return {mutant.what: (text, mutant.narrows) for mutant, text in text_mutants(sql, "here.sql", 10)}


def test_each_condition_is_struck_alone():
    found = struck("SELECT 1 FROM a JOIN b ON a.x = b.x AND a.y > 1 WHERE a.z = 2 OR (a.w = 3 AND a.v IS NULL)")
    assert set(found) == {"a.x = b.x", "a.y > 1", "a.z = 2", "a.w = 3", "a.v IS NULL"}
    assert found["a.x = b.x"][0] == "SELECT 1 FROM a JOIN b ON TRUE AND a.y > 1 WHERE a.z = 2 OR (a.w = 3 AND a.v IS NULL)"
    assert "FALSE OR (a.w = 3 AND a.v IS NULL)" in found["a.z = 2"][0]
    assert "a.z = 2 OR (TRUE AND a.v IS NULL)" in found["a.w = 3"][0]


def test_each_branch_of_case_is_struck():
    found = struck("SELECT CASE k.per WHEN 'day' THEN 1 ELSE 2 END, CASE WHEN a.x > 1 THEN 3 END FROM a")
    assert set(found) == {"CASE k.per WHEN 'day'", "a.x > 1"}
    assert "WHEN NULL THEN 1" in found["CASE k.per WHEN 'day'"][0] and "WHEN FALSE THEN 3" in found["a.x > 1"][0]


def test_what_only_narrows_says_so():
    found = struck(
        "SELECT 1 FROM a JOIN b ON b.mdtrt_key = a.mdtrt_key AND b.psn_key = a.psn_key JOIN c ON c.psn_key = a.psn_key\n"
        "WHERE a.off_days <> 0 -- narrows\n AND ABS(a.off_days) > 1"
    )
    assert {what for what, (_, narrows) in found.items() if narrows} == {"b.psn_key = a.psn_key", "a.off_days <> 0"}


def test_lines_are_those_of_the_file():
    ((mutant, _),) = text_mutants("SELECT 1\nFROM a\nWHERE a.x = 1", "here.sql", 10)
    assert mutant.where == "here.sql:12"


def test_settings_and_parameters_are_shifted():
    rule = BOOK.rules["split_admission"]
    assert [m.what for m, _ in rule_mutants(rule)] == [
        "algo: readmit 改为 after_death",
        "algo: readmit 改为 overlap",
        "algo: readmit 改为 during_stay",
        "max_gap_days: 15 天改为 14 天",
        "max_gap_days: 15 天改为 16 天",
    ]
    lists = replace(rule, params={}, settings={"vals": "|310|390|"})
    assert [m.what for m, _ in rule_mutants(lists)] == ["vals: 去掉 310", "vals: 去掉 390"]


def test_a_condition_without_an_example_is_named():
    rule = BOOK.rules["drug_sex_limit"]
    weak = replace(
        rule, examples=tuple(replace(e, given={**e.given, "fee_line": e.given["fee_line"][:1]}) for e in rule.examples)
    )
    weak = replace(
        weak, examples=tuple(replace(e, finds=[f for f in e.finds if f["feedetl_sn"] == "F1"]) for e in weak.examples)
    )
    book = replace(BOOK, rules={rule.rule_id: weak})
    left = undefended(book, ["limit"])
    assert any("net_inscp > 0" in s.what for s in left)
    assert all("limit.sql:" in s.where for s in left)


@pytest.mark.parametrize("name", [*BOOK.families, *BOOK.rules])
def test_all_that_ships_is_defended(name):
    assert [str(s) for s in undefended(BOOK, [name])] == []
