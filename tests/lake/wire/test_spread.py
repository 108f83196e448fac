"""Messages that arrive in any order over several loads leave the lake that one load leaves."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengjian.lake.wire import written
from tests.conftest import LONG
from tests.lake.test_order import contents
from tests.lake.wire.messages import answer, insurance, person, request, sale
from tests.lake.wire.test_histories import Story, steps
from tests.lake.wire.test_load import send

CODES = ("code_item", "code_diag", "code_oprn")


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    """Visits, stays, goods and perhaps the person, as honest institutions send them."""
    sent: list[bytes] = []
    for place in range(draw(st.integers(1, 2))):
        story = Story(f"M{place}", draw(st.booleans()))
        story.act(0, 0)
        for step, choice in draw(steps):
            story.act(step, choice)
        sent += story.lines
    if draw(st.booleans()):
        sent.append(written(*person()))
    if draw(st.booleans()):
        sent.append(written(*person(insurance("390"), at="2026-02-02 08:00:00")))
    for tick in range(draw(st.integers(0, 2))):
        sent.append(written(*sale(f"K{tick}", setl_id=draw(st.sampled_from(["SM01", "S9"])), at=f"2026-03-01 12:00:0{tick}")))
    if draw(st.booleans()):
        given_ = {"data": {"fixmedins_bchno": "K0", "inv_data_type": "4"}}
        sent.append(written(request("3507", given_, at="2026-03-01 13:00:00"), answer()))
    return sent


@settings(max_examples=150 if LONG else 12)
@given(histories(), st.integers(2, 3), st.integers(0, 10**6))
def test_spread_over_loads_they_leave_the_lake_of_one_load(
    tmp_path_factory: pytest.TempPathFactory, sent: list[bytes], parts: int, seed: int
) -> None:
    folder, luck = tmp_path_factory.mktemp("spread"), random.Random(seed)
    (folder / "once").mkdir()
    send(folder / "once", "all", *sent)
    loads: list[list[bytes]] = [[] for _ in range(parts)]
    for line in sent + luck.choices(sent, k=len(sent) // 3):
        luck.choice(loads).append(line)
    (folder / "some").mkdir()
    for number, part in enumerate(loads):
        if part:
            send(folder / "some", f"{number}", *luck.sample(part, len(part)))
    once, some = whole(folder / "once" / "lake"), whole(folder / "some" / "lake")
    for name in CODES:  # a code once seen is never forgotten
        assert {c[:2] for c in once.pop(name)} <= {c[:2] for c in some.pop(name)}
    assert some == once


def whole(lake: Path) -> dict[str, list[tuple[Any, ...]]]:
    return contents(lake)
