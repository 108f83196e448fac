"""`hengjian lake`: look at a lake."""

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
from hengjian.kernel.errors import InputError, LakeError
from hengjian.lake.causes import cause_of
from hengjian.lake.ingest.shown import sealer_of, shown
from hengjian.lake.schema import TABLES
from hengjian.lake.versions import open_lake, version_numbers

lake_app = typer.Typer(help="查看数据湖的版本、表和退回登记，写履责报告。", no_args_is_help=True)
lake_app.command()(duty)

_LAKE = Annotated[Path, typer.Option("--lake", help="数据湖文件夹")]
_JSON = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]
_HEADS = {"load_no": "版本", "tab": "表", "file": "文件", "line": "行", "code": "代码", "col": "列", "val": "值", "reason": "原因", "advice": "办法", "others": "其他原因", "raw": "原始内容"}  # fmt: skip


@lake_app.command()
def versions(lake: _LAKE = Path("lake"), as_json: _JSON = False) -> None:
    """列出每一版：时间、数据日期、费用行数。

    例：hengjian lake versions --lake lake
    """
    open_lake(lake)
    rows: list[dict[str, Any]] = []
    for number in version_numbers(lake):
        version = open_lake(lake, number)
        rows.append(
            {
                "version": number,
                "created_at": version.created_at,
                "data_date": version.data_date,
                "fee_line": version.rows("fee_line"),
                "person": version.rows("person"),
            }
        )
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("版本", "加载时间", "数据日期", "费用行", "参保人", header_style="bold")
    for row in rows:
        table.add_row(str(row["version"]), row["created_at"], row["data_date"], f"{row['fee_line']:,}", f"{row['person']:,}")
    Console().print(table)


@lake_app.command()
def show(
    lake: _LAKE = Path("lake"),
    version: Annotated[int | None, typer.Option("--version", help="第几版；不写则最新")] = None,
    as_json: _JSON = False,
) -> None:
    """看一版里有哪些表、各多少行。

    例：hengjian lake show --lake lake --version 2
    """
    current = open_lake(lake, version)
    if as_json:
        typer.echo(json.dumps({name: state.rows for name, state in current.tables.items()}, ensure_ascii=False))
        return
    table = Table(
        "表",
        "中文",
        "行数",
        title=f"第 {current.number} 版，数据日期 {current.data_date}",
        title_justify="left",
        header_style="bold",
    )
    for name, state in sorted(current.tables.items()):
        table.add_row(name, TABLES[name].label if name in TABLES else "", f"{state.rows:,}")
    Console().print(table)


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
