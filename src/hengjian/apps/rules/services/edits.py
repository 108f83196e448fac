"""A proposal as an edit of the site's knowledge, and whether the rules that read the row could go by it."""

from __future__ import annotations

from datetime import date

from hengjian.apps.rules.models import Proposal
from hengjian.engine.bind import custom_row, points_of
from hengjian.engine.shapes import BINDERS
from hengjian.kernel.dates import OPEN_DAY, Period, day_number
from hengjian.kernel.errors import HengjianError, InputError
from hengjian.rulebook.model import Rulebook
from hengjian.site.knowledge.editing import Edit, check_edit, edited


def edit_of(proposal: Proposal) -> Edit:
    """What the proposal would write."""
    period = Period(0, OPEN_DAY)
    if proposal.valid_from is not None:
        period = Period(day_number(proposal.valid_from), _end(proposal.valid_to))
    return Edit(
        proposal.table,
        proposal.kid,
        proposal.notice,
        proposal.batch,
        proposal.source_row,
        None if proposal.ends_on is None else day_number(proposal.ends_on),
        proposal.cells,
        period,
        proposal.is_official,
    )


def check_can_stand(book: Rulebook, edit: Edit) -> None:
    """Raises InputError for what the site could not hold, or a rule could not be judged by: one bad cell would stop every audit."""
    check_edit(book, edit)
    if edit.values is None:
        return
    trial = edited(book, edit)
    for rule in book.rules.values():
        if rule.knowledge != edit.table:
            continue
        try:
            for point in points_of([rule], trial, None)[0]:
                if rule.family:
                    list(BINDERS[rule.family](point))
                else:
                    custom_row(point)
        except (HengjianError, ValueError, KeyError) as error:
            why = error.what if isinstance(error, HengjianError) else f"{error}"
            raise InputError(f"“{rule.title}”用不了这一行", why=why, cure="改这一格；写法照原来的一行") from error


def _end(day: date | None) -> int:
    return OPEN_DAY if day is None else day_number(day)
