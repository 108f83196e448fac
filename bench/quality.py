"""Precision and recall of every active rule on three cities that nobody looked at while rules and planters were written.

    python -m bench.quality                    three cities of 20,000 people, rewrites docs/quality.md and the figures the office shows
    python -m bench.quality --people 3000      a quick look (does not write the page)

Each city is made, loaded, judged and scored in a folder of its own, which is removed afterwards. A rule that misses what design
asks of its certainty is printed as missed.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hengjian.city import Plan, build
from hengjian.engine.run import run_audit
from hengjian.lake.ingest import load_folder
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import CERTAINTIES, Rulebook
from hengjian.rulebook.quality import Quality, write_quality
from hengjian.score import ScoreResult, ThemeScore, missed, read_findings, read_requirement, read_rules, read_truth, score

PAGE = Path("docs/quality.md")
SEEDS = (640_713, 2_718_281, 90_125_533)
"""Never used while a rule or a planter was written: a failure here is mended by reasoning, then these three are replaced."""
PEOPLE = 20_000
REQUIRED = "certain=1.0/1.0,suspected=0.80/0.95"


@dataclass(frozen=True)
class CityScore:
    """One city: how many people were planted and how many not, its fee lines, its score."""

    seed: int
    planted: int
    people: int
    lines: int
    result: ScoreResult


def judge(book: Rulebook, people: int, seed: int, folder: Path) -> CityScore:
    """Make, load, judge and score one city."""
    summary = build(Plan(people=people, seed=seed), folder / "city")
    now = datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time
    load_folder(folder / "city", folder / "lake", now=now, keys=folder / "keys.json")
    run_audit(open_lake(folder / "lake"), book, folder / "out", now=now)
    truth = read_truth(folder / "city" / "truth.csv")
    result = score(read_findings(folder / "out"), truth, read_rules(folder / "out" / "rules.csv"))
    planted = {person for row in truth for person in row.keys.get("psn_no", ())}
    return CityScore(seed, len(planted), people, summary.rows["fee_line"], result)


def share(value: float | None) -> str:
    """A share to four places; an empty one says so."""
    return "—" if value is None else f"{value:.4f}"


def rows(book: Rulebook, cities: list[CityScore]) -> list[str]:
    """One table row a rule, worst city first named: precision and recall of each city."""
    found = []
    for theme in sorted({t.theme for c in cities for t in c.result.themes}):
        scores = [next((t for t in c.result.themes if t.theme == theme), ThemeScore(theme)) for c in cities]
        first = scores[0]
        title = "、".join(book.rules[r].title for r in first.rule_id.split(";") if r) or "（没有规则）"
        certainty = CERTAINTIES.get(first.certainty, first.certainty)
        cells = [f"{share(s.precision)} / {share(s.recall)}" for s in scores]
        counts = [
            str(sum(getattr(s, name) for s in scores))
            for name in ("guilty", "innocent", "false_on_innocent", "false_unplanted")
        ]
        found.append("| " + " | ".join([title, f"`{theme}`", certainty, *cells, *counts]) + " |")
    return found


def page(book: Rulebook, cities: list[CityScore]) -> str:
    """The whole page."""
    sentences = [f"种子 {c.seed}：{s}" for c in cities for s in missed(c.result, read_requirement(REQUIRED))]
    unplanted = sum(t.false_unplanted for c in cities for t in c.result.themes)
    free = sum(c.people - c.planted for c in cities)
    seeds = "、".join(str(c.seed) for c in cities)
    today = datetime.now().date().isoformat()  # noqa: DTZ005 - civil time
    head = " | ".join(f"种子 {c.seed}" for c in cities)
    lines = [
        "# 质量",
        "",
        "由 `make quality` 写成，请勿手改。",
        "",
        f"{today}，三座合成城市（种子 {seeds}），每座 {cities[0].people:,} 人，共 {sum(c.lines for c in cities):,} 行费用。"
        "写规则和种违规时没有用过这三个种子。",
        "",
        "**合成数据上的质量不是现场的质量**：这里量的是规则找不找得出照条文种下的违规、放不放过照条文种下的相似情形；"
        "现场的数据有这里没有的错，现场的违规有这里没有的花样。",
        "",
        "要求：违规 1.0 / 1.0，可疑不低于 0.80 / 0.95（精确率 / 召回率），逐条规则、逐座城市。"
        + ("全部达到。" if not sentences else "没有达到的："),
        *[f"- {s}" for s in sentences],
        "",
        f"没有种过任何事的普通人 {free:,} 人，误报 {unplanted} 条。",
        "",
        f"| 规则 | 主题 | 程度 | {head} | 种下违规 | 种下相似 | 误报：相似 | 误报：普通人 |",
        "| --- | --- | --- | " + "--- | " * len(cities) + "---: | ---: | ---: | ---: |",
        *rows(book, cities),
        "",
        "种子各列是精确率 / 召回率；后四列是三座城市之和。",
        "",
    ]
    return "\n".join(lines)


def figures(cities: list[CityScore]) -> list[Quality]:
    """The same for the office: one row a rule, precision and recall of its worst city."""
    found = []
    today = datetime.now().date()  # noqa: DTZ005 - civil day
    for theme in sorted({t.theme for c in cities for t in c.result.themes}):
        scores = [t for c in cities for t in c.result.themes if t.theme == theme]
        worst = [
            min((v for s in scores if (v := getattr(s, name)) is not None), default=None) for name in ("precision", "recall")
        ]
        guilty, innocent, mistaken, others = (
            sum(getattr(s, name) for s in scores) for name in ("guilty", "innocent", "false_on_innocent", "false_unplanted")
        )
        for rule_id in filter(None, scores[0].rule_id.split(";")):
            seeds = tuple(c.seed for c in cities)
            found.append(Quality(rule_id, scores[0].certainty, seeds, *worst, guilty, innocent, mistaken + others, today))
    return found


def main() -> None:
    """Judge the cities and write, or print, the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=PEOPLE)
    people = parser.parse_args().people
    book, cities = load_rulebook(), []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            cities.append(judge(book, people, seed, Path(folder)))
    text = page(book, cities)
    if people == PEOPLE:
        PAGE.write_text(text, encoding="utf-8")
        write_quality(figures(cities))
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
