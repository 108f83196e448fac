"""What a person may see, decided once: the regions of the posts that allow reading, or the one institution of its own unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Model, Prefetch, Q, QuerySet

from hengjian.apps.accounts.models import Certificate, Office, Post, Unit, User
from hengjian.apps.accounts.policies import posts_for
from hengjian.apps.accounts.roles import conflict
from hengjian.kernel.regions import region_prefix

M = TypeVar("M", bound=Model)


def scoped(rows: QuerySet[M], user: User, act: str, day: date, region: str = "region_code") -> QuerySet[M]:
    """The rows whose region one of the person's posts for `act` covers; none without such a post."""
    prefixes = {region_prefix(p.region_code) for p in posts_for(user, act, day)}
    if not prefixes:
        return rows.none()
    if "" in prefixes:
        return rows
    return rows.filter(reduce(or_, (Q(**{f"{region}__startswith": p}) for p in sorted(prefixes))))


def own_institution(user: User, act: str, day: date) -> str:
    """The institution whose desk the person works at (its unit's, or that of the unit above); empty without a post for `act`."""
    if not posts_for(user, act, day):
        return ""
    unit = user.unit
    while unit is not None and not unit.institution_code:
        unit = unit.parent
    return unit.institution_code if unit else ""


def office() -> Office:
    """The bureau of this database; an unsaved nameless one before set-up."""
    return Office.objects.order_by("pk").first() or Office(name="医疗保障局", region_code="000000")


EXPIRING_DAYS = 60
"""A certificate that ends within so many days is shown as expiring."""


def people_for(user: User, act: str, day: date) -> QuerySet[User]:
    """The people of the regions in which the person may do `act`, with their units, posts of the day (`posts_now`) and certificates."""
    held = Post.objects.filter(on_day(day)).order_by("role")
    return (
        scoped(User.objects.all(), user, act, day, "unit__region_code")
        .select_related("unit")
        .prefetch_related(Prefetch("posts", held, to_attr="posts_now"), "certificates")
    )


def units_for(user: User, act: str, day: date) -> QuerySet[Unit]:
    """The units of the regions in which the person may do `act`."""
    return scoped(Unit.objects.all(), user, act, day)


def as_tree(units: QuerySet[Unit]) -> Iterator[tuple[int, Unit]]:
    """Depth and unit, each below its parent, bureaus first; one whose parent is not among them stands at the root."""
    kinds = [kind for kind, _ in Unit.KINDS]
    listed = sorted(units, key=lambda u: (kinds.index(u.kind), u.region_code, u.name))
    known = {u.pk for u in listed}
    below: dict[int | None, list[Unit]] = {}
    for unit in listed:
        below.setdefault(unit.parent_id if unit.parent_id in known else None, []).append(unit)

    def walk(parent: int | None, depth: int) -> Iterator[tuple[int, Unit]]:
        for unit in below.get(parent, ()):
            yield depth, unit
            yield from walk(unit.pk, depth + 1)

    return walk(None, 0)


def posts_visible_to(user: User, day: date) -> QuerySet[Post]:
    """The posts the person may take back."""
    return scoped(Post.objects.select_related("user", "granted_by"), user, "post.grant", day)


@dataclass(frozen=True)
class Clash:
    """Two posts of one person that exclude each other in an overlapping period."""

    user: User
    one: Post
    other: Post
    why: str
    since: date

    def holds_on(self, day: date) -> bool:
        return self.one.holds_on(day) and self.other.holds_on(day)


def clashes(day: date) -> list[Clash]:
    """Every pair of posts that exclude each other and overlap on the day or later, however they came about; of active people, today's first."""
    rows = Post.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), user__is_active=True).select_related(
        "user__unit"
    )
    held: dict[int, list[Post]] = {}
    for post in rows.order_by("user__name", "user", "valid_from", "pk"):
        held.setdefault(post.user_id, []).append(post)
    found = []
    for posts in held.values():
        for n, one in enumerate(posts):
            for other in posts[n + 1 :]:
                since = max(one.valid_from, other.valid_from)
                if (why := conflict(one.role, other.role)) and all(
                    p.valid_to is None or since < p.valid_to for p in (one, other)
                ):
                    found.append(Clash(one.user, one, other, why, since))
    return sorted(found, key=lambda c: (not c.holds_on(day), c.since))


def certificates_for(user: User, day: date) -> QuerySet[Certificate]:
    """The certificates of the regions whose register the person keeps."""
    rows = Certificate.objects.select_related("user__unit", "registered_by")
    return scoped(rows, user, "certificate.manage", day, "user__unit__region_code")


def certificate_state(day: date) -> dict[str, Q]:
    """The conditions of the register's tabs: valid, expiring (a part of valid), expired, not yet."""
    current = Q(valid_from__lte=day, valid_to__gt=day)
    return {
        "valid": current,
        "expiring": current & Q(valid_to__lte=day + timedelta(days=EXPIRING_DAYS)),
        "expired": Q(valid_to__lte=day),
        "future": Q(valid_from__gt=day),
    }


def state_of(certificate: Certificate, day: date) -> tuple[str, int]:
    """Which tab a certificate stands under on a day, and how many days it still holds."""
    left = (certificate.valid_to - day).days
    if certificate.valid_from > day:
        return "future", left
    return ("expired" if left <= 0 else "expiring" if left <= EXPIRING_DAYS else "valid"), left


def on_day(day: date, path: str = "") -> Q:
    """The condition that a post (reached by `path`) holds on the day."""
    until = Q(**{f"{path}valid_to__isnull": True}) | Q(**{f"{path}valid_to__gt": day})
    return Q(**{f"{path}valid_from__lte": day}) & until
