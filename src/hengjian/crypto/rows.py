"""Arrow text columns as byte matrices, one for each length that occurs, and back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]

_SPAN_ROWS = 1 << 16
_SPAN_BYTES = 1 << 23
"""Work is done in spans of so many rows or bytes: memory stays constant and the matrices stay in the cache."""


def spans(texts: pa.Array) -> Iterator[tuple[int, pa.Array]]:
    """`texts` as consecutive string arrays of bounded size, each with the position where it begins."""
    for start in range(0, len(texts), _SPAN_ROWS):
        part = as_text(texts.slice(start, _SPAN_ROWS))
        offsets = _offsets(part)
        low = 0
        while low < len(part):
            high = int(np.searchsorted(offsets, offsets[low] + _SPAN_BYTES, "right")) - 1
            high = min(max(high, low + 1), len(part))
            yield start + low, part.slice(low, high - low)
            low = high


def as_text(values: pa.Array) -> pa.Array:
    """Any column of texts or whole numbers as a plain string array."""
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def matrices(texts: pa.Array) -> Iterator[tuple[Rows, Bytes]]:
    """The rows of a string array without nulls by length: positions, and their bytes as a matrix (rows × length)."""
    lengths = np.diff(_offsets(texts))
    if len(lengths) == 0:
        return
    if lengths.min() == lengths.max():
        yield np.arange(len(texts)), _data(texts).reshape(len(texts), lengths[0])
        return
    order = np.argsort(lengths.astype(np.uint16) if lengths.max() < 1 << 16 else lengths, kind="stable")
    data = _data(texts.take(pa.array(order)))
    lengths = lengths[order]
    edges = np.flatnonzero(np.diff(lengths)) + 1
    position = 0
    for low, high in zip([0, *edges], [*edges, len(order)], strict=True):
        size = int(lengths[low]) * (high - low)
        yield order[low:high], data[position : position + size].reshape(high - low, lengths[low])
        position += size


def assemble(parts: list[tuple[Rows, Bytes]]) -> pa.Array:
    """What `matrices` took apart, with other bytes, as one string array in the order of the positions."""
    order = np.concatenate([rows for rows, _ in parts]) if parts else np.empty(0, np.int64)
    widths = np.repeat([matrix.shape[1] for _, matrix in parts], [len(rows) for rows, _ in parts])
    offsets = np.zeros(len(order) + 1, np.int32)
    np.cumsum(widths, out=offsets[1:])
    data = np.concatenate([matrix.reshape(-1) for _, matrix in parts]) if parts else np.empty(0, np.uint8)
    array = pa.StringArray.from_buffers(len(order), pa.py_buffer(offsets), pa.py_buffer(data))
    if len(parts) < 2:
        return array
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return array.take(pa.array(places))


def with_nulls(values: pa.Array, valid: npt.NDArray[np.bool_]) -> pa.Array:
    """Spread `values` over the positions that are `valid`; the others are null."""
    if valid.all():
        return values
    return values.take(pa.array(np.cumsum(valid) - 1, mask=~valid))


def valid_rows(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Which positions hold a value."""
    return np.asarray(values.is_valid())


def _offsets(texts: pa.Array) -> npt.NDArray[np.int32]:
    if len(texts) == 0:
        return np.zeros(1, np.int32)
    return np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]


def _data(texts: pa.Array) -> Bytes:
    offsets = _offsets(texts)
    buffer = texts.buffers()[2]
    whole = np.frombuffer(buffer, np.uint8) if buffer is not None and buffer.size else np.empty(0, np.uint8)
    return whole[offsets[0] : offsets[-1]]
