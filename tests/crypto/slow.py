"""The construction once more, one row at a time, from the library's CMAC, CTR and HMAC alone: what the fast code is held to."""

from __future__ import annotations

import base64
import unicodedata

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC


def subkey(master: bytes, purpose: str, size: int = 16) -> bytes:
    """HKDF with SM3, written out: extract with a zero salt, one step of expand."""
    return _hmac(_hmac(bytes(32), master), f"hengjian/1/{purpose}".encode() + b"\x01")[:size]


def seal(master: bytes, key_id: str, bound: list[str], plain: bytes) -> str:
    """RFC 5297 with SM4, then base64 behind the key's id."""
    tag = _s2v(subkey(master, "tag"), [text.encode() for text in bound], plain)
    start = int.from_bytes(tag) & ~(1 << 63) & ~(1 << 31)
    stream = Cipher(algorithms.SM4(subkey(master, "stream")), modes.CTR(start.to_bytes(16))).encryptor()
    return f"{key_id}:{base64.b64encode(tag + stream.update(plain)).decode().rstrip('=')}"


def digest(master: bytes, place: str, text: str) -> str | None:
    """CMAC of the text in its one spelling."""
    text = unicodedata.normalize("NFKC", text).strip()
    text = "".join(chr(ord(c) - 32) if "a" <= c <= "z" else c for c in text)
    return _cmac(subkey(master, f"digest:{place}"), text.encode()).hex() if text else None


def _s2v(key: bytes, bound: list[bytes], plain: bytes) -> bytes:
    chain = _cmac(key, bytes(16))
    for text in bound:
        chain = _xor(_double(chain), _cmac(key, text))
    if len(plain) >= 16:
        return _cmac(key, plain[:-16] + _xor(plain[-16:], chain))
    return _cmac(key, _xor(_double(chain), plain + b"\x80" + bytes(15 - len(plain))))


def _double(block: bytes) -> bytes:
    number = int.from_bytes(block) << 1
    return ((number ^ 0x87) & (1 << 128) - 1 if number >> 128 else number).to_bytes(16)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(algorithms.SM4(key))
    mac.update(message)
    return mac.finalize()


def _hmac(key: bytes, message: bytes) -> bytes:
    mac = HMAC(key, SM3())
    mac.update(message)
    return mac.finalize()
