"""Counters and latencies of all workers of one gate, as Prometheus reads them.

Every worker adds to a small file of its own that it has mapped into memory; whoever is asked sums all files. A worker that starts takes over
the file of one that ended, so that no counter ever falls.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path

BOUNDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds of the latency buckets, seconds."""
_SERIES, _NAME = 256, 40
_CELLS = len(BOUNDS) + 2
"""The buckets (each alone, not summed), the one beyond, and the sum of microseconds."""
_WIDTH = _NAME + 8 * _CELLS
_FILES = 64

Series = tuple[str, str]
"""(infno, outcome)."""


class Metrics:
    """The counters of this process; `text` tells those of all processes that share the folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._handle = _free_file(folder)
        os.ftruncate(self._handle, _SERIES * _WIDTH)
        self._map = mmap.mmap(self._handle, _SERIES * _WIDTH)
        self._cells = memoryview(self._map).cast("Q")
        self._rows: dict[Series, int] = {name: row for row, name in _names(self._map)}
        self._growing = threading.Lock()

    def count(self, infno: str, outcome: str, seconds: float) -> None:
        """One request that took so long. Past 256 different pairs the rest are counted under `other`."""
        row = self._rows.get((infno, outcome))
        if row is None:
            row = self._new_row((infno, outcome))
        first = (row * _WIDTH + _NAME) >> 3
        self._cells[first + bisect_left(BOUNDS, seconds)] += 1
        self._cells[first + _CELLS - 1] += int(seconds * 1_000_000)

    def text(self, gauges: Mapping[str, tuple[str, float]] | None = None) -> str:
        """All counters in the text format of Prometheus. `gauges`: name → (help, value)."""
        summed: dict[Series, list[int]] = {}
        for path in sorted(self._folder.glob("worker-*.bin")):
            held = path.read_bytes()
            if len(held) != _SERIES * _WIDTH:
                continue
            cells = memoryview(held).cast("Q")
            for row, name in _names(held):
                first = (row * _WIDTH + _NAME) >> 3
                into = summed.setdefault(name, [0] * _CELLS)
                for n in range(_CELLS):
                    into[n] += cells[first + n]
        lines = ["# HELP hengjian_gate_requests_total 收到的请求", "# TYPE hengjian_gate_requests_total counter"]
        lines += [f"hengjian_gate_requests_total{_label(name)} {sum(summed[name][:-1])}" for name in sorted(summed)]
        lines += ["# HELP hengjian_gate_seconds 从收到请求到写出应答的秒数", "# TYPE hengjian_gate_seconds histogram"]
        for name in sorted(summed):
            lines += _histogram(name, summed[name])
        for gauge, (meaning, value) in sorted((gauges or {}).items()):
            lines += [f"# HELP {gauge} {meaning}", f"# TYPE {gauge} gauge", f"{gauge} {value:g}"]
        return "\n".join(lines) + "\n"

    def close(self) -> None:
        """Give the file back for the next worker."""
        self._cells.release()
        self._map.close()
        os.close(self._handle)

    def _new_row(self, name: Series) -> int:
        with self._growing:
            if name in self._rows:
                return self._rows[name]
            if len(self._rows) >= _SERIES - 1 and name != ("other", "other"):
                row = self._rows.get(("other", "other"))
                return self._new_row_at(_SERIES - 1, ("other", "other")) if row is None else row
            return self._new_row_at(len(self._rows), name)

    def _new_row_at(self, row: int, name: Series) -> int:
        written = "|".join(name).encode()[:_NAME]
        self._map[row * _WIDTH : row * _WIDTH + _NAME] = written.ljust(_NAME, b"\0")
        self._rows[name] = row
        return row


def _free_file(folder: Path) -> int:
    """The first file that no living process holds, locked for us until we end."""
    for number in range(_FILES):
        handle = os.open(folder / f"worker-{number}.bin", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            os.close(handle)
    raise OSError(f"more than {_FILES} workers count in {folder}")


def _names(held: bytes | mmap.mmap) -> Iterator[tuple[int, Series]]:
    for row in range(_SERIES):
        name = bytes(held[row * _WIDTH : row * _WIDTH + _NAME]).rstrip(b"\0").decode("ascii", "replace")
        if name:
            infno, _, outcome = name.partition("|")
            yield row, (infno, outcome)


def _label(name: Series, extra: str = "") -> str:
    return f'{{infno="{name[0]}",outcome="{name[1]}"{extra}}}'


def _histogram(name: Series, cells: list[int]) -> list[str]:
    lines, total = [], 0
    for bound, count in zip((*(f"{b:g}" for b in BOUNDS), "+Inf"), cells, strict=False):
        total += count
        le = f',le="{bound}"'
        lines.append(f"hengjian_gate_seconds_bucket{_label(name, le)} {total}")
    lines.append(f"hengjian_gate_seconds_sum{_label(name)} {cells[-1] / 1_000_000:.6f}")
    lines.append(f"hengjian_gate_seconds_count{_label(name)} {total}")
    return lines
