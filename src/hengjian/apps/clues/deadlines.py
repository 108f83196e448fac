"""The clocks of this room, as data."""

from __future__ import annotations

from typing import NamedTuple


class Deadline(NamedTuple):
    """Key, name, length, unit (wd working days, cd calendar days) and article of a period."""

    key: str
    title: str
    length: int
    unit: str
    article: str


VERIFY = Deadline("clue.verify", "线索核查", 15, "wd", "《医疗保障行政处罚程序暂行规定》（国家医疗保障局令第 4 号）第十四条")
"""Runs from the day an outside clue was received; for findings of our own audit from the day a person takes the clue in hand, when
it becomes known to one: a program's list is not yet a discovery, and a hundred thousand of them do not run out at once."""
