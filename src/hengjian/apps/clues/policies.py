"""Who may register, hand out, take and close clues. Who has to stand aside from an institution never gets its clues."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.clues.models import Clue, Finding, Recusal
from hengjian.apps.clues.states import HELD
from hengjian.kernel.errors import InputError

HANDLES = "review.first"
"""The act of whoever a clue may be given to."""


def barred_from(user: User) -> frozenset[str]:
    """Codes of institutions whose clues the person must not handle: declared, or that of the own unit."""
    codes = set(Recusal.objects.filter(user=user).values_list("institution__code", flat=True))
    unit = user.unit
    while unit is not None:
        codes |= {unit.institution_code} - {""}
        unit = unit.parent
    return frozenset(codes)


def institutions_of(clues: Iterable[Clue]) -> dict[int, set[str]]:
    """Codes of the institutions each clue is about; one by insured person may be about several."""
    found = {c.pk: {c.institution.code} if c.institution else set() for c in clues}
    by_person = [c.pk for c in clues if c.grouping == "person"]
    for n in range(0, len(by_person), 500):
        rows = Finding.objects.filter(clue__in=by_person[n : n + 500]).order_by().values_list("clue_id", "institution_code")
        for clue_id, code in rows.distinct():
            found[clue_id] |= {code} - {""}
    return found


def check_may_handle(user: User, clues: Iterable[Clue], day: date) -> None:
    """Raises NotAllowed unless every one of the clues may be given to the person."""
    clues = list(clues)
    barred = barred_from(user)
    codes = institutions_of(clues) if barred else {}
    for clue in clues:
        if not rights.can(user, HANDLES, day, clue.region_code):
            raise NotAllowed(f"{clue.number} 不能交给{user.name}", why="这个人在这个地区不是初审员", cure="换一位承办人")
        if codes.get(clue.pk, set()) & barred:
            raise NotAllowed(f"{clue.number} 不能交给{user.name}", why="这个人对这家机构应当回避", cure="换一位承办人")


def check_can_register(user: User, day: date, region_code: str) -> None:
    rights.check(user, "clue.register", day, region_code)


def check_can_assign(user: User, clues: Iterable[Clue], day: date) -> None:
    """Raises NotAllowed unless the person hands out clues in the regions of all of them."""
    for region in sorted({c.region_code for c in clues}):
        rights.check(user, "clue.assign", day, region)


def check_can_return(user: User, clue: Clue, day: date) -> None:
    """Whoever has it in hand, or hands out clues there."""
    if clue.assignee_id != user.pk:
        rights.check(user, "clue.assign", day, clue.region_code)


def check_can_close(user: User, clue: Clue, day: date) -> None:
    """Raises NotAllowed without the act, InputError while findings of the clue are neither decided nor withdrawn."""
    rights.check(user, "clue.close", day, clue.region_code)
    if open_findings := Finding.objects.filter(clue=clue, state=HELD).count():
        raise InputError(
            f"{clue.number} 还不能办结", why=f"有 {open_findings} 条疑点没有决定", cure="先在审核工作台决定，或等下一次审计撤下"
        )


def check_can_recuse(user: User, person: User, day: date) -> None:
    """One declares for oneself; for others whoever hands out clues."""
    if user.pk != person.pk:
        rights.check(user, "clue.assign", day)
