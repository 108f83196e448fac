"""`hengjian journal`: is the office's journal whole, and the day's anchor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hengjian.cli.office import Home, open_existing
from hengjian.kernel.errors import InputError

journal_app = typer.Typer(help="操作日志：检查链是否完整，写锚文件。", no_args_is_help=True)
_HOME = Path("office")


@contextmanager
def _opened(home: Path) -> Iterator[None]:
    open_existing(home)
    from django.db import DatabaseError

    try:
        yield
    except DatabaseError as error:
        raise InputError(
            "打不开操作日志", why=str(error).splitlines()[0], cure="核对 --home 和环境变量 DATABASE_URL"
        ) from error


@journal_app.command()
def verify(
    home: Home = _HOME,
    anchors: Annotated[
        Path | None, typer.Option("--anchors", help="锚文件在哪个文件夹；最好用另存在别处的那一份", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")] = False,
) -> None:
    """检查操作日志：每条与它的摘要是否相符，条条是否相接，与每天的锚文件是否一致。

    完整时退出码为 0；有改动、缺失或插入的为 1，逐条列出；打不开的为 2。

    例：hengjian journal verify --home office

    例：hengjian journal verify --home office --anchors /mnt/anchors --json
    """
    with _opened(home):
        from django.conf import settings

        from hengjian.apps.journal.verify import verify as check

        if anchors is not None and not anchors.is_dir():
            raise InputError(f"没有锚文件夹 {anchors}", cure="核对 --anchors")
        kept = anchors or settings.ANCHORS
        verdict = check(kept if kept.is_dir() else None)
    if as_json:
        facts = {"whole": verdict.whole, "entries": verdict.entries, "digest": verdict.digest, "faults": list(verdict.faults)}
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=1))
    elif verdict.whole:
        typer.echo(f"操作日志完整：{verdict.entries:,} 条，末条摘要 {verdict.digest}")
    else:
        typer.echo(f"操作日志有 {len(verdict.faults)} 处不符：")
        for fault in verdict.faults:
            typer.echo(f"  {fault}")
        typer.echo("请保留数据库原样，告诉审计管理员，用备份和锚文件查明。")
    raise typer.Exit(0 if verdict.whole else 1)


@journal_app.command()
def anchor(home: Home = _HOME) -> None:
    """写今天的锚文件：末条的序号和摘要。请把它另存到管数据库的人够不着的地方。

    例：hengjian journal anchor --home office
    """
    with _opened(home):
        from django.conf import settings
        from django.utils import timezone

        from hengjian.apps.journal.verify import write_anchor

        now = timezone.now()
        typer.echo(f"{write_anchor(settings.ANCHORS, timezone.localdate(now), now)}")
