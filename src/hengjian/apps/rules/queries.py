"""What a person may see of rules, and the rows of the list: the only door by which a view obtains a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.registry.models import Institution
from hengjian.apps.rules import policies
from hengjian.apps.rules.book import LABELS, TONES, OfficeBook, office_book
from hengjian.apps.rules.figures import NONE, Found, newest
from hengjian.apps.rules.words import family_title, table_title
from hengjian.apps.runs.models import Run
from hengjian.engine.coverage import Covered, points_in_force
from hengjian.rulebook.model import CATEGORIES, CERTAINTIES, Rule
from hengjian.rulebook.quality import Quality, read_quality


@dataclass(frozen=True)
class RuleRow:
    """One rule of the list."""

    rule: Rule
    category: str
    family: str
    state: str
    missing: tuple[str, ...]
    points: int | None
    found: Found | None
    quality: Quality | None

    @property
    def pk(self) -> str:
        """Its name in the address."""
        return self.rule.rule_id

    @property
    def label(self) -> str:
        """Its state in words."""
        return LABELS[self.state]

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def certainty(self) -> str:
        return CERTAINTIES[self.rule.certainty]

    @property
    def lacks(self) -> str:
        """The tables it lacks, in words."""
        return "、".join(self.missing)

    @property
    def travels(self) -> bool:
        """Whether its knowledge comes with the data."""
        return self.rule.travels

    def __str__(self) -> str:
        return self.rule.title


def rule_rows(user: User, day: date) -> tuple[list[RuleRow], Run | None]:
    """All rules the person may see, as they stand on a day, and the audit whose findings are counted. Raises NotAllowed."""
    policies.check_can_read(user, day)
    office, fraud = office_book(day), policies.sees_fraud(user, day)
    run, found = newest() if policies.sees_figures(user, day) else (None, None)
    measured = read_quality()
    rules = [r for r in office.book.rules.values() if policies.may_see(r, fraud)]
    return [_row(office, rule, found, measured) for rule in rules], run


def rule_visible_to(user: User, day: date, rule_id: str) -> tuple[OfficeBook, RuleRow, Run | None]:
    """One rule, the rulebook it is of, and the audit that was counted. Raises Http404 also for a rule the person may not know of."""
    policies.check_can_read(user, day)
    office = office_book(day)
    rule = office.book.rules.get(rule_id)
    if rule is None or not policies.may_see(rule, policies.sees_fraud(user, day)):
        raise Http404(rule_id)
    run, found = newest() if policies.sees_figures(user, day) else (None, None)
    return office, _row(office, rule, found, read_quality()), run


def _row(office: OfficeBook, rule: Rule, found: Mapping[str, Found] | None, measured: Mapping[str, Quality]) -> RuleRow:
    state, missing = office.states()[rule.rule_id]
    return RuleRow(
        rule,
        CATEGORIES[rule.category],
        family_title(office.book, rule),
        state,
        tuple(table_title(office.book, t) for t in missing),
        points_in_force(office.book, rule, office.on) if rule.book_table in office.book.knowledge else None,
        None if found is None else found.get(rule.rule_id, NONE),
        measured.get(rule.rule_id),
    )


@dataclass(frozen=True)
class CoveredRow:
    """One national rule, and which of our rules for it the reader may open."""

    covered: Covered
    rules: tuple[Rule, ...]
    missing: tuple[str, ...]

    @property
    def label(self) -> str:
        return LABELS[self.covered.state]

    @property
    def tone(self) -> str:
        return TONES[self.covered.state]


def covered_rows(user: User, day: date, office: OfficeBook) -> list[CoveredRow]:
    """The national rules in their order. Which of them are covered is public; a rule of ours the person may not see is not named."""
    fraud, book = policies.sees_fraud(user, day), office.book
    return [
        CoveredRow(
            c,
            tuple(book.rules[r] for r in c.rules if policies.may_see(book.rules[r], fraud)),
            tuple(table_title(book, t) for t in c.missing),
        )
        for c in office.coverage().rules
    ]


def institution_names(user: User, day: date) -> dict[str, str]:
    """Code → name of the institutions in the regions of the person's posts that read rules."""
    return dict(scoped(Institution.objects.all(), user, policies.READ, day).values_list("code", "name"))


SORTS: Mapping[str, Any] = {
    "title": lambda r: r.rule.title,
    "national": lambda r: (r.rule.national or 999, r.rule.official_code),
    "category": lambda r: (list(CATEGORIES).index(r.rule.category), r.rule.national or 999),
    "family": lambda r: r.family,
    "state": lambda r: list(LABELS).index(r.state),
    "points": lambda r: -1 if r.points is None else r.points,
    "count": lambda r: r.found.count if r.found else 0,
    "fund": lambda r: r.found.fund if r.found else 0,
    "precision": lambda r: -1 if r.quality is None or r.quality.precision is None else r.quality.precision,
}
USUAL = "-fund"


def in_order(rows: Sequence[RuleRow], asked: str) -> tuple[list[RuleRow], str]:
    """The rows in the order asked for, else the usual one: most money first, then as the national edition has them."""
    chosen = asked if asked.removeprefix("-") in SORTS else USUAL
    ordered = sorted(rows, key=SORTS["category"])
    return sorted(ordered, key=SORTS[chosen.removeprefix("-")], reverse=chosen.startswith("-")), chosen
