"""A second person decides on a proposal, or who made it takes it back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.services import record
from hengjian.apps.rules import policies
from hengjian.apps.rules.book import office_book
from hengjian.apps.rules.models import Proposal
from hengjian.apps.rules.services.edits import check_can_stand, edit_of
from hengjian.apps.rules.states import APPROVED, REFUSED, WITHDRAWN, event_of
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import Rulebook
from hengjian.site.folder import writing
from hengjian.site.knowledge.editing import find_row, snapshot, write_edit
from hengjian.site.knowledge.store import read_batches

LONGEST_NOTE = 300


@transaction.atomic
def approve(*, by: User, at: datetime, proposal: Proposal, note: str = "") -> Proposal:
    """Write the change to the site as a batch of its own. Raises NotAllowed for who proposed it; InputError where it cannot stand any more.

    The journal first: were the file written and the transaction lost, a row would stand that nobody answers for.
    """
    locked = _locked(proposal)
    policies.check_can_decide(by, locked, timezone.localdate(at))
    site = Path(settings.SITE)
    with writing(site):
        book = office_book(timezone.localdate(at)).book
        _check_unchanged(book, locked)
        edit = edit_of(locked)
        check_can_stand(book, edit)
        locked.batch_no = max((b.no for b in read_batches(site)), default=0) + 1
        _decide(locked, by, at, APPROVED, note)
        persons = {
            "proposal": f"{locked.pk}", "proposed_by": _named(locked.proposed_by), "approved_by": _named(by), "reason": locked.reason
        }  # fmt: skip
        written = write_edit(site, book, edit, timezone.localtime(at).replace(tzinfo=None, microsecond=0), persons)
    assert written.no == locked.batch_no
    return locked


@transaction.atomic
def refuse(*, by: User, at: datetime, proposal: Proposal, note: str) -> Proposal:
    """Say no, and why. Nothing is written to the site."""
    locked = _locked(proposal)
    policies.check_can_decide(by, locked, timezone.localdate(at))
    if len(note.strip()) < 2:
        raise InputError("没有写理由", why="提出的人要知道为什么没有批准", cure="写一句理由")
    _decide(locked, by, at, REFUSED, note)
    return locked


@transaction.atomic
def withdraw(*, by: User, at: datetime, proposal: Proposal) -> Proposal:
    """Take one's own proposal back."""
    locked = _locked(proposal)
    policies.check_can_propose(by, timezone.localdate(at))
    if locked.proposed_by_id != by.pk:
        raise NotAllowed("这份修改不是您提出的", why=f"由{locked.proposed_by}提出", cure="请提出人撤回，或由批准人写明不批准")
    policies.check_waiting(locked)
    _decide(locked, by, at, WITHDRAWN, "")
    return locked


def _locked(proposal: Proposal) -> Proposal:
    return Proposal.objects.select_for_update(of=("self",)).select_related("proposed_by").get(pk=proposal.pk)


def _check_unchanged(book: Rulebook, proposal: Proposal) -> None:
    if snapshot(find_row(book, proposal.table, proposal.kid)) != proposal.former:
        raise InputError("这一行已经变了", why="提出以后有别的批次改过它", cure="不批准这一份，请提出人照现在的样子另提一份")


def _decide(proposal: Proposal, by: User, at: datetime, state: str, note: str) -> None:
    if len(note.strip()) > LONGEST_NOTE:
        raise InputError("意见太长", why=f"最多 {LONGEST_NOTE} 字，现在 {len(note.strip())} 字", cure="写要点")
    event = event_of(proposal.state, state)
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.decision = state, by, at, note.strip()
    proposal.save()
    word = {APPROVED: "批准", REFUSED: "不批准", WITHDRAWN: "撤回"}[state]
    record(
        by=by, at=at, event=event, subject=proposal.subject, summary=f"{word}修改知识“{proposal}”{f'：{note.strip()}' if note.strip() else ''}",
        row=f"{proposal.table}:{proposal.kid}", batch=proposal.batch_no or 0, proposed_by=proposal.proposed_by_id,
    )  # fmt: skip


def _named(user: User) -> str:
    return f"{user.name}（{user.login}）"
