"""The folder of an audit's results: those of one audit take the place of the last together, or not at all.

They are written into a hidden folder inside it. Renaming that folder is the step after which they count; then its files are moved out,
`audit.json` last. Whoever opens the results next ends what a process killed in between had begun.
"""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hengjian.kernel.causes import cause_of, is_full
from hengjian.kernel.errors import HengjianError, InputError

BELONGING = (
    "findings.parquet", "shadow.parquet", "spared.parquet", "withdrawn.parquet", "indicators.parquet", "rules.csv", "rulebook.zip", "report.html", "findings.xlsx",
    "score.json", "audit.json",
)  # fmt: skip
"""Files of one audit, in the order they are moved; other files in the folder are the user's."""

_NEW, _READY, _LOCK, _LIST = ".audit-new", ".audit-ready", ".audit.lock", ".files"


@contextmanager
def results(out: Path) -> Iterator[Path]:
    """A folder to write the results of an audit into; when the block ends well they replace those in `out`.

    Raises InputError when `out` cannot be written, another audit is writing it, or the disk is full: what was there stays.
    """
    with _locked(out, wait=False), _sentences(out):
        _move(out)
        new = out.resolve() / _NEW
        shutil.rmtree(new, ignore_errors=True)
        try:
            new.mkdir()
            yield new
            stray = {path.name for path in new.iterdir()} - set(BELONGING)
            assert not stray, f"would be lost: {stray}"
            (new / _LIST).write_text("\n".join(n for n in BELONGING if (new / n).exists()), encoding="utf-8")
            os.sync()
            new.rename(new.with_name(_READY))
            _move(out)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def settle(out: Path) -> None:
    """End what an audit killed at its last step had begun: its results were whole. Raises InputError where that may not be done."""
    if (out / _READY).is_dir():
        with _locked(out, wait=True), _sentences(out):
            _move(out)


def stamp(out: Path) -> tuple[object, ...]:
    """Equal before and after reading: one audit's results were read."""
    try:
        found = (out / "audit.json").stat()
    except OSError:
        return ()
    return ((out / _READY).is_dir(), found.st_ino, found.st_mtime_ns)


def keep_score(out: Path, new: Path) -> None:
    """A score of the same findings goes on to the new results; one of others is theirs no more."""
    old = out / "findings.parquet"
    if (out / "score.json").is_file() and old.is_file() and filecmp.cmp(old, new / "findings.parquet", shallow=False):
        shutil.copyfile(out / "score.json", new / "score.json")


def _move(out: Path) -> None:
    ready = out / _READY
    if not ready.is_dir():
        return
    if (ready / _LIST).is_file():
        listed = (ready / _LIST).read_text(encoding="utf-8").split()
        for name in BELONGING:
            if name not in listed:
                (out / name).unlink(missing_ok=True)
        for name in listed:
            with suppress(FileNotFoundError):  # moved already
                (ready / name).replace(out / name)
    shutil.rmtree(ready)


@contextmanager
def _locked(out: Path, *, wait: bool) -> Iterator[None]:
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = (out / _LOCK).open("w")
    except OSError as error:
        raise InputError(
            "结果文件夹写不进去", where=str(out), why=cause_of(error), cure="换一个可写的文件夹，或请管理员开权限"
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            raise InputError(
                "另一次审计正在写这个结果文件夹",
                where=str(out),
                why="一个文件夹一次只能写一份结果",
                cure="等它结束，或换一个文件夹",
            ) from error
        yield


@contextmanager
def _sentences(out: Path) -> Iterator[None]:
    try:
        yield
    except HengjianError as error:
        if is_full(error):
            raise _full(out) from error
        raise
    except Exception as error:
        if is_full(error):
            raise _full(out) from error
        raise


def _full(out: Path) -> InputError:
    cure = "腾出空间后重新审计；原来的结果没有改动"
    return InputError("磁盘写满了，这次审计没有生效", where=str(out), why="写不下新的结果", cure=cure)
