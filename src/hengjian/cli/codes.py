"""`hengjian codes`: the map of local to national codes, and how far the codes of a lake are understood."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from hengjian.cli.options import AsJson, OwnSite, Site
from hengjian.kernel.dates import day_date, day_number
from hengjian.lake.versions import open_lake
from hengjian.report.codes import LABELS, UNKNOWN, CodeCoverage, code_coverage, write_unmapped
from hengjian.site.approvals import check_day
from hengjian.site.codes import import_codes, read_codes
from hengjian.site.folder import site_root

codes_app = typer.Typer(help="编码：国家编码与地方编码的对照。", no_args_is_help=True, rich_markup_mode=None)
_SHOWN = 20
_START = "2021-05-01"


@codes_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="对照文件：CSV（UTF-8、GB18030）或 XLSX，要有“国家编码”“地方编码”两列")],
    site: OwnSite = Path("site"),
    from_: Annotated[str, typer.Option("--from", help="没有写起始日期的行从哪一天起算")] = _START,
    as_json: AsJson = False,
) -> None:
    """导入编码对照：此后知识里的国家编码，也认对照到它的地方编码。一个地方编码同时只能对照一个国家编码。

    例：hengjian codes import 省编码对照.xlsx --site site
    """
    done = import_codes(site, file, check_day(from_, "--from"), datetime.now().replace(microsecond=0))  # noqa: DTZ005
    if as_json:
        typer.echo(json.dumps({k: getattr(done, k) for k in ("read", "added", "known", "blank", "total")}))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"读入 {done.read:,} 行：新增 {done.added:,}，已有 {done.known:,}，没有写国家编码而跳过 {done.blank:,}。对照共 {done.total:,} 行，写在 {site / 'code_map.csv'}。"
    )
    console.print(
        f"没有写起始日期的，从 {day_date(check_day(from_, '--from'))} 起算。下一步：hengjian codes coverage --lake 数据湖"
    )


@codes_app.command()
def coverage(
    lake: Annotated[Path, typer.Option("--lake", help="数据湖文件夹")],
    site: Site = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="把未对照的编码写成 XLSX，填上国家编码后可再导入", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """费用明细的目录编码里，国家编码和已对照的各占多少（按编码数、行数、金额），未对照的列出来。

    例：hengjian codes coverage --lake lake --site site --out 未对照.xlsx
    """
    version = open_lake(lake)
    root = site_root(site, lake)
    found = code_coverage(version, read_codes(root) if root else [], day_number(date.today()))  # noqa: DTZ011 - civil day
    if out is not None:
        write_unmapped(out, found)
    if as_json:
        typer.echo(json.dumps(_plain(found), ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False, soft_wrap=True)
    table = _table("编码", "个数", "占", "明细行数", "金额（元）", "占")
    for s in found.shares:
        money = float(s.amount / found.amount) if found.amount else 0.0
        table.add_row(
            LABELS[s.kind], f"{s.codes:,}", f"{s.codes / found.codes:.1%}", f"{s.lines:,}", f"{s.amount:,.2f}", f"{money:.1%}"
        )
    console.print(table if found.shares else "这个数据湖里没有费用明细。")
    if found.unmapped:
        rest = _table("未对照的编码", "名称", "明细行数", "金额（元）")
        for u in found.unmapped[:_SHOWN]:
            rest.add_row(u.code, u.name, f"{u.lines:,}", f"{u.amount:,.2f}")
        console.print(rest)
        left = found.of(UNKNOWN).codes - _SHOWN
        console.print(
            (f"另有 {left:,} 个，用 --out 写成表格。" if left > 0 else "") + "填上国家编码后：hengjian codes import 表格"
        )


def _plain(found: CodeCoverage) -> dict[str, Any]:
    return {
        "codes": found.codes,
        "amount": str(found.amount),
        "shares": [{"kind": s.kind, "codes": s.codes, "lines": s.lines, "amount": str(s.amount)} for s in found.shares],
        "unmapped": [{"code": u.code, "name": u.name, "lines": u.lines, "amount": str(u.amount)} for u in found.unmapped],
    }


def _table(*headers: str) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for n, header in enumerate(headers):
        table.add_column(header, justify="left" if n == 0 or header == "名称" else "right")
    return table
