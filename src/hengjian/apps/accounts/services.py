"""Accounts, posts and certificates: the only writers of this room."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import Certificate, Post, Unit, User
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
        raise InputError(
            "密码不够强", why="；".join(error.messages), cure="至少十位，字母和数字混用，不含姓名和登录名"
        ) from error
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
