"""What each rule would have found, or found, in the last year: the table by which an office decides what to switch on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings

from hengjian.apps.registry.models import Institution
from hengjian.apps.runs.known import known_rules
from hengjian.apps.runs.models import Run
from hengjian.apps.runs.services.releases import ACTIVE
from hengjian.kernel.dates import day_date, day_number
from hengjian.lake.place import one_file
from hengjian.report.words import hide_person
from hengjian.rulebook.model import STATUS_LABELS, Rule
from hengjian.site.releases import Release, read_releases, standing

SAMPLES = 10
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Sample:
    """One hit as it may be shown to decide on a rule: no name, no number of a person."""

    message: str
    institution: str
    fund: Decimal


@dataclass(frozen=True)
class Standing:
    """Since when a rule stands as it does, by whom and why."""

    status: str
    since: date
    by: str
    reason: str
    places: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return STATUS_LABELS[self.status] + (f"，先只在 {'、'.join(self.places)}" if self.places else "")


@dataclass
class GuideRow:
    """One rule: what it hit, and where it stands."""

    rule: Rule
    hits: int = 0
    total: Decimal = Decimal("0.00")
    fund: Decimal = Decimal("0.00")
    institutions: int = 0
    waiting: str = ""
    standing: Standing | None = None
    coming: list[Standing] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Whether it opens findings today."""
        return self.rule.status == ACTIVE and self.standing is not None and self.standing.status == ACTIVE

    @property
    def may_be_on(self) -> bool:
        """Whether the office may switch it on: what the program itself still tries out, it may not."""
        return self.rule.status == ACTIVE


def guide_rows(run: Run | None, today: date) -> list[GuideRow]:
    """Every rule of the program, those an office may switch on first, most money first. `run`: the audit whose hits are shown."""
    book, site = known_rules(), Path(settings.SITE)
    releases = read_releases(site, book) if site.is_dir() else []
    held = standing(releases, day_number(today))
    rows = {r.rule_id: GuideRow(r) for r in book.rules.values() if r.status in ("active", "shadow")}
    for rule_id, release in held.items():
        if rule_id in rows:
            rows[rule_id].standing = _standing(release)
    for release in releases:
        if release.day > day_number(today) and release.rule_id in rows:
            rows[release.rule_id].coming.append(_standing(release))
    if run is not None:
        for rule_id, table in (run.counts.get("waiting") or {}).items():
            if rule_id in rows:
                rows[rule_id].waiting = table
        _count(run, rows)
    return sorted(rows.values(), key=lambda r: (not r.may_be_on, -r.fund, -r.hits, r.rule.rule_id))


@dataclass(frozen=True)
class Change:
    """Rules switched together: how they stand since, which, and when it was recorded."""

    standing: Standing
    recorded_at: str
    titles: tuple[str, ...]


def changes() -> list[Change]:
    """Every release the site recorded, newest first; rules switched at one time by one person for one reason are one change."""
    book, site = known_rules(), Path(settings.SITE)
    rows = read_releases(site, book) if site.is_dir() else []
    groups: dict[tuple[Standing, str], list[str]] = {}
    for r in reversed(rows):
        groups.setdefault((_standing(r), r.recorded_at), []).append(book.rules[r.rule_id].title)
    return [Change(standing, at, tuple(sorted(titles))) for (standing, at), titles in groups.items()]


def _standing(release: Release) -> Standing:
    return Standing(release.status, day_date(release.day), release.by, release.reason, release.places)


def _count(run: Run, rows: dict[str, GuideRow]) -> None:
    paths = [p for n in ("shadow.parquet", "findings.parquet") if (p := run.place / n).is_file()]
    if not paths:
        return
    since = date.fromisoformat(run.counts["period"][1]) - YEAR
    hits = " UNION ALL ".join(f"SELECT * FROM read_parquet({one_file(p)})" for p in paths)
    recent = f"(SELECT * FROM ({hits}) AS h WHERE window_start IS NULL OR window_start >= DATE '{since}')"
    with duckdb.connect() as con:
        for rule_id, count, total, fund, places in con.execute(
            f"""SELECT rule_id, COUNT(*), SUM(amount_total), SUM(amount_fund), COUNT(DISTINCT fixmedins_code)
                FROM {recent} AS r GROUP BY rule_id"""
        ).fetchall():
            if rule_id in rows:
                row = rows[rule_id]
                row.hits, row.total, row.fund, row.institutions = count, total, fund, places
        cursor = con.execute(
            f"""SELECT rule_id, message, psn_no, fixmedins_code, amount_fund FROM {recent} AS r
                QUALIFY ROW_NUMBER() OVER (PARTITION BY rule_id ORDER BY finding_id) <= {SAMPLES} ORDER BY rule_id, finding_id"""
        )
        found: list[tuple[Any, ...]] = cursor.fetchall()
    names = dict(Institution.objects.filter(code__in={row[3] for row in found if row[3]}).values_list("code", "name"))
    for rule_id, message, psn_no, code, fund in found:
        if rule_id in rows:
            rows[rule_id].samples.append(Sample(hide_person(message, psn_no), names.get(code, code or "—"), fund))
