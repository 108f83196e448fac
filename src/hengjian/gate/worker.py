"""One worker of the gate: reads its settings from the environment and puts the application together. The target granian runs."""

from __future__ import annotations

import importlib
import logging
import os
from typing import Protocol, cast

from hengjian.crypto.keys import KeyRing, find_key_file
from hengjian.gate.app import Gate, make_app
from hengjian.gate.kin import end_with_parent
from hengjian.gate.protocols import Checks
from hengjian.gate.reload import Watcher, look
from hengjian.gate.settings import ENVIRONMENT, GateSettings
from hengjian.gate.store import Store, open_store
from hengjian.gate.trial.pages import TrialPages
from hengjian.gate.writer import Fold, Writer
from hengjian.kernel.errors import HengjianError
from hengjian.kernel.whole import write_whole
from hengjian.lake.keyuse import keys_hint
from hengjian.lake.versions import open_lake

logger = logging.getLogger(__name__)
TROUBLE = "not-started.txt"
"""A file in the gate's home: why a worker could not begin, for whoever started it."""
_GRACE = 8.0
"""Seconds for folding at the end; what is left is folded at the next start."""


class Parts(Protocol):
    """The module that `GateSettings.parts` names."""

    def build_checker(self, settings: GateSettings, store: Store) -> Checks: ...
    def build_fold(self, settings: GateSettings) -> Fold: ...


def application() -> Gate:
    """The application of a worker. What goes wrong is told in the gate's home before it is raised."""
    end_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
    settings = GateSettings.of_text(os.environ[ENVIRONMENT])
    try:
        return assemble(settings)
    except Exception as error:
        said = str(error) if isinstance(error, HengjianError) else f"程序出错：{type(error).__name__}：{error}"
        write_whole(settings.home / TROUBLE, said)
        raise


def assemble(settings: GateSettings) -> Gate:
    """Store, writer, judge and application, and how they end. Raises HengjianError."""
    parts = cast(Parts, importlib.import_module(settings.parts))
    seen = look(settings)
    store = store_of(settings)
    try:
        writer = Writer(store, parts.build_fold(settings))
        pages = TrialPages(settings.trial, settings.site) if settings.trial else None
        gate = make_app(parts.build_checker(settings, store), store, writer, settings, pages=pages)
        writer.start()
    except BaseException:
        store.close()
        raise
    watcher = Watcher(gate, lambda: parts.build_checker(settings, store), seen, every=settings.watch_seconds)
    gate.on_start.append(watcher.start)
    gate.on_stop += [watcher.stop, lambda: writer.stop(_GRACE), store.close]
    gate.gauges.append(lambda: {"hengjian_gate_waiting": ("等着写盘的件数（答话的这个进程）", writer.waiting)})
    gate.gauges.append(
        lambda: {"hengjian_gate_notes_dropped": ("来不及记下的审核记录（答话的这个进程）", writer.tally.dropped)}
    )
    return gate


def store_of(settings: GateSettings) -> Store:
    """The store of a gate, sealed as its lake is; without a lake, with the user's own key file, made where there is none.

    A lake that has changed its key takes the store along. Raises HengjianError.
    """
    lake = settings.lake
    if lake is None:
        ring = KeyRing.open(find_key_file(), create=True)
        return open_store(settings.store, sealer=ring.sealer(), former=ring.sealer)
    ring = KeyRing.open(find_key_file(None, keys_hint(lake)), lake=lake)
    return open_store(settings.store, sealer=ring.sealer(open_lake(lake).key), former=ring.sealer)
