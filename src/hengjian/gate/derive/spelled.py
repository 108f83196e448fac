"""Texts of messages as the integers rules see: days, instants, fen, 10⁻⁴ units, 10⁻⁶ yuan.

The common spelling is read at once; any other goes through the loader's own readers (`lake.ingest.values`), so what a text means is
decided there. Every reader raises `Unreadable` for a text that means nothing; nothing is ever rounded through a float.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from hengjian.kernel.dates import day_date, day_number, second_number
from hengjian.lake.ingest.values import Unreadable, read_instant, read_number
from hengjian.lake.schema.base import kind
from hengjian.lake.wire.nodes import instant as known_instant
from hengjian.lake.wire.nodes import text as known_text

DAY = 86_400


@lru_cache(maxsize=1 << 14)
def _day(written: str) -> int:
    """Day number of a date in any spelling."""
    return day_number(read_instant(written).date())


def second(written: str) -> int:
    """Second number of an instant in any spelling; of a day alone, its midnight. Raises Unreadable."""
    if len(written) == 19 and written[10] == " " and written[13] == written[16] == ":":
        hours, minutes, seconds = written[11:13], written[14:16], written[17:]
        if (hours + minutes + seconds).isdecimal() and written.isascii():
            h, m, s = int(hours), int(minutes), int(seconds)
            if h < 24 and m < 60 and s < 60:
                return _day(written[:10]) * DAY + h * 3600 + m * 60 + s
    return second_number(read_instant(written))


def day(written: str) -> int:
    """Day number of a day or instant in any spelling. Raises Unreadable."""
    return _day(written) if len(written) <= 10 else second(written) // DAY


def scaled(word: str) -> Callable[[str], int]:
    """The reader of a decimal kind (`money`, `price`, `qty`, `dec(5,4)`): text → integer in units of its last digit."""
    as_kind = kind(word)
    scale = as_kind.scale
    unit = 10**scale
    spare = "0" * scale
    limit: int = 10 ** int(as_kind.sql.removeprefix("DECIMAL(").split(",")[0])

    def read(written: str) -> int:
        whole, _, part = written.partition(".")
        if (
            len(written) <= 20
            and whole.isdecimal()
            and written.isascii()
            and len(part) <= scale
            and (not part or part.isdecimal())
        ):
            value: int = int(whole) * unit + int((part + spare)[:scale] or "0")
            if value < limit:
                return value
        return int(Decimal(read_number(written, as_kind)).scaleb(scale))

    return read


fen, e4, e6 = scaled("money"), scaled("qty"), scaled("price")


def day_of(written: str | None) -> int | None:
    """Day number of what a message writes; None when it is missing or a placeholder (1900-01-01). Raises Unreadable."""
    return None if (found := known_instant(written)) is None else day(found)


def second_of(written: str | None) -> int | None:
    """Second number of what a message writes; None when it is missing or a placeholder (1900-01-01). Raises Unreadable."""
    return None if (found := known_instant(written)) is None else second(found)


def fen_of(written: str | None) -> int | None:
    """Yuan as a message writes them, in fen; None when missing. Raises Unreadable, also for a fraction of a fen."""
    return None if (found := known_text(written)) is None else fen(found)


def e4_of(written: str | None) -> int | None:
    """A quantity as a message writes it, in 1/10,000 units; None when missing. Raises Unreadable."""
    return None if (found := known_text(written)) is None else e4(found)


def e6_of(written: str | None) -> int | None:
    """A price as a message writes it, in 10⁻⁶ yuan; None when missing. Raises Unreadable."""
    return None if (found := known_text(written)) is None else e6(found)


@lru_cache(maxsize=1 << 14)
def ymd_of(number: int) -> int:
    """yyyymmdd of a day number."""
    found = day_date(number)
    return found.year * 10_000 + found.month * 100 + found.day


__all__ = ["Unreadable", "day_of", "e4_of", "e6_of", "fen_of", "second_of", "ymd_of"]
