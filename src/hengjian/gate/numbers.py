"""Written values of a message as the integers rules see. Nothing passes through a float on its way to an amount: a JSON number is taken by
its shortest decimal spelling, which is how it was written.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from hengjian.kernel.dates import day_number, second_number
from hengjian.lake.ingest.values import Unreadable, read_instant
from hengjian.lake.wire.nodes import instant

MOST_YUAN = 10_000_000
"""A line of more is no line: it is left out, as the load refuses it."""

_NEAR, _NOISE = 10**8, 1e-5


class Moment(tuple[int, int, int]):
    """Day number, second number and yyyymmdd of one civil instant."""

    __slots__ = ()


@lru_cache(maxsize=1 << 16)
def moment(written: str) -> Moment | None:
    """An instant in any spelling the lake reads; None when it is missing, a placeholder or unreadable."""
    found = instant(written)
    if found is None:
        return None
    try:
        when = read_instant(found)
    except Unreadable:
        return None
    return moment_of(when)


def moment_of(when: datetime) -> Moment:
    """The integers of an instant."""
    return Moment((day_number(when.date()), second_number(when), when.year * 10000 + when.month * 100 + when.day))


def scaled(value: Any, digits: int) -> int | None:
    """A number, or a text of one, in units of 10^-digits, half to even; None when it is missing, no number or out of reach."""
    kind = type(value)
    if kind is int:
        found = value * 10**digits
    elif kind is float or kind is str:
        if kind is float and -_NEAR < value < _NEAR and abs((near := value * 10**digits) - (whole := round(near))) < _NOISE:
            return int(whole)  # written with no more digits than these: what is left over is the float's own noise
        try:
            exact = Decimal(repr(value) if kind is float else value.strip().replace(",", ""))
        except InvalidOperation:
            return None
        if not exact.is_finite() or abs(exact.adjusted()) > 20:
            return None if not exact.is_finite() or exact.adjusted() > 20 else 0
        found = round(exact.scaleb(digits))
    else:
        return None
    return found if abs(found) < 1 << 62 else None
