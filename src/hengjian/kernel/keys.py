"""Stable 63-bit keys for ids and codes, and the person bucket.

The key of a text is the lower half of its MD5, without the sign bit: the same in Python, DuckDB, SQLite and Spark, in any order
of arrival, at the gate and in the archive. `KEY_SQL` is the DuckDB form. MD5 only spreads here; it protects nothing.
"""

from __future__ import annotations

import hashlib

BUCKETS = 64
"""Person buckets. Fixed for ever: a lake written with 64 is read with 64."""

_MASK = (1 << 63) - 1


def key_of(text: str) -> int:
    """Key of an id or code: 0 ≤ key < 2⁶³."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little") & _MASK


def bucket_of(psn_no: str) -> int:
    """Person bucket, 0 to 63."""
    return key_of(psn_no) % BUCKETS
