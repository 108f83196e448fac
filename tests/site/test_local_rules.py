"""A site's own rules: read beside the shipped ones, in shadow until somebody lets them loose, never in place of a national one."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hengjian.engine.pack import open_pack
from hengjian.kernel.errors import RulebookError
from hengjian.rulebook import load_rulebook
from hengjian.site.apply import effective

from ..lake.folder import load, make_folder, row
from ..story.conftest import hengjian

BOOK = load_rulebook()
SHIPPED = BOOK.rules["service_daily_limit"]
TABLE = """kid,name,code,match,max_value,unit,note,valid_from,valid_to,official,notice,batch,row
l1,诊查费,001102000010000,exact,1,次,每日不超过 1 次,2026-01-01,,0,市医保发〔2026〕1号,,附件1 第3行
"""
LAW = """law: city-2026-1
title: 市级医保结算管理规定
number: 市医保发〔2026〕1号
valid_from: 2021-05-01
sure: T
articles:
- article: 第三条
  summary: 诊查费每日计费一次。
"""


def write_site(site: Path, name: str = "city_visit_fee") -> Path:
    """A site with one rule of its own, like the national daily limit, on its own table and document."""
    for part, file, text in (
        ("law", "city-2026-1.yml", LAW),
        ("knowledge", "city_visit_fee.csv", TABLE),
        ("rules/policy", f"{name}.yml", _rule(name)),
    ):
        (site / "rulebook" / part).mkdir(parents=True, exist_ok=True)
        (site / "rulebook" / part / file).write_text(text, encoding="utf-8")
    return site


def _rule(name: str) -> str:
    text = SHIPPED.path.read_text(encoding="utf-8")
    for old, new in (
        ("rule: service_daily_limit", f"rule: {name}"), ("title: 医疗服务项目限定频次", "title: 本市诊查费每日一次"),
        ("official_code: GZ10000102014000\n", ""), ("knowledge: service_daily_limit", "knowledge: city_visit_fee"),
        ("{law: sc-735, article: 第三十八条第三项}", "{law: city-2026-1, article: 第三条}"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two visit fees on one day at one institution, and a site with a rule against it."""
    lines = [row("fee_line", feedetl_sn=str(n), fee_ocur_time=f"2026-03-01 {8 + n}:00:00") for n in (1, 2)]
    folder = make_folder(tmp_path / "in", person=[row("person")], encounter=[row("encounter")], fee_line=lines)
    load(folder, tmp_path / "lake")
    write_site(tmp_path / "site")
    return tmp_path


def audit(home: Path) -> tuple[int, int]:
    """Findings of the local rule, and its hits in shadow."""
    done = hengjian("audit", "--lake", "lake", "--out", "out", "--no-report", cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr
    found, shadow = (pq.read_table(home / "out" / f"{n}.parquet").column("rule_id").to_pylist() for n in ("findings", "shadow"))
    return found.count("city_visit_fee"), shadow.count("city_visit_fee")


def test_it_runs_in_shadow_until_it_is_released_and_the_results_keep_it(home: Path) -> None:
    assert audit(home) == (0, 1)
    done = hengjian(
        "rules",
        "release",
        "city_visit_fee",
        "--status",
        "active",
        "--from",
        "2026-01-01",
        "--by",
        "张三",
        "--site",
        "site",
        cwd=home,
    )
    assert done.returncode == 0, done.stderr
    assert audit(home) == (1, 0)
    finding = next(f for f in pq.read_table(home / "out" / "findings.parquet").to_pylist() if f["rule_id"] == "city_visit_fee")
    assert finding["law"] == "《市级医保结算管理规定》第三条" and finding["knowledge_ref"].startswith("city_visit_fee:l1")
    with open_pack(home / "out" / "rulebook.zip") as kept:
        assert kept.rules["city_visit_fee"].title == "本市诊查费每日一次" and "city-2026-1" in kept.laws
    assert hengjian("verify", "--out", "out", cwd=home).returncode == 0


def test_a_rule_that_does_not_stand_up_is_not_let_loose(home: Path) -> None:
    path = home / "site" / "rulebook" / "rules" / "policy" / "city_visit_fee.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("{note}", "{nowhere}", 1), encoding="utf-8")
    done = hengjian("rules", "release", "city_visit_fee", "--status", "active", "--by", "张三", "--site", "site", cwd=home)
    assert done.returncode == 2 and "本地规则还不能启用" in done.stderr and "city_visit_fee.yml" in done.stderr
    assert not (home / "site" / "releases.csv").exists()


def test_what_bears_a_national_name_is_refused(tmp_path: Path) -> None:
    site = write_site(tmp_path, "late_upload")
    with pytest.raises(RulebookError, match="与随程序的重名"):
        effective(BOOK, site, date(2026, 11, 1))


@pytest.mark.parametrize(("part", "file"), [("law", "sc-735.yml"), ("knowledge", "service_daily_limit.csv")])
def test_so_is_a_law_or_a_table(tmp_path: Path, part: str, file: str) -> None:
    site = write_site(tmp_path)
    (site / "rulebook" / part / file).write_text(
        LAW.replace("city-2026-1", "sc-735") if part == "law" else TABLE, encoding="utf-8"
    )
    with pytest.raises(RulebookError, match="与随程序的重名"):
        effective(BOOK, site, date(2026, 11, 1))


def test_the_commands_see_it(home: Path) -> None:
    for command in (("show", "city_visit_fee"), ("test", "city_visit_fee"), ("lint", "city_visit_fee", "--no-defence")):
        done = hengjian("rules", *command, "--site", "site", cwd=home)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    told = hengjian("rules", "diff", "shipped", "site", cwd=home)
    assert told.returncode == 1 and "新增 本市诊查费每日一次" in told.stdout


def test_a_release_is_no_use_before_its_day(home: Path) -> None:
    site = home / "site"
    hengjian(
        "rules",
        "release",
        "city_visit_fee",
        "--status",
        "active",
        "--from",
        "2026-06-01",
        "--by",
        "张三",
        "--site",
        "site",
        cwd=home,
    )
    on = [effective(BOOK, site, datetime(2026, m, d).date()).rules["city_visit_fee"].status for m, d in ((5, 31), (6, 1))]
    assert on == ["shadow", "active"]
