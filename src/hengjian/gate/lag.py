"""How late the worker's loop is: when it cannot keep up, checks are let pass rather than made to wait."""

from __future__ import annotations

import asyncio

_EVERY = 0.05


class Lag:
    """A heartbeat on the loop; `late` while the last beat came more than `most` seconds after its time."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._handle: asyncio.TimerHandle | None = None
        self.late, self.last = False, 0.0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to beat."""
        self._handle = loop.call_later(_EVERY, self._beat, loop, loop.time() + _EVERY)

    def stop(self) -> None:
        """Beat no more."""
        if self._handle is not None:
            self._handle.cancel()

    def gauges(self) -> dict[str, tuple[str, float]]:
        """For the counters' page."""
        return {"hengjian_gate_loop_lag_seconds": ("答话的这个进程晚了多少秒", round(self.last, 6))}

    def _beat(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self.last = max(0.0, now - due)
        self.late = self.last > self._most
        self._handle = loop.call_later(_EVERY, self._beat, loop, now + _EVERY)
