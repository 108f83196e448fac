"""`hengjian lake versions` and `hengjian lake show`: what versions there are, what they take, how well they lie."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hengjian.cli.bar import progress_bar
from hengjian.lake.place import lake_root
from hengjian.lake.schema import TABLES
from hengjian.lake.upkeep.notes import audits_in_use
from hengjian.lake.upkeep.retention import read_retention
from hengjian.lake.upkeep.sizes import Sizes, advice, table_sizes
from hengjian.lake.versions import COMPACT, LOAD, ROTATE, LakeVersion, open_lake, version_numbers

_LAKE = Annotated[Path, typer.Option("--lake", help="数据湖文件夹")]
_JSON = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]
_MADE = {LOAD: "加载", COMPACT: "整理", ROTATE: "换钥"}
_WIDE = 110
"""Columns that these lists need."""
_COUNTS = {"taken": "收下", "replaced": "替换", "rejected": "退回", "waiting": "待补"}


def versions(lake: _LAKE = Path("lake"), as_json: _JSON = False) -> None:
    """列出每一版：怎么来的、何时、数据日期、行数的去处、大小、密钥、为什么留着。

    几版共用的文件各算一次，所以大小不能相加。清理用 hengjian lake gc。

    例：hengjian lake versions --lake lake
    """
    now = datetime.now()  # noqa: DTZ005 - civil time
    root = open_lake(lake).root
    listed = [open_lake(root, number) for number in version_numbers(root)]
    why = read_retention(root).reasons(listed, audits_in_use(root, now), now)
    sizes = Sizes()
    rows: list[dict[str, Any]] = []
    with progress_bar(Console(stderr=True), "查看") as tick:
        for version in listed:
            rows.append(_row(version, sizes.bytes(version), why[version.number]))
            tick(len(rows), len(listed))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold", padding=0, collapse_padding=True)
    for head in ("版本", "来历", "时间", "数据日期"):
        table.add_column(head, no_wrap=True)
    for head in ("费用行", *_COUNTS.values(), "大小"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("密钥", no_wrap=True)
    for row in rows:
        counts = (f"{row[name]:,}" if row["made_by"] == LOAD else "" for name in _COUNTS)
        made, at = _MADE.get(row["made_by"], row["made_by"]), row["created_at"][:16].replace("T", " ")
        table.add_row(str(row["version"]), made, at, row["data_date"], f"{row['fee_line']:,}", *counts, size(row["bytes"]), row["key_id"])  # fmt: skip
    console = _console()
    console.print(table)
    for kept, group in groupby(rows, lambda row: row["kept"]):
        numbers = [row["version"] for row in group]
        which = f"第 {numbers[0]}" + (f"–{numbers[-1]}" if len(numbers) > 1 else "") + " 版"
        told = "留着，因为" + "；".join(kept) if kept else "没有要留的原因，下次清理会删去"
        console.print(Text(f"{which}：{told}", "" if kept else "yellow"))
    _advise(advice(table_sizes(listed[-1])), lake)


def _row(version: LakeVersion, taken: int, kept: list[str]) -> dict[str, Any]:
    """A version for machines. Rows taken, replaced, rejected are those of its load; rows waiting are those that wait in it."""
    tables = [c for c in (version.load.get("tables") or {}).values() if isinstance(c, dict)] if version.made_by == LOAD else []
    counts = {name: sum(int(c.get(name) or 0) for c in tables) for name in _COUNTS if name != "waiting"}
    waiting = sum(state.rows for name, state in version.tables.items() if name.startswith("waiting_"))
    return {
        "version": version.number,
        "made_by": version.made_by,
        "created_at": version.created_at,
        "data_date": version.data_date,
        "fee_line": version.rows("fee_line"),
        "person": version.rows("person"),
        **counts,
        "waiting": waiting,
        "bytes": taken,
        "key_id": version.key,
        "kept": kept,
    }


def show(
    lake: _LAKE = Path("lake"),
    version: Annotated[int | None, typer.Option("--version", help="第几版；不写则最新")] = None,
    as_json: _JSON = False,
) -> None:
    """看一版里有哪些表：行数、不再算数的行、文件数、大小、小批加载占多少。

    不再算数的行是后来的加载改过的，还占着地方；这些行和小批加载的文件多了，审计会慢，用 hengjian lake compact 整理。

    例：hengjian lake show --lake lake --version 2
    """
    current = open_lake(lake_root(lake), version)
    tables = table_sizes(current)
    why = advice(tables)
    if as_json:
        told = {name: asdict(t) | {"mixed_share": round(t.mixed_share, 4)} for name, t in tables.items()}
        typer.echo(json.dumps({"version": current.number, "tables": told, "advice": why}, ensure_ascii=False))
        return
    title = f"第 {current.number} 版，数据日期 {current.data_date}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, header_style="bold", padding=0, collapse_padding=True)
    for head in ("表", "中文"):
        table.add_column(head, no_wrap=True)
    for head in ("行数", "不再算数", "文件", "大小", "小批占"):
        table.add_column(head, justify="right")
    for name, t in tables.items():
        label = TABLES[name].label if name in TABLES else ""
        table.add_row(name, label, f"{t.rows:,}", f"{t.dead:,}", f"{t.files:,}", size(t.bytes), f"{t.mixed_share:.0%}")
    _console().print(table)
    _advise(why, lake)


def _console() -> Console:
    """A console wide enough: a narrower screen breaks the lines, and nothing is cut off."""
    return Console(width=max(Console().width, _WIDE), highlight=False, soft_wrap=True)


def _advise(why: str, lake: Path) -> None:
    if why:
        Console(soft_wrap=True).print(Text(f"建议整理（{why}）：hengjian lake compact --lake {lake}", "yellow"))


def size(count: int) -> str:
    """Bytes for people."""
    amount, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
