"""Institution keys and the gateway signature."""

import hashlib
import os
import stat

import pytest

from hengjian.gate.security import WINDOW, Guard, sign
from hengjian.gate.sites import KeyBook, add_key, keys_file, read_keys, stop_key
from hengjian.kernel.errors import InputError

A, B = "H99010000001", "P99010000002"
DAY = 20_000
NOW = DAY * 86400 + 3600.0


class Remembered:
    def __init__(self):
        self.seen = set()

    def nonce(self, paasid, nonce, until_sec):
        fresh = (paasid, nonce) not in self.seen
        self.seen.add((paasid, nonce))
        return fresh


@pytest.fixture
def site(tmp_path):
    return tmp_path / "site"


def headers(paasid, secret, at=NOW, nonce="n1", changed=(), **more):
    stamp = str(int(at))
    found = (
        {"paasid": paasid, "timestamp": stamp, "nonce": nonce, "signature": sign(stamp, secret, nonce)} | more | dict(changed)
    )
    return [
        (b"host", b"x"),
        *((f"x-tif-{name}".encode(), value.encode()) for name, value in found.items() if value is not None),
    ]


def test_the_signature_is_that_of_the_standard():
    assert sign("1700000000", "s3", "abc") == hashlib.sha256(b"1700000000s3abc1700000000").hexdigest()


def test_a_right_signature_says_who_speaks(site):
    key = add_key(site, A.lower(), on=DAY)
    guard = Guard(KeyBook(site), Remembered())
    assert guard.judge(headers(key.paasid, key.secret), NOW).fixmedins_code == A
    shouted = sign(str(int(NOW)), key.secret, "n2").upper()
    assert guard.judge(headers(key.paasid, key.secret, nonce="n2", signature=shouted), NOW).fixmedins_code == A


def test_each_wrong_has_its_own_sentence(site):
    key, stopped, later = add_key(site, A, on=DAY), add_key(site, B, on=DAY - 9), add_key(site, A, on=DAY + 5)
    ended = add_key(site, B, on=DAY - 9, until=DAY)
    stop_key(site, stopped.paasid, on=DAY)
    guard = Guard(KeyBook(site), Remembered())
    right = headers(key.paasid, key.secret, nonce="used")
    assert not guard.judge(right, NOW).refusal
    cases = {
        "unsigned": ([(b"host", b"x")], 401),
        "签名不全": (headers(key.paasid, key.secret, nonce="a", signature=None), 200),
        "写法不对": (headers(key.paasid, key.secret, timestamp="now"), 200),
        "没有账号": (headers("nobody", key.secret), 200),
        "签名不对": (headers(key.paasid, key.secret + "x", nonce="b"), 200),
        "密钥已于": (headers(stopped.paasid, stopped.secret), 200),
        "已于 2024-10-04 失效": (headers(ended.paasid, ended.secret), 200),
        "起才启用": (headers(later.paasid, later.secret), 200),
        "校准时钟": (headers(key.paasid, key.secret, at=NOW - WINDOW - 1, nonce="c"), 200),
        "用过了": (right, 200),
    }
    said = set()
    for words, (sent, status) in cases.items():
        judged = guard.judge(sent, NOW)
        assert judged.fixmedins_code == "" and judged.http == status, words
        assert words in judged.refusal or words == judged.outcome, judged
        said.add(judged.refusal)
    assert len(said) == len(cases)


@pytest.mark.parametrize("late", [-WINDOW, WINDOW])
def test_the_window_reaches_three_minutes_either_way(site, late):
    key = add_key(site, A, on=DAY)
    guard = Guard(KeyBook(site), Remembered())
    assert not guard.judge(headers(key.paasid, key.secret, at=NOW + late), NOW).refusal
    beyond = late + (1 if late > 0 else -1)
    assert guard.judge(headers(key.paasid, key.secret, at=NOW + beyond, nonce="n2"), NOW).outcome == "old_timestamp"


def test_a_wrong_signature_uses_up_no_nonce(site):
    key = add_key(site, A, on=DAY)
    guard = Guard(KeyBook(site), Remembered())
    assert guard.judge(headers(key.paasid, "guessed"), NOW).outcome == "bad_signature"
    assert not guard.judge(headers(key.paasid, key.secret), NOW).refusal


def test_odd_headers_are_refused_and_break_nothing(site):
    key = add_key(site, A, on=DAY)
    guard = Guard(KeyBook(site), Remembered())
    for name in ("paasid", "timestamp", "nonce", "signature"):
        for odd in ("é", "\x7f" * 300, "9" * 5000, "١٢٣٤٥٦٧٨٩٠", " "):
            assert guard.judge(headers(key.paasid, key.secret, changed={name: odd}), NOW).refusal


def test_the_file_is_its_owners_alone(site):
    add_key(site, A, on=DAY)
    assert stat.S_IMODE(keys_file(site).stat().st_mode) == 0o600
    os.chmod(keys_file(site), 0o640)
    with pytest.raises(InputError, match="别人也能读"):
        read_keys(site)


def test_a_key_is_never_taken_away_and_never_shown(site):
    first, second = add_key(site, A, on=DAY), add_key(site, A, on=DAY, paasid="cloud-his")
    stop_key(site, first.paasid, on=DAY + 1)
    kept = read_keys(site)
    assert [key.stopped for key in kept.values()] == [DAY + 1, None] and kept["cloud-his"] == second
    assert first.secret != second.secret and len(first.secret) >= 32 and first.secret not in repr(kept)
    with pytest.raises(InputError, match="已于"):
        stop_key(site, first.paasid, on=DAY + 1)
    for wrong in (
        lambda: add_key(site, "H1", on=DAY),
        lambda: add_key(site, B, on=DAY, paasid="cloud-his"),
        lambda: stop_key(site, "x", on=DAY),
    ):
        with pytest.raises(InputError):
            wrong()


def test_a_changed_file_is_read_again_and_a_broken_one_changes_nothing(site):
    key = add_key(site, A, on=DAY)
    book = KeyBook(site)
    assert book.find("new", 100.0) is None
    other = add_key(site, B, on=DAY, paasid="new")
    assert book.find("new", 100.5) is None  # looked at once a second
    assert book.find("new", 101.5) == other
    keys_file(site).write_text("nonsense", encoding="utf-8")
    assert book.find(key.paasid, 103.0) == key and "缺少列" in book.problem


def test_a_wrong_row_is_named(site):
    add_key(site, A, on=DAY)
    with keys_file(site).open("a", encoding="utf-8") as file:
        file.write("H99,x,y,2026-01-01,,\n")
    with pytest.raises(InputError) as told:
        read_keys(site)
    assert "keys.csv:3" in str(told.value) and "机构编号" in str(told.value)
