"""Honest histories: whatever the order of arrival and however often a message comes, the rows are those of the history."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hengjian.lake.schema import TABLES
from hengjian.lake.wire import fold_all, parse, written
from tests.lake.wire.messages import (
    admission,
    answer,
    cancel,
    detail,
    discharge,
    fees,
    person,
    request,
    rows,
    sale,
    settlement,
    settlement_list,
    visit,
    which,
)

MONEY = [c.name for c in TABLES["settlement"].columns if c.kind.word == "money"]


@dataclass
class Story:
    """One encounter as the institution lived it, and the messages it sent."""

    mdtrt_id: str
    stay: bool
    lines: list[bytes] = field(default_factory=list)
    there: bool = False
    out: bool = False
    fee_lines: dict[str, str] = field(default_factory=dict)
    live: list[str] = field(default_factory=list)
    settled: int = 0
    refunded: int = 0
    number: int = 0
    ticks: int = 0

    def at(self) -> dict[str, Any]:
        """The clock of the till: sometimes two trades in one second, told apart by their serial number."""
        self.ticks += 1
        return {"at": f"{datetime(2026, 3, 1, 9) + timedelta(seconds=self.ticks // 2)}", "serial": self.ticks}

    def say(self, sent: tuple[Any, ...], apart: bool = False) -> None:
        self.lines += [written(sent[0]), written(None, sent[1])] if apart else [written(*sent)]

    def act(self, step: int, choice: int) -> None:
        """One step that an honest institution can take now; a step that it cannot take is skipped."""
        m = self.mdtrt_id
        if step == 0:
            self.say(admission(m, **self.at()) if self.stay else visit(m, **self.at()))
            self.there = True
        elif not self.there:
            return
        elif step == 1:
            sent = []
            for _ in range(1 + choice % 3):
                self.number += 1
                sent.append(detail(f"F{self.number}", m, chrg_bchno="" if self.stay else "B1"))
                self.fee_lines[f"F{self.number}"] = ""
            self.say(fees(*sent, infno="2301" if self.stay else "2204", **self.at()))
        elif step == 2 and (free := [n for n, s in self.fee_lines.items() if not s]):
            number = free[choice % len(free)]
            self.say(which("2302" if self.stay else "2205", m, feedetl_sn=number, **self.at()))
            del self.fee_lines[number]
        elif step == 3:
            self.say(which("2302" if self.stay else "2205", m, feedetl_sn="0000", **self.at()))
            self.fee_lines = {n: s for n, s in self.fee_lines.items() if s}
        elif step == 4 and "" in self.fee_lines.values():
            self.settled += 1
            setl_id = f"S{m}{self.settled}"
            self.say(settlement(setl_id, m, infno="2304" if self.stay else "2207", **self.at()), apart=choice % 2 == 0)
            self.live.append(setl_id)
            self.fee_lines = {n: s or setl_id for n, s in self.fee_lines.items()}
        elif step == 5 and self.live:
            setl_id = self.live.pop(choice % len(self.live))
            self.say(cancel(setl_id, m, infno="2305" if self.stay else "2208", own=setl_id + "C", **self.at()))
            self.refunded += 1
            self.fee_lines = {n: "" if s == setl_id else s for n, s in self.fee_lines.items()}
        elif step == 6 and not self.live:
            self.say(which("2404" if self.stay else "2202", m, **self.at()))
            self.there, self.out, self.fee_lines, self.refunded = False, False, {}, 0
        elif step == 7 and self.stay and not self.out:
            self.say(discharge(m, **self.at()))
            self.out = True
        elif step == 8 and self.out:
            self.say(which("2405", m, **self.at()))
            self.out = False
        elif step == 9 and self.stay:
            self.say(settlement_list(m, setl_id=self.live[-1] if self.live else "", **self.at()))
        elif step == 10:  # a trial and a refused trade leave nothing
            asked, told = settlement(f"T{self.number}", m, **self.at())
            self.say((asked | {"infno": "2303" if self.stay else "2206"}, told))
            asked, _ = settlement(f"X{self.number}", m, **self.at())
            self.say((asked, {"infcode": -1, "err_msg": "拒绝", "output": None}))


steps = st.lists(st.tuples(st.sampled_from([0, 1, 1, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10]), st.integers(0, 5)), max_size=25)


@given(st.lists(st.tuples(st.booleans(), steps), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_rows_of_the_history(told: list[Any], chance: random.Random):
    stories = []
    for place, (stay, taken) in enumerate(told):
        story = Story(f"M{place}", stay)
        story.act(0, 0)
        for step, choice in taken:
            story.act(step, choice)
        stories.append(story)
    sent = [line for story in stories for line in story.lines] + [written(*person())]
    expected = rows(fold_all([parse(line) for line in sent]))
    shuffled = sent + chance.choices(sent, k=len(sent))
    chance.shuffle(shuffled)
    assert rows(fold_all([parse(line) for line in shuffled])) == expected
    for story in stories:
        check(story, expected)


def check(story: Story, found: dict[str, list[dict[str, str]]]) -> None:
    own = {table: [r for r in listed if r.get("mdtrt_id") == story.mdtrt_id] for table, listed in found.items()}
    assert len(own.get("encounter", [])) == int(story.there)
    assert {r["feedetl_sn"]: r.get("setl_id", "") for r in own.get("fee_line", [])} == story.fee_lines
    settled = own.get("settlement", [])
    assert sorted(r["setl_id"] for r in settled if r["refd_setl_flag"] == "0" and r["setl_id"] in story.live) == sorted(
        story.live
    )
    assert sum(r["refd_setl_flag"] == "1" for r in settled) == story.refunded
    assert len(settled) == len(story.live) + 2 * story.refunded
    for column in MONEY:
        total = sum(Decimal(r[column]) for r in settled if column in r)
        assert total == sum(Decimal(r[column]) for r in settled if r["setl_id"] in story.live and column in r)
    if story.there and story.stay:
        (row,) = own["encounter"]
        assert ("dscg_dept_codg" in row) == story.out
    if not story.there:
        assert not any(listed for table, listed in own.items())


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_goods_in_any_order(taken: list[int], chance: random.Random):
    sent, expected = [], {}
    for tick, step in enumerate(taken, start=1):
        clock = {"at": f"2026-03-01 09:00:{tick:02d}", "serial": tick}
        batch = f"K{step % 2}"
        if step < 3:
            sent.append(written(*sale(batch, sel_retn_cnt=tick, **clock)))
            expected[batch] = str(tick)
        else:
            sent.append(written(request("3507", {"data": {"fixmedins_bchno": batch, "inv_data_type": "4"}}, **clock), answer()))
            expected.pop(batch, None)
    shuffled = sent + sent
    chance.shuffle(shuffled)
    found = rows(fold_all([parse(line) for line in shuffled]))
    assert {r["fixmedins_bchno"]: r["cnt"] for r in found.get("stock_change", [])} == expected


def test_a_message_that_came_twice_is_shown_where_it_first_stands():
    line = written(*visit())
    messages = [
        parse(line, file="b.ndjson", line=1),
        parse(line, file="a.ndjson", line=9),
        parse(line, file="a.ndjson", line=4),
    ]
    for order in (messages, messages[::-1]):
        (done,) = fold_all(order)
        assert [(r.file, r.line) for r in done.rows["encounter"]] == [("a.ndjson", 4)]


def test_of_two_cancellations_the_answered_one_counts():
    alone = written(cancel(at="2026-03-01 09:30:00", serial=3)[0])
    answered = written(*cancel(at="2026-03-01 10:00:00", own="S1C", serial=4))
    sent = [written(*settlement()), alone, answered]
    for order in (sent, sent[::-1]):
        assert {r["setl_id"] for r in rows(fold_all(map(parse, order)))["settlement"]} == {"S1", "S1C"}


def test_a_cancellation_by_a_clock_that_is_behind_still_undoes_its_settlement():
    sent = [written(*visit()), written(*fees(detail("1"))), written(*settlement()), written(*cancel(at="2026-03-01 09:15:00"))]
    found = rows(fold_all(map(parse, sent)))
    assert len(found["settlement"]) == 2 and "setl_id" not in found["fee_line"][0]


def test_one_message_id_with_two_contents_is_two_messages_and_the_later_wins():
    first, second = fees(detail("1")), fees(detail("1", cnt=2), at="2026-03-01 09:11:00")
    second[0]["msgid"] = first[0]["msgid"]
    for order in ([first, second], [second, first]):
        assert rows(fold_all(parse(written(*s)) for s in order))["fee_line"][0]["cnt"] == "2"


def test_a_repeat_that_succeeds_stands_over_the_failure_before_it():
    asked, told = fees(detail("1"))
    failed = written(asked, {"infcode": -1, "err_msg": "超时", "output": None})
    for order in ([failed, written(asked), written(asked, told)], [written(asked, told), failed]):
        assert rows(fold_all(map(parse, order)))["fee_line"][0]["inscp_scp_amt"] == "10.5"
