"""The rulebook loader: what ships is sound, and every refusal names file, line, reason and cure."""

import shutil

import pytest

from hengjian.kernel.errors import RulebookError
from hengjian.rulebook import load_rulebook

from .books import change, copy_rulebook

BOOK = load_rulebook()


@pytest.fixture
def folder(tmp_path):
    return copy_rulebook(tmp_path)


def refused(folder):
    with pytest.raises(RulebookError) as caught:
        load_rulebook(folder)
    return caught.value


def line_of(path, text):
    return next(n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


def test_the_shipped_rules_cover_all_ten_families_and_a_rule_of_its_own():
    assert {BOOK.families[r.family].code for r in BOOK.rules.values() if r.family} == set("LDQPMVTRSG")
    assert {r.family for r in BOOK.rules.values() if r.family} == set(BOOK.families)
    assert "film_overcharge" in {r.rule_id for r in BOOK.rules.values() if r.sql}


def test_at_least_three_rules_are_certain_and_their_knowledge_is_official_or_says_what_is_ours():
    certain = [r for r in BOOK.rules.values() if r.certainty == "certain"]
    assert len(certain) >= 3
    for rule in certain:
        rows = BOOK.knowledge[rule.knowledge]
        assert any(row.official for row in rows), rule.rule_id
        assert all(row.official or "须当地核准" in row.values["row"] for row in rows), (
            rule.rule_id
        )  # such a finding is suspected


def test_every_knowledge_row_names_notice_batch_and_row():
    for rows in BOOK.knowledge.values():
        for row in rows:
            assert row.values["notice"] and row.values["batch"] and row.values["row"], (row.table, row.kid)


def test_no_knowledge_key_has_two_periods_at_once():
    for table, rows in BOOK.knowledge.items():
        codes = [
            (r.values.get("code") or r.values.get("diag_prefix") or r.values["a_code"] + r.values["b_code"], r.period)
            for r in rows
        ]
        for i, (code, period) in enumerate(codes):
            assert not any(code == other and period.meet(q) for other, q in codes[i + 1 :]), (table, code)


def test_the_fingerprint_follows_the_meaning_and_nothing_else(folder):
    rule = folder / "rules/policy/service_daily_limit.yml"
    before = BOOK.fingerprint(BOOK.rules["service_daily_limit"])
    change(rule, "examples:", "# a remark\nexamples:")
    assert _fingerprint(folder) == before
    change(rule, "settings: {per: day}", "settings: {per: encounter}")
    changed = _fingerprint(folder)
    assert changed != before
    change(folder / "families/cap.sql", "t.used > t.max_n", "t.used >= t.max_n")
    assert _fingerprint(folder) not in (before, changed)


def _fingerprint(folder):
    book = load_rulebook(folder)
    return book.fingerprint(book.rules["service_daily_limit"])


@pytest.mark.parametrize(
    ("file", "old", "new", "what", "at"),
    [
        ("rules/policy/service_daily_limit.yml", "r_code: R23", "r_code:", "缺少“r_code”", None),
        ("rules/policy/service_daily_limit.yml", "status: active", "status: on", "不能是“on”", "status: on"),
        ("rules/policy/service_daily_limit.yml", "grain: line", "grane: line", "不认识的条目“grane”", "grane: line"),
        ("rules/policy/service_daily_limit.yml", "rule: service_daily_limit", "rule: other", "与文件名不一致", "rule: other"),
        ("rules/policy/service_daily_limit.yml", "family: cap", "family: caps", "没有“caps”这一族", "family: caps"),
        (
            "rules/policy/service_daily_limit.yml",
            "knowledge: service_daily_limit",
            "knowledge: nothing",
            "没有知识表",
            "knowledge: nothing",
        ),
        (
            "rules/policy/service_daily_limit.yml",
            "valid_from: 2021-05-01",
            "valid_from: 2021-13-01",
            "不是日期",
            "valid_from: 2021-13-01",
        ),
        (
            "rules/policy/service_daily_limit.yml",
            "valid_from: 2021-05-01",
            "valid_from: 2020-01-01",
            "依据还没有施行",
            "valid_from: 2020-01-01",
        ),
        ("rules/policy/service_daily_limit.yml", "第三十八条第三项", "第三百条", "没有登记", "basis:"),
        ("rules/policy/service_daily_limit.yml", "sc-735", "sc-1", "没有法律文件", "basis:"),
        ("rules/policy/service_daily_limit.yml", "settings: {per: day}", "settings: {per: day", "YAML 写法有误", None),
        ("rules/policy/service_daily_limit.yml", "V1       | S1         |  ", "V1       | S1       ", "示例这一行有", None),
        ("rules/management/film_overcharge.sql", "grain: line", "grain: page", "不能是“page”", "grain: page"),
        ("knowledge/service_daily_limit.csv", "cap-day-02", "cap-day-01", "重复", None),
        ("knowledge/service_daily_limit.csv", "2026-02-01", "2026/02/01", "不是日期", None),
        ("knowledge/service_daily_limit.csv", "cap-day-01,", "cap-day-01,,", "这一行有", None),
        ("families/cap.sql", "family: cap", "family: top", "与文件名不一致", "family: top"),
        ("law/sc-735.yml", "valid_from: 2021-05-01", "valid_from: soon", "不是日期", "valid_from: soon"),
    ],
)
def test_a_mistake_is_refused_with_file_and_line(folder, file, old, new, what, at):
    change(folder / file, old, new)
    error = refused(folder)
    assert what in str(error)
    assert file.split("/")[-1] in error.where
    assert error.cure
    if at:
        assert error.where.endswith(f":{line_of(folder / file, at)}"), error.where


def test_a_rule_without_examples_is_refused(folder):
    path = folder / "rules/fraud/care_after_death.yml"
    path.write_text(path.read_text(encoding="utf-8").split("examples:")[0], encoding="utf-8")
    assert "没有示例" in str(refused(folder))


def test_a_rule_in_an_unknown_folder_is_refused(folder):
    (folder / "rules/other").mkdir()
    shutil.move(folder / "rules/fraud/care_after_death.yml", folder / "rules/other/care_after_death.yml")
    assert "放错了文件夹" in str(refused(folder))


def test_a_family_rule_may_not_carry_sql_of_its_own(folder):
    change(folder / "rules/management/film_overcharge.sql", "grain: line", "grain: line\nfamily: cap")
    assert "要么属于一个族" in str(refused(folder))


def test_an_sql_file_without_header_is_refused(folder):
    (folder / "rules/policy/bare.sql").write_text("SELECT 1", encoding="utf-8")
    assert "文件头" in str(refused(folder))


def test_a_file_that_is_not_utf8_is_refused(folder):
    (folder / "law/bad.yml").write_bytes("法律".encode("gb18030"))
    assert "UTF-8" in str(refused(folder))


def test_two_rules_of_one_name_are_refused(folder):
    shutil.copy(folder / "rules/policy/service_daily_limit.yml", folder / "rules/medical/service_daily_limit.yml")
    assert "出现了两次" in str(refused(folder))


def test_a_folder_without_rules_is_no_clean_rulebook(tmp_path):
    assert "没有规则" in str(refused(tmp_path))
    assert "没有规则" in str(refused(tmp_path / "nowhere"))
