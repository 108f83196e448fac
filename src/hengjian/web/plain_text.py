"""Text that no form makes and no database keeps is refused before a view sees it: NUL, in an address, a cookie or a field."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from hengjian.kernel.errors import InputError
from hengjian.web.refusals import answer

_NUL = "\x00"


class PlainText:
    """Middleware after the check of forms, which has read what was sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(_NUL in text for text in (request.path_info, *request.COOKIES.values(), *_texts(request.GET))):
            return render(request, "400.html", status=400)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        if request.method != "POST" or not any(_NUL in text for text in _texts(request.POST)):
            return None
        return answer(request, InputError("填写的内容里有看不见的控制字符", cure="删去重写，不要从别处粘贴"))


def _texts(sent: QueryDict) -> Iterable[str]:
    for name, values in sent.lists():
        yield name
        yield from values
