"""docs/integration.md: every message of the page is answered as it says, and both signature examples run."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from hengjian.gate.outcomes import OUTCOMES
from hengjian.gate.security import Signature, sign
from hengjian.gate.sites import add_key
from hengjian.gate.trades import UPLOADS
from tests.conftest import need_program

from .asgi import gate
from .messages import AT, check, envelope
from .running import running

PAGE = (Path(__file__).parents[3] / "docs/integration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\S+)(?: (\S+))?(?: (\S+))?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
MESSAGES = [(infno, kind, json.loads(text)) for language, infno, kind, text in BLOCKS if language == "json" and kind]


@pytest.fixture
def client(tmp_path):
    with gate(tmp_path) as found:
        yield found


def told(infno, kind):
    return [message for number, form, message in MESSAGES if (number, form) == (infno, kind)]


def test_every_trade_is_on_the_page():
    shown = {infno for infno, _, _ in MESSAGES}
    assert {*UPLOADS, "3101", "3103", "9001", "9002"} <= shown
    assert "3102" in PAGE and "3660" in PAGE


@pytest.mark.parametrize("infno", UPLOADS)
def test_every_upload_of_the_page_is_taken(client, infno):
    (given,) = told(infno, "input")
    (answer,) = told("1101", "exchange")
    message = envelope(infno, given)
    body = {"request": message, "response": answer["response"]} if infno == "1101" else message
    assert client.post(body)["infcode"] == 0
    (kept,) = client.store.db.read("SELECT COUNT(*) FROM message_subject")
    assert kept[0] > 0 or infno == "2601", "nobody knows whose it is"


def test_the_exchanges_of_the_page_are_answered_as_it_says(client):
    (exchange,) = told("2207", "exchange")
    (answer,) = told("2207", "answer")
    found = client.post(exchange)
    assert found["output"] == answer["output"] and found["warn_msg"] is None
    assert client.post(told("1101", "exchange")[0])["infcode"] == 0


def test_checks_feedback_and_signing_in_look_as_on_the_page(client):
    (request,), (answer,) = told("3101", "request"), told("3101", "answer")
    found = client.post(request)
    assert list(found) == list(answer) and found["output"]["result"]
    feedback = told("3103", "request")[0]
    for warn in feedback["input"]["data"]["warns"]:
        warn["warn_rslt_id"] = found["output"]["result"][0]["jr_id"]
    assert client.post(feedback)["output"] == {}
    signed_in = client.post(told("9001", "request")[0])["output"]["signinoutb"]
    assert signed_in.keys() == told("9001", "answer")[0]["output"]["signinoutb"].keys()
    out = told("9002", "request")[0]
    out["input"]["signOut"]["sign_no"] = signed_in["sign_no"]
    assert client.post(out)["infcode"] == 0


def test_the_failure_of_the_page_is_the_one_that_is_sent(client):
    (failed,) = [json.loads(text) for language, kind, _, text in BLOCKS if (language, kind) == ("json", "failure")]
    nobody = envelope("2204", told("2204", "input")[0], at="")
    nobody["msgid"] = "1"
    found = client.post(nobody)
    assert list(found) == list(failed) and found["err_msg"] == failed["err_msg"] and found["infcode"] == failed["infcode"]


def test_every_outcome_is_explained():
    listed = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.partition("## 九")[2].partition("## 十 ")[0], re.MULTILINE))
    assert listed == dict(OUTCOMES)


def test_the_worked_signature_is_right():
    stamp, secret, nonce = re.search(r"时间戳 `(\w+)`、密钥 `([\w-]+)`、随机串 `(\w+)` 的签名", PAGE).groups()
    (shown,) = [text.strip() for language, _, _, text in BLOCKS if language == "text"]
    assert sign(stamp, secret, nonce) == shown


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed")
    key = add_key(folder / "site", AT, on=19_000)
    with running(folder, site=folder / "site", signature=Signature.REQUIRED) as found:
        yield found, key


def block(language):
    (text,) = [
        text for name, _, _, text in BLOCKS if name == language and "signature" in text.lower() and "nonce" in text.lower()
    ]
    return text


def with_ours(text, served, key, quote):
    for name, value in (("ADDRESS", f"http://127.0.0.1:{served.port}/"), ("PAASID", key.paasid), ("SECRET", key.secret)):
        text, count = re.subn(rf"^{name}( ?= ?).*$", rf"{name}\1{quote}{value}{quote}", text, flags=re.MULTILINE)
        assert count == 1
    return text


def test_the_python_example_is_let_in(signed):
    served, key = signed
    names = {}
    exec(compile(with_ours(block("python"), served, key, '"'), "integration.md", "exec"), names)
    assert names["send"](check(["A", "A"]))["output"]["result"]


def test_the_shell_example_is_let_in(signed, tmp_path):
    for program in ("bash", "curl", "openssl"):
        need_program(program)
    served, key = signed
    (tmp_path / "3101.json").write_text(json.dumps(check(["A", "A"], serial=2)), encoding="utf-8")
    script = with_ours(block("bash"), served, key, "'")
    done = subprocess.run(["bash", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["output"]["result"], done.stdout
    assert served.post(check())[0] == 401
