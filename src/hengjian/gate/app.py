"""The ASGI application of the gate: a national message in, a national answer out.

No answer is ever an HTTP 500. What goes wrong inside a check lets the order pass (infcode 0, empty, 本次未审核); what goes wrong inside an
upload is never acknowledged. Checks run on the loop itself: they take about a millisecond and no I/O worth waiting for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from hengjian import __version__
from hengjian.gate.access import AccessRecord
from hengjian.gate.body import BodyRefused, ClientGone, open_body, read_body
from hengjian.gate.desk import NOTHING_JUDGED, Desk
from hengjian.gate.envelope import Answers, Reply, Request, read_envelope, refused
from hengjian.gate.lag import Lag
from hengjian.gate.metrics import Metrics
from hengjian.gate.protocols import Checks, GateStore, Writes
from hengjian.gate.security import ANYONE, Guard, Signature
from hengjian.gate.settings import GateSettings
from hengjian.gate.sites import KeyBook
from hengjian.gate.trades import Kind, Trades, infno_of_path, read_variants
from hengjian.gate.trouble import say, tell

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Pages = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger(__name__)
_JSON = (b"content-type", b"application/json; charset=utf-8")
_SENTENCE = {Kind.NOT_KEPT: "交易 {} 不用转来，没有保存", Kind.UNKNOWN: "不认识的交易编号 {}；闸口办的交易见接口说明"}


class _Seen(NamedTuple):
    """What the counters and the access record keep of one request."""

    infno: str = "other"
    at: str = ""
    msgid: str = ""
    region: str = ""
    size: int = 0


class Gate:
    """The application. `checks` may be replaced between two requests; `pages` answers what is no message (GET); `on_stop` runs at the end."""

    def __init__(
        self, checks: Checks, store: GateStore, writer: Writes, settings: GateSettings, *, pages: Pages | None = None
    ) -> None:
        self.settings, self.pages = settings, pages
        self.guard = Guard(KeyBook(settings.site), store) if settings.signature is Signature.REQUIRED else None
        self.metrics = Metrics(settings.home / "counters")
        self.lag = Lag(settings.shed_seconds)
        self.problem = ""
        """What the last reload could not take; "" when all is as the site folder says."""
        self.gauges: list[Callable[[], Mapping[str, tuple[str, float]]]] = [self.lag.gauges]
        self.on_start: list[Callable[[], None]] = []
        self.on_stop: list[Callable[[], None]] = []
        self._desk = Desk(checks, store, writer, settings)
        self._trades = Trades(read_variants(settings.site))
        self._access = AccessRecord(settings.home / "access")
        self._answers = Answers(settings.region)

    @property
    def checks(self) -> Checks:
        """The judge of the next check."""
        return self._desk.checks

    def swap(self, checks: Checks) -> None:
        """Let another judge and the site's present numbers take the next request. Raises InputError; then nothing changes."""
        trades = Trades(read_variants(self.settings.site))
        self._desk.checks, self._trades = checks, trades

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's request, or the life of the worker."""
        if scope["type"] == "http":
            if scope["method"] == "POST" and not (self.pages is not None and scope["path"].startswith("/try")):
                await self._message(scope, receive, send)
            else:
                await self._page(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _message(self, scope: Scope, receive: Receive, send: Send) -> None:
        came, began = time.time(), time.perf_counter()
        seen, status, ends = _Seen(infno_of_path(scope["path"]) or "other"), 200, False
        try:
            speaker = self.guard.judge(scope["headers"], came) if self.guard is not None else ANYONE
            if speaker.refusal:
                reply, status, ends = refused(speaker.refusal, speaker.outcome), speaker.http, True
            else:
                seen, reply = await self._answer(scope, receive, came, seen, speaker.fixmedins_code)
        except BodyRefused as error:
            reply, ends = refused(str(error), error.outcome), True
        except ClientGone:
            reply = None
        except Exception as error:
            tell(logger, "a request failed", error)
            reply = self._passed_over(seen, error)
        body = self._written(came, seen, reply) if reply is not None else b""
        outcome, took = reply.outcome if reply is not None else "gone", time.perf_counter() - began
        self.metrics.count(seen.infno, outcome, took)  # before the answer: who has an answer finds it counted
        self._access.write(came, seen.at, seen.infno, seen.msgid, outcome, took, seen.size)
        if reply is not None:
            headers = [_JSON, (b"content-length", str(len(body)).encode()), *([(b"connection", b"close")] if ends else [])]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _written(self, came: float, seen: _Seen, reply: Reply) -> bytes:
        try:
            return self._answers.write(came, time.time(), reply, seen.region)
        except Exception as error:  # a judge gave what no JSON can hold
            tell(logger, "an answer could not be written", error)
            return self._answers.write(came, time.time(), self._passed_over(seen, error), seen.region)

    async def _answer(self, scope: Scope, receive: Receive, came: float, seen: _Seen, speaker: str) -> tuple[_Seen, Reply]:
        settings, declared, encoding = self.settings, None, ""
        for name, value in scope["headers"]:
            if name == b"content-length":
                declared = value
            elif name == b"content-encoding":
                encoding = value.decode("latin-1")
        raw = await read_body(receive, settings.most_bytes, settings.read_seconds, declared)
        body = open_body(raw, settings.most_bytes, encoding)
        request = read_envelope(body.node)
        by_path = infno_of_path(scope["path"])
        route = self._trades.route(request.infno)
        known = request.infno if route.kind is not Kind.UNKNOWN else "other"
        seen = _Seen(known, request.fixmedins_code, request.msgid, request.region, len(raw))
        if by_path and request.infno and by_path[:4] != request.infno[:4]:
            say(logger, logging.WARNING, f"the path says {by_path}, the message {known}; the message counts")
        if not request.infno:
            return seen, refused("报文没有交易编号 infno；请按接口规范写信封")
        if speaker and (wrong := _not_theirs(speaker, request)):
            return seen, wrong
        if route.kind is Kind.CHECK:
            return seen, self._desk.check(route.infno, body, request, came, late=self.lag.late)
        if route.kind is Kind.UPLOAD:
            return seen, await self._desk.upload(body, request, speaker, came)
        if route.kind is Kind.FEEDBACK:
            return seen, await self._desk.feedback(request, speaker, came)
        if route.kind in (Kind.SIGN_IN, Kind.SIGN_OUT):
            return seen, await self._desk.sign(route.kind, request, came)
        sentence = _SENTENCE[route.kind].format(request.infno[:10])
        if route.kind is Kind.NOT_KEPT:
            return seen, Reply({}, warning=sentence, outcome="not_kept")
        return seen, refused(sentence, "unknown_trade")

    def _passed_over(self, seen: _Seen, error: Exception) -> Reply:
        """The answer when something broke that nobody foresaw."""
        if self._trades.route(seen.infno).kind is Kind.CHECK:
            return NOTHING_JUDGED
        return refused(f"闸口内部出错（{type(error).__name__}），没有收下；请稍后原样重发", "error")

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, status, kind = scope["path"], 200, "application/json; charset=utf-8"
        if path == "/metrics":
            text, kind = (
                self.metrics.text({name: told for each in self.gauges for name, told in each().items()}),
                "text/plain; version=0.0.4; charset=utf-8",
            )
        elif path == "/healthz":
            told = {
                "status": "ok",
                "version": __version__,
                "problem": self.problem or (self.guard.keys.problem if self.guard else ""),
            }
            text = json.dumps(told, ensure_ascii=False)
        elif self.pages is not None:
            await self.pages(scope, receive, send)
            return
        else:
            status = 404 if scope["method"] == "GET" else 405
            sentence = "这里是医保接口的闸口：用 POST 发送国家接口报文；/healthz 看是否在运行，/metrics 看计数"
            now = time.time()
            text = self._answers.write(now, now, refused(sentence)).decode()
        body = text.encode()
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.lag.start(asyncio.get_running_loop())
                for begin in self.on_start:
                    begin()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.lag.stop()
                for end in self.on_stop:
                    await asyncio.to_thread(end)
                self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def close(self) -> None:
        """Let go of the files of the counters and the access record."""
        self._access.close()
        self.metrics.close()


def make_app(checker: Checks, store: GateStore, writer: Writes, settings: GateSettings, *, pages: Pages | None = None) -> Gate:
    """The ASGI application of one worker. `pages` answers what is no message. Raises InputError when the site's files are wrong."""
    return Gate(checker, store, writer, settings, pages=pages)


def _not_theirs(speaker: str, request: Request) -> Reply | None:
    """An institution speaks for itself only."""
    if not request.fixmedins_code:
        return refused("报文没有定点医药机构编号 fixmedins_code，不能核对是谁发的；请补上", "not_theirs")
    if request.fixmedins_code != speaker:
        return refused(f"这个账号属于 {speaker}，不能替 {request.fixmedins_code[:20]} 发送；请用该机构自己的账号", "not_theirs")
    return None
