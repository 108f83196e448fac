"""Files of the institution: what they are is read from their content, never from their name; kept under their SM3."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from cryptography.hazmat.primitives.hashes import SM3, Hash
from django.conf import settings

from hengjian.kernel.errors import InputError

MOST_BYTES = 20 * 1024 * 1024
MOST_FILES = 10
BODY_LIMIT = MOST_FILES * MOST_BYTES + 1024 * 1024
"""Bytes of one request with attachments; a longer one is refused before it is read."""
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SUFFIXES = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
}
ACCEPT = ",".join(s for suffixes in SUFFIXES.values() for s in suffixes)
_HEADS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_BOOKS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}


@dataclass(frozen=True)
class Kept:
    """A file as kept: its place below the folder of attachments, its digest, its size and what its content shows."""

    path: str
    sm3: str
    size: int
    media_type: str


def keep(name: str, chunks: Iterable[bytes]) -> Kept:
    """Check and keep a file. Raises InputError for one that is too large, empty, of another kind, or not what its name says.

    The file is on the disk before the row that names it; a crash in between leaves a file nobody names, never a row without its file.
    """
    folder: Path = settings.ATTACHMENTS
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = Hash(SM3()), 0
    draft = tempfile.NamedTemporaryFile(dir=folder, prefix=".part-", delete=False)  # noqa: SIM115
    try:
        with draft:
            for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise InputError(f"{name} 超过 20 MB", cure="压缩或拆开后再传")
                digest.update(chunk)
                draft.write(chunk)
            draft.flush()
            os.fsync(draft.fileno())
        if not size:
            raise InputError(f"{name} 是空文件", cure="核对后重新选择")
        with open(draft.name, "rb") as content:
            media_type = kind_of(content)
        _check_name(name, media_type)
        sm3 = digest.finalize().hex()
        place = f"{sm3[:2]}/{sm3}"
        (folder / sm3[:2]).mkdir(exist_ok=True)
        os.chmod(draft.name, 0o600)
        os.replace(draft.name, folder / place)
        return Kept(place, sm3, size, media_type)
    finally:
        Path(draft.name).unlink(missing_ok=True)


def kind_of(content: IO[bytes]) -> str:
    """The media type that the content shows; empty for anything that is not taken: other kinds, macros, broken archives."""
    head = content.read(8)
    for start, media_type in _HEADS.items():
        if head.startswith(start):
            return media_type
    if not head.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(content) as book:
            names = set(book.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ""
    if "[Content_Types].xml" not in names or any(PurePosixPath(n).name.lower() == "vbaproject.bin" for n in names):
        return ""
    return next((media_type for part, media_type in _BOOKS.items() if part in names), "")


def _check_name(name: str, media_type: str) -> None:
    if not media_type:
        raise InputError(
            f"{name} 不是能收的文件", why="内容不是 PDF、JPEG、PNG、Word 或 Excel，或带有宏", cure="另存为 PDF 再传"
        )
    if not name.lower().endswith(SUFFIXES[media_type]):
        raise InputError(
            f"{name} 的内容和文件名不符",
            why=f"内容是 {SUFFIXES[media_type][0].lstrip('.').upper()}",
            cure="改成正确的扩展名再传",
        )
