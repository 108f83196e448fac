"""A list in pages, as the pager of every list page shows it. Below the rooms: it knows none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

SIZES = (20, 50, 100)


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
