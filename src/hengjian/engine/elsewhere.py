"""The one place that says what an institution may learn of acts elsewhere: date, kind and quantity; no name, place, diagnosis, price or
number (design §6). The institution's desk and the gate's reminders both ask it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

KINDS = {"X": "西药", "Z": "中成药", "T": "中药饮片", "C": "医用耗材", "0": "诊疗项目"}
"""What the first character of a national code says an item is."""


class Elsewhere(NamedTuple):
    """An act in another institution, as far as it may be told."""

    on: date
    kind: str
    quantity: Decimal
    unit: str = ""


def kind_of_item(code: str) -> str:
    """西药, 诊疗项目 …: the kind of an item, without its name."""
    return KINDS.get(code[:1].upper(), "项目")


def elsewhere(on: date, code: str, quantity: Decimal, unit: str = "") -> Elsewhere:
    """An act in another institution: of its code only the kind is left."""
    return Elsewhere(on, kind_of_item(code), quantity, unit)
