"""What a person may see of knowledge and of its changes, and how a row is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db.models import Case, QuerySet, Value, When
from django.http import Http404

from hengjian.apps.accounts.models import User
from hengjian.apps.rules import policies, words
from hengjian.apps.rules.book import OfficeBook, office_book
from hengjian.apps.rules.forms import KnowledgeFilter
from hengjian.apps.rules.models import Proposal
from hengjian.apps.rules.search import Asked, FoundRows, find_rows, when_of
from hengjian.apps.rules.states import WAITING
from hengjian.kernel.dates import OPEN_DAY, day_date
from hengjian.kernel.errors import InputError
from hengjian.rulebook.model import KnowledgeRow, Rule
from hengjian.site.knowledge.editing import cells_of, find_row
from hengjian.site.knowledge.store import read_batches

WHEN = {"now": ("有效", "done"), "future": ("将来生效", "check"), "past": ("已停用", "drop")}
_SAID = ("name", "a_name", "b_name", "code", "a_code", "b_code", "diag_prefix", "match", "note")
"""Cells a row of the list shows elsewhere."""


@dataclass(frozen=True)
class Seen:
    """The rulebook through the eyes of one person: the knowledge tables shown, and the rules that may be named."""

    office: OfficeBook
    fraud: bool
    tables: tuple[str, ...]

    def rules(self, table: str) -> tuple[Rule, ...]:
        """The rules that read a table, of those that may be named."""
        return tuple(r for r in self.office.readers().get(table, ()) if policies.may_see(r, self.fraud))

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Tables to choose from."""
        return sorted(((t, title_of(self, t)) for t in self.tables), key=lambda c: c[1])


def seen_by(user: User, day: date) -> Seen:
    """Raises NotAllowed."""
    policies.check_can_read(user, day)
    office, fraud = office_book(day), policies.sees_fraud(user, day)
    readers = office.readers()
    tables = tuple(t for t in office.book.knowledge if policies.may_see_table(readers.get(t, ()), fraud))
    return Seen(office, fraud, tables)


def title_of(seen: Seen, table: str) -> str:
    """What people call a table."""
    return words.table_title(seen.office.book, table)


def asked_for(seen: Seen, narrowed: KnowledgeFilter) -> FoundRows:
    """The rows a filter leaves. A wrong value filters nothing."""
    narrowed.is_valid()
    asked = {name: narrowed.cleaned_data.get(name) or "" for name in ("q", "table", "when", "official")}
    return find_rows(seen.office, seen.tables, Asked(asked["q"].strip(), asked["table"], asked["when"], asked["official"]))


@dataclass(frozen=True)
class Told:
    """A row as pages show it."""

    row: KnowledgeRow
    title: str
    rules: tuple[Rule, ...]
    when: str
    is_official: bool

    @property
    def name(self) -> str:
        """What it is about."""
        v = self.row.values
        return " × ".join(filter(None, (v.get("name"), v.get("a_name"), v.get("b_name")))) or self.row.kid

    @property
    def codes(self) -> list[str]:
        """Its codes, one entry a column."""
        v = self.row.values
        return [v[c].replace("|", "、") for c in ("code", "a_code", "b_code", "diag_prefix") if v.get(c)]

    @property
    def begins(self) -> bool:
        """Whether a code stands for all codes that begin with it."""
        return self.row.values.get("match") == "prefix" or "diag_prefix" in self.row.values

    @property
    def says(self) -> str:
        """What it says, in its own words or in cells."""
        return self.row.values.get("note") or "，".join(
            f"{label} {value}" for n, label, value in self.cells if n not in _SAID and value
        )

    @property
    def cells(self) -> list[tuple[str, str, str]]:
        """Name, title and words of every cell."""
        table = self.row.table
        return [(n, words.column_label(n, table), words.cell_in_words(n, v)) for n, v in cells_of(self.row).items()]

    @property
    def begins_on(self) -> date:
        return day_date(self.row.period.start)

    @property
    def ends_on(self) -> date | None:
        return None if self.row.period.end == OPEN_DAY else day_date(self.row.period.end)

    @property
    def approved_on(self) -> date | None:
        """The day from which the office takes it as official."""
        own = self.row.official or self.row.approved_from == OPEN_DAY
        return None if own else day_date(self.row.approved_from)

    @property
    def status(self) -> tuple[str, str]:
        return WHEN[self.when]

    def __str__(self) -> str:
        return self.name


def told(seen: Seen, row: KnowledgeRow) -> Told:
    """A row with the names around it."""
    on = seen.office.on
    return Told(row, title_of(seen, row.table), seen.rules(row.table), when_of(row, on), row.official_from <= on)


def one(seen: Seen, table: str, kid: str) -> Told:
    """One row. Raises Http404 also for a table the person may not know of."""
    if table not in seen.tables:
        raise Http404(table)
    try:
        return told(seen, find_row(seen.office.book, table, kid))
    except InputError as error:
        raise Http404(kid) from error


def proposals_visible_to(user: User, day: date) -> QuerySet[Proposal]:
    """Changes of the tables the person may see, those that wait first, then the newest. Raises NotAllowed."""
    seen = seen_by(user, day)
    rows = Proposal.objects.select_related("proposed_by", "decided_by")
    hidden = [t for t in seen.office.book.knowledge if t not in seen.tables]
    waits = Case(When(state=WAITING, then=Value(0)), default=Value(1))
    return rows.exclude(table__in=hidden).order_by(waits, "-proposed_at", "-pk")


@dataclass(frozen=True)
class Compared:
    """One cell before and after."""

    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


def compared(proposal: Proposal) -> Sequence[Compared]:
    """Every cell of the row as it stood, and as it would be."""
    after = proposal.cells
    names = [n for n in proposal.former if n not in ("kid", "valid_from", "valid_to", "official", "notice", "batch", "row")]
    cells = [
        Compared(
            words.column_label(n, proposal.table),
            words.cell_in_words(n, proposal.former[n]),
            "" if after is None else words.cell_in_words(n, after.get(n, "")),
        )
        for n in names
    ]
    f = proposal.former
    ended = f"{proposal.ends_on}" if proposal.ends_on else f["valid_to"]
    official = {"1": "官方", "0": "非官方"}
    new = after is not None
    return [
        *cells,
        Compared("生效日", f["valid_from"], f"{proposal.valid_from or ''}" if new else ""),
        Compared("失效日", ended or "—", (f"{proposal.valid_to}" if proposal.valid_to else "—") if new else ""),
        Compared(
            "出处", official.get(f.get("official", "0"), "非官方"), official[f"{int(proposal.is_official)}"] if new else ""
        ),
    ]


def is_undone(proposal: Proposal) -> bool:
    """Whether the batch it was written as has been undone since."""
    if proposal.batch_no is None:
        return False
    return any(b.no == proposal.batch_no and b.undone_at for b in read_batches(Path(settings.SITE)))
