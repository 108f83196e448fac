"""Arrow columns from integers: exact decimals, instants, days, and values picked from short lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from hengjian.city.frames import Array


def decimals(units: Array, precision: int, scale: int, missing: Array | None = None) -> pa.Array:
    """Integers in units of 10^-scale as DECIMAL(precision, scale), without any float; `missing` marks empty cells."""
    words = np.empty((len(units), 2), np.int64)
    words[:, 0] = units
    words[:, 1] = words[:, 0] >> 63
    valid = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal128(precision, scale), len(units), [valid, pa.py_buffer(words)])


def money(fen: Array) -> pa.Array:
    """Fen as DECIMAL(16,2)."""
    return decimals(fen, 16, 2)


def instants(seconds: Array, missing: Array | None = None) -> pa.Array:
    """Second numbers as timestamps; `missing` marks empty cells."""
    return pa.array(seconds.astype(np.int64), mask=missing).cast(pa.timestamp("s"))


def days(numbers: Array, missing: Array | None = None) -> pa.Array:
    """Day numbers as dates; `missing` marks empty cells."""
    return pa.array(numbers.astype(np.int32), mask=missing).cast(pa.date32())


def pick(index: Array, values: Sequence[str | None] | pa.Array) -> pa.Array:
    """values[index] as a dictionary column; an index below 0, or of a value that is None, gives an empty cell."""
    rows = index.astype(np.int32, copy=False)
    if isinstance(values, pa.Array):
        return pa.DictionaryArray.from_arrays(
            pa.array(rows, mask=rows < 0) if rows.min(initial=0) < 0 else pa.array(rows), values
        )
    words = sorted({v for v in values if v is not None})
    place = {word: i for i, word in enumerate(words)}
    lookup = np.array([place.get(v, -1) if v is not None else -1 for v in values] + [-1], np.int32)
    mapped = lookup[rows]
    empty = mapped < 0
    return pa.DictionaryArray.from_arrays(
        pa.array(mapped, mask=empty) if empty.any() else pa.array(mapped), pa.array(words or [""], pa.string())
    )


def constant(value: str, n: int) -> pa.Array:
    """One text n times."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([value]))
