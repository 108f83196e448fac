"""The gate in processes of its own: sockets, workers, stop, reload."""

import json
import os
import signal
import socket
import threading
import time

import pytest
from typer.testing import CliRunner

from hengjian.cli.main import app
from hengjian.gate.reload import STOP, Watcher, ask, look
from hengjian.gate.security import Signature
from hengjian.gate.serve import check_settings, is_loopback, serve
from hengjian.gate.settings import GateSettings
from hengjian.gate.worker import store_of
from hengjian.kernel.errors import InputError
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import open_lake
from tests.lake.folder import make_folder, query

from .asgi import gate
from .messages import check, upload
from .mutate import Mutator
from .running import free_port, running
from .test_fuzz import judge

CODE = "X1"


class Raw:
    """An answer as `judge` looks at it."""

    def __init__(self, status, told):
        self.status, self.envelope, self.body = status, told, b""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), workers=2, read_seconds=1.0, watch_seconds=0.2) as found:
        yield found


def test_checks_and_uploads_over_a_socket(served):
    status, told = served.post(check([CODE, CODE]), "/fsi/api/riskConService/beforeAnalyze")
    assert status == 200 and told["output"]["result"]
    assert served.post(upload("2204"), "/2204")[1]["infcode"] == 0
    assert '"status": "ok"' in served.get("/healthz")


def test_the_counters_of_both_workers_are_told_by_either(served):
    for serial in range(20):
        served.post(check([CODE], infno="3102", serial=serial))
    assert 'hengjian_gate_requests_total{infno="3102",outcome="ok"} 20' in served.get("/metrics")


def test_what_no_client_should_send_over_a_socket(served):
    mutator = Mutator(7)
    for _ in range(60):
        body, _, _ = mutator.draw()
        judge(Raw(*served.post(body, "/3101")), body)


def test_fifty_megabytes_are_refused_while_they_come(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"POST /2204 HTTP/1.1\r\nHost: x\r\nContent-Length: 52428800\r\n\r\n" + b" " * 100_000)
        answer = client.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 200") and "超过 4096 KB" in answer


def test_a_body_without_a_length_is_cut_at_the_limit(served):
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"POST /2204 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 400:
                client.sendall(piece)
                sent += 1
        except OSError:  # the gate has hung up already
            pass
        try:
            answer = client.recv(65536).decode()
        except OSError:
            answer = ""
    assert sent < 400 or "超过 4096 KB" in answer
    assert json.loads(served.get("/healthz"))["status"] == "ok"


