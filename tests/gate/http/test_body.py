"""Reading the body: bytes, seconds, encodings, and JSON as clients write it."""

import asyncio
import gzip
import json

import pytest

from hengjian.gate.body import BodyRefused, ClientGone, open_body, read_body

MOST = 1000


def read(*messages, most=MOST, seconds=5.0, declared=None, taken=None):
    left = list(messages)

    async def receive():
        if not left:
            await asyncio.Event().wait()
        if taken is not None:
            taken.append(len(left))
        return left.pop(0)

    return asyncio.run(read_body(receive, most, seconds, declared))


def chunk(data, more=False):
    return {"type": "http.request", "body": data, "more_body": more}


def test_a_body_is_put_together_from_its_pieces():
    assert read(chunk(b"ab", True), chunk(b"", True), chunk(b"c")) == b"abc"
    assert read(chunk(b"abc")) == b"abc"
    assert read(chunk(b"")) == b""


def test_what_says_it_is_too_long_is_refused_unread():
    taken = []
    with pytest.raises(BodyRefused, match="超过 0 KB") as told:
        read(chunk(b"x"), declared=b"1001", taken=taken)
    assert told.value.outcome == "too_long" and taken == []
    with pytest.raises(BodyRefused):
        read(chunk(b"x"), declared=b"9" * 400)


def test_what_turns_out_too_long_is_refused_while_it_comes():
    taken = []
    with pytest.raises(BodyRefused, match="没有收"):
        read(*(chunk(b"x" * 400, True) for _ in range(100)), taken=taken)
    assert len(taken) == 3
    with pytest.raises(BodyRefused):
        read(chunk(b"x" * 1001))
    assert len(read(chunk(b"x" * 1000))) == 1000


def test_a_slow_client_is_cut():
    with pytest.raises(BodyRefused, match="没有收完") as told:
        read(chunk(b"x", True), seconds=0.02)
    assert told.value.outcome == "slow"


def test_a_client_that_left_is_no_failure_of_its_message():
    with pytest.raises(ClientGone):
        read(chunk(b"x", True), {"type": "http.disconnect"})
    with pytest.raises(ClientGone):
        read({"type": "http.disconnect"})


@pytest.mark.parametrize(
    "raw",
    [
        '{"a":"医保"}'.encode(),
        '\ufeff{"a":"医保"}'.encode(),
        '{"a":"医保"}'.encode("gb18030"),
        '  {"a":"医保"}\n\x00'.strip("\x00").encode(),
    ],
)
def test_utf_8_and_gbk_are_read_alike_and_kept_as_utf_8(raw):
    body = open_body(raw, MOST)
    assert body.node == {"a": "医保"} and json.loads(body.raw.decode()) == {"a": "医保"}


def test_what_strict_json_forbids_and_clients_send_is_read():
    body = open_body(b'{"a":"x\ty\nz","n":NaN,"i":-Infinity,"big":1e999,"long":' + b"9" * 6000 + b',"a2":"\\ud800"}', 9999)
    assert body.node == {"a": "x\ty\nz", "n": None, "i": None, "big": None, "long": None, "a2": "\ufffd"}
    assert open_body(b'{"a":1,"a":2}', MOST).node == {"a": 2}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "不是 JSON"),
        (b"{", "第 1 行第"),
        (b'{"a":1}{"b":2}', "不是 JSON"),
        (b"[1]", "不是 JSON 对象"),
        (b"null", "不是 JSON 对象"),
        (b"\xff\xfe{\x00}\x00", "UTF-8 也不是 GBK"),
        (b"[" * 500_000, "嵌套"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "嵌套"),
        (b'{"a":"\t' + b'","b":[' * 1 + b"[" * 100_000, "嵌套"),
        (b"\x1f\x8b\x08\x00", "Content-Encoding"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(raw, said):
    with pytest.raises(BodyRefused, match=said):
        open_body(raw, 1_000_000)


def test_gzip_is_read_where_it_is_declared_and_never_beyond_the_limit():
    assert open_body(gzip.compress(b'{"a":1}'), MOST, "GZIP").node == {"a": 1}
    with pytest.raises(BodyRefused) as told:
        open_body(gzip.compress(b" " * 10_000_000 + b"{}"), MOST, "gzip")
    assert told.value.outcome == "too_long"
    for wrong in (b"{}", gzip.compress(b'{"a":1}')[:-9]):
        with pytest.raises(BodyRefused, match=r"解不开|不完整"):
            open_body(wrong, MOST, "gzip")
    with pytest.raises(BodyRefused, match="br"):
        open_body(b"{}", MOST, "br")


def test_a_message_is_kept_on_one_line():
    body = open_body(b'{\r\n "a": 28.60,\n "b": "x"}\n', MOST)
    assert body.raw.strip() == b'{   "a": 28.60,  "b": "x"}'
    assert b"\n" not in open_body(b'{"a":"x\ny"}', MOST).raw
