"""How the office prints money, days, hours, icons and the small geometry of its bars."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from lucide.jinja import lucide

register = template.Library()

NOTHING = "—"
MINUS = "−"
_PLACES = {"review": ("疑点", "review:item"), "clue": ("线索", "clues:clue")}


@register.filter
def money(value: Decimal | int | float | str | None) -> str:
    """Yuan with two decimals and separators: 1,023.36; a minus is the typographic one; nothing is a dash."""
    return _grouped(value, Decimal("0.01"))


@register.filter
def whole(value: int | str | None) -> str:
    """A count with separators: 12,345; nothing is a dash."""
    return NOTHING if value is None or value == "" else f"{int(value):,}"


@register.filter
def wan(value: Decimal | int | float | str | None) -> str:
    """Yuan printed in 万元 with one decimal, for overviews only."""
    return _grouped(value, Decimal("0.1"), divide_by=10_000)


@register.filter
def zhday(value: date | datetime | None) -> str:
    """A day in a sentence or a document: 2026 年 11 月 22 日."""
    day = _local(value)
    return NOTHING if day is None else f"{day.year} 年 {day.month} 月 {day.day} 日"


@register.filter
def zhat(value: datetime | None) -> str:
    """A day and an hour in a sentence, as a limit is told: 11 月 27 日 17:00."""
    at = _local(value)
    return NOTHING if at is None else f"{at.month} 月 {at.day} 日 {at:%H:%M}"


@register.filter
def short_at(value: date | datetime | None) -> str:
    """An instant in a list: 11-22 14:12; a plain date has no hour: 11-22."""
    at = _local(value)
    if at is None:
        return NOTHING
    return f"{at:%m-%d %H:%M}" if isinstance(at, datetime) else f"{at:%m-%d}"


@register.filter
def tick_states(total: int | str, used: int | str) -> list[str]:
    """One mark a working day: past, today, still to come. Once the limit is over no mark is today's."""
    return ["past" if day < int(used) else "today" if day == int(used) else "todo" for day in range(int(total))]


@register.filter
def days(left: int) -> int:
    """Working days over a limit as a plain count."""
    return abs(left)


@register.filter
def words(text: str) -> list[str]:
    """The words of a short list written in a template."""
    return text.split()


@register.filter
def spans(parts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Counts laid side by side on one bar: each part gains `x` and `width` in percent of the whole."""
    listed = [dict(part) for part in parts]
    whole = sum(part["count"] for part in listed)
    at = 0.0
    for part in listed:
        part["x"], part["width"] = round(at, 2), round(100 * part["count"] / whole, 2) if whole else 0
        at += part["width"]
    return listed


@register.filter
def place(subject: str) -> dict[str, str] | None:
    """Where the thing a clock or an entry speaks of is shown: its word and address. None where it has no page of its own."""
    kind, _, number = subject.partition(":")
    if kind not in _PLACES or not number.isdecimal():
        return None
    word, name = _PLACES[kind]
    return {"word": f"看{word}", "href": reverse(name, args=[int(number)])}


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """A Lucide icon as inline SVG, hidden from screen readers: the text beside it is its name. An unknown name raises."""
    return _icon(str(name), int(size))


@register.simple_tag
def hidden_params(params: QueryDict, *without: str) -> SafeString:
    """Hidden fields that carry the current address through a GET form, less the named ones."""
    return format_html_join("\n", '<input type="hidden" name="{}" value="{}">', _pairs(params, without))


@lru_cache(maxsize=512)
def _icon(name: str, size: int) -> SafeString:
    drawn = str(lucide(name, size=None, width=f"{size / 16:g}rem", height=f"{size / 16:g}rem", aria_hidden="true"))
    return mark_safe(drawn)  # the wheel's own SVG, no user text


def _pairs(params: QueryDict, without: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key, values in params.lists():
        if key not in without:
            yield from ((key, value) for value in values if value)


def _local(value: Any) -> Any:
    if isinstance(value, datetime):
        return timezone.localtime(value) if timezone.is_aware(value) else value
    return value if isinstance(value, date) else None


def _grouped(value: Any, step: Decimal, divide_by: int = 1) -> str:
    if value is None or value == "":
        return NOTHING
    rounded = (Decimal(str(value)) / divide_by).quantize(step, ROUND_HALF_UP)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,}"
