"""The access record: one JSON line a request, no personal data, a new file every day and after so many bytes; old files go.

Every process writes whole lines at the end of the same file; nobody renames a file that another one holds.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec

from hengjian.gate.envelope import civil_seconds, is_institution, stamp
from hengjian.kernel.dates import day_date

_NAME = re.compile(r"access-(\d{4}-\d{2}-\d{2})(?:-(\d+))?\.ndjson")
_PLAIN = re.compile(r"[0-9A-Za-z_-]{1,40}")
_PERSON = re.compile(r"[0-9]{17}[0-9Xx]|1[0-9]{10}|[0-9]{15}")
"""Texts that may be the number of an identity card or a telephone: clients choose their message ids themselves."""
_ENCODER = msgspec.json.Encoder()
_LOOK_EVERY = 256


class AccessRecord:
    """Writes `access-2026-03-01.ndjson`, then `…-2.ndjson` past `most` bytes, in a folder; keeps the files of `days` days."""

    def __init__(self, folder: Path, *, most: int = 256 * 1024 * 1024, days: int = 180) -> None:
        self._folder, self._most, self._days = folder, most, days
        self._file, self._day, self._part, self._written = -1, -1, 0, 0
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, now: float, at: str, infno: str, msgid: str, outcome: str, took: float, size: int) -> None:
        """One line. `now`: `time.time()`; `took`: seconds; `size`: bytes of the request. A full disk stops no request."""
        line = _ENCODER.encode(
            {
                "time": stamp(now),
                "fixmedins_code": at if is_institution(at) else "",
                "infno": infno,
                "msgid": msgid if _PLAIN.fullmatch(msgid) and not _PERSON.fullmatch(msgid) else "",
                "outcome": outcome,
                "ms": round(took * 1000, 2),
                "bytes": size,
            }
        )
        with suppress(OSError):
            day = civil_seconds(now) // 86400
            if day != self._day or (self._written % _LOOK_EVERY == 0 and os.fstat(self._file).st_size > self._most):
                self._turn(day)
            self._written += 1
            os.write(self._file, line + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._day = -1, -1

    def _turn(self, day: int) -> None:
        """Open the file of a day that still has room."""
        part = self._part if day == self._day else 1
        date = day_date(day).isoformat()
        while True:
            path = self._folder / (f"access-{date}.ndjson" if part == 1 else f"access-{date}-{part}.ndjson")
            if not path.exists() or path.stat().st_size <= self._most:
                break
            part += 1
        fresh = day != self._day
        self.close()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        self._day, self._part = day, part
        if fresh:
            self._forget(day)

    def _forget(self, day: int) -> None:
        oldest = (day_date(day) - timedelta(days=self._days)).isoformat()
        for path in self._folder.iterdir():
            if (found := _NAME.fullmatch(path.name)) and found[1] < oldest:
                path.unlink(missing_ok=True)
