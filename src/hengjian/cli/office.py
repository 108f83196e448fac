"""`hengjian office`, `hengjian serve`, `hengjian tick`: the office in the browser. Django is loaded only here, when one of them runs."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hengjian.kernel.errors import InputError

office_app = typer.Typer(help="建立办公室（浏览器里办公的一套库和文件夹）。", no_args_is_help=True)
Home = Annotated[Path, typer.Option("--home", help="办公室文件夹：数据库、上传的文件、数据湖、结果都在里面")]
_HOME = Path("office")


def open_office(home: Path) -> None:
    """Point Django at the office in `home` and start it. Raises InputError where the office's packages are not installed."""
    if find_spec("django") is None or find_spec("django_tasks_db") is None:
        raise InputError("没有安装办公室所需的软件包", cure="在项目文件夹里运行 make serve；或 pip install 'hengjian[office]'")
    os.environ["HENGJIAN_HOME"] = str(home.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "hengjian.web.settings"
    import django

    django.setup()


def open_existing(home: Path) -> None:
    """`open_office`, but never make a folder. Raises InputError where `home` holds no office."""
    if not home.is_dir() or not (os.environ.get("DATABASE_URL") or (home / "office.sqlite3").exists()):
        raise InputError(f"{home} 里没有办公室", cure="用 --home 指明办公室文件夹；用 PostgreSQL 的，先设环境变量 DATABASE_URL")
    open_office(home)


@office_app.command()
def init(
    name: Annotated[str, typer.Option("--name", help="单位名称，例如 某某市医疗保障局")],
    region: Annotated[str, typer.Option("--region", help="统筹区，六位行政区划代码，例如 330100")],
    home: Home = _HOME,
) -> None:
    """建立一个办公室：三员各一个账号，其余的人由他们建立账号、授予岗位。

    密码只在这里显示一次，第一次登录要更改。

    例：hengjian office init --name 某某市医疗保障局 --region 330100 --home office
    """
    open_office(home)
    from hengjian.web.setup import first_accounts, migrate

    migrate()
    accounts = first_accounts(name, region)
    table = Table("岗位", "登录名", "初始密码", title=f"{name}", title_justify="left", header_style="bold")
    for account in accounts:
        table.add_row(*account)
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print(f"密码不再显示，请交给三个人。下一步：hengjian serve --home {home}")


def serve(
    home: Home = _HOME,
    host: Annotated[str, typer.Option("--host", help="在哪个地址上服务；127.0.0.1 只有本机能打开")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="端口")] = 8000,
    workers: Annotated[int, typer.Option("--workers", help="几个网页进程")] = 2,
    demo: Annotated[bool, typer.Option("--demo", help="没有办公室时建一个演示的：合成城市、各岗位的人")] = False,
    people: Annotated[int, typer.Option("--people", help="演示城市有多少参保人")] = 20_000,
) -> None:
    """开一间办公室：网页、后台任务、定时工作，一起开，一起关。

    按 Ctrl-C 停止；停在任何时候都不丢数据。数据库默认是办公室文件夹里的 SQLite，环境变量 DATABASE_URL 可改为 PostgreSQL。

    例：hengjian serve --demo

    例：hengjian serve --home office --host 0.0.0.0 --port 8000
    """
    open_office(home)
    from hengjian.web.setup import make_demo, prepare, refuse_demo_accounts, sign_in_table
    from hengjian.web.supervise import supervise

    console = Console(highlight=False, soft_wrap=True)
    prepare()
    if demo:
        make_demo(people, console)
    refuse_demo_accounts()
    if table := sign_in_table():
        console.print(table)
    console.print(f"用浏览器打开 http://{host}:{port}/ ，按 Ctrl-C 停止。")
    raise typer.Exit(supervise(host, port, workers))


def tick(
    home: Home = _HOME,
    force: Annotated[bool, typer.Option("--force", help="不等夜间，现在就做夜间的工作")] = False,
) -> None:
    """做一遍定时工作：加载投放文件夹里的文件，夜间增量审计，标出逾期，写日志锚文件。

    hengjian serve 每分钟做一遍；不用 serve 的，由系统的定时任务来运行。

    例：hengjian tick --home office
    """
    open_existing(home)
    from django.utils import timezone

    from hengjian.web.tick import run

    for line in run(timezone.now(), force=force):
        typer.echo(line)
