"""Errors a user reads: what went wrong, where, why, and what to do, in Chinese."""

from __future__ import annotations


class HengjianError(Exception):
    """A failure with its cure. `str()` is the whole sentence for the terminal or a page.

    what: one sentence, what did not work. where: file, line, table or setting. why: the cause. cure: what the user can do.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", why: str = "", cure: str = "") -> None:
        self.what, self.where, self.why, self.cure = what, where, why, cure
        super().__init__(what)

    def __str__(self) -> str:
        parts = [self.what]
        parts += [f"位置：{self.where}"] if self.where else []
        parts += [f"原因：{self.why}"] if self.why else []
        parts += [f"办法：{self.cure}"] if self.cure else []
        return "\n".join(parts)


class InputError(HengjianError):
    """The folder, file or argument the user gave cannot be used."""


class RulebookError(HengjianError):
    """A law, knowledge, family or rule file is wrong; `where` names file and line."""


class LakeError(HengjianError):
    """The lake cannot be opened, read or written."""


class KeyFileError(HengjianError):
    """The key file cannot be found, read, trusted or written, or does not hold the key that is asked for."""


class SealError(HengjianError):
    """Sealed values do not open: tampered with, moved to another row or column, or sealed with another key."""
