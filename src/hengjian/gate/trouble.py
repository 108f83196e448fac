"""Failures in the log: what kind and where in the code, never what was in the message (it may name people), and no flood of them."""

from __future__ import annotations

import logging
import traceback
from collections import Counter

from hengjian.kernel.errors import HengjianError

_seen: Counter[str] = Counter()
_MOST_KINDS = 1000


def summary(error: BaseException) -> str:
    """Kind and place of a failure."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return (error.what if isinstance(error, HengjianError) else type(error).__name__) + where


def tell(logger: logging.Logger, what: str, error: BaseException) -> None:
    """Log a failure; of a kind that comes again and again only the 1st, 2nd, 4th, 8th …"""
    say(logger, logging.ERROR, f"{what}: {summary(error)}")


def say(logger: logging.Logger, level: int, what: str) -> None:
    """Log a line; when it comes again and again only the 1st, 2nd, 4th, 8th …"""
    if len(_seen) >= _MOST_KINDS:
        _seen.clear()
    _seen[what] += 1
    count = _seen[what]
    if count & (count - 1) == 0:
        logger.log(level, "%s%s", what, f" ({count} times)" if count > 1 else "")
