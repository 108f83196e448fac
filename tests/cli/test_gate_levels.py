"""Levels of the gate are set and listed by name and date; what means nothing is a sentence."""

import json

from typer.testing import CliRunner

from hengjian.cli.main import app

RUN = CliRunner()


def run(*words):
    return RUN.invoke(app, [str(w) for w in words])


def test_a_level_is_set_with_its_approver_and_listed(tmp_path):
    site = tmp_path / "site"
    done = run("gate", "levels", "set", "service_daily_limit", "no_pay", "--by", "王某", "--from", "2027-01-01", "--site", site)
    assert done.exit_code == 0 and "从 2027-01-01 起基金不予支付（王某）" in done.output
    (row,) = json.loads(run("gate", "levels", "list", "--site", site, "--json").output)
    assert row == {"rule": "service_daily_limit", "institution": "", "level": "no_pay", "from": "2027-01-01", "by": "王某"}


def test_wrong_words_are_refused_and_nothing_is_kept(tmp_path):
    site = tmp_path / "site"
    for words, said in (
        (("none", "warn", "--by", "王某"), "没有这条规则"),
        (("service_daily_limit", "拦截", "--by", "王某"), "没有级别"),
        (("service_daily_limit", "warn", "--by", " "), "没有写批准人"),
    ):
        done = run("gate", "levels", "set", *words, "--site", site)
        assert done.exit_code and said in str(done.exception or done.output)
    assert not site.exists()
    assert "没有定过级别" in run("gate", "levels", "list", "--site", site).output
