"""What a room refuses becomes a page or a toast with its sentence: 403 for a right that is missing, 400 for what was sent."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.kernel.errors import HengjianError


class Refusals:
    """Middleware: turns HengjianError into an answer. A refused form goes back to its page with the sentence; nothing was changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        return _only_a_form(request, response) if response.status_code == 405 and request.method == "GET" else response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return answer(request, error) if isinstance(error, HengjianError) else None


def _only_a_form(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The address of an act, opened as a page: reloaded after a refusal, or typed."""
    told = HengjianError("这个地址不是一页", why="它只接收页面上提交的表单", cure="回到原来的页面再做")
    page = render(request, "400.html", {"refusal": told}, status=405)
    page["Allow"] = response["Allow"]
    return page


def answer(request: HttpRequest, error: HengjianError) -> HttpResponse:
    """The page, the toast or the way back to the form."""
    status = 403 if isinstance(error, NotAllowed) else 400
    if request.headers.get("HX-Request"):
        return HttpResponse(status=status, headers={"HX-Reswap": "none", "X-Refusal": quote(_sentence(error))})
    back = request.headers.get("Referer", "")
    if request.method == "POST" and status == 400 and url_has_allowed_host_and_scheme(back, {request.get_host()}):
        messages.error(request, _sentence(error))
        return redirect(back)
    return render(request, f"{status}.html", {"refusal": error}, status=status)


def _sentence(error: HengjianError) -> str:
    """What, why and cure in one line."""
    return "。".join(p.rstrip("。") for p in (error.what, error.why, error.cure) if p) + "。"
