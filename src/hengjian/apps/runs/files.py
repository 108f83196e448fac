"""Files that somebody sends: streamed to disk under safe names, measured, and refused where the content is not what the name says."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SM3, Hash

from hengjian.kernel.errors import InputError
from hengjian.lake.ingest.readers import Content, FileRefused
from hengjian.lake.ingest.readers.archive import members
from hengjian.lake.ingest.readers.workbook import SUFFIXES as BOOKS

TEXT = (".csv", ".ndjson", ".jsonl")
ALLOWED = (*TEXT, *(f"{suffix}.gz" for suffix in TEXT), ".parquet", ".zip", *BOOKS)
"""What may be sent, by the end of its name."""
_WORDS = {
    b"PK\x03\x04": "压缩包或 Excel 工作簿",
    b"PK\x05\x06": "空的压缩包",
    b"\xd0\xcf\x11\xe0": "旧式 Excel 工作簿或加了密码的文件",
    b"\x1f\x8b": "gzip 压缩文件",
    b"PAR1": "Parquet 文件",
    b"%PDF": "PDF 文件",
    b"MZ": "Windows 程序",
    b"\x7fELF": "程序",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf": "7z 压缩包",
}
"""How contents begin, and what people call them."""
_HEADS = {".parquet": (b"PAR1",), ".gz": (b"\x1f\x8b",), ".zip": (b"PK\x03\x04",), ".xls": (b"\xd0\xcf\x11\xe0",), ".ods": (b"PK\x03\x04",), ".xlsx": (b"PK\x03\x04",), ".xlsm": (b"PK\x03\x04",)}  # fmt: skip
_INSIDE = {".xlsx": "[Content_Types].xml", ".xlsm": "[Content_Types].xml", ".ods": "mimetype"}
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\[\]]')
_LONGEST = 120
_NULS = 20
"""One NUL in so many bytes is no text any more; a few stand in the damaged rows that real exports have, and a load refuses those."""


@dataclass(frozen=True)
class Incoming:
    """A file on its way in: the name it was sent under and its bytes, piece by piece."""

    name: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Stored:
    """A file as it lies on disk."""

    name: str
    path: Path
    size: int
    sm3: str


def safe_name(name: str) -> str:
    """The last part of a name without what could lead elsewhere or mean a pattern. Raises InputError for what may not be sent."""
    plain = _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip().lstrip(".~$") or "文件"
    suffix = suffix_of(plain)
    if not suffix:
        kinds = "、".join(("CSV", "Excel", "Parquet", "报文（.ndjson）", "zip 压缩包"))
        raise InputError(f"{plain[-60:]} 不是数据文件", why=f"能读的是 {kinds}", cure="另存为其中一种再传")
    return plain[: len(plain) - len(suffix)][: _LONGEST - len(suffix)] + plain[len(plain) - len(suffix) :]


def suffix_of(name: str) -> str:
    """The allowed end of a name; empty where there is none."""
    return next((s for s in sorted(ALLOWED, key=len, reverse=True) if name.lower().endswith(s)), "")


def store(incoming: Iterable[Incoming], folder: Path, limit: int) -> list[Stored]:
    """Write all files into `folder`. Raises InputError at the first that may not come in; the caller removes the folder then."""
    folder.mkdir(parents=True)
    stored: list[Stored] = []
    for file in incoming:
        name = _free(safe_name(file.name), folder)
        digest, size, path = Hash(SM3()), 0, folder / name
        with path.open("xb") as out:
            path.chmod(0o600)
            for chunk in file.chunks:
                size += len(chunk)
                if size > limit:
                    raise InputError(
                        f"{name} 太大",
                        why=f"一个文件最多 {limit >> 20} MB",
                        cure="压缩成 zip 或分成几个文件再传；更大的，请管理员放进服务器的投递文件夹 drop",
                    )
                digest.update(chunk)
                out.write(chunk)
        check_content(path)
        stored.append(Stored(name, path, size, digest.finalize().hex()))
    if not stored:
        raise InputError("还没有选文件", cure="选一个或几个数据文件")
    return stored


def check_content(path: Path) -> None:
    """Raises InputError where a file is empty, or is not what its name says, or an archive that is damaged or no data."""
    suffix = suffix_of(path.name)
    with path.open("rb") as handle:
        head = handle.read(4096)
    if not head:
        raise InputError(f"{path.name} 是空文件", why="里面一个字节也没有", cure="重新导出后再传")
    wanted = _HEADS.get(suffix[suffix.rfind(".") :])
    if wanted is None:
        _check_text(path.name, suffix, head)
    elif not head.startswith(wanted):
        raise _disguised(path.name, suffix, head)
    if suffix in _INSIDE and _INSIDE[suffix] not in _names_in(path):
        raise _disguised(path.name, suffix, head)
    if suffix == ".zip":
        try:
            members(Content.of(path))
        except FileRefused as error:
            raise InputError(f"{path.name} 打不开", why=error.detail, cure=error.advice) from error


def _check_text(name: str, suffix: str, head: bytes) -> None:
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if any(head.startswith(mark) for mark in _WORDS) or (not wide and head.count(0) > len(head) // _NULS):
        raise _disguised(name, suffix, head)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:15].lower().startswith((b"<html", b"<!doctype html", b"<?xml")):
        raise InputError(
            f"{name} 的内容与扩展名不符", why=f"扩展名是 {suffix}，内容是网页", cure="用 Excel 打开，另存为 xlsx 或 CSV 再传"
        )


def _disguised(name: str, suffix: str, head: bytes) -> InputError:
    seen = next((words for mark, words in _WORDS.items() if head.startswith(mark)), "")
    if not seen:
        seen = "二进制内容" if b"\0" in head else "文字"
    return InputError(
        f"{name} 的内容与扩展名不符", why=f"扩展名是 {suffix}，内容是{seen}", cure="改回正确的扩展名，或重新导出后再传"
    )


def _names_in(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as opened:
            return set(opened.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path.name} 损坏或不完整", why="里面的内容打不开", cure="重新导出或重新传输") from error


def _free(name: str, folder: Path) -> str:
    """The name, numbered where it is taken already (also where only the case differs)."""
    taken = {p.name.casefold() for p in folder.iterdir()}
    suffix = suffix_of(name)
    stem, number, free = name[: len(name) - len(suffix)], 1, name
    while free.casefold() in taken:
        number += 1
        free = f"{stem}_{number}{suffix}"
    return free
