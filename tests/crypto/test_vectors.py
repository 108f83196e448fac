"""Published answers: the library's SM4 and SM3, and our rows-at-once CMAC and SIV run with the cipher of their standards."""

from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SM3, Hash
from hypothesis import given
from hypothesis import strategies as st

from hengjian.crypto.siv import Cmac, Siv

KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


def matrix(*rows: bytes) -> np.ndarray:
    """Rows of one length as a matrix of bytes."""
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


def test_sm4_as_in_its_standard_once_and_a_million_times() -> None:
    ecb = Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor()
    assert ecb.update(KEY).hex() == "681edf34d206965e86b3e94f536e4246"
    chained = Cipher(algorithms.SM4(KEY), modes.CBC(KEY)).encryptor().update(bytes(16 * 1_000_000))  # CBC of zeros iterates SM4
    assert chained[-16:].hex() == "595298c7c6fd271f0402f804c33d3f66"


def test_sm4_ctr_as_in_the_internet_draft() -> None:
    plain = b"".join(bytes([byte] * 8) for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xAA, 0xBB))
    stream = Cipher(algorithms.SM4(KEY), modes.CTR(bytes(range(16)))).encryptor()
    assert stream.update(plain).hex() == (
        "ac3236cb970cc20791364c395a1342d1a3cbc1878c6f30cd074cce385cdd70c7"
        "f234bc0e24c11980fd1286310ce37b926e02fcd0faa0baf38b2933851d824514"
    )


@pytest.mark.parametrize(
    ("text", "hexed"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_as_in_its_standard(text: bytes, hexed: str) -> None:
    sm3 = Hash(SM3())
    sm3.update(text)
    assert sm3.finalize().hex() == hexed


@pytest.mark.parametrize(
    ("size", "tag"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_cmac_of_rfc_4493(size: int, tag: str) -> None:
    message = bytes.fromhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    )[:size]
    cmac = Cmac(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"), algorithms.AES)
    many = cmac(matrix(*[message] * 7).reshape(7, size))
    assert {row.tobytes().hex() for row in many} == {tag} and cmac.one(message).hex() == tag


def test_siv_of_rfc_5297() -> None:
    key = bytes.fromhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    bound = bytes.fromhex("101112131415161718191a1b1c1d1e1f2021222324252627")
    plain = matrix(bytes.fromhex("112233445566778899aabbccddee"))
    siv = Siv(key[:16], key[16:], algorithms.AES)
    sealed = siv.seal(siv.bind(bound), plain)
    assert sealed.tobytes().hex() == "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"
    text, wrong = siv.open(siv.bind(bound), sealed)
    assert text.tobytes() == plain.tobytes() and not wrong.any()


@given(st.data(), st.sampled_from([1, 2, 15, 16, 17, 31, 32, 33, 100, 1600]), st.integers(1, 6))
def test_many_rows_at_once_are_the_librarys_own_siv_row_by_row(data: st.DataObject, size: int, rows: int) -> None:
    key, place = data.draw(st.binary(min_size=32, max_size=32)), data.draw(st.binary(max_size=40))
    width = data.draw(st.integers(0, 40))
    ids = [data.draw(st.binary(min_size=width, max_size=width)) for _ in range(rows)]
    plain = [data.draw(st.binary(min_size=size, max_size=size)) for _ in range(rows)]
    siv = Siv(key[:16], key[16:], algorithms.AES)
    sealed = siv.seal(siv.bind_rows(siv.tags(matrix(*ids).reshape(rows, width)), siv.bind(place)), matrix(*plain))
    if key[:16] != key[16:]:
        assert [row.tobytes() for row in sealed] == [
            AESSIV(key).encrypt(text, [place, at]) for text, at in zip(plain, ids, strict=True)
        ]


def test_the_counter_runs_over_many_blocks_without_touching_the_cleared_bits() -> None:
    key = bytes(range(32))
    siv = Siv(key[:16], key[16:], algorithms.AES)
    plain = bytes(16 * 70_000)
    assert siv.seal(siv.bind(b"x"), matrix(plain)).tobytes() == AESSIV(key).encrypt(plain, [b"x"])
    rows = [bytes([n]) * 4000 for n in range(100)]
    assert [row.tobytes() for row in siv.seal(np.repeat(siv.bind(b"x"), 100, axis=0), matrix(*rows))] == [
        AESSIV(key).encrypt(row, [b"x"]) for row in rows
    ]
