"""Which act opens which address: the one table the gatekeeper goes by, before a view runs. An address that is not in it is refused to everybody.

A room that adds an address adds its line here; a test walks every address for every role and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hengjian.apps.accounts.roles import ACTS, BUREAU, INSTITUTION, ROLES


class Right(NamedTuple):
    """Who may open an address: whoever holds one of the acts; or, without acts, anybody who has a post at one of the doors."""

    acts: tuple[str, ...] = ()
    doors: tuple[str, ...] = ()
    needs_sign_in: bool = True
    while_changing: bool = False
    """Open also to one who has no post yet, or must first change the password."""


def _acts(*acts: str) -> Right:
    assert acts and set(acts) <= ACTS.keys(), acts
    return Right(acts)


OPEN = Right(needs_sign_in=False)
SELF = Right(while_changing=True)
"""What concerns the own account only."""
EVERYBODY = Right(doors=(BUREAU, INSTITUTION))
AT_BUREAU = Right(doors=(BUREAU,))

RIGHTS: Mapping[str, Right] = {
    "login": OPEN,
    "healthy": OPEN,
    "logout": SELF,
    "password": SELF,
    "home": Right(),
    "accounts:people": _acts("account.manage"),
    "accounts:person": _acts("account.manage"),
    "accounts:open": _acts("account.manage"),
    "accounts:reset": _acts("account.manage"),
    "accounts:activity": _acts("account.manage"),
    "accounts:move": _acts("account.manage"),
    "accounts:units": _acts("unit.manage"),
    "accounts:unit_add": _acts("unit.manage"),
    "accounts:unit": _acts("unit.manage"),
    "accounts:posts": _acts("post.grant"),
    "accounts:grant": _acts("post.grant"),
    "accounts:end_post": _acts("post.grant"),
    "accounts:conflicts": _acts("post.grant", "journal.read"),
    "accounts:certificates": _acts("certificate.manage"),
    "accounts:certificate_add": _acts("certificate.manage"),
    "accounts:matrix": AT_BUREAU,
    "registry:institutions": _acts("registry.read"),
    "registry:persons": _acts("registry.read"),
    "registry:find": _acts("registry.read"),
    "registry:person": _acts("registry.read"),
    "registry:reveal": _acts("person.reveal"),
    "registry:reveals": _acts("reveal.read"),
    "institution": _acts("registry.read"),
    "runs:list": _acts("run.read"),
    "runs:run": EVERYBODY,
    "runs:download": EVERYBODY,
    "runs:export": EVERYBODY,
    "runs:upload": _acts("run.upload"),
    "runs:map": _acts("run.upload"),
    "runs:load": _acts("run.upload"),
    "runs:discard": _acts("run.upload"),
    "runs:retry": EVERYBODY,
    "runs:audit": _acts("run.audit"),
    "runs:report": _acts("run.read"),
    "runs:findings": _acts("run.read"),
    "runs:guide": _acts("rule.release"),
    "runs:guide_start": _acts("rule.release"),
    "runs:release": _acts("rule.release"),
    "rules:list": _acts("rule.read"),
    "rules:coverage": _acts("rule.read"),
    "rules:exemptions": _acts("rule.read"),
    "rules:indicators": _acts("rule.read"),
    "rules:rule": _acts("rule.read"),
    "rules:release": _acts("rule.release"),
    "rules:knowledge": _acts("rule.read"),
    "rules:row": _acts("rule.read"),
    "rules:propose": _acts("knowledge.propose"),
    "rules:proposals": _acts("rule.read"),
    "rules:proposal": _acts("rule.read"),
    "rules:approve": _acts("knowledge.approve"),
    "rules:refuse": _acts("knowledge.approve"),
    "rules:withdraw": _acts("knowledge.propose"),
    "workdays:year": AT_BUREAU,
    "workdays:set": _acts("holiday.manage"),
    "workdays:clear": _acts("holiday.manage"),
    "workdays:announce": _acts("holiday.manage"),
    "workdays:import": _acts("holiday.manage"),
    "workdays:clocks": _acts("clue.read"),
    "workdays:clock": _acts("clue.read"),
    "workdays:extend": _acts("clock.extend"),
    "clues:list": _acts("clue.read"),
    "clues:ledger": _acts("clue.read"),
    "clues:gone": _acts("clue.read"),
    "clues:clue": _acts("clue.read"),
    "clues:new": _acts("clue.register"),
    "clues:institutions": _acts("clue.register"),
    "clues:assign": _acts("clue.assign"),
    "clues:next": _acts("review.first"),
    "clues:return": _acts("review.first", "clue.assign"),
    "clues:close": _acts("clue.close"),
    "clues:recuse": _acts("review.first"),
    "board": _acts("board.read"),
    "search": _acts("clue.read", "registry.read"),
    "review:queue": _acts("review.first"),
    "review:propose": _acts("review.first"),
    "review:undo": _acts("review.first"),
    "review:second": _acts("review.second", "review.approve"),
    "review:decide": _acts("review.second", "review.approve"),
    "review:return": _acts("review.second", "review.approve"),
    "review:take_back": _acts("review.second", "review.approve"),
    "review:lapse": _acts("review.second"),
    "review:item": _acts("clue.read"),
    "review:bulk": _acts("review.first", "review.second"),
    "review:draw": _acts("review.first", "review.second"),
    "review:batch": _acts("review.first", "review.second"),
    "review:sample": _acts("review.first", "review.second"),
    "review:start": _acts("review.first", "review.second"),
    "review:undo_batch": _acts("review.first", "review.second"),
    "review:feedback": _acts("review.feedback"),
    "review:send": _acts("review.feedback"),
    "review:steps": _acts("step.configure"),
    "review:attachment": _acts("clue.read", "desk.read"),
    "recovery:list": _acts("recovery.read"),
    "recovery:item": _acts("recovery.read"),
    "recovery:export": _acts("recovery.read"),
    "recovery:settle": _acts("recovery.settle"),
    "recovery:counter": _acts("review.feedback"),
    "desk:list": _acts("desk.read"),
    "desk:export": _acts("desk.read"),
    "desk:item": _acts("desk.read"),
    "desk:answer": _acts("desk.answer"),
    "desk:withdraw": _acts("desk.answer"),
    "desk:attach": _acts("desk.answer"),
    "desk:detach": _acts("desk.answer"),
    "desk:ask": _acts("desk.answer"),
    "desk:advice": _acts("desk.advise"),
    "desk:advice_item": _acts("desk.advise"),
    "desk:advise": _acts("desk.advise"),
    "journal:list": _acts("journal.read"),
    "journal:entry": _acts("journal.read"),
    "journal:export": _acts("journal.read"),
}
"""Address name (`room:name`) → right."""


def may_open(right: Right, roles: frozenset[str]) -> bool:
    """Whether somebody who is signed in and holds these roles may open it."""
    if right.acts:
        return any(set(right.acts) & ROLES[r].acts for r in roles)
    return not right.doors or any(ROLES[r].door in right.doors for r in roles)
