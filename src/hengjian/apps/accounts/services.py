"""Accounts, posts and certificates: the only writers of this room."""

from __future__ import annotations

import re
from datetime import date, datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import Certificate, Post, Unit, User
from hengjian.apps.accounts.passwords import WORDS
from hengjian.apps.accounts.roles import ROLES, conflict
from hengjian.apps.journal.services import record
from hengjian.kernel.errors import InputError


def _day(at: datetime) -> date:
    return timezone.localdate(at)


@transaction.atomic
def open_account(
    *,
    by: User | str,
    at: datetime,
    login: str,
    name: str,
    unit: Unit,
    password: str,
    practitioner_code: str = "",
    is_demo: bool = False,
) -> User:
    """A new account without any right. Raises InputError for a login that is taken or a weak password."""
    if not isinstance(by, str):
        policies.check(by, "account.manage", _day(at), unit.region_code)
    login, name = login.strip(), name.strip()
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,60}", login) or not name:
        raise InputError("登录名须是三个以上的字母、数字、点或横线，姓名不能空", cure="例如 zhangsan")
    unit = _open_unit(unit)
    if User.objects.filter(login=login).exists():
        raise InputError(f"登录名 {login} 已有人用", cure="换一个登录名")
    user = User(
        login=login, name=name, unit=unit, practitioner_code=practitioner_code, is_demo=is_demo, must_change=not is_demo
    )
    _set_password(user, password)
    user.save()
    record(by=by, at=at, event="account.opened", subject=f"user:{user.pk}", summary=f"建立账号 {login}（{name}，{unit.name}）")
    return user


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        why = "；".join(dict.fromkeys(WORDS[e.code] for e in error.error_list))
        raise InputError("密码不够强", why=why, cure="至少十位，字母和数字混用，不含姓名和登录名") from error
    user.set_password(password)


@transaction.atomic
def change_password(*, by: User, at: datetime, old: str, new: str) -> None:
    """A person's own new password."""
    if not by.check_password(old):
        raise InputError("原密码不对", cure="忘了原密码，请系统管理员重设")
    if old == new:
        raise InputError("新密码与原密码相同", cure="换一个密码")
    _set_password(by, new)
    by.must_change = False
    by.save(update_fields=["password", "must_change"])
    record(by=by, at=at, event="account.password_changed", subject=f"user:{by.pk}", summary="更改了自己的密码")


@transaction.atomic
def reset_password(*, by: User, at: datetime, user: User, password: str) -> None:
    """A new password set by the system administrator; the person must change it at the next sign-in."""
    policies.check(by, "account.manage", _day(at), user.unit.region_code)
    _set_password(user, password)
    user.must_change = True
    user.save(update_fields=["password", "must_change"])
    record(by=by, at=at, event="account.password_reset", subject=f"user:{user.pk}", summary=f"重设 {user.name} 的密码")


@transaction.atomic
def set_active(*, by: User, at: datetime, user: User, active: bool, reason: str) -> None:
    """Close or reopen an account. Nobody closes the own one."""
    policies.check(by, "account.manage", _day(at), user.unit.region_code)
    policies.check_not_same(by, user, "要停用的账号就是您自己的，等于办理")
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active == active:
        raise InputError(f"{user.name} 的账号已经{'在用' if active else '停用'}", cure="刷新页面")
    if not reason.strip():
        raise InputError("停用和恢复都要写理由", cure="写明事由，例如调离")
    user.is_active = active
    user.save(update_fields=["is_active"])
    verb = "恢复" if active else "停用"
    record(
        by=by,
        at=at,
        event="account.activity",
        subject=f"user:{user.pk}",
        summary=f"{verb}账号 {user.name}：{reason}",
        active=active,
    )


