"""What every list page shares: its pages, its order, days and numbers as people and addresses send them. Below the rooms: it knows none of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

SIZES = (20, 50, 100)
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_LONGEST = 18
"""Digits of the largest number a column can hold."""


def whole_number(text: str) -> int | None:
    """A whole number as an address or a form sends it. None for anything else: "²" is a digit to `str.isdigit`, and is none to `int`."""
    return int(text) if text.isdecimal() and len(text) <= _LONGEST else None


def day_field(label: str, **more: Any) -> forms.DateField:
    """A day, chosen in the browser's own calendar; a slip such as the year 0026 is said so, and counting on from it never overflows."""
    picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(**{"label": label, "widget": picker, "validators": [_in_reach], **more})


def _in_reach(day: date) -> None:
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise forms.ValidationError(f"{day.year} 年不对，请核对年份", code="year")


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any]) -> dict[str, Any]:
    """Context of `office/_pager.html`: the page asked for in the address, and the numbers around it. A number beyond the end shows the last page."""
    asked = request.GET.get("size", "")
    size = int(asked) if asked in map(str, SIZES) else SIZES[0]
    paginator = Paginator(rows, size)
    page = paginator.get_page(request.GET.get("page"))
    return {"page": page, "pages": list(paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))}


def sorted_by(request: HttpRequest, rows: QuerySet[Any], allowed: dict[str, str], otherwise: str) -> tuple[QuerySet[Any], str]:
    """The rows in the order the address asks for (`sort=`, "-" for descending) if that is one of `allowed`, and the order in force."""
    asked = request.GET.get("sort", "")
    chosen = asked if asked.removeprefix("-") in allowed else otherwise
    field = allowed[chosen.removeprefix("-")]
    return rows.order_by(f"-{field}" if chosen.startswith("-") else field, "pk"), chosen
