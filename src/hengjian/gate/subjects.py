"""Under what a message is kept in the gate's inbox: the subjects it makes rows of (`lake.wire`), and two more by which it is found again.

`VISITS_OF` a person: messages of her visits, to be folded again when something else is known of her. `PATIENT`: who answered to a patient
id of the hospital's own (`institution/id`), so that the last answer counts whatever the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hengjian.lake.wire import ENCOUNTER, Message, Subject, trade_of
from hengjian.lake.wire.nodes import opened, pick
from hengjian.lake.wire.trades import Act

VISITS_OF, PATIENT = "visits_of", "patient"


def kept_under(message: Message) -> tuple[Subject, ...]:
    """Every subject of a message in the gate's inbox, each once."""
    found = list(message.subjects)
    if message.psn_no and any(subject.kind == ENCOUNTER for subject in found):
        found.append(Subject(VISITS_OF, message.psn_no))
    if message.psn_no and message.failure is None and message.fixmedins_code:
        found += [Subject(PATIENT, f"{message.fixmedins_code}/{own}") for own in dict.fromkeys(_patient_ids(message))]
    return tuple(found)


def _patient_ids(message: Message) -> Iterator[str]:
    """The hospital's own patient id of a relayed 1101: `patn_id` in `input.data`, or in `exp_content` of request or answer."""
    trade = trade_of(message.infno)
    if trade is None or trade.act is not Act.PERSON:
        return
    roots = [root for root in (message.input, message.output) if root is not None]
    for root in roots:
        for name in ("", "data", "baseinfo"):
            node: Any = opened(root.get(name)) if name else root
            if type(node) is dict:
                for place in (node, opened(node.get("exp_content")), opened(node.get("expContent"))):
                    if type(place) is dict and (own := pick(place, "patn_id")):
                        yield own


def persons_named(messages: list[Message]) -> set[str]:
    """Every psn_no that stands anywhere in some messages: whose visit it may have been at some time."""
    found = {message.psn_no for message in messages}
    waiting: list[Any] = [root for message in messages for root in (message.input, message.output)]
    while waiting:
        node = opened(waiting.pop())
        if type(node) is dict:
            if named := pick(node, "psn_no"):
                found.add(named)
            node = node.values()
        elif type(node) is not list:
            continue
        waiting += [inner for inner in node if type(inner) is not str or inner.lstrip()[:1] in ("{", "[")]
    return found - {""}