@transaction.atomic
def grant_post(
    *,
    by: User | str,
    at: datetime,
    user: User,
    role: str,
    region_code: str,
    valid_from: date,
    reason: str,
    valid_to: date | None = None,
) -> Post:
    """Give a person a post. Refused where an own post of an overlapping period excludes it, and to oneself."""
    if not isinstance(by, str):
        policies.check(by, "post.grant", _day(at), region_code)
        policies.check_not_same(by, user, "给自己授予岗位，等于办理")
    if role not in ROLES:
        raise InputError("没有这个岗位", cure="从列表里选一个岗位")
    if not (region_code.isdigit() and len(region_code) == 6):
        raise InputError("地区代码须是六位数字", cure="例如 330100")
    if valid_to is not None and valid_to <= valid_from:
        raise InputError("止日须在起日之后", cure="改止日，或留空表示长期")
    User.objects.select_for_update().get(pk=user.pk)
    for post in Post.objects.filter(user=user):
        overlaps = (valid_to is None or post.valid_from < valid_to) and (post.valid_to is None or valid_from < post.valid_to)
        if overlaps and (why := conflict(role, post.role)):
            raise policies.NotAllowed(
                f"{user.name} 已是{ROLES[post.role].title}，不能再任{ROLES[role].title}",
                why=f"不相容岗位：{why}",
                cure="先收回原来的岗位，或授予另一个人",
            )
    post = Post.objects.create(
        user=user,
        role=role,
        region_code=region_code,
        valid_from=valid_from,
        valid_to=valid_to,
        reason=reason,
        granted_by=None if isinstance(by, str) else by,
        granted_at=at,
    )
    record(
        by=by,
        at=at,
        event="post.granted",
        subject=f"user:{user.pk}",
        summary=f"授予 {user.name} {ROLES[role].title}（{region_code}），自 {valid_from} 起",
        role=role,
        region=region_code,
        valid_from=f"{valid_from}",
        valid_to=f"{valid_to or ''}",
        reason=reason,
    )
    return post


@transaction.atomic
def end_post(*, by: User, at: datetime, post: Post, reason: str) -> None:
    """Take a post back from today on."""
    policies.check(by, "post.grant", _day(at), post.region_code)
    post = Post.objects.select_for_update().get(pk=post.pk)
    today = _day(at)
    if not post.holds_on(today) and post.valid_from <= today:
        raise InputError("这个岗位已经收回", cure="刷新页面")
    post.valid_to = max(today, post.valid_from)
    post.save(update_fields=["valid_to"])
    record(
        by=by,
        at=at,
        event="post.ended",
        subject=f"user:{post.user_id}",
        summary=f"收回 {post.user.name} 的{ROLES[post.role].title}：{reason}",
        role=post.role,
    )


@transaction.atomic
def register_certificate(
    *, by: User | str, at: datetime, user: User, number: str, issuer: str, valid_from: date, valid_to: date
) -> Certificate:
    """Register an enforcement certificate."""
    if not isinstance(by, str):
        policies.check(by, "certificate.manage", _day(at), user.unit.region_code)
    if valid_to <= valid_from:
        raise InputError("有效期的止日须在起日之后", cure="核对证件上的日期")
    if Certificate.objects.filter(number=number).exists():
        raise InputError(f"证号 {number} 已经登记过", cure="核对证号；续期的新证有新的证号或先停用旧证")
    certificate = Certificate.objects.create(
        user=user,
        number=number,
        issuer=issuer,
        valid_from=valid_from,
        valid_to=valid_to,
        registered_by=None if isinstance(by, str) else by,
        registered_at=at,
    )
    record(
        by=by,
        at=at,
        event="certificate.registered",
        subject=f"user:{user.pk}",
        summary=f"登记 {user.name} 的执法证 {number}，有效期 {valid_from} 至 {valid_to}",
    )
    return certificate


