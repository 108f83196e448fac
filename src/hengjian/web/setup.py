"""Making an office: tables, static files, the first three accounts; the demonstration with its cast."""

from __future__ import annotations

import secrets

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from hengjian.apps.accounts.models import Office, Post, Unit, User
from hengjian.apps.accounts.queries import office
from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.accounts.services import grant_post, open_account
from hengjian.kernel.errors import InputError
from hengjian.web.cast import PASSWORD

_THREE = (("sysadmin", "xitong", "系统管理员"), ("security", "anquan", "安全管理员"), ("logauditor", "shenji", "审计管理员"))


def migrate() -> None:
    """Bring the tables up to this version."""
    call_command("migrate", verbosity=0)


def prepare() -> None:
    """Tables and static files."""
    migrate()
    call_command("collectstatic", interactive=False, verbosity=0)


@transaction.atomic
def first_accounts(name: str, region: str) -> list[tuple[str, str, str]]:
    """The bureau, and three administrators with passwords that must change. Raises InputError where an office is already there."""
    if Office.objects.exists():
        raise InputError(f"这里已经有办公室：{office().name}", cure="换一个文件夹（--home），或直接运行 hengjian serve")
    if not (region.isdigit() and len(region) == 6):
        raise InputError("地区代码须是六位数字", cure="例如 330100")
    now = timezone.now()
    Office.objects.create(name=name, region_code=region, live_since=timezone.localdate(now))
    unit = Unit.objects.create(name=name, kind="bureau", region_code=region)
    made = []
    for role, login, title in _THREE:
        password = f"{secrets.token_urlsafe(9)}-{secrets.randbelow(9000) + 1000}"  # letters and digits for certain
        user = open_account(by="建立办公室", at=now, login=login, name=title, unit=unit, password=password)
        grant_post(
            by="建立办公室",
            at=now,
            user=user,
            role=role,
            region_code=region,
            valid_from=timezone.localdate(now),
            reason="建立办公室",
        )
        made.append((title, login, password))
    return made


def refuse_demo_accounts() -> None:
    """Raises InputError where demonstration accounts stand in an office that is no demonstration, or there is no office at all."""
    if not Office.objects.exists():
        raise InputError(
            "还没有办公室",
            cure="先运行 hengjian office init --name 单位名称 --region 六位代码；只是看看，用 hengjian serve --demo",
        )
    if User.objects.filter(is_demo=True).exists() and not office().is_demo:
        raise InputError("库里有演示账号，不能启动", why="演示账号的密码是公开的", cure="换一个数据库，或请系统管理员查明来历")


def make_demo(people: int, console: Console) -> None:
    """A demonstration office over a synthetic city, unless this office is already one. Refuses any other."""
    if Office.objects.exists():
        if not office().is_demo:
            raise InputError("这个办公室不是演示", cure="去掉 --demo，或换一个文件夹（--home）")
        return
    from hengjian.web.demo import build_demo

    build_demo(people, console)


def sign_in_table() -> Table | None:
    """Who may sign in and how, in a demonstration only."""
    if not office().is_demo:
        return None
    table = Table("登录名", "密码", "姓名", "岗位", title="演示账号", title_justify="left", header_style="bold")
    for post in Post.objects.filter(user__is_demo=True).select_related("user").order_by("pk"):
        table.add_row(post.user.login, PASSWORD, post.user.name, ROLES[post.role].title)
    return table
