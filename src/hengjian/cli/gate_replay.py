"""`hengjian gate replay`: recorded messages once more, to a running gate or straight to the rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hengjian.cli.bar import progress_bar
from hengjian.cli.gate import HOME, Home, Lake, StoreAt, gate_app, gate_settings, need_packages, open_gate_store
from hengjian.cli.options import AsJson, Site
from hengjian.kernel.errors import InputError

if TYPE_CHECKING:
    from hengjian.gate.replay import Ask, Replayed
    from hengjian.gate.sites import SiteKey

_SHOWN = 200
"""Rows of the table; the sums are of all."""


@gate_app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="报文文件：每行一个（NDJSON），或整个文件一个 JSON")],
    to: Annotated[str, typer.Option("--to", help="运行中的闸口")] = "http://127.0.0.1:8100",
    offline: Annotated[
        bool, typer.Option("--offline", help="不发送，用闸口的库在本进程里审核；只重放审核报文，什么也不保存")
    ] = False,
    home: Home = HOME,
    store: StoreAt = "",
    lake: Lake = None,
    site: Site = None,
    paasid: Annotated[str, typer.Option("--paasid", help="用站点里这个账号的密钥签名")] = "",
    as_json: AsJson = False,
) -> None:
    """重放报文：逐个发给闸口，列出应答、提醒数和耗时。写了 --store 就是离线。

    退出码：0 全部成功，1 有失败的，2 没有做成。

    例：hengjian gate replay 报文.ndjson --to http://127.0.0.1:8100

    例：hengjian gate replay 3101.json --offline --lake lake --json
    """
    need_packages()
    from hengjian.gate.replay import messages_in
    from hengjian.gate.replay import replay as again

    ask = _offline(home, store, lake, site) if offline or store else _remote(to, paasid, site, lake)
    messages = list(messages_in(file))
    if not messages:
        raise InputError("文件里没有报文", where=str(file), cure="每行写一个报文")
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    done: list[Replayed] = []
    with closing(ask), progress_bar(console, "重放") as tick:
        for one in again(iter(messages), ask):
            done.append(one)
            tick(one.number, len(messages))
            if as_json:
                typer.echo(json.dumps(asdict(one) | {"ms": round(one.ms, 2)}, ensure_ascii=False))
    if not as_json:
        _show(console, done)
    raise typer.Exit(1 if any(one.infcode not in (0, None) or (one.infcode is None and not one.infno) for one in done) else 0)


def _offline(home: Path, store: str, lake: Path | None, site: Path | None) -> Ask:
    from hengjian.gate import parts
    from hengjian.gate.replay import Offline
    from hengjian.gate.trades import Trades, read_variants

    settings = gate_settings(home, store, lake, site)
    gate_store = open_gate_store(settings)
    return Offline(parts.build_checker(settings, gate_store), Trades(read_variants(settings.site)), gate_store)


def _remote(to: str, paasid: str, site: Path | None, lake: Path | None) -> Ask:
    from hengjian.gate.replay import Remote
    from hengjian.gate.sites import read_keys
    from hengjian.site.folder import site_root

    key: SiteKey | None = None
    if paasid:
        root = site_root(site, lake or Path("lake"))
        key = read_keys(root).get(paasid) if root else None
        if key is None:
            raise InputError(
                f"站点里没有账号 {paasid}", where=str(root or ""), cure="看 hengjian gate keys list，并用 --site 指明站点"
            )
    return Remote(to, key)


def _show(console: Console, done: Sequence[Replayed]) -> None:
    table = Table("序", "交易", "报文ID", "结果", "提醒", "说明", "毫秒", header_style="bold")
    for one in done[:_SHOWN]:
        result = {0: "成功", None: "未发"}.get(one.infcode, "失败")
        cells = (str(one.number), one.infno, one.msgid, result, str(one.reminders), one.said, f"{one.ms:.1f}")
        table.add_row(*map(Text, cells))
    console.print(table)
    if len(done) > _SHOWN:
        console.print(f"只列出前 {_SHOWN} 个；全部见 --json。")
    answered = sorted(one.ms for one in done if one.infcode is not None)
    failed = sum(one.infcode not in (0, None) for one in done)
    said = (
        f"{len(done):,} 个报文，应答 {len(answered):,} 个，失败 {failed:,} 个，提醒 {sum(one.reminders for one in done):,} 条"
    )
    if answered:
        said += f"；中位 {answered[len(answered) // 2]:.1f} 毫秒，最长 {answered[-1]:.1f} 毫秒"
    console.print(said + "。")
