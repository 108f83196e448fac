"""Zip archives: their members as contents, whatever wrote them. Nothing is ever unpacked to a path."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import IO

from hengjian.kernel.causes import cause_of
from hengjian.lake.ingest.readers.base import FileRefused
from hengjian.lake.ingest.readers.content import BROKEN, Content

_MOST_MEMBERS = 20_000
_BOMB_SIZE, _BOMB_RATIO = 256 << 20, 250
"""A member larger than this that is packed tighter than this is no data."""
_UTF8, _ENCRYPTED = 0x800, 0x1
_JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


def members(archive: Content) -> tuple[dict[str, Content], dict[str, str]]:
    """Members by their path inside the archive, and those that cannot be read with the reason. Raises FileRefused F05.

    One folder around everything is taken off the paths.
    """
    try:
        with archive.seekable() as stream, zipfile.ZipFile(stream) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
    except (*BROKEN, ValueError) as error:
        raise FileRefused("F05", "压缩包损坏或不完整", "重新压缩或重新传输") from error
    if len(infos) > _MOST_MEMBERS:
        raise FileRefused("F05", f"压缩包里有 {len(infos):,} 个文件，最多 {_MOST_MEMBERS:,} 个", "分成几个压缩包")
    named: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        if (path := _path(info)) and not _is_junk(path):
            if path in named:
                raise FileRefused("F05", f"压缩包里有两个 {path}", "改掉其中一个的名字，重新压缩")
            named[path] = info
    tops = {path.partition("/")[0] for path in named}
    if len(tops) == 1 and all("/" in path for path in named) and tops != {"knowledge"}:
        named = {path.partition("/")[2]: info for path, info in named.items()}
    refused = {path: why for path, info in named.items() if (why := _refusal(info))}
    return {
        path: Content(path, info.file_size, partial(_open, archive, info))
        for path, info in named.items()
        if path not in refused
    }, refused


def _path(info: zipfile.ZipInfo) -> str:
    """The path of a member; names that are not UTF-8 are GBK, as Windows writes them."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def _is_junk(path: str) -> bool:
    parts = path.split("/")
    return parts[0] in _JUNK or parts[-1] in _JUNK or parts[-1].startswith("._")


def _refusal(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "压缩包加了密码，请去掉密码重新压缩"
    if info.file_size > _BOMB_SIZE and info.file_size > _BOMB_RATIO * max(info.compress_size, 1):
        return f"解开后是压缩时的 {info.file_size // max(info.compress_size, 1)} 倍，不像数据"
    return ""


@contextmanager
def _open(archive: Content, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    with ExitStack() as opened:
        stream = opened.enter_context(archive.seekable())
        try:
            member = opened.enter_context(opened.enter_context(zipfile.ZipFile(stream)).open(info))
        except (*BROKEN, RuntimeError) as error:
            raise FileRefused("F05", f"压缩包里的这个文件解不开（{cause_of(error)}）", "用 zip 的标准方式重新压缩") from error
        yield member
