"""Columns side by side: a frame is a dict of equally long numpy arrays, and these are the few verbs it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Frame = dict[str, Array]


def size(frame: Mapping[str, Array]) -> int:
    """Number of rows."""
    return len(next(iter(frame.values())))


def take(frame: Mapping[str, Array], rows: Array) -> Frame:
    """The rows named by an index or a mask."""
    return {name: column[rows] for name, column in frame.items()}


def concat(frames: Sequence[Mapping[str, Array]]) -> Frame:
    """Frames of the same columns, one below the other."""
    return {name: np.concatenate([f[name] for f in frames]) for name in frames[0]}


def fill(defaults: Mapping[str, Any], n: int, **columns: Any) -> Frame:
    """A frame of n rows: given columns (arrays or one value) and defaults for the rest; types are those of the defaults."""
    unknown = set(columns) - set(defaults)
    if unknown:
        raise KeyError(f"unknown columns {sorted(unknown)}")
    return {
        name: np.broadcast_to(np.asarray(columns.get(name, value)), (n,)).astype(np.asarray(value).dtype, copy=True)
        for name, value in defaults.items()
    }


def runs(counts: Array) -> Array:
    """0, 1 … count−1 for each count, one after the other: the place of a row inside its group."""
    total = int(counts.sum())
    starts = np.cumsum(counts) - counts
    return np.asarray(np.arange(total) - np.repeat(starts, counts))
