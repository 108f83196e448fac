"""The rows of a subject are a function of the set of its messages: order of arrival and repeats never matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hengjian.lake.wire.folding.encounter import fold_encounter
from hengjian.lake.wire.folding.exchange import Fold, Gap, NotFact, Row, exchanges_of
from hengjian.lake.wire.folding.goods import fold_stock
from hengjian.lake.wire.folding.person import fold_person
from hengjian.lake.wire.folding.state import PersonLookup
from hengjian.lake.wire.message import ENCOUNTER, PERSON, Message, Subject
from hengjian.lake.wire.trades import Act, trade_of


def fold(subject: Subject, messages: Iterable[Message], *, person: PersonLookup | None = None) -> Fold:
    """What the messages of one subject come to. `person` is asked for what an encounter's own messages do not say."""
    done = Fold(subject)
    exchanges = exchanges_of(messages)
    if subject.kind == ENCOUNTER:
        fold_encounter(done, exchanges, person)
    elif subject.kind == PERSON:
        fold_person(done, exchanges)
    else:
        fold_stock(done, exchanges)
    return done


def leftover(message: Message) -> NotFact | None:
    """Why a message belongs to no subject; None when it has one."""
    if message.subjects:
        return None
    trade = trade_of(message.infno)
    if trade is None:
        return NotFact(message, "unknown", f"交易 {message.infno}")
    if trade.act is Act.NOTED:
        return NotFact(message, "noted", trade.title)
    if message.failure is not None:
        return NotFact(message, "failed", message.failure)
    if trade.act is Act.TRIAL:
        return NotFact(message, "trial", trade.title)
    if any(node.answer for node in trade.nodes) and not message.answered:
        return NotFact(message, "unanswered", trade.title)
    return NotFact(message, "keyless", trade.title)


def by_subject(messages: Iterable[Message]) -> dict[Subject, list[Message]]:
    """Messages grouped by the subjects they concern: persons first, as encounters may ask for them."""
    groups: dict[Subject, list[Message]] = {}
    for message in messages:
        for subject in message.subjects:
            groups.setdefault(subject, []).append(message)
    return dict(sorted(groups.items(), key=lambda item: (item[0].kind != PERSON, item[0])))


def fold_all(messages: Iterable[Message], *, person: PersonLookup | None = None) -> Iterator[Fold]:
    """Fold everything at hand; persons folded here answer before `person` is asked."""
    known: dict[str, Mapping[str, str | None]] = {}

    def look_up(psn_no: str) -> Mapping[str, str | None] | None:
        return known.get(psn_no) or (person(psn_no) if person else None)

    for subject, group in by_subject(messages).items():
        done = fold(subject, group, person=look_up)
        for row in done.rows.get("person", ()):
            known[subject.key] = dict(row.cells)
        yield done


__all__ = ["Fold", "Gap", "NotFact", "PersonLookup", "Row", "by_subject", "fold", "fold_all", "leftover"]
