"""Seal and open columns of personal texts, and the keyed digest by which they are looked up.

A cell is sealed with SM4-SIV (see `siv`) bound to its place (`person.psn_name`) and to the id of its row. The same cell of the same row
with the same text is always the same sealed value, so a row sent again is recognised as identical; everything else is unlinkable.
Sealed text is ASCII: `k3f9a:` (the key's id) and base64 of tag and encrypted text, without padding, in its one canonical spelling.

The subkeys for tag, stream and digest come from the 256-bit master key by HKDF with SM3, each with an info string of its own, so none
tells anything of another. The digest is CMAC-SM4 under a key of its own for every place: 128 bits, equal for equal texts whatever the row.
It is what a lookup by identity number needs, and it shows who has the same number as whom; without the key it can be neither
computed nor tried out, unlike a plain hash of a number with so few possible values.
"""

from __future__ import annotations

import binascii
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hengjian.crypto.rows import Bytes, as_text, assemble, matrices, spans, valid_rows, with_nulls
from hengjian.crypto.siv import BLOCK, Cmac, Siv
from hengjian.kernel.errors import SealError

MASTER_BYTES = 32
KEY_ID = re.compile(r"k[0-9a-z]{2,15}")
_CURE = "若刚从别处恢复过数据，请核对数据湖和密钥文件是不是同一套；否则用备份恢复这份数据"
_RAW, _DEFLATED = b"\0", b"\1"
_ALPHABET = np.zeros(256, np.bool_)
_ALPHABET[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")] = True


@dataclass(frozen=True)
class Sealer:
    """Seals and opens with one key. May be shared by threads; its text form shows no secret."""

    key_id: str
    _master: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not KEY_ID.fullmatch(self.key_id) or len(self._master) != MASTER_BYTES:
            raise ValueError("a key has an id like k3f9a and 32 bytes")

    def seal(self, place: str, ids: pa.Array, texts: pa.Array) -> pa.Array:
        """The sealed values of a column. `place` is table.column, `ids` the key of each row; a null stays null.

        A chunked column gives a chunked column. Several key columns must be joined so that no two rows get one id.
        """
        if isinstance(texts, pa.ChunkedArray):
            return _chunkwise(lambda i, t: self.seal(place, i, t), ids, texts)
        siv, chain = self._bound("cell", place)
        return _rowwise(ids, texts, lambda i, t, _: self._seal_span(siv, chain, i, t))

    def open(self, place: str, ids: pa.Array, sealed: pa.Array) -> pa.Array:
        """The texts of a sealed column. Raises SealError when any cell was tampered with, moved, or sealed with another key."""
        if isinstance(sealed, pa.ChunkedArray):
            return _chunkwise(lambda i, t: self.open(place, i, t), ids, sealed)
        siv, chain = self._bound("cell", place)
        return _rowwise(ids, sealed, lambda i, t, rows: self._open_span(siv, chain, place, i, t, rows))

    def seal_text(self, context: str, text: str) -> str:
        """One text of any length, bound to `context`; compressed first when that makes it shorter."""
        plain = text.encode()
        deflated = zlib.compress(plain, 6) if len(plain) > 64 else plain
        body = _DEFLATED + deflated if len(deflated) < len(plain) else _RAW + plain
        siv, chain = self._bound("text", context)
        return self._encode(siv.seal(chain, np.frombuffer(body, np.uint8).reshape(1, -1))).tobytes().decode()

    def open_text(self, context: str, sealed: str) -> str:
        """What `seal_text` sealed. Raises SealError."""
        siv, chain = self._bound("text", context)
        try:
            matrix = np.frombuffer(sealed.encode("ascii"), np.uint8).reshape(1, -1)
        except UnicodeEncodeError:
            matrix = np.zeros((1, 0), np.uint8)
        body, wrong = self._open_matrix(siv, chain, matrix)
        if wrong.any():
            raise self._refusal(context, pa.array([sealed]), [0])
        packed = body.tobytes()
        return (zlib.decompress(packed[1:]) if packed[:1] == _DEFLATED else packed[1:]).decode()

    def digest(self, place: str, texts: pa.Array) -> pa.Array:
        """The lookup digests (32 hexadecimal digits) of a column, the same for equal texts of one `place`, whatever the row.

        Texts are first brought to one spelling (NFKC, trimmed, a–z in capitals). Null and blank give null: they identify nobody.
        """
        if isinstance(texts, pa.ChunkedArray):
            return pa.chunked_array([self.digest(place, chunk) for chunk in texts.chunks], pa.string())
        mac = Cmac(self._subkey(f"digest:{place}"))
        return _joined([_digest_span(mac, part) for _, part in spans(texts)])

    def _subkey(self, purpose: str) -> bytes:
        return HKDF(SM3(), BLOCK, salt=None, info=f"hengjian/1/{purpose}".encode()).derive(self._master)

    def _bound(self, kind: str, place: str) -> tuple[Siv, Bytes]:
        siv = Siv(self._subkey("tag"), self._subkey("stream"))
        return siv, siv.bind(f"{kind}:{place}".encode())

    def _seal_span(self, siv: Siv, chain: Bytes, ids: pa.Array, texts: pa.Array) -> pa.Array:
        chains = _row_chains(siv, chain, ids)
        return assemble([(rows, self._encode(siv.seal(chains[rows], matrix))) for rows, matrix in matrices(texts)])

    def _open_span(
        self, siv: Siv, chain: Bytes, place: str, ids: pa.Array, sealed: pa.Array, positions: np.ndarray
    ) -> pa.Array:
        chains = _row_chains(siv, chain, ids)
        parts, bad = [], []
        for rows, matrix in matrices(sealed):
            texts, wrong = self._open_matrix(siv, chains[rows], matrix)
            parts.append((rows, texts))
            bad += rows[wrong != 0].tolist()
        if bad:
            bad.sort()
            raise self._refusal(place, sealed.take(pa.array(bad)), positions[bad].tolist())
        return assemble(parts)

    def _encode(self, raw: Bytes) -> Bytes:
        rows, size = raw.shape
        prefix = f"{self.key_id}:".encode()
        thirds = np.zeros((rows, -(-size // 3) * 3), np.uint8)
        thirds[:, :size] = raw
        whole = np.frombuffer(binascii.b2a_base64(thirds.reshape(-1).data, newline=False), np.uint8)
        letters = -(-size * 4 // 3)
        out = np.empty((rows, len(prefix) + letters), np.uint8)
        out[:, : len(prefix)] = np.frombuffer(prefix, np.uint8)
        out[:, len(prefix) :] = whole.reshape(rows, -1)[:, :letters]
        return out

    def _open_matrix(self, siv: Siv, chains: Bytes, sealed: Bytes) -> tuple[Bytes, Bytes]:
        """Texts, and for every row 0 when it is what this key sealed here."""
        rows = len(sealed)
        prefix = np.frombuffer(f"{self.key_id}:".encode(), np.uint8)
        letters = sealed[:, len(prefix) :]
        size = letters.shape[1] * 3 // 4
        if size < BLOCK or letters.shape[1] != -(-size * 4 // 3):
            return np.empty((rows, 0), np.uint8), np.ones(rows, np.uint8)
        wrong = (sealed[:, : len(prefix)] != prefix).any(axis=1) | ~_ALPHABET[letters].all(axis=1)
        fours = np.full((rows, -(-letters.shape[1] // 4) * 4), ord("A"), np.uint8)
        fours[:, : letters.shape[1]] = letters
        fours[wrong] = ord("A")
        raw = np.frombuffer(binascii.a2b_base64(fours.reshape(-1).data), np.uint8).reshape(rows, -1)
        wrong |= raw[:, size:].any(axis=1)
        texts, differs = siv.open(chains, raw[:, :size])
        return texts, differs | wrong

    def _refusal(self, place: str, sealed: pa.Array, positions: list[int]) -> SealError:
        """Why the cells at `positions` do not open. Says nothing of what is in them, nor of whom they are."""
        where = f"{place}，第 {'、'.join(str(at + 1) for at in positions[:3])} 个值" + (
            f" 等 {len(positions):,} 个" if len(positions) > 3 else ""
        )
        heads = {key_of_sealed(text) for text in sealed.slice(0, 1000).to_pylist()}
        others = sorted(head for head in heads if head and head != self.key_id)
        if others:
            why = f"它们是用密钥 {'、'.join(others[:3])} 加密的，现在用的是 {self.key_id}"
        elif None in heads:
            why = "它们不是密文，或不完整"
        else:
            why = f"密文被改过、被挪到了别的行或列，或者密钥 {self.key_id} 不是当初那一把"
        return SealError("加密的个人信息打不开", where=where, why=why, cure=_CURE)


def key_of_sealed(text: str) -> str | None:
    """The id of the key that sealed a value, or None when it does not look sealed."""
    head, colon, _ = text.partition(":")
    return head if colon and KEY_ID.fullmatch(head) else None


def _row_chains(siv: Siv, chain: Bytes, ids: pa.Array) -> Bytes:
    tags = np.empty((len(ids), BLOCK), np.uint8)
    for rows, matrix in matrices(ids):
        tags[rows] = siv.tags(matrix)
    return siv.bind_rows(tags, chain)


def _rowwise(ids: pa.Array, texts: pa.Array, work: Callable[[pa.Array, pa.Array, np.ndarray], pa.Array]) -> pa.Array:
    if len(ids) != len(texts):
        raise ValueError(f"{len(ids)} ids for {len(texts)} texts")
    if isinstance(ids, pa.ChunkedArray):
        ids = ids.combine_chunks()
    done = []
    for start, part in spans(texts):
        valid = valid_rows(part)
        whole = valid.all()
        mine = ids.slice(start, len(part))
        mine = as_text(mine if whole else mine.filter(pa.array(valid)))
        if mine.null_count:
            raise ValueError("a row without id cannot be sealed or opened")
        if len(mine) == 0:
            done.append(pa.nulls(len(part), pa.string()))
            continue
        positions = start + np.flatnonzero(valid)
        done.append(with_nulls(work(mine, part if whole else part.drop_null(), positions), valid))
    return _joined(done)


def _chunkwise(work: Callable[[pa.Array, pa.Array], pa.Array], ids: pa.Array, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    done, start = [], 0
    for chunk in texts.chunks:
        done.append(work(ids.slice(start, len(chunk)), chunk))
        start += len(chunk)
    if start != len(ids):
        raise ValueError(f"{len(ids)} ids for {start} texts")
    return pa.chunked_array(done, pa.string())


def _digest_span(mac: Cmac, part: pa.Array) -> pa.Array:
    texts = _spelled(part)
    valid = valid_rows(texts)
    kept = texts if valid.all() else texts.drop_null()
    hexed = [(rows, _hexed(mac(matrix))) for rows, matrix in matrices(kept)]
    return with_nulls(assemble(hexed), valid) if valid.any() else pa.nulls(len(part), pa.string())


def _spelled(texts: pa.Array) -> pa.Array:
    """One spelling of a text that people type in several; blank is null."""
    if not pc.all(pc.string_is_ascii(texts), min_count=0).as_py():
        texts = pc.utf8_normalize(texts, form="NFKC")
    texts = pc.ascii_upper(pc.utf8_trim_whitespace(texts))
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _hexed(tags: Bytes) -> Bytes:
    return np.frombuffer(binascii.hexlify(tags.reshape(-1).data), np.uint8).reshape(len(tags), 2 * BLOCK)


def _joined(parts: list[pa.Array]) -> pa.Array:
    return parts[0] if len(parts) == 1 else pa.concat_arrays(parts) if parts else pa.array([], pa.string())
