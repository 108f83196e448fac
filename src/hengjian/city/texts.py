"""Texts made in bulk: numbers as fixed-width digits, identity numbers with their check digit."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hengjian.city.frames import Array

_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECK = np.frombuffer(b"10X98765432", np.uint8)
"""GB 11643: weights of the first 17 digits and the check character by remainder."""


def digit_matrix(numbers: Array, width: int) -> Array:
    """Numbers as rows of ASCII digits, zero-padded."""
    rest = numbers.astype(np.int64, copy=True)
    out = np.empty((len(rest), width), np.uint8)
    for place in range(width - 1, -1, -1):
        out[:, place] = rest % 10 + 48
        rest //= 10
    return out


def from_matrix(matrix: Array) -> pa.StringArray:
    """Rows of ASCII bytes as an Arrow string array, without copying."""
    rows, width = matrix.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix)))


def numbered(prefix: str, numbers: Array, width: int) -> pa.StringArray:
    """`prefix` and each number as `width` digits."""
    head = np.broadcast_to(np.frombuffer(prefix.encode("ascii"), np.uint8), (len(numbers), len(prefix)))
    return from_matrix(np.hstack([head, digit_matrix(numbers, width)]))


def identity_numbers(region: Array, birth_ymd: Array, serial: Array) -> pa.StringArray:
    """18-character identity numbers: region (6), birth date (8), serial (3, odd for men), check character."""
    digits = np.hstack([digit_matrix(region, 6), digit_matrix(birth_ymd, 8), digit_matrix(serial, 3)])
    remainder = ((digits - 48).astype(np.int64) * _WEIGHTS).sum(axis=1) % 11
    return from_matrix(np.hstack([digits, _CHECK[remainder][:, None]]))


def person_numbers(ids: Array) -> pa.StringArray:
    """Person numbers: 20 digits that begin with 9901 and do not show the order of making."""
    return numbered("9901", ids.astype(np.int64) * 6_364_136_223 % 9_999_999_967, 16)
