"""`hengjian gate`: the real-time service and its store. The gate's packages are loaded only here, when one of the commands runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hengjian.cli.bar import progress_bar
from hengjian.cli.gate_keys import gate_keys_app, today, told_day
from hengjian.cli.gate_levels import gate_levels_app
from hengjian.cli.options import AsJson, Site
from hengjian.kernel.dates import day_date
from hengjian.kernel.errors import InputError
from hengjian.site.folder import site_root

if TYPE_CHECKING:
    from hengjian.gate.settings import GateSettings
    from hengjian.gate.store import Store

gate_app = typer.Typer(
    help="闸口：医院发来国家接口报文，毫秒内提醒；运行、预热、重放、机构密钥、级别、数字。", no_args_is_help=True
)
gate_app.add_typer(gate_keys_app, name="keys")
gate_app.add_typer(gate_levels_app, name="levels")

Home = Annotated[Path, typer.Option("--home", help="闸口文件夹：库、访问记录、计数都在里面")]
StoreAt = Annotated[
    str,
    typer.Option("--store", help="闸口的库：一个文件，或 postgresql://…（几个闸口共用）；不写则是闸口文件夹里的 gate.sqlite"),
]
Lake = Annotated[Path | None, typer.Option("--lake", help="数据湖文件夹；不写则用 lake（如果有）", show_default=False)]
HOME = Path("gate")
_DAY = 86_400
_WIDE = 140
"""Columns of the table of numbers in a file or a pipe."""


def need_packages() -> None:
    """Raises InputError where the gate's packages are not installed."""
    if any(find_spec(name) is None for name in ("granian", "msgspec")):
        raise InputError("没有安装闸口所需的软件包", cure="pip install 'hengjian[gate]'")


@gate_app.command()
def serve(
    home: Home = HOME,
    store: StoreAt = "",
    lake: Lake = None,
    site: Site = None,
    host: Annotated[str, typer.Option("--host", help="在哪个地址上服务；127.0.0.1 只有本机能连")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="端口")] = 8100,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="几个进程；每核一个")] = 1,
    signature: Annotated[
        str | None,
        typer.Option("--signature", help="required 核对机构签名，off 不核对；不写则只有本机能连时不核对", show_default=False),
    ] = None,
    budget_ms: Annotated[int, typer.Option("--budget-ms", min=1, help="一次审核最多几毫秒；没有做完的写明本次未审核")] = 50,
    region: Annotated[str, typer.Option("--region", help="接收方医保区划，六位；不写则用报文里的就医地")] = "",
    load_every: Annotated[float, typer.Option("--load-every", min=0, help="每几秒把收下的报文加载进数据湖；0 不加载")] = 300.0,
    trial: Annotated[bool, typer.Option("--try", help="打开医生工作站 /try；只能在合成城市的数据湖上")] = False,
) -> None:
    """运行闸口：收审核（3101、3102）、反馈（3103）、签到和上传的报文，按国家信封应答。

    Ctrl-C 或 SIGTERM 停止：收下的都答完、存好才停。站点文件夹变了，或收到 SIGHUP，换上新规则，不断开一个请求。报文、签名和错误见 docs/integration.md。

    例：hengjian gate serve --lake lake

    例：hengjian gate serve --lake lake --site site --host 0.0.0.0 --port 8100 --workers 2 --signature required
    """
    need_packages()
    from hengjian.gate.security import Signature
    from hengjian.gate.serve import is_loopback
    from hengjian.gate.serve import serve as run

    if signature is None:
        signature = "off" if is_loopback(host) else "required"
    if signature not in ("off", "required"):
        raise InputError(f"--signature 的值“{signature}”不对", cure="写 required（核对）或 off（不核对）")
    if region and not (len(region) == 6 and region.isascii() and region.isdigit()):
        raise InputError(f"医保区划“{region}”不对", cure="写六位数字，例如 330100；或不写")
    settings = gate_settings(home, store, lake, site, budget_ms, region, Signature(signature), load_every)
    if trial:
        from hengjian.cli.gate_demo import with_trial

        settings, _ = with_trial(settings)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if signature == "off" and not is_loopback(host):
        console.print(
            "没有核对签名：这个地址上的任何人都能以任何机构的名义发送。正式使用请加 --signature required。", style="yellow"
        )

    def ready() -> None:
        page = "，/try 是医生工作站" if trial else ""
        console.print(f"闸口在 http://{host}:{port}/ 服务{page}，/healthz 看状态，/metrics 看计数，按 Ctrl-C 停止。")

    raise typer.Exit(run(settings, host, port, workers, ready=ready))


