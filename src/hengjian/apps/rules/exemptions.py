"""What the site holds against nobody: until when, on whose word, and what it took out of the newest audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import duckdb

from hengjian.apps.accounts.models import User
from hengjian.apps.rules import policies
from hengjian.apps.rules.book import office_book
from hengjian.apps.rules.queries import institution_names
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.queries import last_audit
from hengjian.kernel.dates import day_date
from hengjian.lake.place import one_file
from hengjian.rulebook.local import SUBJECTS
from hengjian.rulebook.model import Exemption, Rule
from hengjian.site.exemptions import EXEMPTIONS

STATES = {"now": ("有效", "done"), "future": ("未到", "new"), "past": ("已过", "drop")}
"""Title and tone of what an exemption is today."""
SPARED = "spared.parquet"


@dataclass(frozen=True)
class ExemptionRow:
    """One exemption. `rules` empty: every rule. `subjects`: what is meant, in words. `spared`: hits the newest audit left out because of it;
    None without figures."""

    exemption: Exemption
    rules: tuple[Rule, ...]
    subjects: tuple[tuple[str, str], ...]
    state: str
    spared: tuple[int, Decimal] | None

    @property
    def pk(self) -> str:
        return self.exemption.number

    @property
    def begins_on(self) -> date:
        return day_date(self.exemption.period.start)

    @property
    def last_day(self) -> date:
        """The last day on which an act is exempt."""
        return day_date(self.exemption.period.end - 1)

    @property
    def label(self) -> str:
        return STATES[self.state][0]

    @property
    def tone(self) -> str:
        return STATES[self.state][1]

    def __str__(self) -> str:
        return self.exemption.number


def exemption_rows(user: User, day: date, rule: Rule | None = None) -> tuple[list[ExemptionRow], Run | None]:
    """Exemptions the person may see, of one rule if named, the newest first; and the audit that was counted. Raises NotAllowed.

    Whose post covers a part of the region sees those of its institutions and of items; what names a person, a visit or a doctor without an
    institution is for whole offices.
    """
    policies.check_can_read(user, day)
    office, fraud, whole = office_book(day), policies.sees_fraud(user, day), policies.sees_figures(user, day)
    names = institution_names(user, day)
    run, counted = (last_audit(), {}) if whole else (None, {})
    if run is not None and run.folder:
        counted = _spared(f"{run.place}")
    found = []
    for one in office.book.exemptions:
        titles = tuple(office.book.rules[r] for r in one.rules if policies.may_see(office.book.rules[r], fraud))
        if (rule is not None and not one.is_about(rule.rule_id)) or (one.rules and not titles):
            continue
        if not whole and (one.institution not in names if one.institution else one.person or one.visit or one.doctor):
            continue
        state = "now" if office.on in one.period else "past" if office.on >= one.period.end else "future"
        told = counted.get(one.number, (0, Decimal("0.00"))) if run is not None else None
        found.append(ExemptionRow(one, titles, _subjects(one, names), state, told))
    return sorted(found, key=lambda r: (list(STATES).index(r.state), r.exemption.number)), run


def _subjects(one: Exemption, names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    given = ((s, getattr(one, s)) for s in SUBJECTS)
    return tuple(
        (EXEMPTIONS.columns[s], names.get(value, value) if s == "institution" else value) for s, value in given if value
    )


@lru_cache(maxsize=4)
def _spared(place: str) -> dict[str, tuple[int, Decimal]]:
    """Hits and their fund amount by exemption. The results of one audit are never rewritten, so that its folder is key enough."""
    path = Path(place) / SPARED
    if not path.is_file():
        return {}
    with duckdb.connect() as con:
        found = con.execute(
            f"""SELECT regexp_extract(evidence, '由豁免 (H[0-9-]+) 免除', 1), COUNT(*), SUM(amount_fund)
                FROM read_parquet({one_file(path)}) GROUP BY 1"""
        ).fetchall()
    return {number: (count, fund or Decimal("0.00")) for number, count, fund in found}
