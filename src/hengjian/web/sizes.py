"""A request that is too long is refused by its announced length, before a byte of it is read: even the check of its form would read it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve

from hengjian.apps.review.attachments import BODY_LIMIT

LIMITS: Mapping[str, int] = {
    "desk:attach": BODY_LIMIT,
    "runs:upload": 10 * settings.UPLOAD_LIMIT,  # ten of the largest files at once
}
"""Addresses that take longer requests than the rest, in bytes."""


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
            return LIMITS.get(resolve(path).view_name, settings.BODY_LIMIT)
        except Resolver404:
            return settings.BODY_LIMIT
