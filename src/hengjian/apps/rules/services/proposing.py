"""Somebody proposes a change of a knowledge row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.journal.services import record
from hengjian.apps.rules import policies
from hengjian.apps.rules.book import office_book
from hengjian.apps.rules.models import Proposal
from hengjian.apps.rules.services.edits import check_can_stand, edit_of
from hengjian.apps.rules.states import WAITING, event_of
from hengjian.kernel.errors import InputError
from hengjian.site.knowledge.editing import cells_of, find_row, snapshot

SHORTEST_REASON = 4


@dataclass(frozen=True)
class Wanted:
    """A change as it is asked for. `cells`: those of a row to add; None: only the end of the row that stands."""

    table: str
    kid: str
    notice: str
    source_row: str
    reason: str
    batch: str = ""
    ends_on: date | None = None
    cells: Mapping[str, str] | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    is_official: bool = False


@transaction.atomic
def propose(*, by: User, at: datetime, wanted: Wanted) -> Proposal:
    """Keep a proposal until another person decides on it. Nothing changes in the site. Raises NotAllowed, InputError."""
    day = timezone.localdate(at)
    policies.check_can_propose(by, day)
    if len(wanted.reason.strip()) < SHORTEST_REASON:
        raise InputError("理由太短", why="批准的人要看得懂为什么改", cure=f"至少写 {SHORTEST_REASON} 个字")
    _check_days(wanted)
    office = office_book(day)
    row = find_row(office.book, wanted.table, wanted.kid)
    if not policies.may_see_table(office.readers().get(wanted.table, ()), policies.sees_fraud(by, day)):
        raise InputError("没有这个知识点", cure="回到知识页重新查找")
    if other := Proposal.objects.filter(table=wanted.table, kid=wanted.kid, state=WAITING).first():
        raise InputError(
            "这一行已有一份修改等着批准", why=f"由{other.proposed_by}在 {timezone.localtime(other.proposed_at):%m-%d %H:%M} 提出",
            cure="等它办完，或请提出人撤回"
        )  # fmt: skip
    proposal = Proposal(
        table=wanted.table,
        kid=wanted.kid,
        former=snapshot(row),
        ends_on=wanted.ends_on,
        cells=None if wanted.cells is None else {c: f"{wanted.cells.get(c, v)}".strip() for c, v in cells_of(row).items()},
        valid_from=wanted.valid_from,
        valid_to=wanted.valid_to,
        is_official=wanted.is_official and wanted.cells is not None,
        notice=wanted.notice.strip(),
        batch=wanted.batch.strip(),
        source_row=wanted.source_row.strip(),
        reason=wanted.reason.strip(),
        proposed_by=by,
        proposed_at=at,
    )
    if proposal.ends_on is None and proposal.cells == cells_of(row) and not _other_time(proposal):
        raise InputError("新的一行与原来的一样", cure="改一格，或只写停用日")
    check_can_stand(office.book, edit_of(proposal))
    proposal.save()
    record(
        by=by, at=at, event=event_of("", WAITING), subject=proposal.subject, summary=f"提出修改知识“{proposal}”：{proposal.reason}",
        row=f"{proposal.table}:{proposal.kid}", ends_on=_text(proposal.ends_on), cells=proposal.cells or {},
        valid_from=_text(proposal.valid_from), valid_to=_text(proposal.valid_to), official=proposal.is_official,
        source=[proposal.notice, proposal.batch, proposal.source_row],
    )  # fmt: skip
    return proposal


def _check_days(wanted: Wanted) -> None:
    if wanted.cells is None:
        if wanted.ends_on is None:
            raise InputError("没有写停用日", why="停用日当天起，这一行不再用于判断", cure="选一天")
        return
    if wanted.valid_from is None:
        raise InputError("没有写新一行的生效日", cure="选一天")
    if wanted.valid_to is not None and wanted.valid_to <= wanted.valid_from:
        raise InputError("失效日不晚于生效日", why="失效日当天已不算在内", cure="改日期，或把失效日留空")


def _other_time(proposal: Proposal) -> bool:
    return (_text(proposal.valid_from), _text(proposal.valid_to)) != (
        proposal.former["valid_from"],
        proposal.former["valid_to"],
    )


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()
