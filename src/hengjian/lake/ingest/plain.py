"""Checks that need personal columns in plain text: made on a batch between its conversion and the encryption of what is personal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hengjian.lake.ingest.columns import Mask
from hengjian.lake.schema import Table

IDENTITY_CARD = "01"
_LENGTH = 18
_OLD_LENGTH = 15
"""Numbers given out before 1999 have no check digit."""
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int64)
_CHECK = np.frombuffer(b"10X98765432", np.uint8)


def plain_checks(table: Table, arrays: Mapping[str, pa.Array]) -> list[tuple[str, str, Mask]]:
    """Faults of the rows of one batch as (reason code, column, rows). `arrays`: the converted columns that were sent, still plain."""
    if not {"psn_cert_type", "certno"} <= arrays.keys() or "certno" not in table:
        return []
    asked = pc.and_(
        pc.equal(arrays["psn_cert_type"], IDENTITY_CARD), pc.invert(pc.match_substring_regex(arrays["certno"], "[*＊]"))
    )
    wrong = _rows(asked) & ~_identities(arrays["certno"])
    return [("C05", "certno", wrong)] if wrong.any() else []


def _identities(texts: pa.Array) -> Mask:
    """Which texts may be numbers of identity cards: 17 digits and the check digit that follows from them, or the old 15 digits."""
    old = _rows(pc.match_substring_regex(texts, f"^[0-9]{{{_OLD_LENGTH}}}$"))
    new = _rows(pc.match_substring_regex(texts, f"^[0-9]{{{_LENGTH - 1}}}[0-9Xx]$"))
    if not new.any():
        return old
    letters = np.frombuffer("".join(texts.filter(pa.array(new)).to_pylist()).upper().encode(), np.uint8).reshape(-1, _LENGTH)
    rests = (letters[:, :-1].astype(np.int64) - ord("0")) @ _WEIGHTS % len(_CHECK)
    new[new] = _CHECK[rests] == letters[:, -1]
    return old | new


def _rows(marks: pa.Array) -> Mask:
    return np.array(pc.fill_null(marks, False).to_numpy(zero_copy_only=False), bool)
