"""How figures, days and ids are written for a Chinese reader (ui guide §5, §7)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from hengjian.kernel.amounts import to_fen, wan_text, yuan_text
from hengjian.rulebook.model import CATEGORIES, CERTAINTIES

_LEVELS = {
    "01": "三级",
    "02": "三级",
    "03": "三级",
    "04": "三级",
    "12": "三级",
    "05": "二级",
    "06": "二级",
    "07": "二级",
    "13": "二级",
}
_LEVELS |= {"08": "一级", "09": "一级", "10": "一级", "14": "一级", "11": "未定级"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True)
class Unit:
    """The unit of an overview: 万元 with one decimal, or 元 when 万元 would hide the money."""

    name: str

    def text(self, fen: int) -> str:
        """A sum of money in this unit, without the unit's name. Money too small to see is said, not shown as nothing."""
        if self.name == "元":
            return yuan_text(fen)
        text = wan_text(fen)
        return "<0.1" if fen and text == "0.0" else text

    def full(self, fen: int) -> str:
        return f"{self.text(fen)} {self.name}"


WAN, YUAN = Unit("万元"), Unit("元")
_WAN_FROM = 10_000_000  # fen: from 10 万元 up an overview speaks of 万元


def unit_for(largest_fen: int) -> Unit:
    """The unit in which an overview with this largest sum is written; nothing at all is 0.0 万元."""
    return YUAN if 0 < largest_fen < _WAN_FROM else WAN


def category_text(word: str) -> str:
    """政策, 管理, 医疗, 反欺诈; an unknown word as it stands."""
    return CATEGORIES.get(word, word or "—")


def certainty_text(word: str) -> str:
    """违规 or 可疑; an unknown word as it stands."""
    return CERTAINTIES.get(word, word)


def count_text(number: int) -> str:
    """A count in running text: 1.04 亿, 384.6 万, 14,145."""
    if number >= 100_000_000:
        return f"{Decimal(number) / 100_000_000:,.2f} 亿"
    return f"{Decimal(number) / 10_000:,.1f} 万" if number >= 100_000 else f"{number:,}"


def percent(part: int, whole: int, digits: int = 1) -> str:
    """`part ÷ whole` in percent; a dash when there is no whole, `<` when it would round to nothing."""
    if whole <= 0:
        return "—"
    value = round(Decimal(part) * 100 / whole, digits)
    return f"<{Decimal(1).scaleb(-digits)}%" if part > 0 and not value else f"{value:,.{digits}f}%"


def rate(part: int, whole: int) -> str:
    """`part` a hundred of `whole`, one decimal, without a unit."""
    return percent(part, whole).removesuffix("%")


def day_text(day: date, *, year: bool = True) -> str:
    """2026 年 11 月 22 日."""
    return (f"{day.year} 年 " if year else "") + f"{day.month} 月 {day.day} 日"


def span_text(start: date, end: date) -> str:
    """A half-open period as its first and last day; the year once when it is the same."""
    last = end - timedelta(days=1)
    if last <= start:
        return day_text(start)
    return f"{day_text(start)}至 {day_text(last, year=last.year != start.year)}"


def instant_text(instant: datetime) -> str:
    """2026 年 11 月 22 日 10:00."""
    return f"{day_text(instant.date())} {instant:%H:%M}"


def window_text(start: datetime | None, end: datetime | None) -> str:
    """A half-open window as its first and last day, with hours only when it does not begin or end at midnight."""
    if start is None or end is None:
        return ""
    if start.time() != datetime.min.time() or end.time() != datetime.min.time():
        return f"{start:%Y-%m-%d %H:%M} 至 {end:%Y-%m-%d %H:%M}"
    last = datetime.fromordinal(end.toordinal() - 1)
    return f"{start:%Y-%m-%d}" if last <= start else f"{start:%Y-%m-%d} 至 {last:%Y-%m-%d}"


def month_text(month: str) -> str:
    """`2026-03` as 2026 年 3 月."""
    year, number = month.split("-")
    return f"{year} 年 {int(number)} 月"


def number_text(number: Decimal | None) -> str:
    """A number without needless zeros, thousands marked; a dash when there is none."""
    if number is None:
        return "—"
    text = f"{abs(number):,f}"
    return ("−" if number < 0 else "") + (text.rstrip("0").rstrip(".") if "." in text else text)


def amount_text(yuan: Decimal | None) -> str:
    """Yuan as users read it: 1,023.36; a dash when there is none."""
    return "—" if yuan is None else yuan_text(to_fen(yuan))


def listed(names: Sequence[str]) -> str:
    """甲、乙、丙."""
    return "、".join(names)


def seconds_text(seconds: float) -> str:
    """43 秒, 2 分 5 秒; less than ten seconds with one decimal."""
    if seconds < 10:
        return f"{seconds:.1f} 秒"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} 分 {rest} 秒" if minutes else f"{rest} 秒"


def memory_text(megabytes: float) -> str:
    """900 MB, 6.2 GB."""
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes:.0f} MB"


def fingerprint_text(hexadecimal: str) -> str:
    """The two ends of a fingerprint, enough to compare by eye."""
    return f"{hexadecimal[:4]} {hexadecimal[4:8]} … {hexadecimal[-4:]}" if len(hexadecimal) > 16 else hexadecimal or "—"


def level_text(hosp_lv: str | None, fixmedins_type: str | None) -> str:
    """The chip beside an institution's name; empty when nothing is known."""
    return "药店" if fixmedins_type == "2" else _LEVELS.get(hosp_lv or "", "")


def masked(identifier: str | None) -> str:
    """A person's id without its middle: the first four and the last two characters stay."""
    text = identifier or ""
    if len(text) > 8:
        return f"{text[:4]}***{text[-2:]}"
    return f"{text[:1]}***{text[-1:]}" if len(text) > 2 else "***" if text else ""


def hide_person(text: str, psn_no: str | None) -> str:
    """A sentence in which the person's id, should it stand there, is masked."""
    return text.replace(psn_no, masked(psn_no)) if psn_no else text


def plain(text: str) -> str:
    """Text without control characters, which neither a page nor a workbook can carry."""
    return _CONTROL.sub("", text)
