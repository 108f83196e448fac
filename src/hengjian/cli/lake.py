"""`hengjian lake`: look at a lake, keep it small."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hengjian.cli.duty import duty
from hengjian.cli.upkeep import compact, gc
from hengjian.cli.versions import show, versions
from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError, LakeError
from hengjian.lake.ingest.shown import sealer_of, shown
from hengjian.lake.versions import open_lake

lake_app = typer.Typer(help="查看数据湖的版本、表和退回登记，写履责报告；整理、清理数据湖。", no_args_is_help=True)
for command in (versions, show, compact, gc, duty):
    lake_app.command()(command)

_LAKE = Annotated[Path, typer.Option("--lake", help="数据湖文件夹")]
_JSON = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]
_HEADS = {"load_no": "版本", "tab": "表", "file": "文件", "line": "行", "code": "代码", "col": "列", "val": "值", "reason": "原因", "advice": "办法", "others": "其他原因", "raw": "原始内容"}  # fmt: skip


@lake_app.command()
def rejects(
    lake: _LAKE = Path("lake"),
    out: Annotated[
        Path | None, typer.Option("--out", help="写成 CSV 文件（Excel 可直接打开）；不写则在屏幕上列出前 50 行")
    ] = None,
    as_json: _JSON = False,
) -> None:
    """列出被退回的每一行：文件、行、列、值、原因、办法。个人信息只显示脱敏的写法。

    例：hengjian lake rejects --lake lake --out 退回.csv
    """
    current = open_lake(lake)
    files = current.files("rejects")
    names = list(_HEADS)
    found = _rejects(files, names, "" if out or as_json else "LIMIT 50") if files else []
    sealer = sealer_of(current)
    rows = [tuple(shown(dict(zip(names, row, strict=True)), sealer).values()) for row in found]
    if as_json:
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], ensure_ascii=False))
        return
    if out:
        try:
            with out.open("w", encoding="utf-8-sig", newline="") as handle:
                writer = csv.writer(handle)
                writer.writerow(_HEADS.values())
                writer.writerows([_safe(cell) for cell in row] for row in rows)
        except OSError as error:
            raise InputError("文件写不进去", where=str(out), why=cause_of(error), cure="换一个可写的位置") from error
        typer.echo(f"写好 {len(rows):,} 行：{out}")
        return
    table = Table(
        title=f"退回登记（共 {current.rows('rejects'):,} 行，列出 {len(rows)} 行）", title_justify="left", header_style="bold"
    )
    wanted = ("file", "line", "col", "val", "reason", "advice")
    for name in wanted:
        table.add_column(_HEADS[name], overflow="fold")
    for row in rows:
        cells = dict(zip(names, row, strict=True))
        table.add_row(*(Text("".join(c if c.isprintable() else "�" for c in str(cells[name] or ""))) for name in wanted))
    Console().print(table)


def _rejects(files: list[str], names: list[str], limit: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT {', '.join(names)} FROM read_parquet(?) ORDER BY load_no, tab, file, line {limit}"
    try:
        with duckdb.connect() as con:
            return con.execute(sql, [files]).fetchall()
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        cure = "用备份恢复这个文件夹，或把原文件重新加载进一个新的数据湖"
        raise LakeError("退回登记读不出来", where=str(Path(files[0]).parent), why=cause_of(error), cure=cure) from error


def _safe(cell: object) -> object:
    """A cell that a spreadsheet never takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell
