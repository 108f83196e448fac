"""`hengjian rules coverage`: how much of the national edition is covered, and knowledge points as a bureau counts them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from hengjian.cli.options import AsJson, Site
from hengjian.cli.rules import rules_app
from hengjian.engine.coverage import STATES, Covered, Points
from hengjian.engine.coverage import coverage as covered_by
from hengjian.kernel.dates import day_number
from hengjian.lake.schema import TABLES
from hengjian.lake.schema.layer import LAYER
from hengjian.lake.schema.local import LOCAL
from hengjian.lake.versions import open_lake
from hengjian.rulebook import load_rulebook
from hengjian.site.apply import effective
from hengjian.site.folder import site_root

_STYLES = {"active": "green", "shadow": "cyan", "needs_data": "yellow", "needs_knowledge": "yellow", "not_yet": "dim"}


@rules_app.command()
def coverage(
    lake: Annotated[
        Path | None, typer.Option("--lake", help="数据湖；写了就看它有没有规则要读的数据和随数据的知识", show_default=False)
    ] = None,
    site: Site = None,
    as_json: AsJson = False,
) -> None:
    """全国两库 88 条规则各到哪一步：启用、影子、缺数据、缺知识、未做；并按族、按监管部门的口径数知识点。

    例：hengjian rules coverage

    例：hengjian rules coverage --lake lake --site site --json
    """
    today = date.today()  # noqa: DTZ011 - civil day
    version = open_lake(lake) if lake else None
    book = effective(load_rulebook(), site_root(site, lake), today)
    found = covered_by(book, day_number(today), version)
    if as_json:
        facts = {
            "on": today.isoformat(),
            "counts": found.counts,
            "rules": [_plain(c) for c in found.rules],
            "points_by_family": _points(found.by_family),
            "points_by_group": _points(found.by_group),
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False)
    console.print(
        f"全国两库（2025 年版）{len(found.rules)} 条规则：" + "，".join(f"{STATES[s]} {n}" for s, n in found.counts.items())
    )
    console.print("知识点：" + "，".join(f"{p.heading} {p.points:,}" for p in found.by_group if p.points))
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in ("序", "全国规则", "类", "族", "状态", "本库规则"):
        table.add_column(
            header, justify="right" if header == "序" else "left", no_wrap=header in ("序", "类", "族"), overflow="fold"
        )
    for c in found.rules:
        state = STATES[c.state] + (f"：{'、'.join(map(_label, c.missing))}" if c.missing else "")
        n = c.national
        if n.result == "indicator":
            state += "（统计指标）"
        table.add_row(str(n.seq), n.title, n.tier, n.family, f"[{_STYLES[c.state]}]{state}[/]", "、".join(c.rules))
    console.print(table)
    points = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in ("知识点", "条", "编码"):
        points.add_column(header, justify="left" if header == "知识点" else "right")
    for p in (*found.by_family, *found.by_group):
        points.add_row(p.heading, f"{p.points:,}", f"{p.rows:,}", end_section=p in (found.by_family[-1], found.by_group[-1]))
    console.print(points)
    if lake is None:
        console.print("没有写 --lake：没有看数据在不在，随数据的地方知识一律算缺。")


def _plain(c: Covered) -> dict[str, Any]:
    n = c.national
    return {
        "seq": n.seq,
        "official_code": n.official_code,
        "title": n.title,
        "tier": n.tier,
        "family": n.family,
        "result": n.result,
        "state": c.state,
        "rules": list(c.rules),
        "missing": list(c.missing),
    }


def _points(points: Iterable[Points]) -> list[dict[str, Any]]:
    return [{"heading": p.heading, "points": p.points, "codes": p.rows} for p in points]


def _label(table: str) -> str:
    """What people call a table."""
    name = table.removeprefix("local_")
    known = TABLES.get(table) or LOCAL.get(name)
    return (
        f"{known.label}（{table}）"
        if known
        else LAYER[table].label
        if table in LAYER and hasattr(LAYER[table], "label")
        else table
    )
