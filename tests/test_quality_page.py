"""`docs/quality.md` as `make quality` wrote it: every active rule stands there, nothing was missed, and it says what it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bench.quality import SEEDS, CityScore, page

from hengjian.rulebook import load_rulebook
from hengjian.score import ScoreResult, ThemeScore

PAGE = Path(__file__).parents[1] / "docs" / "quality.md"
BOOK = load_rulebook()


def test_the_page_names_every_active_rule_and_no_other() -> None:
    """A rule was switched on or off since? Run `make quality`."""
    rows = re.findall(r"^\| ([^|]+) \| `([a-z_0-9]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted((rule.title, rule.rule_id) for rule in BOOK.active)


def test_the_page_says_that_nothing_was_missed_on_which_seeds_and_what_it_is_not() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "全部达到" in text and "误报 0 条" in text and "合成数据上的质量不是现场的质量" in text
    assert all(str(seed) in text for seed in SEEDS) and re.search(r"20\d\d-\d\d-\d\d", text)


@pytest.mark.parametrize(
    ("tally", "says"),
    [
        ({"found": 9, "hits": 9}, "召回率 0.9000 低于 1.0"),
        ({"found": 10, "hits": 10, "false_unplanted": 1}, "精确率 0.9091 低于 1.0"),
    ],
)
def test_what_is_missed_is_printed_as_missed(tally: dict[str, int], says: str) -> None:
    theme = ThemeScore("drug_maternity_only", "drug_maternity_only", "certain", guilty=10, innocent=10, **tally)
    text = page(BOOK, [CityScore(7, 20, 200, 1_000, ScoreResult([theme]))])
    assert f"种子 7：drug_maternity_only：{says}" in text and "全部达到" not in text
    assert f"普通人 180 人，误报 {tally.get('false_unplanted', 0)} 条" in text


def test_a_clean_score_says_so() -> None:
    theme = ThemeScore("drug_maternity_only", "drug_maternity_only", "certain", guilty=10, innocent=10, found=10, hits=10)
    text = page(BOOK, [CityScore(7, 20, 200, 1_000, ScoreResult([theme]))])
    assert (
        "全部达到" in text and "| 药品限生育保险 | `drug_maternity_only` | 违规 | 1.0000 / 1.0000 | 10 | 10 | 0 | 0 |" in text
    )
