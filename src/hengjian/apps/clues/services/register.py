"""Clues from outside: handed down, reported, handed over. The same paper is registered once; like ones are shown first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import office
from hengjian.apps.clues import policies
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.priority import Facts, priority
from hengjian.apps.clues.services.clocks import start_verification
from hengjian.apps.clues.services.numbers import lock_series, take_numbers
from hengjian.apps.clues.states import CLOSED
from hengjian.apps.journal.services import record
from hengjian.apps.registry.models import Institution
from hengjian.kernel.errors import InputError

OUTSIDE = tuple((code, title) for code, title in Clue.SOURCES if code != "audit")
"""Sources of clues that people register."""
ALIKE_WITHIN = timedelta(days=180)
"""Without a period two clues about one institution are alike when they came within so many days."""


@dataclass(frozen=True)
class Report:
    """What came from outside."""

    source: str
    title: str
    content: str
    received_on: date
    source_number: str = ""
    institution: Institution | None = None
    psn_no: str = ""
    acts_from: date | None = None
    acts_to: date | None = None
    amount: Decimal | None = None


class Alike(InputError):
    """Open clues look like the one to be registered: whoever registers looks at them, then says so."""

    def __init__(self, clues: Sequence[Clue]) -> None:
        self.clues = list(clues)
        numbers = "、".join(c.number for c in self.clues[:5])
        super().__init__(
            "有相似的线索还在办", why=f"同一家机构、时间相近：{numbers}", cure="先看一看；确是另一件事，勾选后再登记"
        )


@transaction.atomic
def register_clue(*, report: Report, by: User, at: datetime, not_alike: bool = False) -> Clue:
    """Register an outside clue; its clock runs from the day it was received.

    Raises InputError for a paper that is registered already, Alike for look-alikes unless the person has said it is another matter.
    """
    day = timezone.localdate(at)
    region = report.institution.region_code if report.institution else office().region_code
    policies.check_can_register(by, day, region)
    _check(report, day)
    series = lock_series(at)
    number_of_paper = report.source_number.strip()
    if number_of_paper and (known := Clue.objects.filter(group_key=_key(report)).first()):
        raise InputError(
            f"{dict(OUTSIDE)[report.source]} {number_of_paper} 已经登记", why=f"线索编号 {known.number}", cure="打开原来的线索"
        )
    if not not_alike and (alike := alike_to(report)):
        raise Alike(alike)
    (number,) = take_numbers(series, 1)
    amount = report.amount or Decimal(0)
    points, why = priority(Facts(report.source, Decimal(0), "", "", report.acts_to or report.acts_from, report.received_on))
    clue = Clue.objects.create(
        number=number,
        source=report.source,
        grouping="outside",
        group_key=_key(report) if number_of_paper else f"outside|{number}",
        title=report.title.strip(),
        content=report.content.strip(),
        source_number=number_of_paper,
        institution=report.institution,
        psn_no=report.psn_no.strip(),
        acts_from=report.acts_from,
        acts_to=report.acts_to,
        region_code=region,
        found_on=report.received_on,
        amount_total=amount,
        counted_total=Decimal(0),
        priority=points,
        priority_why=why,
        registered_by=by,
        registered_at=at,
    )
    record(
        by=by,
        at=at,
        event="clue.registered",
        subject=clue.subject,
        summary=f"登记 {clue.number}（{clue.get_source_display()}）{clue.title}",
        source=clue.source,
        source_number=number_of_paper,
        amount=f"{amount}",
    )
    start_verification([clue], report.received_on, by=by, at=at)
    return clue


def alike_to(report: Report) -> list[Clue]:
    """Open outside clues about the same institution whose periods touch; without a period, that came at about the same time."""
    if report.institution is None:
        return []
    rows = Clue.objects.filter(institution=report.institution, grouping="outside").exclude(state=CLOSED)
    if report.acts_from and report.acts_to:
        dated = rows.filter(acts_from__lte=report.acts_to, acts_to__gte=report.acts_from)
        rows = dated | rows.filter(acts_from__isnull=True, found_on__gte=report.received_on - ALIKE_WITHIN)
    else:
        rows = rows.filter(found_on__gte=report.received_on - ALIKE_WITHIN)
    return list(rows.order_by("-pk")[:20])


def _key(report: Report) -> str:
    return f"outside|{report.source}|{report.source_number.strip()}"


def _check(report: Report, day: date) -> None:
    if report.source not in dict(OUTSIDE):
        raise InputError("没有这种来源", cure="从列表里选一种")
    if not report.title.strip():
        raise InputError("请写标题", cure="一句话：谁、什么事")
    if report.received_on > day:
        raise InputError("收到日期不能晚于今天", cure="改收到日期")
    if report.acts_from and report.acts_to and report.acts_to < report.acts_from:
        raise InputError("行为的止日早于起日", cure="改起止日期")
    if report.amount is not None and report.amount < 0:
        raise InputError("金额不能小于零", cure="改金额，或留空")
