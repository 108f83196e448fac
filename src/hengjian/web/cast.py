"""A small invented bureau with a person in every role: for demonstrations and tests. Made through the rooms' own services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from hengjian.apps.accounts.models import Office, Unit, User
from hengjian.apps.accounts.services import grant_post, open_account, register_certificate

REGION = "990100"
PASSWORD = "yunxi-demo-2026"
"""The same for everybody in the cast; it is printed, and works in a demonstration database only."""
BUREAU_CAST = (
    ("guanli", "韩若松", "局机关", "sysadmin"),
    ("anquan", "佟安", "局机关", "security"),
    ("shenji", "卜实", "局机关", "logauditor"),
    ("juzhang", "沈怀远", "局机关", "head"),
    ("kezhang", "陈思远", "基金监管科", "supervisor"),
    ("shuju", "林晓岚", "信息中心", "operator"),
    ("chushen", "何文杰", "审核科", "first"),
    ("chushen2", "夏知秋", "审核科", "first"),
    ("fuhe", "周启明", "审核科", "second"),
    ("fuhe2", "陆明川", "审核科", "second"),
    ("caiwu", "钱清", "财务科", "cashier"),
)
"""Login, name, department, role."""
DESK_CAST = (("yibao", "许宁", "clerk"), ("yishi", "何志远", "doctor"))
"""Login, name, role of those at an institution."""


@dataclass(frozen=True)
class Cast:
    """The people by login, and the unit of the institution whose desk is staffed."""

    people: Mapping[str, User]
    institution: Unit

    def __getitem__(self, login: str) -> User:
        return self.people[login]


@transaction.atomic
def make_bureau(*, at: datetime, since: date, name: str, region: str = REGION) -> dict[str, User]:
    """The bureau `name` of a city region with its people by login. `since` is the first day of the posts."""
    Office.objects.create(name=name, region_code=region, is_demo=True, live_since=since)
    bureau = Unit.objects.create(name=name, kind="bureau", region_code=region)
    departments: dict[str, Unit] = {}
    people: dict[str, User] = {}
    for login, who, department, role in BUREAU_CAST:
        if department not in departments:
            departments[department] = Unit.objects.create(name=department, kind="department", parent=bureau, region_code=region)
        people[login] = _enter(login, who, departments[department], role, region, at, since)
    for login in ("chushen", "fuhe", "kezhang"):
        register_certificate(
            by="演示",
            at=at,
            user=people[login],
            number=f"99010{people[login].pk:05d}",
            issuer=f"{name}（演示）",
            valid_from=since,
            valid_to=since.replace(year=since.year + 5),
        )
    return people


@transaction.atomic
def make_desk(
    *, at: datetime, since: date, institution_code: str, institution_name: str, doctor_code: str = "", region: str = REGION
) -> tuple[Unit, dict[str, User]]:
    """An institution's unit, its clerk and one of its doctors."""
    hospital = Unit.objects.create(
        name=institution_name, kind="institution", region_code=region, institution_code=institution_code
    )
    return hospital, {
        login: _enter(login, who, hospital, role, region, at, since, doctor_code if role == "doctor" else "")
        for login, who, role in DESK_CAST
    }


def make_cast(
    *,
    at: datetime,
    since: date,
    name: str,
    institution_code: str,
    institution_name: str,
    doctor_code: str = "",
    region: str = REGION,
) -> Cast:
    """The bureau's people and one institution's desk."""
    people = make_bureau(at=at, since=since, name=name, region=region)
    hospital, staff = make_desk(
        at=at,
        since=since,
        institution_code=institution_code,
        institution_name=institution_name,
        doctor_code=doctor_code,
        region=region,
    )
    return Cast(people | staff, hospital)


def _enter(
    login: str, name: str, unit: Unit, role: str, region: str, at: datetime, since: date, practitioner_code: str = ""
) -> User:
    user = open_account(
        by="演示",
        at=at,
        login=login,
        name=name,
        unit=unit,
        password=PASSWORD,
        practitioner_code=practitioner_code,
        is_demo=True,
    )
    grant_post(by="演示", at=at, user=user, role=role, region_code=region, valid_from=since, reason="演示人员")
    return user
