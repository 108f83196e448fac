"""`hengjian lake compact` and `hengjian lake gc`: keep a lake small and quick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from hengjian.cli.bar import progress_bar
from hengjian.cli.moment import now
from hengjian.cli.versions import size
from hengjian.lake.upkeep.compact import compact as compact_lake
from hengjian.lake.upkeep.gc import clean
from hengjian.lake.upkeep.retention import FILE

_LAKE = Annotated[Path, typer.Option("--lake", help="数据湖文件夹")]
_JSON = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]
_FEW = 12


def compact(lake: _LAKE = Path("lake"), as_json: _JSON = False) -> None:
    """整理：小批加载的文件并成一桶一个，去掉不再算数的行，生成新的一版。

    内容一行不变，审计结果不变；正在读旧版本的不受影响。没有可整理的就什么也不做。中途被杀，数据湖仍是原来的一版，重新运行即可。
    旧版本的文件还占着地方，用 hengjian lake gc 清理。

    例：hengjian lake compact --lake lake
    """
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    with progress_bar(console, "整理") as tick:
        done = compact_lake(lake, now=now(), progress=tick)
    if as_json:
        typer.echo(json.dumps(done.as_dict(), ensure_ascii=False))
    elif not done.new:
        console.print(f"第 {done.version} 版已经是整齐的，没有生成新的一版。")
    else:
        console.print(
            f"整理好了，第 {done.version} 版：{len(done.tables)} 张表，文件 {done.files_before:,} → {done.files_after:,} 个，"
            f"{size(done.bytes_before)} → {size(done.bytes_after)}，去掉不再算数的 {done.dropped:,} 行，用时 {done.seconds:.1f} 秒。"
        )
        console.print(Text(f"下一步：清理旧版本 hengjian lake gc --lake {lake} --dry-run", "dim"))


def gc(
    lake: _LAKE = Path("lake"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说会清理什么，什么也不删")] = False,
    as_json: _JSON = False,
) -> None:
    """清理：删去按保留规则不必再留的版本，和没有版本用到的文件。

    保留规则是数据湖里的 retention.yml，第一次清理时生成，里面有说明。最新一版、审计结果还在的版本从不删去。
    删去的版本不能再读，它的加载记录还在。中途被杀，再运行一次即可。

    例：hengjian lake gc --lake lake --dry-run

    例：hengjian lake gc --lake lake
    """
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    with progress_bar(console, "清理") as tick:
        done = clean(lake, now=now(), dry_run=dry_run, progress=tick)
    if as_json:
        typer.echo(json.dumps(done.as_dict(), ensure_ascii=False))
        return
    if done.made:
        console.print(Text(f"写好了保留规则，可以改：{lake / FILE}"))
    for note in done.notes:
        console.print(Text(note, "yellow"))
    if not done.removed and not done.files:
        console.print(f"没有可清理的。留着 {len(done.kept)} 版。")
        return
    will = "会删去" if dry_run else "删去了"
    told = "、".join(map(str, done.removed[:_FEW])) + (" 等" if len(done.removed) > _FEW else "")
    which = f" {len(done.removed)} 版（第 {told} 版）和" if done.removed else ""
    console.print(f"{will}{which} {done.files:,} 个没有版本用到的文件，共 {size(done.bytes)}。留着 {len(done.kept)} 版。")
    if dry_run:
        console.print(Text(f"确定要删：hengjian lake gc --lake {lake}", "dim"))
