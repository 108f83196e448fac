"""`hengjian score`: compare findings with the truth of a synthetic city."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hengjian.kernel.errors import InputError
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import CERTAINTIES
from hengjian.score import ScoreResult, ThemeScore, missed, read_findings, read_requirement, read_rules, read_truth
from hengjian.score import score as compare
from hengjian.score.read import find_findings


def score(
    findings: Annotated[Path, typer.Option("--findings", help="findings.parquet，或审计结果文件夹")],
    truth: Annotated[Path, typer.Option("--truth", help="truth.csv，由 hengjian city 写出")],
    rules: Annotated[Path | None, typer.Option("--rules", help="rules.csv；不写则用疑点旁边的那个")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="把结果写成 JSON 文件；写到审计结果文件夹的 score.json，报告会引用")
    ] = None,
    require: Annotated[
        str | None,
        typer.Option("--require", help="要求，例如 certain=1.0/1.0,suspected=0.80/0.95（精确率/召回率）；达不到则退出码为 1"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")] = False,
) -> None:
    """比较疑点与真值：每个主题查出多少、漏掉多少、误报多少，金额差多少。

    只衡量规则对埋入事实的效果；合成数据上的质量不等于现场质量。

    退出码：0 完成；1 没有达到 --require；2 没有做成。

    例：hengjian score --findings out --truth 城市/truth.csv

    例：hengjian score --findings out --truth 城市/truth.csv --out out/score.json --require certain=1.0/1.0,suspected=0.80/0.95
    """
    wanted = read_requirement(require) if require else {}
    path = find_findings(findings)
    result = compare(read_findings(path), read_truth(truth), read_rules(rules or path.parent / "rules.csv"))
    if out:
        try:
            out.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
        except OSError as error:
            raise InputError(
                "评分结果写不进去", where=str(out), why=error.strerror or str(error), cure="换一个可写的位置"
            ) from error
    faults = missed(result, wanted) if wanted else []
    if as_json:
        typer.echo(
            json.dumps(
                result.as_json() | ({"required": require, "missed_requirements": faults} if require else {}), ensure_ascii=False
            )
        )
    else:
        show_score(Console(highlight=False), result)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    for fault in faults:
        errors.print(Text(f"没有达到要求：{fault}", "red"))
    if faults:
        raise typer.Exit(1)


def show_score(console: Console, result: ScoreResult) -> None:
    """The table of themes."""
    rules = load_rulebook().rules
    table = Table(
        title="疑点与真值", title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("规则", overflow="fold", min_width=14)
    for header in ("程度", "违规", "查出", "疑点", "误报\n相似", "误报\n无关", "精确率", "召回率", "金额\n误差"):
        table.add_column(header, justify="left" if header == "程度" else "right", no_wrap=True)
    for theme in result.themes:
        title = rules[theme.rule_id].title if theme.rule_id in rules else theme.theme
        table.add_row(title, CERTAINTIES.get(theme.certainty, "—"), *_cells(theme))
    table.add_section()
    table.add_row("合计", "", *_cells(result.total))
    console.print(table)


def _cells(t: ThemeScore) -> list[str]:
    counts = (t.guilty, t.found, t.findings, t.false_on_innocent, t.false_unplanted)
    return [f"{n:,}" for n in counts] + [
        "—" if share is None else f"{share:.4f}".removesuffix("00") for share in (t.precision, t.recall, t.amount_error)
    ]
