"""Whatever a node holds, nothing raises, and the rows stay a function of the set of messages."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hengjian.lake.schema import TABLES
from hengjian.lake.wire import Message, Refusal, fold_all, leftover, parse
from hengjian.lake.wire.trades import TRADES
from tests.lake.wire.messages import rows

NAMES = sorted(
    {f.name for t in TRADES.values() for n in t.nodes for f in n.fields}
    | {name for t in TRADES.values() for n in t.nodes for name in n.names}
    | {"mdtrtId", "retRslt", "strange"}
)
VALUES = st.sampled_from(
    [
        "",
        "-",
        "M1",
        "0000",
        "1",
        0,
        -1,
        1.5,
        None,
        True,
        "1900-01-01",
        "2026-03-01",
        "X",
        "S1",
        "{}",
        "[1]",
        '{"a":',
        "２",
        "9" * 60,
    ]
)
NODES: st.SearchStrategy[Any] = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)


def likely(trade: str) -> st.SearchStrategy[dict[str, Any]]:
    """Nodes of the right names, most of them filled with fields of the right names."""
    nodes = TRADES[trade].nodes
    parts = {
        name: st.lists(st.fixed_dictionaries({}, optional={f.name: VALUES | NODES for f in node.fields}), max_size=3) | NODES
        for node in nodes
        for name in node.names
    }
    return st.fixed_dictionaries({}, optional=parts) if parts else st.dictionaries(st.sampled_from(NAMES), NODES, max_size=3)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    trade = draw(st.sampled_from(sorted(TRADES)))
    request = {
        "infno": trade + draw(st.sampled_from(["", "A"])),
        "msgid": draw(st.sampled_from(["1", "2", ""])),
        "inf_time": draw(st.sampled_from(["2026-03-01 09:00:00", "2026-03-01 09:00:01"])),
        "fixmedins_code": draw(st.sampled_from(["H99010000001", "", None])),
        "input": draw(likely(trade) | NODES),
    }
    response = {"infcode": draw(st.sampled_from([0, "0", -1, None, "", "x"])), "output": draw(likely(trade) | NODES)}
    return json.dumps(
        draw(st.sampled_from([{"request": request, "response": response}, request, response, request | response]))
    ).encode()


@given(st.lists(lines(), max_size=6), st.randoms(use_true_random=False))
def test_no_content_raises_and_order_never_matters(sent: list[bytes], chance: random.Random):
    messages = [m for m in map(parse, sent) if isinstance(m, Message)]
    found = rows(fold_all(messages))
    for table, listed in found.items():
        for cells in listed:
            for column, value in cells.items():
                assert column in TABLES[table] and type(value) is str and value.strip() == value, (table, column, value)
    again = [m for m in map(parse, sent * 2) if isinstance(m, Message)]
    chance.shuffle(again)
    assert rows(fold_all(again)) == found
    for message in messages:
        if (why := leftover(message)) is not None:
            assert not message.subjects and why.code


@given(st.binary(max_size=60) | NODES.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_a_message_or_a_refusal(raw: bytes):
    assert isinstance(parse(raw), Message | Refusal)
