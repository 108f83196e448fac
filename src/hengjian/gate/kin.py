"""Processes that end with their parent: a gate that was killed leaves nobody behind who still holds its port."""

from __future__ import annotations

import ctypes
import signal
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_LIBC = None
with suppress(OSError):
    _LIBC = ctypes.CDLL(None)


def end_with_parent() -> None:
    """Ask the kernel for a SIGTERM when the parent dies. Does nothing where the kernel has no such call (it is Linux's)."""
    with suppress(AttributeError):
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
