"""Who may see which rules and knowledge, and who may change what. A rule of the category 反欺诈, and what only such rules read, is for those
who may see it; for everybody else it does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hengjian.apps.accounts import policies
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import check_not_same
from hengjian.apps.accounts.queries import office
from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.rules.models import Proposal
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import Rule

READ, READ_FRAUD, PROPOSE, APPROVE = "rule.read", "rule.fraud", "knowledge.propose", "knowledge.approve"
GUARDED = frozenset({"fraud"})
"""Categories that are for those with `rule.fraud`."""


def check_can_read(user: User, day: date) -> None:
    """Raises NotAllowed."""
    policies.check(user, READ, day)


def sees_fraud(user: User, day: date) -> bool:
    """Whether the rules of guarded categories are shown to the person."""
    return policies.can(user, READ_FRAUD, day)


def may_see(rule: Rule, fraud: bool) -> bool:
    """Whether a rule is shown to one who sees fraud rules, or does not."""
    return fraud or rule.category not in GUARDED


def may_see_table(readers: Iterable[Rule], fraud: bool) -> bool:
    """Whether a knowledge table is shown: one that only guarded rules read is not."""
    rules = tuple(readers)
    return fraud or not rules or any(may_see(rule, fraud) for rule in rules)


def sees_figures(user: User, day: date) -> bool:
    """Whether what the audit found in the whole office's data is shown: as the runs that tell it."""
    return policies.can(user, "run.read", day, office().region_code)


def _check_whole(user: User, act: str, day: date) -> None:
    """Knowledge serves the whole office, and so must the post."""
    policies.check(user, act, day, office().region_code)


def check_can_propose(user: User, day: date) -> None:
    """Raises NotAllowed."""
    _check_whole(user, PROPOSE, day)


def can_propose(user: User, day: date) -> bool:
    """Whether `check_can_propose` would let the person pass."""
    return policies.can(user, PROPOSE, day, office().region_code)


def check_can_decide(user: User, proposal: Proposal, day: date) -> None:
    """Raises NotAllowed without the right, or for one's own proposal; InputError once it is decided."""
    _check_whole(user, APPROVE, day)
    check_not_same(user, proposal.proposed_by_id, "提出")
    check_waiting(proposal)


def can_decide(user: User, proposal: Proposal, day: date) -> bool:
    """Whether `check_can_decide` would let the person pass."""
    mine = proposal.proposed_by_id == user.pk
    return proposal.is_waiting and not mine and policies.can(user, APPROVE, day, office().region_code)


def check_waiting(proposal: Proposal) -> None:
    """Raises InputError once it is decided."""
    if not proposal.is_waiting:
        raise InputError(f"这份修改{proposal.status.title}", why="已经办过了", cure="刷新页面；要再改，另提一份")


def deciders() -> str:
    """Whose act it is to decide, in words."""
    return "、".join(role.title for role in ROLES.values() if APPROVE in role.acts)
