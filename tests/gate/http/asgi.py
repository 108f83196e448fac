"""A gate in this process, driven as a server drives it: one ASGI call a request."""

import asyncio
import json
from contextlib import contextmanager

from hengjian.crypto.seal import MASTER_BYTES, Sealer
from hengjian.gate.app import make_app
from hengjian.gate.settings import GateSettings
from hengjian.gate.store import open_store
from hengjian.gate.writer import Writer

from . import parts

JSON = (("content-type", "application/json"),)


class Answer:
    """What came back: HTTP status, headers, the envelope."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, dict(headers), body

    @property
    def envelope(self):
        return json.loads(self.body)


class Client:
    """Sends requests to an application on a loop of its own, one after the other or many at once."""

    def __init__(self, app):
        self.app, self.loop = app, asyncio.new_event_loop()

    def send(self, body, path="/3101", headers=JSON, method="POST", piece=None):
        return self.loop.run_until_complete(self.call(body, path, headers, method, piece))

    def post(self, body, path="/", headers=JSON):
        """A message (dict, bytes) → its envelope. Every POST must be answered by a national envelope."""
        answer = self.send(body, path, headers)
        assert answer.status == 200, answer.body
        return answer.envelope

    async def call(self, body, path="/", headers=JSON, method="POST", piece=None):
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        step = piece or max(len(raw), 1)
        pieces = [raw[start : start + step] for start in range(0, max(len(raw), 1), step)]
        sent = []

        async def receive():
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message):
            sent.append(message)

        listed = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        if not any(name == b"content-length" for name, _ in listed):
            listed.append((b"content-length", str(len(raw)).encode()))
        await self.app({"type": "http", "method": method, "path": path, "headers": listed}, receive, send)
        start, *rest = sent
        return Answer(start["status"], start["headers"], b"".join(message["body"] for message in rest))

    def close(self):
        self.loop.close()


@contextmanager
def gate(folder, *, store="", checks=None, fold=None, wrap=lambda writer: writer, **settings):
    """A client of a gate with a store on disk in `folder`, or at an address; `wrap` may stand between application and writer."""
    asked = GateSettings(home=folder / "home", store=store or str(folder / "gate.sqlite"), **settings)
    store = open_store(asked.store, sealer=Sealer("k2345", b"k" * MASTER_BYTES))
    with Writer(store, fold or parts.build_fold(asked)) as writer:
        app = make_app(checks or parts.build_checker(asked, store), store, wrap(writer), asked)
        client = Client(app)
        client.store, client.writer = store, writer
        try:
            yield client
        finally:
            client.close()
            app.close()
    store.close()