@gate_app.command()
def warm(
    home: Home = HOME,
    store: StoreAt = "",
    lake: Lake = None,
    months: Annotated[int, typer.Option("--months", min=1, max=60, help="每人保留几个月的历史")] = 12,
    as_json: AsJson = False,
) -> None:
    """预热：从数据湖把每个人近十二个月的历史写进闸口的库，只写规则要读的列。

    闸口运行着也可以预热；换了规则、要读新的列时，预热之后重新启动闸口。中途被杀，重新运行即可。

    例：hengjian gate warm --lake lake

    例：hengjian gate warm --lake lake --store postgresql://gate@db/gate --json
    """
    need_packages()
    from hengjian.gate.layout import layout_of
    from hengjian.gate.warm import warm as fill
    from hengjian.lake.versions import open_lake
    from hengjian.rulebook import load_rulebook

    settings = gate_settings(home, store, lake, None)
    if settings.lake is None:
        raise InputError("没有数据湖，无从预热", cure="用 --lake 指明；还没有的，先运行 hengjian ingest")
    version, console = open_lake(settings.lake), Console(stderr=as_json, highlight=False, soft_wrap=True)
    opened = open_gate_store(settings, make=True)
    try:
        with progress_bar(console, "预热") as tick:
            report = fill(version, opened, layout_of(load_rulebook()), months=months, progress=tick)
    finally:
        opened.close()
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
        return
    console.print(
        f"数据湖第 {report.lake_version} 版：{report.persons:,} 人，{sum(report.rows.values()):,} 行，"
        f"平均每人 {report.bytes_per_person:,} 字节，{report.institutions:,} 家机构，用时 {report.seconds:.1f} 秒。"
    )
    console.print(f"历史从 {day_date(report.since_day)} 起。下一步：hengjian gate serve --home {home}")


@gate_app.command()
def numbers(
    home: Home = HOME,
    store: StoreAt = "",
    lake: Lake = None,
    by: Annotated[str, typer.Option("--by", help="按什么：institution 机构、doctor 医师、rule 规则、day 日、all 合计")] = "day",
    since: Annotated[str | None, typer.Option("--since", help="从哪天起；不写则是近三十天", show_default=False)] = None,
    until: Annotated[str | None, typer.Option("--until", help="到哪天止（含）；不写则到今天", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """闸口的数字：审核、提醒、接受、写明理由继续、未反馈、跳过、耗时，和支付前已审核的结算份额。

    例：hengjian gate numbers --by rule

    例：hengjian gate numbers --by institution --since 2026-03-01 --until 2026-03-31 --json
    """
    need_packages()
    from hengjian.gate.store.figures import BY

    if by not in BY:
        raise InputError(f"不能按“{by}”", cure=f"可用：{'、'.join(BY)}")
    last = told_day(until, "--until") if until else today()
    first = told_day(since, "--since") if since else last - 29
    if first > last:
        raise InputError("--since 不能晚于 --until", cure="改日期")
    opened = open_gate_store(gate_settings(home, store, lake, None))
    try:
        figures = opened.figures(by, first * _DAY, (last + 1) * _DAY)
        audited = opened.audited(first * _DAY, (last + 1) * _DAY)
    finally:
        opened.close()
    for one in figures:
        if by == "day":
            one.key = day_date(int(one.key)).isoformat()
    if as_json:
        funds = {fund: asdict(share) | {"share_e4": share.share_e4} for fund, share in audited.items()}
        told = {"by": by, "since": str(day_date(first)), "until": str(day_date(last))}
        typer.echo(json.dumps(told | {"figures": [asdict(one) for one in figures], "audited": funds}, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _WIDE
    table = Table(title=f"{day_date(first)} 至 {day_date(last)}", title_justify="left", header_style="bold")
    table.add_column({"institution": "机构", "doctor": "医师", "rule": "规则", "day": "日期", "all": ""}[by], no_wrap=True)
    heads = ("审核", "有跳过", "提醒", "接受", "写明理由继续", "未反馈", "余药提示", "金额（元）", "p50 毫秒", "p99 毫秒")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for one in figures:
        counts = (one.checks, one.skipped, one.reminders, one.accepted, one.overridden, one.unanswered, one.supplies)
        times = ("" if t is None else f"{t / 1000:.2f}" for t in (one.p50, one.p99))
        table.add_row(Text(str(one.key) or "合计"), *(f"{n:,}" for n in counts), f"{one.amount / 100:,.2f}", *times)
    console.print(table)
    for fund, label in (("employee", "职工医保"), ("resident", "居民医保"), ("other", "其他")):
        if (share := audited[fund].share_e4) is not None:
            console.print(f"{label}结算 {audited[fund].settled:,} 笔，支付前已审核 {share / 100:.2f}%")


def gate_settings(
    home: Path,
    store: str,
    lake: Path | None,
    site: Path | None,
    budget_ms: int = 50,
    region: str = "",
    signature: object = None,
    load_every: float = 0.0,
) -> GateSettings:
    """The settings that the options mean. Raises InputError when a folder is missing."""
    from hengjian.gate.security import Signature
    from hengjian.gate.settings import GateSettings

    if lake is None and Path("lake").is_dir():
        lake = Path("lake")
    if lake is not None and not lake.is_dir():
        raise InputError("没有数据湖", where=str(lake), cure="检查 --lake；还没有的，先运行 hengjian ingest")
    root = site_root(site, lake)
    return GateSettings(
        home=home.resolve(),
        store=store or str(home.resolve() / "gate.sqlite"),
        lake=lake.resolve() if lake else None,
        site=root.resolve() if root else None,
        region=region,
        signature=signature if isinstance(signature, Signature) else Signature.OFF,
        budget_ms=budget_ms,
        load_seconds=load_every,
    )


def open_gate_store(settings: GateSettings, *, make: bool = False) -> Store:
    """The gate's store. Raises InputError when there is none and it is not to be made."""
    from hengjian.gate.worker import store_of

    if not make and "://" not in settings.store and not Path(settings.store).exists():
        cure = "用 --home 或 --store 指明；还没有的，先运行 hengjian gate warm 或 hengjian gate serve"
        raise InputError("没有闸口的库", where=settings.store, cure=cure)
    settings.home.mkdir(parents=True, exist_ok=True)
    return store_of(settings)
