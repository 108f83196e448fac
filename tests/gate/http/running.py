"""A gate as users run it: the command's own `serve` in a process of its own, spoken to over sockets."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

from hengjian.gate.serve import answers, wait_for
from hengjian.gate.settings import GateSettings

_START = """
import sys
from hengjian.gate.serve import serve
from hengjian.gate.settings import GateSettings
sys.exit(serve(GateSettings.of_text(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), int(sys.argv[3])))
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A running gate. `post` opens a connection of its own each time; `connection` is one to keep."""

    def __init__(self, process, port, settings):
        self.process, self.port, self.settings = process, port, settings

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)

    def post(self, body, path="/", headers=(), connection=None):
        asked = connection or self.connection()
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        try:
            asked.request("POST", path, raw, dict(headers) | {"Content-Type": "application/json"})
            answer = asked.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            if connection is None:
                asked.close()

    def get(self, path):
        asked = self.connection()
        try:
            asked.request("GET", path)
            return asked.getresponse().read().decode()
        finally:
            asked.close()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def running(folder, *, workers=1, **settings):
    """Start a gate whose home is `folder/home`, wait until it answers, end it in any case."""
    asked = GateSettings(home=folder / "home", store=str(folder / "gate.sqlite"), parts="tests.gate.http.parts", **settings)
    port = free_port()
    command = [sys.executable, "-c", _START, asked.as_text(), str(port), str(workers)]
    path = os.pathsep.join(p for p in (os.getcwd(), os.environ.get("PYTHONPATH", "")) if p)
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": path})
        try:
            assert wait_for("127.0.0.1", port), (folder / "log.txt").read_text()
            yield Running(process, port, asked)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)
    assert not answers("127.0.0.1", port)
