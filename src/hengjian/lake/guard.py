"""One writer of a lake at a time, and its failures as sentences: what loads, compaction, clean-up and rotation have in common."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake.exceptions import DeltaError

from hengjian.kernel.causes import cause_of, is_full
from hengjian.kernel.errors import HengjianError, LakeError


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One writer at a time. Raises LakeError when another is at work or the folder cannot be written."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = (root / ".lock").open("w")
    except OSError as error:
        raise LakeError(
            "数据湖文件夹写不进去",
            where=str(root),
            why="这里有一个文件，不是文件夹" if root.is_file() else cause_of(error),
            cure="换一个可写的文件夹，或请管理员开权限",
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LakeError(
                "另一次加载、整理、清理或换钥正在进行",
                where=str(root),
                why="同一个数据湖一次只能有一个在改",
                cure="等它结束后再试",
            ) from error
        yield


@contextmanager
def sentences(root: Path, what: str = "加载") -> Iterator[None]:
    """Failures of disk and memory as sentences; `what` is what was being done."""
    failed, again = f"这次{what}没有生效", f"重新{what}"
    try:
        yield
    except HengjianError:
        raise
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except (OSError, duckdb.Error, DeltaError, pa.ArrowException) as error:
        if is_full(error):
            cure = f"腾出空间后{again}；数据湖没有改动"
            raise LakeError(f"磁盘写满了，{failed}", where=str(root), why="写不下新的数据文件", cure=cure) from error
        if isinstance(error, duckdb.OutOfMemoryException):
            cure = "关闭其他程序，或分几批加载" if what == "加载" else f"关闭其他程序后{again}"
            raise LakeError(f"内存不够，{failed}", where=str(root), why=cause_of(error), cure=cure) from error
        if not isinstance(error, (OSError, duckdb.IOException, DeltaError)):
            raise LakeError(
                f"数据湖或文件的内容读不出来，{failed}",
                where=str(root),
                why=cause_of(error),
                cure="数据湖没有改动；设 HENGJIAN_TRACE=1 重新运行，把显示的内容报给开发者",
            ) from error
        raise LakeError(
            f"读写文件出错，{failed}",
            where=str(root),
            why=cause_of(error),
            cure=f"检查磁盘和权限后{again}；数据湖没有改动",
        ) from error
