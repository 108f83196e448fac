"""A gate that wants signatures, through HTTP and with the store's own memory of nonces."""

import time
import uuid

import pytest

from hengjian.gate.security import Signature, sign
from hengjian.gate.sites import add_key, stop_key

from .asgi import JSON, gate
from .messages import AT, ELSEWHERE, check, envelope, feedback, upload

LONG_AGO = 19_000


@pytest.fixture
def site(tmp_path):
    return tmp_path / "site"


@pytest.fixture
def key(site):
    return add_key(site, AT, on=LONG_AGO)


@pytest.fixture
def client(tmp_path, site, key):
    with gate(tmp_path, site=site, signature=Signature.REQUIRED) as found:
        yield found


def signed(key, *, nonce=None, late=0):
    stamp, once = str(int(time.time()) - late), nonce or uuid.uuid4().hex
    return (
        *JSON,
        ("X-TIF-PaasID", key.paasid),
        ("x-tif-timestamp", stamp),
        ("x-tif-nonce", once),
        ("x-tif-signature", sign(stamp, key.secret, once)),
    )


def test_signed_messages_are_answered(client, key):
    for message in (check(["A", "A"]), upload("2204", 2), envelope("9001", {}, 3)):
        assert client.post(message, "/", signed(key))["infcode"] == 0


def test_a_message_without_any_signature_gets_401_and_a_sentence(client):
    answer = client.send(upload("2204"), "/2204")
    assert answer.status == 401 and answer.envelope["infcode"] == -1 and "没有签名" in answer.envelope["err_msg"]
    assert client.store.unloaded() == []


def test_the_body_of_whom_nobody_knows_is_never_read(client):
    async def receive():
        raise AssertionError("the body was read")

    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/2204", "headers": [(b"content-length", b"50000000")]}
    client.loop.run_until_complete(client.app(scope, receive, send))
    assert sent[0]["status"] == 401


def test_a_request_sent_again_is_refused_and_a_message_sent_again_is_not(client, key):
    headers = signed(key)
    assert client.post(upload("2204"), "/", headers)["infcode"] == 0
    again = client.post(upload("2204"), "/", headers)
    assert again["infcode"] == -1 and "换一个随机串" in again["err_msg"]
    assert client.post(upload("2204"), "/", signed(key))["infcode"] == 0
    assert len(client.store.unloaded()) == 1


def test_an_institution_speaks_for_itself_only(client, key):
    for message in (
        check(at=ELSEWHERE),
        upload("2204", at=ELSEWHERE),
        feedback(("J", "2", ""), at=ELSEWHERE),
        envelope("9001", {}, at=ELSEWHERE),
    ):
        told = client.post(message, "/", signed(key))
        assert told["infcode"] == -1 and "不能替" in told["err_msg"], told
    nobody = upload("2204")
    del nobody["fixmedins_code"]
    assert "fixmedins_code" in client.post(nobody, "/", signed(key))["err_msg"]
    assert client.store.unloaded() == []


def test_a_stopped_key_ends_within_a_second_and_without_a_restart(client, key, site):
    assert client.post(check(), "/", signed(key))["infcode"] == 0
    stop_key(site, key.paasid, on=LONG_AGO + 1)
    client.app.guard.keys._looked -= 1  # a second later
    told = client.post(check(serial=2), "/", signed(key))
    assert told["infcode"] == -1 and "停用" in told["err_msg"]


def test_a_store_that_is_away_lets_orders_pass_and_takes_no_upload(client, key, monkeypatch):
    def away(*_):
        raise OSError

    monkeypatch.setattr(client.store, "nonce", away)
    assert client.post(check(), "/fsi/api/riskConService/beforeAnalyze", signed(key))["warn_msg"] == "本次未审核"
    assert client.post(upload("2204"), "/2204", signed(key))["infcode"] == -1


def test_secrets_stand_in_no_record(tmp_path, client, key):
    client.post(check(), "/", signed(key))
    (file,) = (tmp_path / "home" / "access").iterdir()
    assert key.secret not in file.read_text()


def test_feedback_is_taken_on_ones_own_reminders_only(client, key, site):
    other = add_key(site, ELSEWHERE, on=LONG_AGO)
    client.app.guard.keys._looked -= 1
    (reminder,) = client.post(check(["A", "A"]), "/", signed(key))["output"]["result"]
    theirs = client.post(feedback((reminder["jr_id"], "2", ""), at=ELSEWHERE), "/", signed(other))
    assert theirs["infcode"] == -1 and reminder["jr_id"] in theirs["err_msg"]
    assert client.store.feedback_of(reminder["jr_id"]) is None
    assert client.post(feedback((reminder["jr_id"], "2", "")), "/", signed(key))["infcode"] == 0
