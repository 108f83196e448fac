"""What went wrong underneath, in Chinese: errors of the system and of the libraries as one clause a user understands."""

from __future__ import annotations

import errno
import json
import os

_SYSTEM = {
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.ENOENT: "没有这个文件或文件夹",
    errno.ENOTDIR: "路径中间有一段是文件，不是文件夹",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.EEXIST: "已有同名的文件",
    errno.ENOSPC: "磁盘满了",
    errno.EDQUOT: "超过了磁盘配额",
    errno.EFBIG: "文件超过系统允许的大小",
    errno.EROFS: "磁盘是只读的",
    errno.EIO: "磁盘读写出错",
    errno.ELOOP: "链接绕成了圈",
    errno.ENAMETOOLONG: "名字太长",
    errno.EMFILE: "同时打开的文件太多",
}


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_WORDS = tuple(os.strerror(number) for number in _FULL)


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came of, says that the disk holds no more."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if getattr(error, "errno", None) in _FULL or any(words in str(error) for words in _FULL_WORDS):
            return True
        error = error.__cause__ or error.__context__
    return False


def cause_of(error: BaseException) -> str:
    """One clause: what an error means. Of a library's error only the first line is kept."""
    if isinstance(error, OSError) and error.errno in _SYSTEM:
        return _SYSTEM[error.errno]
    if isinstance(error, UnicodeDecodeError):
        return f"第 {error.start + 1} 个字节起不是 {error.encoding.upper()} 编码"
    if isinstance(error, json.JSONDecodeError):
        return f"第 {error.lineno} 行第 {error.colno} 个字起不是 JSON"
    if isinstance(error, KeyError):
        return f"缺少 {error.args[0] if error.args else ''}"
    text = str(error).strip()
    if "Permission denied" in text:
        return "没有权限"
    return f"{type(error).__name__}：{text.splitlines()[0][:300]}" if text else type(error).__name__
