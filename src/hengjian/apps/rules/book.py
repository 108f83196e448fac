"""The rulebook as it stands at the office on a day, read anew only when a file of the site folder has changed."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from django.conf import settings

from hengjian.apps.runs.known import known_rules
from hengjian.apps.runs.queries import current_lake
from hengjian.engine.coverage import STATES, Coverage, Judged, coverage, judge_all
from hengjian.engine.fold import folded_sql
from hengjian.engine.travelling import rows_of_lake
from hengjian.gate.stages import standings
from hengjian.kernel.dates import day_number
from hengjian.lake.schema.layer import LAYER
from hengjian.rulebook import load_rulebook
from hengjian.rulebook.model import KnowledgeRow, Rule, Rulebook
from hengjian.site.apply import effective
from hengjian.site.folder import site_root

T = TypeVar("T")
KEPT = 2
"""Rulebooks kept: the one in force, and that of a request which still runs on the one before."""


@dataclass
class OfficeBook:
    """One state of the rulebook, and what was worked out of it so far. `own`: each rule's status before the site's releases."""

    book: Rulebook
    own: Mapping[str, str]
    day: date
    _kept: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def on(self) -> int:
        """The day as a number."""
        return day_number(self.day)

    def coverage(self) -> Coverage:
        """How much of the national edition is covered, with the office's data."""
        lake = current_lake()
        return self._once(("coverage", lake and lake.number), lambda: coverage(self.book, self.on, lake, self.states()))

    def states(self) -> dict[str, Judged]:
        """Of each rule its state and the tables it lacks."""
        lake = current_lake()
        return self._once(("states", lake and lake.number), lambda: judge_all(self.book, self.on, lake))

    def travelling(self, rule: Rule) -> list[KnowledgeRow]:
        """The rows of the newest data that a rule goes by whose knowledge comes with them."""
        lake = current_lake()
        return [] if lake is None else self._once(("rows", rule.rule_id, lake.number), lambda: rows_of_lake(lake, rule))

    def sql(self, rule: Rule) -> str:
        """The SQL that runs for a rule."""
        return self._once(("sql", rule.rule_id), lambda: folded_sql(self.book, rule))

    def stages(self, rule: Rule) -> dict[str, str]:
        """Why a rule is not asked at a stage of the gate; empty: it is."""
        return self._once(
            ("stages", rule.rule_id), lambda: {s.stage: _why(s.lacks, s.why) for s in standings(self.book, [rule])}
        )

    def readers(self) -> dict[str, tuple[Rule, ...]]:
        """Knowledge table → the rules that read it."""
        return self._once("readers", self._readers)

    def _readers(self) -> dict[str, tuple[Rule, ...]]:
        found: dict[str, tuple[Rule, ...]] = {}
        for rule in self.book.rules.values():
            if rule.knowledge:
                found[rule.book_table] = (*found.get(rule.book_table, ()), rule)
        return found

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found


_BOOKS: OrderedDict[Hashable, OfficeBook] = OrderedDict()
_LOCK = Lock()


def office_book(day: date) -> OfficeBook:
    """The rulebook of the office on a day. Raises InputError or RulebookError for a wrong row in the site's files."""
    site = Path(settings.SITE)
    key = (f"{site}", _state(site), day)
    with _LOCK:
        if key in _BOOKS:
            _BOOKS.move_to_end(key)
            return _BOOKS[key]
        root, shipped = site_root(site if site.is_dir() else None), load_rulebook()
        own = {rule_id: rule.status for rule_id, rule in (known_rules() if root else shipped).rules.items()}
        _BOOKS[key] = OfficeBook(effective(shipped, root, day), own, day)
        while len(_BOOKS) > KEPT:
            _BOOKS.popitem(last=False)
        return _BOOKS[key]


def _state(site: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file of the site folder."""
    found = []
    for folder, _, names in os.walk(site):
        for name in names:
            if not name.startswith("."):
                told = os.stat(os.path.join(folder, name))
                found.append((os.path.join(folder, name), told.st_mtime_ns, told.st_size))
    return tuple(sorted(found))


def _why(lacks: tuple[str, ...], why: str) -> str:
    if why or not lacks:
        return why
    return "报文里没有" + "、".join(LAYER[t].by_name[c].label for t, c in (name.split(".") for name in lacks))


LABELS = STATES | {"draft": "草稿", "retired": "停用"}
"""What a rule's state is called."""
TONES = {
    "active": "done",
    "shadow": "moved",
    "needs_data": "new",
    "needs_knowledge": "new",
    "not_yet": "drop",
    "draft": "drop",
    "retired": "drop",
}
