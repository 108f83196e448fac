"""The tutorial's files, copied from the page into a rulebook of their own, do what the page says."""

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hengjian.cli.main import app
from hengjian.rulebook.loader import PARTS, SHIPPED

PAGE = (Path(__file__).parents[2] / "docs/tutorial/first-rule.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"文件 `src/hengjian/rulebook/([^`]+)`：\n\n```\w+\n(.*?)```", PAGE, re.DOTALL))
RULES = [Path(name).stem for name in FILES if name.startswith("rules/")]


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tutorial")
    for part in PARTS:
        shutil.copytree(SHIPPED / part, folder / part)
    for name, text in FILES.items():
        assert not (folder / name).exists(), f"{name} is shipped: the tutorial needs another rule"
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(*words):
    return CliRunner().invoke(app, [str(w) for w in words])


def test_the_page_has_two_rules_and_a_knowledge_table():
    assert len(FILES) == 3 and len(RULES) == 2


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_passes_its_examples_and_the_lint(book, rule):
    tried = run("rules", "test", rule, "--rulebook", book)
    assert tried.exit_code == 0 and "1 条规则，2 次运行，不符 0 次。" in tried.output
    assert "没有问题" in run("rules", "lint", rule, "--rulebook", book).output


@pytest.mark.parametrize(
    ("rule", "row"), [("rules/medical/city_sex_limit.yml", "S1"), ("rules/management/many_institutions_a_day.sql", "B4")]
)
def test_a_missing_example_is_pointed_out_as_the_page_says(book, rule, row):
    file = book / rule
    whole = file.read_text(encoding="utf-8")
    assert f"`{row}`" in PAGE
    kept = [line for line in whole.splitlines() if not re.match(rf"\s+(V\d\s+\| )?{row} ", line)]
    file.write_text("\n".join(kept), encoding="utf-8")
    try:
        told = run("rules", "lint", file.stem, "--rulebook", book)
        assert told.exit_code == 1 and "没有示例守着" in told.output
    finally:
        file.write_text(whole, encoding="utf-8")


def test_every_command_of_the_page_exists():
    for command in re.findall(r"^\.venv/bin/hengjian ([a-z ]+?)(?: [a-z_]+_[a-z_]+| --)", PAGE, re.MULTILINE):
        assert run(*command.split(), "--help").exit_code == 0, command


def test_a_setting_nobody_reads_is_refused_before_it_costs_findings(book):
    file = book / "rules/medical/city_sex_limit.yml"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace("op: in,", "op: in, colour: red,"), encoding="utf-8")
    try:
        told = run("rules", "lint", "city_sex_limit", "--rulebook", book)
        assert told.exit_code == 1 and "不认识设置“colour”" in told.output and "dim" in told.output
    finally:
        file.write_text(whole, encoding="utf-8")


def test_an_example_that_fails_and_a_false_remark_are_refused_by_the_lint(book):
    file = book / "rules/medical/city_sex_limit.yml"
    whole = file.read_text(encoding="utf-8")
    try:
        for wrong in (
            whole.replace("# 命中：女用男项目", "# 放过：女用男项目"),
            whole.replace("    F2         |", "    F9         |"),
        ):
            assert wrong != whole
            file.write_text(wrong, encoding="utf-8")
            assert run("rules", "test", "city_sex_limit", "--rulebook", book).exit_code == 1
            assert "示例本身不符" in run("rules", "lint", "city_sex_limit", "--rulebook", book).output
    finally:
        file.write_text(whole, encoding="utf-8")
