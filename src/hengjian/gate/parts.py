"""What a worker is made of beside HTTP: the judge of checks, and the folding of uploads into histories."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hengjian.gate.build import checker_of_site
from hengjian.gate.derive import DAY
from hengjian.gate.envelope import civil_seconds
from hengjian.gate.fold import fold_subjects
from hengjian.gate.layout import layout_of
from hengjian.gate.protocols import Checks
from hengjian.gate.settings import GateSettings
from hengjian.gate.store import Store
from hengjian.gate.writer import Fold
from hengjian.kernel.dates import day_date, day_number
from hengjian.lake.wire import Subject
from hengjian.rulebook import load_rulebook


def build_checker(settings: GateSettings, store: Store) -> Checks:
    """The judge of what the site folder holds now; called again for every reload. Raises HengjianError when it cannot be made."""
    on = day_date(civil_seconds(time.time()) // DAY)
    layout = store.use_layout(layout_of(load_rulebook()))
    checker = checker_of_site(
        settings.lake, settings.site, store, layout, store.institutions(), on=on, budget_seconds=settings.budget_ms / 1000
    )
    checker.levels.since = store.first_used()
    checker.levels.spend(store.stops(day_number(on) * DAY))
    return checker


def build_fold(settings: GateSettings) -> Fold:
    """The folding of a worker's uploads into the columns the rules read. Raises HengjianError when the rules cannot be read, or the store
    keeps fewer columns than they read now.
    """
    wanted = layout_of(load_rulebook())

    def folded(subjects: Sequence[Subject], store: Store) -> None:
        today = day_date(civil_seconds(time.time()) // DAY)
        fold_subjects(subjects, store, store.use_layout(wanted), today=today)

    return folded
