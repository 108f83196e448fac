"""Findings that hold no more, and those that come back. Nothing is deleted; what a person has decided stays and is listed for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.clues.services.clocks import end_verification
from hengjian.apps.clues.states import CLOSED, HELD, NEW, WITHDRAWN
from hengjian.apps.journal.chain import sm3
from hengjian.apps.journal.services import Act, record, record_many
from hengjian.apps.runs.models import Run

BATCH = 500
WHY = {"data": "数据更正后不再成立", "rule": "规则或知识改动后不再成立"}
ALL_DONE = "疑点已全部决定或撤下"


def withdraw(*, run: Run, gone: Sequence[tuple[str, str]], by: User | str, at: datetime) -> tuple[int, int]:
    """Withdraw findings no audit finds any more, given as (finding_id, data|rule); those decided stay and are only marked.

    Returns how many were withdrawn, and how many were decided already.
    """
    withdrawn = decided = 0
    for n in range(0, len(gone), BATCH):
        with transaction.atomic():
            one, two = _withdraw_batch(run, gone[n : n + BATCH], by, at)
        withdrawn, decided = withdrawn + one, decided + two
    return withdrawn, decided


def _withdraw_batch(run: Run, gone: Sequence[tuple[str, str]], by: User | str, at: datetime) -> tuple[int, int]:
    rows = {f.finding_id: f for f in Finding.objects.select_for_update().filter(finding_id__in=[i for i, _ in gone])}
    taken: list[Finding] = []
    kept: list[Finding] = []
    for finding_id, why in gone:
        finding = rows[finding_id]
        if finding.gone_at is not None or finding.state == WITHDRAWN:
            continue
        finding.gone_at = at
        finding.state_reason = WHY.get(why, WHY["data"])
        if finding.state == HELD:
            finding.state = WITHDRAWN
            taken.append(finding)
        else:
            finding.state_reason += "，但已决定，须人工处理"
            kept.append(finding)
    Finding.objects.bulk_update(taken + kept, ["state", "state_reason", "gone_at"], batch_size=100)
    if taken:
        _note(run, "findings.withdrawn", f"撤下不再成立的疑点 {len(taken)} 条", taken, by, at)
    if kept:
        _note(run, "findings.gone_after_decision", f"已决定的疑点不再成立 {len(kept)} 条，须人工处理", kept, by, at)
    close_finished({f.clue_id for f in taken}, by=by, at=at)
    return len(taken), len(kept)


def _note(run: Run, event: str, summary: str, findings: Sequence[Finding], by: User | str, at: datetime) -> None:
    ids = sm3("\n".join(f.finding_id for f in findings).encode())
    record(by=by, at=at, event=event, subject=f"run:{run.pk}", summary=summary, findings=len(findings), ids_sm3=ids)


def bring_back(*, run: Run, finding_ids: Sequence[str], by: User | str, at: datetime) -> int:
    """Findings that hold again: withdrawn ones are in hand once more and open their clue; the mark of decided ones goes."""
    returned = 0
    for n in range(0, len(finding_ids), BATCH):
        with transaction.atomic():
            rows = list(
                Finding.objects.select_for_update().filter(finding_id__in=finding_ids[n : n + BATCH], gone_at__isnull=False)
            )
            again = [f for f in rows if f.state == WITHDRAWN]
            for finding in rows:
                finding.gone_at, finding.state_reason = None, ""
                finding.state = HELD if finding.state == WITHDRAWN else finding.state
            Finding.objects.bulk_update(rows, ["state", "state_reason", "gone_at"], batch_size=100)
            if again:
                _note(run, "findings.returned", f"撤下的疑点重新成立 {len(again)} 条", again, by, at)
            closed = Clue.objects.select_for_update().filter(pk__in={f.clue_id for f in again}, state=CLOSED)
            reopen_clues(list(closed), "撤下的疑点重新成立", by=by, at=at)
            returned += len(again)
    return returned


def reopen_clues(clues: Sequence[Clue], why: str, *, by: User | str, at: datetime) -> None:
    """Closed clues wait for somebody again."""
    for clue in clues:
        clue.state, clue.closed_at, clue.closed_by, clue.closed_reason = NEW, None, "", ""
        clue.assignee = clue.assigned_at = clue.due_at = None
        clue.version += 1
    fields = ["state", "closed_at", "closed_by", "closed_reason", "assignee", "assigned_at", "due_at", "version"]
    Clue.objects.bulk_update(clues, fields, batch_size=80)
    record_many(
        by=by, at=at, acts=[Act("clue.reopened", c.subject, f"重新打开 {c.number}：{why}", {"why": why}) for c in clues]
    )


def close_finished(clue_ids: Iterable[int], *, by: User | str, at: datetime) -> int:
    """Close those of these clues whose findings are all decided or withdrawn; returns how many."""
    wanted = sorted(set(clue_ids))
    closed = 0
    for n in range(0, len(wanted), BATCH):
        part = wanted[n : n + BATCH]
        busy = set(Finding.objects.filter(clue__in=part, state=HELD).values_list("clue_id", flat=True).distinct())
        done = list(
            Clue.objects.select_for_update().filter(pk__in=set(part) - busy).filter(source="audit").exclude(state=CLOSED)
        )
        close_clues(done, ALL_DONE, by=by, at=at)
        closed += len(done)
    return closed


def close_clues(clues: Sequence[Clue], reason: str, *, by: User | str, at: datetime) -> None:
    """Close clues whose right to be closed is checked."""
    name = by if isinstance(by, str) else by.name
    for clue in clues:
        clue.state, clue.closed_at, clue.closed_by, clue.closed_reason = CLOSED, at, name[:60], reason[:200]
        clue.version += 1
    Clue.objects.bulk_update(clues, ["state", "closed_at", "closed_by", "closed_reason", "version"], batch_size=80)
    end_verification(clues, by=by, at=at)
    record_many(
        by=by, at=at, acts=[Act("clue.closed", c.subject, f"办结 {c.number}：{reason}", {"reason": reason}) for c in clues]
    )
