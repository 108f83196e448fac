"""Where bytes come from: a file of a folder or a member of an archive. They can be read more than once.

What needs random access inside an archive goes through a temporary file without a name, so that nothing readable is left behind
when the process is killed.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from hengjian.kernel.causes import cause_of
from hengjian.lake.ingest.readers.base import FileRefused

BROKEN = (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)
"""What a compressed stream raises that is cut off, damaged or packed in a way nobody here can unpack."""


@dataclass(frozen=True)
class Content:
    """`name` is what users read, `size` the bytes `open` will give (those on disk for a file). `open` raises FileRefused F05."""

    name: str
    size: int
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    path: Path | None = None

    @classmethod
    def of(cls, path: Path, name: str = "") -> Content:
        """A file."""
        try:
            size = path.stat().st_size
        except OSError:  # refused when it is read, with its reason
            size = 0
        return cls(name or path.name, size, partial(_open_file, path), path)

    @contextmanager
    def seekable(self) -> Iterator[IO[bytes]]:
        """The bytes with random access. Raises FileRefused F05."""
        if self.path is not None:
            with self.open() as stream:
                yield stream
            return
        with tempfile.TemporaryFile(prefix="hengjian-") as copy:
            try:
                with self.open() as stream:
                    shutil.copyfileobj(stream, copy, 1 << 20)
            except BROKEN as error:
                raise FileRefused("F05", f"压缩文件不完整：{cause_of(error)}") from error
            except OSError as error:
                raise FileRefused(
                    "F05", f"解压时出错：{cause_of(error)}", "腾出临时文件夹（TMPDIR）的空间后重新送这个文件"
                ) from error
            copy.seek(0)
            yield copy

    def head(self, size: int) -> bytes:
        """The first bytes. Raises FileRefused F05."""
        try:
            with self.open() as stream:
                return stream.read(size)
        except BROKEN as error:
            raise FileRefused("F05", f"压缩文件不完整：{cause_of(error)}") from error
        except OSError as error:
            raise unreadable(error) from error


def unreadable(error: OSError) -> FileRefused:
    """The refusal of a file the system does not let us read."""
    return FileRefused("F05", f"文件读不了：{cause_of(error)}", "检查文件和权限后重新送这个文件")


@contextmanager
def _open_file(path: Path) -> Iterator[IO[bytes]]:
    try:
        stream = path.open("rb")
    except OSError as error:
        raise unreadable(error) from error
    with stream:
        yield stream
