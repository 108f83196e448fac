"""`hengjian rules diff`: what two rulebooks differ in, and what findings a lake gains and loses by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from hengjian.cli.bar import progress_bar
from hengjian.cli.options import AsJson
from hengjian.cli.rules import rules_app
from hengjian.engine.changes import Moved, RulebookDiff, compare, moved, touched
from hengjian.engine.pack import PACK, open_pack
from hengjian.kernel.errors import InputError
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.loader import PARTS
from hengjian.rulebook.model import Rulebook
from hengjian.site.apply import effective

SHIPPED = "shipped"
_WORDS = {"added": "新增", "removed": "去掉", "changed": "改动"}


@rules_app.command("diff")
def diff_rules(
    a: Annotated[
        str, typer.Argument(help="改之前：shipped（随程序的）、站点文件夹、审计结果文件夹或其中的 rulebook.zip、规则文件夹")
    ],
    b: Annotated[str, typer.Argument(help="改之后：写法相同")],
    data: Annotated[Path | None, typer.Option("--data", help="数据湖；写了就用它算疑点和金额增减")] = None,
    as_json: AsJson = False,
) -> None:
    """比较两套规则：哪些规则、参数、知识、豁免变了；写 --data 还算出疑点和基金支付各增减多少。有差别的退出码为 1。

    例：hengjian rules diff shipped site

    例：hengjian rules diff out shipped --data lake --json
    """
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    with _book(a) as then, _book(b) as now:
        found = compare(then, now)
        changes: list[Moved] = []
        if data is not None and not found.is_empty:
            lake = open_lake(data)
            with progress_bar(console, "比较") as tick:
                changes = moved(lake, then, now, touched(then, now, found), tick)
        titles = {r.rule_id: r.title for book in (then, now) for r in book.rules.values()}
    if as_json:
        told = asdict(found) | {"moved": [asdict(m) for m in changes]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1, default=str))
    else:
        _tell(console, found)
        if data is not None:
            _tell_moved(console, changes, titles)
    raise typer.Exit(0 if found.is_empty else 1)


@contextmanager
def _book(name: str) -> Iterator[Rulebook]:
    """The rulebook that a word on the command line names. Raises InputError."""
    path = Path(name)
    pack = path / PACK if (path / PACK).is_file() else path
    if name == SHIPPED:
        yield load_rulebook()
    elif pack.is_file():
        with open_pack(pack) as book:
            yield book
    elif path.is_dir() and any((path / part).is_dir() for part in PARTS if part != "knowledge"):
        yield load_rulebook(path)
    elif path.is_dir():
        yield effective(load_rulebook(), path, date.today())  # noqa: DTZ011 - civil day
    else:
        raise InputError(
            "找不到这套规则",
            where=name,
            why="没有这个文件夹或文件",
            cure="写 shipped、站点文件夹、审计结果文件夹，或规则文件夹",
        )


def _tell(console: Console, found: RulebookDiff) -> None:
    if found.is_empty:
        console.print("两套规则没有差别。")
        return
    for change in found.rules:
        console.print(f"[bold]{_WORDS[change.kind]}[/bold] {change.title} [dim]{change.rule_id}[/dim]")
        for detail in change.details:
            console.print(f"  {detail}", markup=False)
    for table in found.tables:
        console.print(f"[bold]知识[/bold] {table.table}：增 {table.added}，减 {table.removed}，改 {table.changed}")
        for line in table.some:
            console.print(f"  {line}", markup=False)
    for line in found.other:
        console.print(f"[bold]其他[/bold] {line}")


def _tell_moved(console: Console, changes: list[Moved], titles: dict[str, str]) -> None:
    if not changes:
        console.print("用这个数据湖算，疑点和金额没有变化。")
        return
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("规则")
    for header in ("增加", "基金支付", "减少", "基金支付", "变动", "基金支付"):
        table.add_column(header, justify="right")
    for m in changes:
        sums = (m.gained, m.gained_fund, m.lost, -m.lost_fund, m.altered, m.altered_fund)
        table.add_row(titles[m.rule_id], *(f"{s:,}" for s in sums))
    console.print(table)
    net = sum((m.gained_fund - m.lost_fund + m.altered_fund for m in changes), Decimal(0))
    console.print(
        f"合计：疑点 {sum(m.gained - m.lost for m in changes):+,} 条，基金支付 {net:+,} 元（按疑点相加，同一行可能计了几次）。"
    )
