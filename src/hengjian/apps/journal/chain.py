"""The chain: h₁ = SM3(0…0 ‖ record₁), hᵢ = SM3(hᵢ₋₁ ‖ recordᵢ), a record in canonical JSON. No database here: anybody can check a dump."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3, Hash

START = "0" * 64
"""What stands before the first entry."""
FIELDS = ("number", "at", "actor", "actor_name", "event", "subject", "summary", "detail")


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks. Floats are refused: money is text, counts are integers."""
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def instant(at: datetime) -> str:
    """The instant in UTC to the microsecond, the same whatever zone it came in."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest_of(previous: str, record: Mapping[str, Any]) -> str:
    """SM3 of the digest before and the record's canonical JSON, in hex."""
    return sm3((previous + canonical({name: record[name] for name in FIELDS})).encode())


def sm3(data: bytes) -> str:
    """SM3 of bytes, in hex; by OpenSSL through hashlib where it offers it, else by `cryptography`."""
    if "sm3" in hashlib.algorithms_available:
        return hashlib.new("sm3", data).hexdigest()
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize().hex()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"a float has no place in the journal: {value!r}")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_floats(inner)
