"""`hengjian gate …` as users type it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from hengjian.cli.main import app
from hengjian.gate import parts as shipped
from hengjian.gate.acts import CheckNote, Feedback, Reminder
from hengjian.gate.replay import messages_in
from hengjian.gate.serve import wait_for
from hengjian.gate.sites import read_keys
from hengjian.gate.store import Settled
from hengjian.gate.worker import store_of
from hengjian.kernel.errors import HengjianError

from . import parts
from .messages import AT, check, exchange, upload
from .running import free_port, running

DAY = 20_600


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def told(*words):
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def wrong(*words):
    done = run(*words)
    assert isinstance(done.exception, HengjianError), done.output
    return str(done.exception)


def test_every_command_has_help_and_examples():
    for command in ("serve", "warm", "numbers", "replay", "keys add", "keys list", "keys stop"):
        said = run("gate", *command.split(), "--help").output
        assert f"例：hengjian gate {command}" in said, command


def test_without_the_packages_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("hengjian.cli.gate.find_spec", lambda name: None)
    for command in (["serve"], ["warm"], ["numbers"], ["replay", "x"], ["keys", "list"]):
        assert "hengjian[gate]" in wrong("gate", *command)


def test_keys_are_drawn_listed_and_stopped(tmp_path):
    site = tmp_path / "site"
    drawn = told("gate", "keys", "add", AT, "--site", site, "--since", "2026-01-01")
    assert read_keys(site)[drawn["paasid"]].secret == drawn["secret"]
    assert drawn["secret"] in run("gate", "keys", "add", AT, "--site", site).output or len(read_keys(site)) == 2
    listed = run("gate", "keys", "list", "--site", site).output
    assert AT in listed and drawn["secret"] not in listed
    stopped = told("gate", "keys", "stop", drawn["paasid"], "--site", site, "--since", "2026-02-01")
    assert stopped["stopped"] == "2026-02-01"
    rows = told("gate", "keys", "list", "--site", site)
    assert [bool(row["refusal"]) for row in rows] == [True, False] and "secret" not in rows[0]
    assert "不是日期" in wrong("gate", "keys", "add", AT, "--site", site, "--since", "明天")


def test_replay_to_a_running_gate(tmp_path):
    file = tmp_path / "all.ndjson"
    lines = [check(["A", "A"]), upload("2204", 2), exchange("2207", 3)]
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    with running(tmp_path) as gate:
        address = f"http://127.0.0.1:{gate.port}"
        done = run("gate", "replay", file, "--to", address)
        assert done.exit_code == 0 and "3 个报文，应答 3 个，失败 0 个，提醒 1 条" in done.output
        file.write_text("{}\n" + json.dumps({"infno": "7777"}) + "\n{", encoding="utf-8")
        done = run("gate", "replay", file, "--to", address, "--json")
        rows = [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]
        assert done.exit_code == 1 and [row["infcode"] for row in rows] == [-1, -1, None]
    assert "没有应答" in wrong("gate", "replay", file, "--to", address)


def test_replay_offline_judges_and_keeps_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "build_checker", parts.build_checker)
    file = tmp_path / "one.json"
    file.write_text(json.dumps(check(["A", "A"]), indent=2), encoding="utf-8")
    assert "没有闸口的库" in wrong("gate", "replay", file, "--home", tmp_path / "home", "--offline")
    assert not (tmp_path / "home").exists()
    store = tmp_path / "home" / "gate.sqlite"
    store.parent.mkdir()
    store_of(_settings(tmp_path)).close()
    row = told("gate", "replay", file, "--store", store)
    assert row["infcode"] == 0 and row["reminders"] == 1 and row["infno"] == "3101"
    file.write_text(json.dumps(upload("2204")), encoding="utf-8")
    assert "离线时不重放" in told("gate", "replay", file, "--store", store)["said"]


def test_a_file_of_messages_is_lines_or_one_object(tmp_path):
    file = tmp_path / "x"
    file.write_text('{"a": 1}\n\n{"b": 2}\n', encoding="utf-8")
    assert [json.loads(raw) for raw in messages_in(file)] == [{"a": 1}, {"b": 2}]
    file.write_text('{\n "a": 1\n}\n', encoding="utf-8")
    assert [json.loads(raw) for raw in messages_in(file)] == [{"a": 1}]
    with pytest.raises(HengjianError, match="读不出来"):
        list(messages_in(tmp_path / "none"))


def _settings(tmp_path):
    from hengjian.gate.settings import GateSettings

    return GateSettings(home=tmp_path / "home", store=str(tmp_path / "home" / "gate.sqlite"))


def test_numbers(tmp_path):
    (tmp_path / "home").mkdir()
    store, at = store_of(_settings(tmp_path)), DAY * 86_400
    reminder = Reminder("JR1", "twice", "f", "warn", "D1", "", 5720, "X")
    store.note_checks([CheckNote("m", "3102", "during", AT, "D1", at, 900, 7, 8, "310", 2, (reminder,))])
    store.feedback([Feedback("JR1", "1", "复诊", at + 5)])
    store.note_settled([Settled("0" * 32, AT, 7, 8, "310", at + 60)])
    store.close()
    period = ("--home", tmp_path / "home", "--since", "2026-05-27", "--until", "2026-05-27")
    found = told("gate", "numbers", "--by", "day", *period)
    (day,) = found["figures"]
    assert day["key"] == "2026-05-27" and day["checks"] == day["reminders"] == day["overridden"] == 1 and day["amount"] == 5720
    assert found["audited"]["employee"] == {"settled": 1, "audited": 1, "share_e4": 10_000}
    said = run("gate", "numbers", "--by", "rule", *period).output
    assert "twice" in said and "57.20" in said and "职工医保结算 1 笔，支付前已审核 100.00%" in said
    assert told("gate", "numbers", "--by", "all", "--home", tmp_path / "home", "--until", "2026-05-26")["figures"] == []
    assert "可用" in wrong("gate", "numbers", "--by", "month", *period)
    assert "没有闸口的库" in wrong("gate", "numbers", "--home", tmp_path / "none") and not (tmp_path / "none").exists()


def test_serving_on_every_address_wants_signatures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "核对不了签名" in wrong("gate", "serve", "--host", "0.0.0.0", "--port", free_port())
    assert "写 required" in wrong("gate", "serve", "--signature", "maybe")
    assert "六位数字" in wrong("gate", "serve", "--region", "33")
    assert "没有数据湖" in wrong("gate", "warm")


def test_the_command_serves_and_stops(tmp_path):
    port = free_port()
    command = [sys.executable, "-c", "from hengjian.cli.main import main; main()", "gate", "serve", "--port", str(port)]
    path = os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path})
    try:
        assert wait_for("127.0.0.1", port, 40)
        for words, why in (((), "已经有一个闸口在运行"), (("--home", "other"), "端口已经有程序在用")):
            busy = subprocess.run(
                [*command, *words],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                env=os.environ | {"PYTHONPATH": path},
                check=False,
            )
            assert busy.returncode == 2 and why in busy.stderr and "Traceback" not in busy.stderr
        time.sleep(0.5)  # it says so once it has seen itself answer
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
        assert process.returncode == 0 and f"http://127.0.0.1:{port}/" in said and "Traceback" not in said
    finally:
        process.kill()
