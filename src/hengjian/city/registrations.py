"""Where practitioners are registered, and how far doctors may prescribe antibiotics: by title, higher or lower at a second place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hengjian.city.frames import Array

_SINCE = 17_167
_HOSPITALS = 1
"""The last kind of institution that takes doctors of others."""

Registration = tuple[int, int, int, int, int | None]
"""Number of the practitioner, institution, right (-1 = not on record), first and last day (None = still)."""


def registrations(
    kind: Array, everyone: Sequence[tuple[int, str, str]], doctors: int
) -> tuple[Array, Array, list[Registration]]:
    """Of practitioners (institution, department, type), the first so many of whom bill: their right at their own place, at a second one
    (-2 = there is none), and all registrations."""
    rights = np.array([_right(n) if t == "1" else -1 for n, (_, _, t) in enumerate(everyone)], np.int8)
    seen = [(n, i) for n, (i, _, t) in enumerate(everyone[:doctors]) if t == "1"]
    second = {n: k for n, i in seen if (k := _second_place(kind, n, i)) >= 0}
    rows: list[Registration] = [
        *((n, i, int(rights[n]), _SINCE, None) for n, (i, _, _) in enumerate(everyone)),
        *((n, k, _second_right(n), _SINCE - 300, None) for n, k in second.items()),
        *((n, i, 3, _SINCE - 1_500, _SINCE - 400) for n, i in seen if n % 29 == 7),  # long ended
    ]
    elsewhere = np.array([_second_right(n) if n in second else -2 for n in range(doctors)], np.int8)
    return rights[:doctors], elsewhere, rows


def _right(n: int) -> int:
    """The right of doctor number n, by title; of some it is not on record."""
    return -1 if n % 17 == 3 else (1, 2, 3, 3)[n % 4]


def _second_right(n: int) -> int:
    return 1 + (n % 3 > 0)


def _second_place(kind: Array, n: int, own: int) -> int:
    """Another hospital at which some doctors are registered too, -1 for most."""
    pool = np.flatnonzero((kind <= _HOSPITALS) & (np.arange(len(kind)) != own))
    return int(pool[n % len(pool)]) if n % 11 == 4 and len(pool) else -1
