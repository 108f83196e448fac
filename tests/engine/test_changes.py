"""What changed between two rulebooks, and what a lake's findings gain and lose by it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from hengjian.engine.changes import compare, moved, touched
from hengjian.engine.run import run_audit
from hengjian.kernel.dates import Period
from hengjian.lake.versions import LakeVersion, open_lake
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import Exemption, Rulebook

from ..lake.folder import load, make_folder, row
from ..story.conftest import hengjian

BOOK = load_rulebook()
RULE = BOOK.rules["drug_sex_limit"]
MENS, OTHER = "XG04CBA088A001010100001", "XG04CBA099A001010100001"  # 爱普列特，限男性；别的药


@pytest.fixture
def lake(tmp_path: Path) -> LakeVersion:
    """A woman with two drugs, one of them for men."""
    lines = [
        row("fee_line", feedetl_sn=str(n), med_list_codg=code, hilist_name=name, list_type="101")
        for n, (code, name) in enumerate(((MENS, "爱普列特片"), (OTHER, "他药片")), 1)
    ]
    settled = row(
        "settlement",
        medfee_sumamt="200.00",
        inscp_scp_amt="200.00",
        fund_pay_sumamt="120.00",
        hifp_pay="120.00",
        acct_pay="80.00",
    )
    folder = make_folder(
        tmp_path / "in", person=[row("person", gend="2")], encounter=[row("encounter")], fee_line=lines, settlement=[settled]
    )
    load(folder, tmp_path / "lake")
    return open_lake(tmp_path / "lake")


def with_rows(book: Rulebook, *, add: str = "", drop: str = "") -> Rulebook:
    """The rulebook with another code limited to men, or without the row of one."""
    rows = book.knowledge[RULE.knowledge]
    like = next(r for r in rows if MENS.startswith(r.values["code"]))
    kept = [r for r in rows if not (drop and r.values["code"] == drop)]
    if add:
        kept.append(replace(like, kid="new-1", values=like.values | {"kid": "new-1", "code": add, "name": "他药片"}))
    return replace(book, knowledge=book.knowledge | {RULE.knowledge: tuple(kept)})


def test_nothing_differs_from_itself() -> None:
    found = compare(BOOK, load_rulebook())
    assert found.is_empty and touched(BOOK, BOOK, found) == []


def test_rows_added_and_dropped_are_named_and_counted_in_money(lake: LakeVersion) -> None:
    dropped = next(r for r in BOOK.knowledge[RULE.knowledge] if MENS.startswith(r.values["code"])).values["code"]
    now = with_rows(BOOK, add=OTHER[:14], drop=dropped)
    found = compare(BOOK, now)
    (table,) = found.tables
    assert (table.added, table.removed, table.changed, table.rules) == (1, 1, 0, (RULE.rule_id,))
    assert touched(BOOK, now, found) == [RULE.rule_id]
    (change,) = moved(lake, BOOK, now, touched(BOOK, now, found))
    assert (change.gained, change.lost, change.altered) == (1, 1, 0)
    assert (change.gained_fund, change.lost_fund) == (Decimal("60.00"), Decimal("60.00"))


def test_a_row_that_becomes_official_later_changes_no_money_but_the_certainty(lake: LakeVersion) -> None:
    rule = replace(RULE, certainty="certain")
    then = replace(BOOK, rules=BOOK.rules | {RULE.rule_id: rule})
    rows = tuple(replace(r, official=False, approved_from=0) for r in then.knowledge[RULE.knowledge])
    before = replace(then, knowledge=then.knowledge | {RULE.knowledge: tuple(replace(r, approved_from=1 << 20) for r in rows)})
    after = replace(then, knowledge=then.knowledge | {RULE.knowledge: rows})
    found = compare(before, after)
    assert found.tables[0].changed == len(rows)
    (change,) = moved(lake, before, after, touched(before, after, found))
    assert (change.gained, change.lost, change.altered, change.altered_fund) == (0, 0, 1, Decimal("0.00"))


def test_states_parameters_and_exemptions_are_said_in_words() -> None:
    held = replace(BOOK.rules["late_upload"], status="shadow")
    split = BOOK.rules["split_admission"]
    gap = split.params["max_gap_days"]
    longer = replace(gap, values=tuple((period, 10) for period, _ in gap.values))
    now = replace(
        BOOK,
        rules=BOOK.rules
        | {"late_upload": held, "split_admission": replace(split, params=split.params | {"max_gap_days": longer})},
        exemptions=(Exemption("H1", (), "H99010100001", "", "", "", "", Period(0, 30_000), "单议", "", "张三", "李四"),),
    )
    found = compare(BOOK, now)
    said = {c.rule_id: c for c in found.rules}
    assert said["late_upload"].details == ("状态 启用 → 影子",) and said["late_upload"].finds_otherwise
    assert "max_gap_days 2021-05-01 起 15 天 → 2021-05-01 起 10 天" in said["split_admission"].details[0]
    assert found.other == ("登记的豁免：增或改 1 项，减或改 0 项",)
    assert touched(BOOK, now, found) == sorted(r.rule_id for r in BOOK.active)  # an exemption may be about any of them
    assert [
        c.kind for c in compare(BOOK, replace(BOOK, rules={k: r for k, r in BOOK.rules.items() if k != "late_upload"})).rules
    ] == ["removed"]


def test_an_article_that_was_changed_is_named() -> None:
    law = BOOK.laws["sc-735"]
    cited = BOOK.rules["late_upload"].basis[0].article
    articles = law.articles | {cited: replace(law.articles[cited], summary="改过的大意")}
    now = replace(BOOK, laws=BOOK.laws | {"sc-735": replace(law, articles=articles)})
    found = {c.rule_id: c.details for c in compare(BOOK, now).rules}
    assert any(cited in d for d in found["late_upload"])
    assert all(any(b.article == cited for b in BOOK.rules[rule_id].basis) for rule_id in found)


def test_the_command_reads_site_results_and_shipped(lake: LakeVersion, tmp_path: Path) -> None:
    run_audit(lake, BOOK, tmp_path / "out", now=datetime(2026, 11, 1, 9))
    assert hengjian("rules", "diff", "out", "shipped", cwd=tmp_path).returncode == 0
    filed = (
        "--institution",
        "H99010000001",
        "--from",
        "2026-01-01",
        "--to",
        "2026-12-31",
        "--reason",
        "单议",
        "--by",
        "张三",
        "--approved-by",
        "李四",
    )
    assert hengjian("rules", "exempt", *filed, "--site", "site", cwd=tmp_path).returncode == 0
    done = hengjian("rules", "diff", "out", "site", "--data", "lake", "--json", cwd=tmp_path)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert [(m["rule_id"], m["lost"], m["lost_fund"]) for m in told["moved"]] == [("drug_sex_limit", 1, "60.00")]
    missing = hengjian("rules", "diff", "shipped", "nowhere", cwd=tmp_path)
    assert missing.returncode == 2 and "找不到这套规则" in missing.stderr
