"""`hengjian city`: make a synthetic city."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hengjian.city import Plan, Summary, build
from hengjian.cli.bar import progress_bar
from hengjian.lake.schema import TABLES
from hengjian.rulebook import load_rulebook


def city(
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹；须是新的或空的")],
    people: Annotated[int, typer.Option("--people", help="多少参保人，500 至 5,000,000")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="种子：同样的人数和种子得到逐字节相同的文件")] = 1,
    dirt: Annotated[float, typer.Option("--dirt", help="另加多少坏行，占全部行的比例，0 至 0.05")] = 0.001,
    form: Annotated[str, typer.Option("--format", help="大表的文件格式：parquet 或 csv")] = "parquet",
    force: Annotated[bool, typer.Option("--force", help="覆盖这个文件夹里以前生成的城市；别的文件不会删除")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出摘要，供程序读取")] = False,
) -> None:
    """造一座合成城市：一年的就诊、费用和结算，埋入已知的违规和形似而无辜的事实。

    写出的文件夹可以直接加载；truth.csv 写明每条埋入的事实，供 hengjian score 评分。人物、机构、地名都是虚构的。

    例：hengjian city --people 20000 --seed 1 --out 城市

    例：hengjian city --people 200000 --seed 7 --out 城市 --format csv --json
    """
    plan = Plan(people=people, seed=seed, dirt=dirt, form=form)
    console = Console(stderr=True, highlight=False)
    with progress_bar(console, "造城") as tick:
        summary = build(plan, out, tick, force=force)
    if as_json:
        typer.echo(json.dumps(summary.as_dict(), ensure_ascii=False))
        return
    show_summary(console, summary)
    console.print(f"下一步：hengjian ingest {out} --lake lake")


def show_summary(console: Console, summary: Summary) -> None:
    """Rows by table, planted facts by theme, size and speed."""
    table = Table(title=f"合成城市：{summary.people:,} 人，种子 {summary.seed}", title_justify="left", header_style="bold")
    table.add_column("表")
    table.add_column("行", justify="right")
    table.add_column("另加坏行", justify="right")
    for name in [n for n in TABLES if n in summary.rows]:
        bad = sum(summary.dirt.get(name, {}).values())
        table.add_row(f"{TABLES[name].label} {name}", f"{summary.rows[name]:,}", f"{bad:,}" if bad else "")
    console.print(table)
    planted = Table(header_style="bold")
    planted.add_column("埋入的事实")
    planted.add_column("违规", justify="right")
    planted.add_column("形似而无辜", justify="right")
    rules = load_rulebook().rules
    for theme, (guilty, innocent) in summary.facts.items():
        planted.add_row(rules[theme].title if theme in rules else theme, f"{guilty:,}", f"{innocent:,}")
    console.print(planted)
    megabytes = summary.bytes / 1_000_000
    console.print(
        f"{summary.files} 个文件，{megabytes:,.1f} MB，用时 {summary.seconds:.1f} 秒，每秒 {summary.lines_per_second:,} 行费用。"
    )
