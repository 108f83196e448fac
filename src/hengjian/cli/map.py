"""`hengjian map`: propose a map of files, headers and values for a folder, a zip or a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from hengjian.cli.origin import Address, Folder, MapFile, Schema, saved_map, survey_of
from hengjian.kernel.causes import cause_of
from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.map_page import as_dict, map_page, needs_map
from hengjian.lake.ingest.propose import PartGuess, guess


def map_(
    folder: Folder = None,
    out: Annotated[Path | None, typer.Option("--out", help="写到哪个文件；不写则印在屏幕上", show_default=False)] = None,
    map_file: MapFile = None,
    address: Address = "",
    schema: Schema = "",
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")] = False,
) -> None:
    """看一遍数据，建议一份对照表：哪个文件是哪张表，哪个表头是哪一列，哪个值是哪个代码。

    对得上国家标准名、别名、中文名的不用写进对照表。其余按相似程度建议，连同样值；拿不准的行标“请核对”，请人改好再用。
    每月同样的文件只建一次：加载时写 --map；来了新的样子，用 --map 旧表 --out 新表 补上。什么数据也不改。

    退出码：0 都清楚，照用即可；1 有要人核对的；2 没有做成。

    例：hengjian map 数据文件夹 --out 对照.yml

    例：hengjian ingest 数据文件夹 --lake lake --map 对照.yml

    例：hengjian map --from postgresql://reader@10.0.0.8/yibao --out 对照.yml
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    saved = saved_map(map_file)
    if out and out.exists():
        raise InputError(
            "对照表已经有了，没有覆盖",
            where=str(out),
            why="里面可能有人改过的内容",
            cure=f"接着用它：--map {out} --out 另一个文件",
        )
    with survey_of("map", folder, address, schema) as found:
        saved.refuse_absent([*(part.name for part in found.parts), *found.ignored])
        parts = [part for part in found.parts if not saved.skips(part.name)]
        if not parts:
            left = "；".join(f"{name}：{why}" for name, why in list(found.ignored.items())[:3])
            raise InputError(
                "没有可以看的文件", where=str(found.place), why=left or "文件夹是空的", cure="放进 CSV、Parquet 或 Excel 文件"
            )
        guesses = [guess(part, saved) for part in parts]
    if as_json:
        typer.echo(json.dumps(as_dict(guesses), ensure_ascii=False))
    decisions = sum(g.decisions for g in guesses)
    for each in guesses:
        console.print(Text(_line(each), "yellow" if each.decisions else "dim"))
    if needs_map(guesses, saved):
        _write(out, map_page(guesses, saved), as_json)
        todo = f"{decisions} 处请核对" if decisions else "都清楚，可以直接用"
        console.print(
            Text(f"对照表{f'写在 {out}' if out else '在上面'}：{todo}。用法：hengjian ingest … --map {out or '对照表'}")
        )
    else:
        console.print(Text("都对得上，不需要对照表。" if not decisions else f"{decisions} 处请核对，见上。"))
    raise typer.Exit(1 if decisions else 0)


def _line(each: PartGuess) -> str:
    """One part in one line."""
    if each.problem:
        return f"{each.part.name}：读不了，{each.problem}"
    if each.table is None:
        return f"{each.part.name}：{each.part.why}"
    known = sum(h.known for h in each.headers if h.column)
    offered = sum(1 for h in each.headers if h.column and not h.known)
    words = [f"{known} 列对得上"]
    words += [f"{offered} 列有建议"] if offered else []
    words += [f"缺必填列 {'、'.join(c.label for c in each.missing)}"] if each.missing else []
    words += [f"{sum(map(len, each.values.values()))} 个值不在代码表"] if each.values else []
    return f"{each.part.name} → {each.table.label}（{each.table.name}）：" + "，".join(words)


def _write(out: Path | None, page: str, as_json: bool) -> None:
    if out is None:
        if not as_json:
            typer.echo(page, nl=False)
        return
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError("对照表写不进去", where=str(out), why=cause_of(error), cure="换一个可写的位置") from error
