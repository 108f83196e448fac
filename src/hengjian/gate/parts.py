"""What a worker is made of beside HTTP: the judge of checks, and the folding of uploads into histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hengjian.gate.acts import CheckNote
from hengjian.gate.envelope import NOT_AUDITED
from hengjian.gate.protocols import Checks
from hengjian.gate.settings import GateSettings
from hengjian.gate.store import Store
from hengjian.gate.writer import Fold
from hengjian.lake.wire import Subject


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
    """The folding of a worker's uploads. Raises HengjianError when it cannot be made."""

    def later(subjects: Sequence[Subject], store: Store) -> None:
        raise NotImplementedError("subjects stay unfolded")

    return later
