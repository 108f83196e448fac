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


@lru_cache(maxsize=1 << 14)
def ymd_of(number: int) -> int:
    """yyyymmdd of a day number."""
    found = day_date(number)
    return found.year * 10_000 + found.month * 100 + found.day


__all__ = ["Unreadable", "day", "scaled", "second", "ymd_of"]
