"""The answers to /try: the page, its files and its book. Nothing else, and nothing from elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from hengjian.gate.sites import read_keys
from hengjian.kernel.errors import InputError

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)
_STATIC = "/try/static/"
_NOT_HERE = "这里没有页面；试用页在 /try，报文用 POST 发送。"


class TrialPages:
    """ASGI: GET /try, /try/static/…, /try/book.json; / leads to /try. `site`: where the key of the demonstration's institution is."""

    def __init__(self, book: Path, site: Path | None) -> None:
        """Raises InputError when the book is missing or broken."""
        self._site = site
        try:
            self._book: dict[str, Any] = json.loads(book.read_bytes())
            self._code = str(self._book["at"]["code"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                "试用页的资料读不出", where=str(book), why=type(error).__name__, cure="删去这个文件，再运行 make gate-demo"
            ) from error
        root = files("hengjian.gate.trial").joinpath("static")
        self._files = {
            entry.name: (entry.read_bytes(), kind)
            for entry in root.iterdir()
            if (kind := _TYPES.get("." + entry.name.rpartition(".")[2]))
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"].rstrip("/") or "/"
        if scope["method"] not in ("GET", "HEAD"):
            await self._send(scope, send, 405, b"", "text/plain", (b"allow", b"GET, HEAD"))
        elif path == "/":
            await self._send(scope, send, 302, b"", "text/plain", (b"location", b"/try"))
        elif path == "/try":
            await self._send(scope, send, 200, *self._files["page.html"])
        elif path == "/try/book.json":
            body = json.dumps(self._book | {"key": self._key()}, ensure_ascii=False).encode()
            await self._send(scope, send, 200, body, "application/json; charset=utf-8")
        elif path.startswith(_STATIC) and (found := self._files.get(path[len(_STATIC) :])):
            await self._send(scope, send, 200, *found)
        else:
            await self._send(scope, send, 404, _NOT_HERE.encode(), "text/plain; charset=utf-8")

    def _key(self) -> dict[str, str] | None:
        """The key with which the page signs, as the hospital's software would; none when there is none."""
        keys = read_keys(self._site) if self._site is not None else {}
        own = [k for k in keys.values() if k.fixmedins_code == self._code and k.stopped is None]
        return {"paasid": own[0].paasid, "secret": own[0].secret} if own else None

    async def _send(self, scope: Scope, send: Send, status: int, body: bytes, kind: str, *more: tuple[bytes, bytes]) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode()
        if status == 200 and (b"if-none-match", tag) in scope["headers"]:
            status, body = 304, b""
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"etag", tag),
            *_ALWAYS,
            *more,
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
