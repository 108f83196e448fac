"""`hengjian lake duty`: the duty report, and the files to send back to institutions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from hengjian.cli.bar import progress_bar
from hengjian.kernel.amounts import to_yuan
from hengjian.lake.versions import open_lake
from hengjian.report.duty import Written, write_duty
from hengjian.report.duty.figures import Duty, Tally
from hengjian.report.words import YUAN

_LISTED = 10


def duty(
    lake: Annotated[Path, typer.Option("--lake", help="数据湖文件夹")] = Path("lake"),
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹")] = Path("duty"),
    org: Annotated[str | None, typer.Option("--org", help="只写这一家机构的退回文件；写 12 位机构编号")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")] = False,
) -> None:
    """按机构和原因汇总退回与提示的行，写出履责报告和退给各机构的文件。

    写出 履责报告.xlsx（说明、按机构、按原因、逐行明细），并为每家机构写一个 退回_机构编号.xlsx，只含它自己的行，可以直接发给它。

    例：hengjian lake duty --lake lake --out 履责

    例：hengjian lake duty --lake lake --out 履责 --org H99010000001
    """
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    with progress_bar(console, "写退回文件") as tick:
        written = write_duty(open_lake(lake), out, org=org, progress=tick)
    if as_json:
        typer.echo(json.dumps(_as_json(written), ensure_ascii=False))
        return
    _tell(console, written, out)


def _as_json(written: Written) -> dict[str, Any]:
    found: Duty = written.duty
    return {
        "sent": found.sent,
        "taken": found.taken,
        "refused": _tally(found.refused),
        "settled": {how: _tally(tally) for how, tally in found.ended.items()},
        "flagged": _tally(found.flagged),
        "institutions": [
            {
                "fixmedins_code": o.code,
                "fixmedins_name": o.name,
                "refused": _tally(o.refused),
                "settled": _tally(o.settled),
                "flagged": _tally(o.flagged),
                "file": str(written.files[o.code]) if o.code in written.files else None,
            }
            for o in found.orgs
        ],
        "reasons": [{"level": r.level, "code": r.code, "title": r.title, **_tally(r.tally)} for r in found.reasons],
        "report": str(written.report) if written.report else None,
        "stale": [str(path) for path in written.stale],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {"rows": tally.rows, "amount": str(to_yuan(tally.fen))}


def _tell(console: Console, written: Written, out: Path) -> None:
    found = written.duty
    if found.is_empty:
        console.print("没有退回的行，也没有提示。")
    else:
        console.print(
            f"退回未补正 {found.refused.rows:,} 行，金额 {YUAN.text(found.refused.fen)} 元；已补正 {found.settled.rows:,} 行；"
            f"提示 {found.flagged.rows:,} 行，金额 {YUAN.text(found.flagged.fen)} 元。"
        )
    if written.report:
        console.print(Text(f"写好 {written.report}"))
    names = {o.code: o.name for o in found.orgs}
    for code, path in list(written.files.items())[:_LISTED]:
        console.print(Text(f"写好 {path}：{names[code]}"))
    if len(written.files) > _LISTED:
        console.print(f"等共 {len(written.files):,} 个退回文件，都在 {out}")
    if written.stale:
        listed = "、".join(path.name for path in written.stale[:_LISTED])
        console.print(Text(f"这些退回文件是以前写的，这次没有更新，不要再发：{listed}", "yellow"))
