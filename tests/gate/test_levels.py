"""How strongly a finding is answered: by rule, institution and date, within a budget, never in the way of care."""

from datetime import datetime

import pytest

from hengjian.gate.levels import LevelRow, Levels, add_level, read_levels
from hengjian.kernel.errors import InputError
from hengjian.rulebook import load_rulebook

BOOK = load_rulebook()
RULE, HERE, THERE = "drug_sex_limit", "H99010100001", "H99010100002"


def level(levels, *, certain=True, org=HERE, day=100, informs=False):
    return levels.level(RULE, "f1", org, certain, day, only_informs=informs)


def test_without_a_word_certain_warns_and_suspected_informs():
    assert level(Levels()) == "warn" and level(Levels(), certain=False) == "inform"


def test_the_institutions_own_row_holds_before_all_and_the_latest_begun_before_the_earlier():
    rows = (
        LevelRow(RULE, "", "no_pay", 90, "甲"),
        LevelRow(RULE, HERE, "inform", 80, "甲"),
        LevelRow(RULE, "", "reason", 95, "甲"),
        LevelRow(RULE, "", "warn", 101, "甲"),
    )
    levels = Levels(rows)
    assert level(levels) == "inform" and level(levels, org=THERE) == "reason"
    assert level(levels, org=THERE, day=94) == "no_pay" and level(levels, org=THERE, day=101) == "warn"
    assert level(levels, org=THERE, day=79) == "warn"


def test_only_what_is_certain_may_say_that_the_fund_will_not_pay():
    assert level(Levels((LevelRow(RULE, "", "no_pay", 1, "甲"),)), certain=False) == "reason"


def test_emergencies_are_informed_whatever_is_set():
    assert level(Levels((LevelRow(RULE, "", "no_pay", 1, "甲"),)), informs=True) == "inform"


def test_a_new_rule_version_has_a_daily_budget_of_stops():
    levels = Levels((LevelRow(RULE, "", "no_pay", 1, "甲"),), budget=2, since={"f1": 90})
    assert [level(levels) for _ in range(3)] == ["no_pay", "no_pay", "inform"]
    assert level(levels, day=101) == "no_pay"
    assert [level(levels, day=120) for _ in range(3)] == ["no_pay"] * 3
    counted = Levels((LevelRow(RULE, "", "no_pay", 1, "甲"),), budget=2, since={"f1": 90})
    counted.spend([("f1", 100, 2)])
    assert level(counted) == "inform"


def test_levels_are_recorded_and_read_and_wrong_rows_are_refused(tmp_path):
    now = datetime(2026, 11, 1, 9)
    add_level(tmp_path, BOOK, LevelRow(RULE, HERE, "no_pay", 20_000, "王某", "试行"), now)
    assert read_levels(tmp_path, BOOK) == (LevelRow(RULE, HERE, "no_pay", 20_000, "王某", "试行"),)
    with pytest.raises(InputError, match="没有这条规则"):
        add_level(tmp_path, BOOK, LevelRow("none", "", "warn", 1, "王某"), now)
    with pytest.raises(InputError, match="没有级别"):
        add_level(tmp_path, BOOK, LevelRow(RULE, "", "拦截", 1, "王某"), now)
    path = tmp_path / "gate_levels.csv"
    path.write_text(path.read_text("utf-8-sig") + f"{RULE},,拦截,2026-01-01,王某,,\n", "utf-8")
    with pytest.raises(InputError, match="级别不对"):
        read_levels(tmp_path, BOOK)
