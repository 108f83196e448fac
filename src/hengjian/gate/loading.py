"""The worker that takes the gate's inbox into the lake.

The lake drops a line it knows, so a load that is killed before its messages are marked is done again and changes nothing: what was
acknowledged is in the lake once. The lines go from the inbox, where they are sealed, to the lake, where they are sealed, without a file
between.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hengjian.gate.acts import Layout
from hengjian.gate.refresh import Kept, refresh, untold
from hengjian.kernel.errors import HengjianError, LakeError
from hengjian.lake.ingest import LoadReport
from hengjian.lake.ingest.load import load
from hengjian.lake.ingest.source import Source
from hengjian.lake.ingest.survey import MessageFile
from hengjian.lake.versions import open_lake

_LOG = logging.getLogger(__name__)
NAME = "闸口.ndjson"
"""How the lake's reports call what came through the gate."""
MOST = 20_000
"""Messages in one load."""


class Inbox(Kept, Protocol):
    """What loading asks of the store."""

    @property
    def layout(self) -> Layout | None:
        """The columns that are kept; None while nothing is."""

    def unloaded(self, most: int = ...) -> list[tuple[str, bytes]]:
        """Digest and line of messages that are in no lake yet, the oldest first."""

    def note_loaded(self, digests: Iterable[str], version: int) -> None:
        """These messages are in the lake since `version`."""


@dataclass(frozen=True)
class InboxLoad:
    """What became of some messages: the lake version that holds them (0: there was nothing to load), how many, how many of them the lake
    knew already, how many visits were taken over from it (`refresh`), and the lake's own reports."""

    version: int = 0
    messages: int = 0
    known: int = 0
    visits: int = 0
    reports: tuple[LoadReport, ...] = field(default=(), repr=False)


def load_inbox(
    store: Inbox,
    lake: Path,
    *,
    now: datetime,
    keys: Path | None = None,
    most: int = MOST,
    stop: Callable[[], bool] | None = None,
) -> InboxLoad:
    """Take everything that waits in the inbox into the lake, `most` messages a load, and visits that the gate cannot tell by itself from
    the lake into the history.

    `stop` is asked before each load. Raises LakeError (another load is at work, disk full …), KeyFileError, StoreError: what was not
    marked is loaded again next time.
    """
    done = InboxLoad()
    while not (stop and stop()) and (waiting := store.unloaded(most)):
        report = _load(waiting, lake, now, keys)
        visits = untold(store, (raw for _, raw in waiting))
        taken = refresh(store, open_lake(lake), store.layout, visits, today=now.date()) if store.layout and visits else 0
        store.note_loaded([digest for digest, _ in waiting], report.version)
        known = report.tables["message"]["duplicate"]
        counts = done.messages + len(waiting), done.known + known, done.visits + taken
        done = InboxLoad(report.version, *counts, (*done.reports, report))
    return done


def keep_loading(
    store: Inbox,
    lake: Path,
    stop: threading.Event,
    *,
    clock: Callable[[], datetime],
    every_seconds: float = 300.0,
    keys: Path | None = None,
) -> None:
    """Load the inbox again and again until `stop` is set. What fails is tried again next time. Wants a process of its own: a load keeps a
    core busy for seconds."""
    while not stop.is_set():
        try:
            done = load_inbox(store, lake, now=clock(), keys=keys, stop=stop.is_set)
            if done.messages:
                _LOG.info("%d messages taken into lake version %d", done.messages, done.version)
        except HengjianError as error:
            _LOG.error("the inbox waits: %s", error)
        stop.wait(every_seconds)


def _load(waiting: list[tuple[str, bytes]], lake: Path, now: datetime, keys: Path | None) -> LoadReport:
    body = b"\n".join(raw for _, raw in waiting) + b"\n"
    file = MessageFile(NAME, lambda: nullcontext(io.BytesIO(body)), len(body))
    report = load(Source("闸口", (), messages=(file,)), lake, now=now, keys=keys)
    if report.refused_files or not report.version:
        why = "；".join(f"{refused['title']}：{refused['detail']}" for refused in report.refused_files)
        raise LakeError("闸口收下的报文没有进数据湖", where=str(lake), why=why, cure="报文还在闸口的库里，排除原因后会再加载")
    return report
