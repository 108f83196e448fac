"""What is checked while personal columns are still plain text: the check digit of identity cards."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from hengjian.lake.ingest.plain import plain_checks
from hengjian.lake.schema import TABLES

RIGHT, WRONG = "990102198001010002", "990102198001010000"


def faulty(*rows: tuple[str | None, str | None]) -> list[int]:
    """Rows flagged; each row is (psn_cert_type, certno)."""
    kinds, numbers = zip(*rows, strict=True)
    found = plain_checks(
        TABLES["person"], {"psn_cert_type": pa.array(kinds, pa.string()), "certno": pa.array(numbers, pa.string())}
    )
    assert all((code, column) == ("C05", "certno") and len(mask) == len(rows) for code, column, mask in found)
    return [] if not found else np.flatnonzero(found[0][2]).tolist()


def check_digit(first: str) -> str:
    """GB 11643-1999, the long way: the digit that makes the weighted sum 1 modulo 11."""
    for digit in "0123456789X":
        values = [*map(int, first), 10 if digit == "X" else int(digit)]
        if sum(v * pow(2, 17 - place, 11) for place, v in enumerate(values)) % 11 == 1:
            return digit
    raise AssertionError(first)


def test_a_wrong_check_digit_is_flagged_and_only_that_row() -> None:
    assert faulty(("01", RIGHT), ("01", WRONG), ("01", RIGHT)) == [1]


def test_of_eleven_check_digits_one_is_right() -> None:
    draw = random.Random(7)
    for _ in range(200):
        first = "99" + "".join(draw.choices("0123456789", k=15))
        right = check_digit(first)
        assert faulty(*(("01", first + d) for d in "0123456789X")) == [n for n, d in enumerate("0123456789X") if d != right]


def test_a_small_x_is_the_same_digit() -> None:
    first = next(f"9901021980010100{n}" for n in range(10, 100) if check_digit(f"9901021980010100{n}"[:17]) == "X")[:17]
    assert faulty(("01", first + "x"), ("01", first + "X")) == []


@pytest.mark.parametrize("number", [None, "9901**********0000", "990102＊＊＊＊＊＊＊＊0000", "990102800101000"])
def test_what_is_empty_masked_or_of_the_old_form_has_no_check_digit_to_fail(number: str | None) -> None:
    assert faulty(("01", number)) == []


@pytest.mark.parametrize(
    "number",
    ["1", "99010219800101000", RIGHT + "0", "9901021980010100O7", "X" * 18, "身份证", "９９０１０２１９８００１０１０００７"],
)
def test_what_can_be_no_number_of_a_card_is_flagged(number: str) -> None:
    assert faulty(("01", number)) == [0]


@pytest.mark.parametrize("kind", [None, "03", "99", "1"])
def test_other_papers_are_left_alone(kind: str | None) -> None:
    assert faulty((kind, WRONG)) == []


def test_without_both_columns_or_of_another_table_nothing_is_said() -> None:
    cells = {"psn_cert_type": pa.array(["01"]), "certno": pa.array([WRONG])}
    assert plain_checks(TABLES["person"], {"certno": cells["certno"]}) == []
    assert plain_checks(TABLES["encounter"], cells) == []


def test_a_slice_of_a_longer_batch_is_read_at_its_own_place() -> None:
    kinds, numbers = pa.array(["03", "01", "01"]), pa.array([RIGHT, WRONG, RIGHT])
    ((_, _, mask),) = plain_checks(TABLES["person"], {"psn_cert_type": kinds[1:], "certno": numbers[1:]})
    assert mask.tolist() == [True, False]
