"""May this person do this, here, today? Deny by default; every refusal says why and who can help."""

from __future__ import annotations

from datetime import date
from typing import Any

from hengjian.apps.accounts.models import Certificate, Post, User
from hengjian.apps.accounts.roles import ACTS, ROLES, conflict
from hengjian.kernel.errors import HengjianError
from hengjian.kernel.regions import region_prefix


class NotAllowed(HengjianError):
    """The act is not this person's to do. Shown as the page 403 or as a sentence on the form."""


def posts_on(user: User, day: date) -> list[Post]:
    """The posts a person holds on a day; none for one who is not active. Read once for each object of a user and day."""
    if not getattr(user, "is_active", False):
        return []
    kept: dict[date, list[Post]] = user.__dict__.setdefault("_posts", {})
    if day not in kept:
        kept[day] = [p for p in Post.objects.filter(user=user) if p.holds_on(day)]
    return kept[day]


def posts_for(user: User, act: str, day: date) -> list[Post]:
    """The posts that let the person do `act`."""
    assert act in ACTS, act
    return [p for p in posts_on(user, day) if act in ROLES[p.role].acts]


def can(user: User, act: str, day: date, region_code: str | None = None) -> bool:
    """Whether some post of the person allows the act (in the region, where one is named)."""
    return any(region_code is None or region_code.startswith(region_prefix(p.region_code)) for p in posts_for(user, act, day))


def check(user: User, act: str, day: date, region_code: str | None = None) -> None:
    """Raises NotAllowed unless `can`. Two posts that exclude each other count for nothing: the act is refused too."""
    if not can(user, act, day):
        holders = "、".join(r.title for r in ROLES.values() if act in r.acts)
        raise NotAllowed(f"您不能{ACTS[act]}", why=f"这是{holders}的事", cure="确有需要，请安全管理员授予岗位")
    if not can(user, act, day, region_code):
        raise NotAllowed(f"您不能在这个地区{ACTS[act]}", why="您的岗位不含这个地区", cure="请这个地区的同事办理")
    check_posts_agree(user, day)


def check_posts_agree(user: User, day: date) -> None:
    """Raises NotAllowed where the person holds two posts that exclude each other today, however that came about."""
    held = sorted({p.role for p in posts_on(user, day)})
    for n, one in enumerate(held):
        for other in held[n + 1 :]:
            if why := conflict(one, other):
                raise NotAllowed(
                    f"您同时是{ROLES[one].title}和{ROLES[other].title}，不能办理", why=why, cure="请安全管理员收回其中一个岗位"
                )


def check_not_same(user: Any, former: Any, what: str) -> None:
    """Raises NotAllowed where two hands would be one: `what` says what the person did before, 初审 for example."""
    if former is not None and user.pk == getattr(former, "pk", former):
        raise NotAllowed("这一步须由另一个人办理", why=f"您{what}了同一件事", cure="请同事办理")


def certificate_on(user: User, day: date) -> Certificate | None:
    """A certificate of the person that is valid on the day."""
    return Certificate.objects.filter(user=user, valid_from__lte=day, valid_to__gt=day).order_by("-valid_to").first()


def check_certificate(user: User, day: date) -> None:
    """Raises NotAllowed without a valid enforcement certificate (行政处罚法 art. 42)."""
    if certificate_on(user, day) is None:
        latest = Certificate.objects.filter(user=user).order_by("-valid_to").first()
        why = "没有登记执法证件" if latest is None else f"执法证件 {latest.number} 有效期到 {latest.valid_to}，当天不含在内"
        raise NotAllowed("这一步须持有效的执法证件", why=why, cure="请系统管理员登记新证，或请持证的同事办理")