def test_a_client_that_dawdles_is_cut(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"POST /3101 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        began = time.monotonic()
        answer = client.recv(65536).decode()
    assert "没有收完报文" in answer and time.monotonic() - began < 5


def test_clients_that_leave_half_way_break_nothing(served):
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
            client.sendall(b"POST /3101 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert served.post(check([CODE]))[1]["infcode"] == 0


def test_what_is_under_way_is_finished_when_the_gate_is_told_to_stop(tmp_path):
    acknowledged, failed = [], []
    with running(tmp_path) as gate:
        begun = threading.Event()

        def send(number):
            for serial in range(1000):
                try:
                    told = gate.post(upload("2204", serial + number * 1000))[1]
                except (OSError, ValueError) as error:
                    failed.append(error)
                    return
                assert told["infcode"] == 0 or "稍后" in told["err_msg"], told
                if told["infcode"] == 0:
                    acknowledged.append(serial + number * 1000)
                if len(acknowledged) > 40:
                    begun.set()

        senders = [threading.Thread(target=send, args=(number,)) for number in range(4)]
        for sender in senders:
            sender.start()
        assert begun.wait(20)
        assert gate.stop() == 0
        for sender in senders:
            sender.join()
    store = store_of(gate.settings)
    kept = {json.loads(raw)["msgid"] for _, raw in store.unloaded()}
    store.close()
    assert {upload("2204", serial)["msgid"] for serial in acknowledged} <= kept


def test_new_rules_come_in_without_a_failed_request(tmp_path):
    site = tmp_path / "site"
    (site / "gate").mkdir(parents=True)
    with running(tmp_path, workers=2, site=site, watch_seconds=0.2) as gate:
        stop, failed, sent = threading.Event(), [], []

        def send():
            connection = gate.connection()
            while not stop.is_set():
                try:
                    status, told = gate.post(check([CODE, CODE]), connection=connection)
                    sent.append(told["infcode"])
                    assert status == 200 and told["infcode"] == 0 and told["warn_msg"] is None
                except Exception as error:
                    failed.append(error)
                    break
            connection.close()

        senders = [threading.Thread(target=send) for _ in range(2)]
        for sender in senders:
            sender.start()
        strange = check([CODE, CODE], infno="3999")
        assert gate.post(strange)[1]["infcode"] == -1
        (site / "gate" / "variants.csv").write_text("infno,as\n3999,3101\n", encoding="utf-8")
        deadline = time.monotonic() + 30
        taken = 0
        while taken < 20 and time.monotonic() < deadline:  # twenty in a row: both workers know it
            taken = taken + 1 if gate.post(strange)[1]["infcode"] == 0 else 0
        stop.set()
        for sender in senders:
            sender.join()
        assert taken == 20 and not failed and len(sent) > 50

        (site / "gate" / "variants.csv").write_text("infno,as\n3999,7777\n", encoding="utf-8")
        gate.process.send_signal(signal.SIGHUP)
        while not (problem := json.loads(gate.get("/healthz"))["problem"]) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "闸口不办 7777" in problem
        assert gate.post(strange)[1]["infcode"] == 0, "the old judge stays"


def test_what_is_known_to_be_wrong_is_said_before_anything_starts(tmp_path):
    plain = GateSettings(home=tmp_path, store=str(tmp_path / "g.sqlite"))
    check_settings(plain)
    with pytest.raises(InputError, match="没有站点文件夹"):
        check_settings(GateSettings(home=tmp_path, store="x", signature=Signature.REQUIRED))
    with pytest.raises(InputError, match="还没有机构密钥"):
        check_settings(GateSettings(home=tmp_path, store="x", site=tmp_path, signature=Signature.REQUIRED))
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.1.2.3", "gate")] == [True] * 3 + [
        False
    ] * 3


def test_a_worker_that_cannot_start_says_why(tmp_path):
    from hengjian.gate.serve import serve

    settings = GateSettings(home=tmp_path, store="mysql://x/y", parts="tests.gate.http.parts")
    with pytest.raises(InputError, match="没有启动") as told:
        serve(settings, "127.0.0.1", free_port(), 1)
    assert "不认识这种地址" in str(told.value)


def test_settings_survive_the_way_to_the_worker(tmp_path):
    settings = GateSettings(home=tmp_path, store="s", lake=tmp_path / "湖", signature=Signature.REQUIRED, budget_ms=7)
    assert GateSettings.of_text(settings.as_text()) == settings
    ask(tmp_path)
    assert (tmp_path / "reload").exists()


def test_what_was_uploaded_comes_into_the_lake_while_the_gate_serves(tmp_path):
    lake = tmp_path / "lake"
    made = CliRunner().invoke(app, ["ingest", str(make_folder(tmp_path / "in")), "--lake", str(lake)])
    assert made.exit_code == 0, made.output
    with running(tmp_path, lake=lake, load_seconds=0.3) as gate:
        for serial in range(5):
            assert gate.post(upload("2204", serial))[1]["infcode"] == 0
        store, deadline = store_of(gate.settings), time.monotonic() + 40
        while store.waiting()[0] and time.monotonic() < deadline:
            time.sleep(0.1)
        waiting = store.waiting()[0]
        store.close()
        assert waiting == 0, (tmp_path / "log.txt").read_text()
        assert gate.stop() == 0
    relation = rows_sql(open_lake(lake), "message")
    assert query(lake, f"SELECT COUNT(*) FROM {relation}")[0][0] == 5


def test_a_worker_that_did_not_hear_the_end_ends_itself(tmp_path, monkeypatch):
    told = threading.Event()
    monkeypatch.setattr("hengjian.gate.reload.os.kill", lambda pid, number: told.set() if pid == os.getpid() else None)
    with gate(tmp_path) as client:
        watcher = Watcher(client.app, lambda: None, look(client.app.settings), every=0.01)
        mark = tmp_path / "home" / STOP
        mark.touch()
        watcher.start()
        assert not told.wait(0.1), "whoever heard it is at the end anyway"
        os.utime(mark, (0, 0))
        assert told.wait(5)
        watcher.stop()


def test_one_home_has_one_gate(served):
    with pytest.raises(InputError, match="已经有一个闸口在运行"):
        serve(served.settings, "127.0.0.1", free_port(), 1)
    assert served.get("/healthz")
