"""SIV (RFC 5297) over many rows at once: deterministic authenticated encryption, here with SM4.

Construction, exactly that of RFC 5297 with SM4 in the place of AES (the vectorised code is held to the AES vectors too):

    tag    = S2V(K_mac; what binds the row …, text)      a chain of CMACs, 128 bits
    stream = CTR(K_enc; tag with bits 31 and 63 cleared)
    sealed = tag ‖ text XOR stream

What it hides: the text, to whoever has not the key. Two rows with one text have unrelated sealed values, because the row is bound
into the tag, so counting equal values tells nothing. Any change of a bit, any move to another row or column is found on opening.
What it does not hide: that the *same* cell of the *same* row kept or changed its text from one version to the next (this is wanted:
a row sent again is recognised), that a cell is empty, and the length of the text in bytes. No nonce is drawn, so nothing can go
wrong with one. The bound is that of a 128-bit block: far below 2⁴⁸ blocks under one key the advantage of an attacker is negligible
(a billion cells are about 2³³ blocks, an advantage of 2⁻⁶²).

Rows of one length are a matrix of bytes. Each step of CMAC encrypts one block of all rows by one ECB call, the stream of all rows
is one more. A few very long rows go one at a time through the library's own CMAC and CTR, which is then faster.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from hengjian.crypto.rows import Bytes

BLOCK = 16
_SCALAR = 3
"""A matrix with fewer rows than blocks ÷ 3 goes row by row."""
_CLEAR = np.frombuffer(bytes.fromhex("ffffffffffffffff7fffffff7fffffff"), np.uint8)


class Cmac:
    """CMAC (SP 800-38B) of many rows under one key. Not for use by two threads at once."""

    def __init__(self, key: bytes, algorithm: Any = algorithms.SM4) -> None:
        self._encrypt = _Ecb(algorithm(key))
        self._algorithm = algorithm(key)
        zero = self._encrypt(np.zeros((1, BLOCK), np.uint8))
        self._whole = doubled(zero)
        self._short = doubled(self._whole)

    def __call__(self, matrix: Bytes) -> Bytes:
        """The tags (rows × 16) of the rows of a matrix."""
        rows, size = matrix.shape
        blocks = max(1, -(-size // BLOCK))
        if rows * _SCALAR < blocks:
            return _stacked(self.one(row.tobytes()) for row in matrix)
        state = np.zeros((rows, BLOCK), np.uint8)
        for block in range(blocks - 1):
            state = self._encrypt(_xor(state, matrix[:, block * BLOCK : (block + 1) * BLOCK]))
        return self._encrypt(_xor(state, self._last(matrix[:, (blocks - 1) * BLOCK :])))

    def one(self, message: bytes) -> bytes:
        """The tag of one message."""
        mac = CMAC(self._algorithm)
        mac.update(message)
        return mac.finalize()

    def whole_block(self, block: Bytes) -> Bytes:
        """The tags of rows of exactly one block."""
        return self._encrypt(_xor(block, self._whole))

    def _last(self, rest: Bytes) -> Bytes:
        size = rest.shape[1]
        if size == BLOCK:
            return _xor(rest, self._whole)
        return _xor(padded(rest), self._short)


class Siv:
    """S2V and CTR of many rows under one pair of keys. Not for use by two threads at once."""

    def __init__(self, mac_key: bytes, stream_key: bytes, algorithm: Any = algorithms.SM4) -> None:
        self._mac = Cmac(mac_key, algorithm)
        self._stream = _Ecb(algorithm(stream_key))
        self._algorithm = algorithm(stream_key)
        self._start = np.frombuffer(self._mac.one(bytes(BLOCK)), np.uint8).reshape(1, BLOCK)

    def bind(self, bound: bytes, chain: Bytes | None = None) -> Bytes:
        """The S2V chain after one more string that is the same for all rows; without `chain`, after the first."""
        return self.bind_rows(np.frombuffer(self._mac.one(bound), np.uint8).reshape(1, BLOCK), chain)

    def bind_rows(self, tags: Bytes, chain: Bytes | None = None) -> Bytes:
        """The S2V chain after one more string of each row, given by its CMACs (see `tags`)."""
        return _xor(doubled(self._start if chain is None else chain), tags)

    def tags(self, matrix: Bytes) -> Bytes:
        """CMACs under the tag key, for `bind_rows`."""
        return self._mac(matrix)

    def seal(self, chain: Bytes, matrix: Bytes) -> Bytes:
        """Tag and encrypted text of every row (rows × 16 + length)."""
        tag = self._final(chain, matrix)
        return np.concatenate([tag, self._crypt(tag, matrix)], axis=1)

    def open(self, chain: Bytes, sealed: Bytes) -> tuple[Bytes, Bytes]:
        """Texts, and for every row 0 when its tag is right. Texts of wrong rows must not be used.

        The comparison reads every byte of every tag, whatever it finds.
        """
        tag = np.ascontiguousarray(sealed[:, :BLOCK])
        text = self._crypt(tag, sealed[:, BLOCK:])
        return text, np.bitwise_or.reduce(_xor(self._final(chain, text), tag), axis=1)

    def _final(self, chain: Bytes, matrix: Bytes) -> Bytes:
        """The last step of S2V: the text itself."""
        size = matrix.shape[1]
        if size < BLOCK:
            return self._mac.whole_block(_xor(doubled(chain), padded(matrix)))
        ended = np.array(matrix)
        ended[:, size - BLOCK :] ^= chain
        return self._mac(ended)

    def _crypt(self, tag: Bytes, matrix: Bytes) -> Bytes:
        rows, size = matrix.shape
        if size == 0:
            return np.empty((rows, 0), np.uint8)
        start = tag & _CLEAR
        blocks = -(-size // BLOCK)
        if rows * _SCALAR < blocks:
            return _stacked(self._crypt_one(at.tobytes(), row.tobytes()) for at, row in zip(start, matrix, strict=True))
        counters = np.repeat(start, blocks, axis=0)
        if blocks > 1:
            last = counters.view(">u4")[:, 3].reshape(rows, blocks)
            last += np.arange(blocks, dtype=np.uint32)
        return self._stream(counters).reshape(rows, blocks * BLOCK)[:, :size] ^ matrix

    def _crypt_one(self, start: bytes, message: bytes) -> bytes:
        return Cipher(self._algorithm, modes.CTR(start)).encryptor().update(message)


class _Ecb:
    """One block cipher call for many blocks: a building block, never a mode of its own."""

    def __init__(self, algorithm: Any) -> None:
        self._encryptor = Cipher(algorithm, modes.ECB()).encryptor()

    def __call__(self, blocks: Bytes) -> Bytes:
        out = np.empty(blocks.size + BLOCK - 1, np.uint8)
        self._encryptor.update_into(np.ascontiguousarray(blocks).reshape(-1).data, out.data)
        return out[: blocks.size].reshape(-1, BLOCK)


def doubled(blocks: Bytes) -> Bytes:
    """Every block times x in GF(2¹²⁸), as CMAC and S2V define it."""
    words = np.ascontiguousarray(blocks).view(">u8").astype(np.uint64)
    high, low = words[:, 0], words[:, 1]
    out = np.empty(words.shape, ">u8")
    out[:, 0] = (high << np.uint64(1)) | (low >> np.uint64(63))
    out[:, 1] = (low << np.uint64(1)) ^ ((high >> np.uint64(63)) * np.uint64(0x87))
    return out.view(np.uint8)


def padded(rest: Bytes) -> Bytes:
    """Less than a block of every row, filled up with one 1 bit and zeros."""
    rows, size = rest.shape
    block = np.zeros((rows, BLOCK), np.uint8)
    block[:, :size] = rest
    block[:, size] = 0x80
    return block


def _xor(left: Bytes, right: Bytes) -> Bytes:
    """XOR of blocks, eight bytes at a time; one row stands for all."""
    wide = np.ascontiguousarray(left).view(np.uint64) ^ np.ascontiguousarray(right).view(np.uint64)
    return wide.view(np.uint8)


def _stacked(rows: Iterable[bytes]) -> Bytes:
    return np.stack([np.frombuffer(row, np.uint8) for row in rows])
