"""环节设置: how a step is done from a day on."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import office
from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.journal.services import record
from hengjian.apps.review.deadlines import ACT_OF_STEP
from hengjian.apps.review.models import MONEY, Step
from hengjian.apps.review.services.turn import day_of, need_text
from hengjian.kernel.errors import InputError


def owners_of(code: str) -> list[str]:
    """Roles that may be set as a step's owner: those that have its act."""
    return [role.code for role in ROLES.values() if ACT_OF_STEP[code] in role.acts]


@transaction.atomic
def set_step(
    *,
    code: str,
    owner_role: str,
    focus: str,
    days: int,
    unit: str,
    article: str,
    valid_from: date,
    by: User,
    at: datetime,
    max_amount: Decimal | None = None,
    silence_is_consent: bool = False,
    money: str = "deduct",
) -> Step:
    """Set a step from a day on, today at the earliest: clocks that run keep the limit they began with."""
    rights.check(by, "step.configure", day_of(at), office().region_code)
    if code not in ACT_OF_STEP:
        raise InputError("没有这个环节", cure="从列表中选一个环节")
    if owner_role not in owners_of(code):
        raise InputError("这个岗位不能承办这个环节", why="权限矩阵里没有这一项", cure="从列表中选一个岗位")
    if not 1 <= days <= 365:
        raise InputError("时限须在 1 至 365 天之间", cure="改天数")
    if unit not in ("wd", "cd"):
        raise InputError("没有选工作日还是自然日", cure="选一个单位")
    if valid_from < day_of(at):
        raise InputError("不能改过去的设置", why="正在走的时限按当时的设置", cure="从今天或以后的日期起")
    if max_amount is not None and (code != "second" or max_amount <= 0):
        raise InputError("单笔权限只对复核设定，须大于零", cure="留空表示没有上限")
    if silence_is_consent and code != "answer":
        raise InputError("逾期视为认可只对机构答复设定", cure="去掉这一项")
    if money not in dict(MONEY):
        raise InputError("没有选扣款方式", cure="选一种扣款方式")
    step = Step.objects.create(
        code=code,
        owner_role=owner_role,
        focus=need_text(focus, "重点", 200),
        days=days,
        unit=unit,
        max_amount=max_amount,
        article=need_text(article, "依据", 120),
        silence_is_consent=silence_is_consent,
        money=money,
        valid_from=valid_from,
        set_by=by,
        set_at=at,
    )
    record(
        by=by,
        at=at,
        event="step.set",
        subject=f"step:{code}",
        summary=f"{step.get_code_display()}自 {valid_from} 起：{ROLES[owner_role].title}承办，{days} 个{step.get_unit_display()}",
        owner=owner_role,
        days=days,
        unit=unit,
        max_amount=f"{max_amount or ''}",
        silence_is_consent=silence_is_consent,
        money=money,
        article=step.article,
    )
    return step
