"""What the review's views share: the page that follows an act, the undo that is offered once, and amounts as people type them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect

from hengjian.apps.listing import whole_number
from hengjian.kernel.errors import InputError

_UNDO = "review.undo"


def follow(request: HttpRequest, address: str) -> HttpResponse:
    """Go on to `address`, for a plain form and for one sent by htmx (which keeps what was typed when it is refused)."""
    return HttpResponseClientRedirect(address) if request.headers.get("HX-Request") else redirect(address)


def offer_undo(request: HttpRequest, text: str, url: str) -> None:
    """The next page shows the act with a way back."""
    request.session[_UNDO] = {"text": text, "url": url, "seconds": 10}


def undo_of(request: HttpRequest) -> dict[str, Any] | None:
    """The offer, once."""
    offer: dict[str, Any] | None = request.session.pop(_UNDO, None)
    return offer


def version_of(request: HttpRequest) -> int:
    """The version a form was made from."""
    return number_of(request, "version")


def number_of(request: HttpRequest, name: str) -> int:
    """A whole number of a form."""
    number = whole_number(request.POST.get(name, ""))
    if number is None:
        raise InputError("表单不完整", why="页面太旧，或少送了一项", cure="刷新页面再试")
    return number


def amount_of(request: HttpRequest, name: str = "amount") -> Decimal | None:
    """An amount as people type it: separators, full-width digits; empty is None."""
    text = request.POST.get(name, "").strip().replace(",", "").replace("，", "")
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise InputError(f"金额“{text[:20]}”读不懂", cure="填数字，例如 1023.36") from error
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 12:
        raise InputError(f"金额“{text[:20]}”读不懂", cure="填数字，例如 1023.36")
    return amount


def ids_of(request: HttpRequest, name: str) -> list[int]:
    """Row numbers of a form; anything else is left out."""
    numbers = (whole_number(text) for text in request.POST.getlist(name))
    return [number for number in numbers if number is not None]