@transaction.atomic
def add_unit(
    *, by: User, at: datetime, name: str, kind: str, region_code: str, parent: Unit | None = None, institution_code: str = ""
) -> Unit:
    """A new unit. An institution carries its code, a department hangs under something; one name once under the same parent."""
    policies.check(by, "unit.manage", _day(at), region_code)
    name = _unit_name(name, parent, None)
    if not (region_code.isdigit() and len(region_code) == 6):
        raise InputError("地区代码须是六位数字", cure="例如 330100")
    if kind == "institution" and not institution_code:
        raise InputError("定点机构要写机构编号", cure="填国家医保局的定点医药机构编号")
    if kind != "institution" and institution_code:
        raise InputError("只有定点机构有机构编号", cure="改类别，或把编号留空")
    if kind == "department" and parent is None:
        raise InputError("科室要有上级单位", cure="选上级单位")
    if institution_code and Unit.objects.filter(institution_code=institution_code, is_open=True).exists():
        raise InputError(f"机构编号 {institution_code} 已经登记过", cure="在单位列表里找到它")
    parent = _open_unit(parent) if parent else None
    unit = Unit.objects.create(name=name, kind=kind, parent=parent, region_code=region_code, institution_code=institution_code)
    record(by=by, at=at, event="unit.added", subject=f"unit:{unit.pk}", summary=f"建立单位 {name}（{region_code}）", kind=kind)
    return unit


@transaction.atomic
def rename_unit(*, by: User, at: datetime, unit: Unit, name: str) -> Unit:
    """Another name for a unit."""
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    policies.check(by, "unit.manage", _day(at), unit.region_code)
    former, unit.name = unit.name, _unit_name(name, unit.parent, unit)
    unit.save(update_fields=["name"])
    record(by=by, at=at, event="unit.renamed", subject=f"unit:{unit.pk}", summary=f"单位 {former} 改名为 {unit.name}")
    return unit


@transaction.atomic
def close_unit(*, by: User, at: datetime, unit: Unit, reason: str) -> Unit:
    """Close a unit that has neither people at work nor open units below."""
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    policies.check(by, "unit.manage", _day(at), unit.region_code)
    if not unit.is_open:
        raise InputError(f"{unit.name} 已经停用", cure="刷新页面")
    if not reason.strip():
        raise InputError("停用要写理由", cure="写明撤并文件或事由")
    if people := unit.people.filter(is_active=True).count():
        raise InputError(f"{unit.name} 还有 {people} 个在用的账号", cure="先把人调到别的单位，或停用账号")
    if below := unit.children.filter(is_open=True).count():
        raise InputError(f"{unit.name} 还有 {below} 个下级单位在用", cure="先停用下级单位")
    unit.is_open = False
    unit.save(update_fields=["is_open"])
    record(by=by, at=at, event="unit.closed", subject=f"unit:{unit.pk}", summary=f"停用单位 {unit.name}：{reason}")
    return unit


def _open_unit(unit: Unit) -> Unit:
    """The unit as it is now, kept from being closed until the transaction ends."""
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    if not unit.is_open:
        raise InputError(f"{unit.name} 已经停用", cure="另选单位")
    return unit


def _unit_name(name: str, parent: Unit | None, unit: Unit | None) -> str:
    name = name.strip()
    if not name:
        raise InputError("没有填名称", cure="写单位全称")
    if Unit.objects.filter(name=name, parent=parent, is_open=True).exclude(pk=unit.pk if unit else None).exists():
        raise InputError(f"这一级已经有{name}", cure="换一个名称")
    return name


@transaction.atomic
def move_person(*, by: User, at: datetime, user: User, unit: Unit) -> User:
    """Put a person into another unit. Posts stay as they are: they are the security administrator's."""
    user = User.objects.select_for_update().get(pk=user.pk)
    policies.check(by, "account.manage", _day(at), user.unit.region_code)
    policies.check(by, "account.manage", _day(at), unit.region_code)
    policies.check_not_same(by, user, "要调动的就是您自己，等于办理")
    unit = _open_unit(unit)
    former, user.unit = user.unit, unit
    user.save(update_fields=["unit"])
    record(
        by=by, at=at, event="account.moved", subject=f"user:{user.pk}", summary=f"{user.name} 由 {former.name} 调到 {unit.name}"
    )
    return user
