"""`hengjian gate keys`: the keys with which institutions sign. A secret is shown once, when it is drawn."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hengjian.cli.options import AsJson
from hengjian.kernel.dates import OPEN_DAY, day_date, day_number
from hengjian.kernel.errors import InputError
from hengjian.site.ledger import day_of

gate_keys_app = typer.Typer(help="机构密钥：发、列、停。", no_args_is_help=True)
_Site = Annotated[Path, typer.Option("--site", help="站点文件夹；密钥在它的 gate/keys.csv 里，只有本人可读")]
SITE = Path("site")


@gate_keys_app.command()
def add(
    code: Annotated[str, typer.Argument(help="定点医药机构编号，十二位，例如 H99010000001")],
    site: _Site = SITE,
    paasid: Annotated[str, typer.Option("--paasid", help="账号；不写则是机构编号加序号")] = "",
    since: Annotated[str | None, typer.Option("--since", help="从哪天起可用；不写则是今天", show_default=False)] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="哪天失效（当天不可用）；不写则长期有效", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """发一把机构密钥。密钥只在这里显示一次，请用安全的办法交给机构。

    一家机构可以同时有几把：换密钥时先发新的，机构都换好以后再停旧的。运行中的闸口一秒内知道。

    例：hengjian gate keys add H99010000001 --site site

    例：hengjian gate keys add H99010000001 --paasid yunhis01 --until 2027-01-01
    """
    from hengjian.cli.gate import need_packages

    need_packages()
    from hengjian.gate.sites import add_key, keys_file

    begin, end = told_day(since, "--since") if since else today(), told_day(until, "--until") if until else OPEN_DAY
    key = add_key(site, code, on=begin, paasid=paasid, until=end)
    if as_json:
        told: dict[str, str | None] = {"fixmedins_code": key.fixmedins_code, "paasid": key.paasid, "secret": key.secret}
        typer.echo(json.dumps(told | _days(key.since, key.until, key.stopped), ensure_ascii=False))
        return
    typer.echo(f"机构 {key.fixmedins_code}，账号 {key.paasid}")
    typer.echo(f"密钥 {key.secret}")
    typer.echo(f"密钥不再显示，存在 {keys_file(site)}（只有本人可读，请随站点文件夹一起备份并保密）。")


@gate_keys_app.command(name="list")
def list_keys(site: _Site = SITE, as_json: AsJson = False) -> None:
    """列出每把机构密钥：账号、机构、起止、是否可用。密钥本身不显示。

    例：hengjian gate keys list --site site
    """
    from hengjian.cli.gate import need_packages

    need_packages()
    from hengjian.gate.sites import read_keys

    keys = sorted(read_keys(site).values(), key=lambda key: (key.fixmedins_code, key.since, key.paasid))
    if as_json:
        rows = [_days(k.since, k.until, k.stopped) for k in keys]
        for k, row in zip(keys, rows, strict=True):
            row |= {"fixmedins_code": k.fixmedins_code, "paasid": k.paasid, "refusal": k.refusal(today())}
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("机构", "账号", "启用", "失效", "停用", "现在", header_style="bold")
    for k in keys:
        days = (str(day or "") for day in _days(k.since, k.until, k.stopped).values())
        table.add_row(Text(k.fixmedins_code), Text(k.paasid), *days, "不可用" if k.refusal(today()) else "可用")
    Console(highlight=False, soft_wrap=True).print(table if keys else "还没有机构密钥。发一把：hengjian gate keys add 机构编号")


@gate_keys_app.command()
def stop(
    paasid: Annotated[str, typer.Argument(help="账号，见 hengjian gate keys list")],
    site: _Site = SITE,
    since: Annotated[str | None, typer.Option("--since", help="从哪天起停；不写则是今天", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """停用一把机构密钥。它的那一行留着，不删。

    例：hengjian gate keys stop H99010000001-1 --site site
    """
    from hengjian.cli.gate import need_packages

    need_packages()
    from hengjian.gate.sites import stop_key

    key = stop_key(site, paasid, on=told_day(since, "--since") if since else today())
    if as_json:
        told: dict[str, str | None] = {"fixmedins_code": key.fixmedins_code, "paasid": key.paasid}
        typer.echo(json.dumps(told | _days(key.since, key.until, key.stopped), ensure_ascii=False))
        return
    typer.echo(f"账号 {key.paasid}（{key.fixmedins_code}）自 {day_date(key.stopped or 0)} 起停用。")


def today() -> int:
    """The day number of today in China, whatever zone the machine is set to: the gate counts so."""
    return day_number(datetime.now(timezone(timedelta(hours=8))).date())


def told_day(written: str, option: str) -> int:
    """The day number that an option means. Raises InputError."""
    try:
        return day_of(written)
    except ValueError as error:
        raise InputError(f"{option} 的日期不对", why=f"“{written}”不是日期", cure="写成 2026-03-01") from error


def _days(since: int, until: int, stopped: int | None) -> dict[str, str | None]:
    return {
        "since": str(day_date(since)),
        "until": str(day_date(until)) if until < OPEN_DAY else None,
        "stopped": str(day_date(stopped)) if stopped is not None else None,
    }
