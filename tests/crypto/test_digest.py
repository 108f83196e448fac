"""The keyed digest finds a person by identity number, however it was typed, and only with the key."""

from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from hengjian.crypto.seal import Sealer

from . import slow

MASTER = bytes(range(32))
SEALER = Sealer("k3f9a", MASTER)
DIGITS = st.text("0123456789Xx０１９Ｘｘ 　\t", max_size=40)


def digest(*texts: str | None, place: str = "certno", sealer: Sealer = SEALER) -> list[str | None]:
    return list(sealer.digest(place, pa.array(texts, pa.string())).to_pylist())


def test_one_number_in_any_spelling_has_one_digest() -> None:
    told = digest("99010119900101123X", "99010119900101123x", " 99010119900101123X\t", "９９０１０１１９９００１０１１２３ｘ　")
    assert len(set(told)) == 1 and re.fullmatch("[0-9a-f]{32}", str(told[0]))


def test_another_number_place_or_key_has_another() -> None:
    assert (
        len({*digest("991"), *digest("992"), *digest("991", place="tel"), *digest("991", sealer=Sealer("k3f9a", bytes(32)))})
        == 4
    )


def test_blank_identifies_nobody() -> None:
    assert digest(None, "", "  ", "　", "0") == [None] * 4 + digest("0")


@given(st.lists(st.none() | DIGITS))
def test_fast_is_slow(texts: list[str | None]) -> None:
    assert digest(*texts) == [None if text is None else slow.digest(MASTER, "certno", text) for text in texts]


def test_chunks_and_slices() -> None:
    texts = pa.array(["1", None, "22", "333"])
    whole = SEALER.digest("certno", texts)
    assert SEALER.digest("certno", texts[1:]).equals(whole[1:])
    assert SEALER.digest("certno", pa.chunked_array([texts[:2], texts[2:]])).combine_chunks().equals(whole)
