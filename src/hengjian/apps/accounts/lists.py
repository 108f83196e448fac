"""List pages: the sort and page of an address. Filters live in the address, so that a view can be sent to a colleague."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

SIZES = (20, 50, 100)


def listing(request: HttpRequest, rows: QuerySet[Any], sorts: tuple[str, ...], first: str) -> dict[str, Any]:
    """Context of a list page: `page`, `pages` and `sort`. `sorts`: what ?sort= may say (with or without -); `first`: the usual one."""
    sort = request.GET.get("sort", first)
    if sort.removeprefix("-") not in sorts:
        sort = first
    size = request.GET.get("size", "")
    per_page = int(size) if size in map(str, SIZES) else SIZES[0]
    pages = Paginator(rows.order_by(sort, "-pk"), per_page)
    page = pages.get_page(request.GET.get("page"))
    listed = list(pages.get_elided_page_range(page.number, on_each_side=2, on_ends=1))
    return {"page": page, "pages": listed, "sort": sort}
