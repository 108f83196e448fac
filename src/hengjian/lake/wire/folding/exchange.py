"""The messages of a subject as exchanges: repeats dropped, a request and its answer joined, put in order.

Whatever arrives in whatever order and however often, the same set of messages gives the same list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hengjian.lake.wire.message import Message, Subject
from hengjian.lake.wire.nodes import Node
from hengjian.lake.wire.trades import Trade, trade_of

Cells = dict[str, str]


class Row(NamedTuple):
    """One row of a lake table: filled columns, and the file and line of the message it came from."""

    cells: Cells
    file: str
    line: int


class NotFact(NamedTuple):
    """A message that leaves no row: the message, the code of the reason (`reasons.NOT_FACTS`), and details in Chinese."""

    message: Message
    code: str
    why: str


class Gap(NamedTuple):
    """What a subject lacks for now: code (`reasons.GAPS`), details in Chinese, and where it was seen."""

    code: str
    why: str
    file: str
    line: int


@dataclass
class Fold:
    """What the messages of one subject come to."""

    subject: Subject
    rows: dict[str, list[Row]] = field(default_factory=dict)
    not_facts: list[NotFact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def add(self, table: str, row: Row) -> None:
        self.rows.setdefault(table, []).append(row)


@dataclass(slots=True, eq=False)
class Exchange:
    """A trade as it went: the message that stands for it, the best answer, and what became of it."""

    message: Message
    trade: Trade | None
    output: Node | None
    answered: bool
    failure: str | None
    order: tuple[str, str, str]
    fate: str = ""
    why: str = ""

    @property
    def given(self) -> Node | None:
        return self.message.input

    def row(self, cells: Cells) -> Row:
        return Row(cells, self.message.file, self.message.line)

    def end(self, fate: str, why: str = "") -> None:
        """Say why it leaves no row; the first reason stays."""
        if not self.fate:
            self.fate, self.why = fate, why


def exchanges_of(messages: Iterable[Message]) -> list[Exchange]:
    """The exchanges in the order in which they take effect."""
    unique: dict[tuple[str, str, str], Message] = {}
    for message in messages:
        known = unique.get(message.order)
        if known is None or (message.file, message.line) < (known.file, known.line):
            unique[message.order] = message
    groups: dict[Any, list[Message]] = {}
    for order in sorted(unique):
        message = unique[order]
        trade = trade_of(message.infno)
        key = (trade.act if trade else message.infno, message.msgid) if message.msgid else order
        groups.setdefault(key, []).append(message)
    found: list[Exchange] = []
    for group in groups.values():
        if len(group) == 1:
            only = group[0]
            found.append(_exchange(only, only, only.order))
        else:
            found.extend(_joined(group))
    found.sort(key=lambda exchange: exchange.order)
    return found


def _exchange(message: Message, answer: Message, order: tuple[str, str, str]) -> Exchange:
    return Exchange(message, trade_of(message.infno), answer.output, answer.answered, answer.failure, order)


def _joined(group: list[Message]) -> list[Exchange]:
    """Messages with one msgid: the same request at the same time is one exchange; a lone answer belongs to the last request
    that has none, else it stands alone. Some clients send one msgid for ever, so different requests stay apart.
    """
    clusters: dict[tuple[str, str], list[Message]] = {}
    answers: dict[str, Message] = {}
    for message in group:
        if message.input is None:
            answers[json.dumps(message.output, sort_keys=True)] = message
        else:
            clusters.setdefault((message.inf_time, json.dumps(message.input, sort_keys=True)), []).append(message)
    waiting = [cluster for cluster in clusters.values() if not any(message.answered for message in cluster)]
    for answer in answers.values():
        if waiting:
            waiting.pop().append(answer)
        else:
            clusters["", answer.digest] = [answer]
    return [_best(cluster) for cluster in clusters.values()]


def _best(cluster: list[Message]) -> Exchange:
    """A success stands over a failure, a failure over no answer; of several successes the last."""
    ranked = [(_rank(message), message.order, message) for message in cluster]
    top = max(rank for rank, _, _ in ranked)
    answer = max((m for rank, _, m in ranked if rank == top), key=lambda m: m.order)
    asked = [message for message in cluster if message.input is not None]
    alike = [message for message in asked if _rank(message) == top]
    shown = min(alike or asked or cluster, key=lambda message: message.order)
    return _exchange(shown, answer, shown.order)


def _rank(message: Message) -> int:
    if not message.answered:
        return 0
    return 1 if message.failure is not None else 2
