"""Lives of visits as message lines: what happens at a till and a ward in a few months, told to the gate by honest and by sloppy clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hengjian.lake.wire import written
from tests.gate.fold.visits import Choose
from tests.lake.wire.messages import (
    DRUG,
    PERSON,
    SERVICE,
    admission,
    cancel,
    detail,
    discharge,
    fees,
    insurance,
    person,
    settlement,
    settlement_list,
    visit,
    which,
)

OTHER = "99010000000000000002"
_ODD_CELLS = [{"cnt": "一"}, {"fee_ocur_time": "昨天"}, {"rxno": "x" * 60}, {"psn_no": OTHER}, {"pric": -1}, {"bilg_dr_codg": "-"}, {"fee_ocur_time": "20260302081500"}]  # fmt: skip


class Life:
    """The messages of one visit. Every choice goes through `choose(list)`."""

    def __init__(self, choose: Choose, mdtrt_id: str) -> None:
        self.choose, self.mdtrt_id, self.lines, self.ticks = choose, mdtrt_id, list[bytes](), 0
        self.stay = choose([False, False, True])
        self.numbers: list[str] = []
        self.settled: list[str] = []
        self._say(self._visit())
        for _ in range(choose([1, 4, 9])):
            choose(
                [
                    self._fees,
                    self._fees,
                    self._fees,
                    self._back,
                    self._settle,
                    self._settle,
                    self._refund,
                    self._delete,
                    self._other,
                ]
            )()

    def _clock(self) -> dict[str, Any]:
        self.ticks += 1
        return {"at": f"{datetime(2026, 3, 2, 9) + timedelta(seconds=self.ticks // 2)}", "serial": self.ticks}

    def _say(self, sent: tuple[Any, ...]) -> None:
        request, answer = sent
        if self.choose([False] * 9 + [True]):  # the answer was lost and the trade is repeated
            self.lines.append(written(request, {"infcode": -1, "err_msg": "超时", "output": None}))
        self.lines.append(written(request, answer))

    def _visit(self, **more: Any) -> tuple[Any, ...]:
        return (admission if self.stay else visit)(self.mdtrt_id, **self._clock(), **more)

    def _fees(self) -> None:
        sent = []
        for _ in range(self.choose([1, 2, 4])):
            number = f"F{len(self.numbers) + 1}"
            self.numbers.append(number)
            odd = self.choose([{}] * 6 + _ODD_CELLS)
            code = self.choose([SERVICE, DRUG])
            sent.append(detail(number, self.mdtrt_id, med_list_codg=code, chrg_bchno="" if self.stay else "B1", **odd))
        self._say(fees(*sent, infno="2301" if self.stay else "2204", **self._clock()))

    def _back(self) -> None:
        """A line given back, whole or too much, with and without naming it."""
        if self.numbers:
            named = self.choose([self.choose(self.numbers), ""])
            count = self.choose([-1, -1, -2])
            back = detail(f"R{self.ticks}", self.mdtrt_id, init_feedetl_sn=named, cnt=count, det_item_fee_sumamt=10.5 * count,
                          fee_ocur_time=self.choose(["2026-03-01 09:00:00", "2026-03-02 10:00:00"]))  # fmt: skip
            self._say(fees(back, infno="2301" if self.stay else "2204", **self._clock()))

    def _settle(self) -> None:
        setl_id = f"S{self.mdtrt_id}{len(self.settled) + 1}"
        more = {"fund_pay_sumamt": self.choose([7.5, 0.01, 100]), "medfee_sumamt": self.choose([10.5, "10,5"])}
        asked, told = settlement(setl_id, self.mdtrt_id, infno="2304" if self.stay else "2207", **self._clock(), **more)
        if self.choose([False, True]):
            trial = asked | {"infno": "2303" if self.stay else "2206", "msgid": f"{asked['msgid'][:-4]}9{self.ticks:03d}"}
            self._say((trial, told))
        self.settled.append(setl_id)
        self._say((asked, told))

    def _refund(self) -> None:
        if self.settled:
            setl_id = self.choose(self.settled)
            self._say(cancel(setl_id, self.mdtrt_id, infno="2305" if self.stay else "2208", own=setl_id + "C", **self._clock()))

    def _delete(self) -> None:
        number = self.choose(["0000", *self.numbers])
        self._say(which("2302" if self.stay else "2205", self.mdtrt_id, feedetl_sn=number, **self._clock()))

    def _other(self) -> None:
        steps: Sequence[Callable[[], tuple[Any, ...]]] = [
            lambda: self._visit(psn_no=OTHER) if not self.stay else self._visit(med_type="52"),
            lambda: which("2404" if self.stay else "2202", self.mdtrt_id, **self._clock()),
            lambda: discharge(self.mdtrt_id, **self._clock()),
            lambda: which("2405", self.mdtrt_id, **self._clock()),
            lambda: settlement_list(self.mdtrt_id, setl_id=self.settled[-1] if self.settled else "", **self._clock()),
        ]
        self._say(self.choose(steps)())


def told_of_persons(choose: Choose) -> list[bytes]:
    """1101 of two persons, who may change their insurance."""
    at = [f"2026-0{month}-01 08:00:00" for month in (2, 4, 6)]
    lines = [written(*person(insurance(choose(["310", "390"])), at=at[0]))]
    if choose([False, True]):
        lines.append(written(*person(insurance(choose(["310", "390"]), psn_type="12"), at=at[1], gend=choose(["1", "2", ""]))))
    if choose([False, True]):
        lines.append(written(*person(at=at[2], psn_no=OTHER, brdy=choose(["1980-01-01", "1900-01-01", "20260230"]))))
    return lines


def lives(choose: Choose, number: int, name: str = "M") -> list[bytes]:
    """The messages of some visits of two persons, each line once."""
    told = [line for n in range(number) for line in Life(choose, f"{name}{n}").lines]
    return [*told, *told_of_persons(choose)]


__all__ = ["OTHER", "PERSON", "Life", "lives"]
