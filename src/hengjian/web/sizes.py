"""A request that is too long is refused by its announced length, before a byte of it is read: even the check of its form would read it all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve

V = TypeVar("V", bound=Callable[..., Any])


def takes_up_to(limit: int) -> Callable[[V], V]:
    """Mark a view that takes requests of up to so many bytes."""

    def mark(view: V) -> V:
        view.body_limit = limit  # type: ignore[attr-defined]
        return view

    return mark


class BodyLimit:
    """Middleware before everything that looks into a form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = (
            self._limit(request.path_info) if length.isdigit() and int(length) > settings.BODY_LIMIT else settings.BODY_LIMIT
        )
        if not length.isdigit() or int(length) <= limit:
            return self.get_response(request)
        text = f"这次上传共 {int(length) // 1024 // 1024} MB，超过 {limit // 1024 // 1024} MB，没有接收。请压缩或分几次上传。"
        answer: HttpResponse
        if request.headers.get("Accept", "").startswith("application/json"):
            answer = JsonResponse({"errors": [text]}, status=413)
        else:
            answer = HttpResponse(text, status=413, content_type="text/plain; charset=utf-8")
        answer["Connection"] = "close"
        return answer

    @staticmethod
    def _limit(path: str) -> int:
        try:
            view = resolve(path).func
        except Resolver404:
            return settings.BODY_LIMIT
        return getattr(view, "body_limit", settings.BODY_LIMIT)
