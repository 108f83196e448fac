"""Every figure of a report, gathered once from an open audit. Money is in fen; nothing here is text for a reader."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hengjian.kernel.amounts import to_fen
from hengjian.lake.versions import LakeVersion
from hengjian.report import queries
from hengjian.report.source import Audit, Rule, Source, lake_view


@dataclass(frozen=True)
class Sums:
    """The three sums, in fen: whole lines, in scope of the fund, paid by the fund."""

    total: int = 0
    inscope: int = 0
    fund: int = 0


@dataclass(frozen=True)
class RuleFigures:
    """One rule: its own sums, and the part of them that totals count."""

    rule: Rule
    findings: int
    own: Sums
    once: Sums
    score: dict[str, Any] | None
    certain: int = 0

    @property
    def certainties(self) -> tuple[str, ...]:
        """How certain its findings are, which a rule's own word is only the most of; that word while it has none."""
        if not self.findings:
            return (self.rule.certainty,)
        return ("certain",) * (self.certain > 0) + ("suspected",) * (self.certain < self.findings)


@dataclass(frozen=True)
class InstitutionFigures:
    """One institution, with once-counted sums. `code` is empty for findings that name no single institution."""

    code: str
    name: str
    hosp_lv: str | None
    fixmedins_type: str | None
    findings: int
    once: Sums
    certain: int
    encounters: int


@dataclass(frozen=True)
class Group:
    """The findings of one rule in one institution, seen together."""

    rule: Rule
    code: str
    certainty: str
    findings: int
    persons: int
    encounters: int
    first: datetime | None
    last: datetime | None
    own: Sums
    message: str
    psn_no: str | None
    law: str
    laws: int
    evidence_lines: int


@dataclass(frozen=True)
class Figures:
    """All of it. `months` holds, per institution code and month (`2026-03` or None), findings and once-counted fund."""

    audit: Audit
    findings: int
    once: Sums
    certain: int
    rules: list[RuleFigures]
    institutions: list[InstitutionFigures]
    months: dict[tuple[str, str | None], tuple[int, int]]
    groups: list[Group]
    shadow: list[tuple[Rule, int, int]]
    waiting: dict[str, str]
    fund_total: int
    encounters_known: bool
    digest: str

    @property
    def own(self) -> Sums:
        """All rules added up, lines hit twice counted twice."""
        return Sums(*(sum(getattr(r.own, name) for r in self.rules) for name in ("total", "inscope", "fund")))

    @property
    def encounters(self) -> int:
        return sum(i.encounters for i in self.institutions)


def _fen(yuan: Decimal | None) -> int:
    return to_fen(yuan) if yuan is not None else 0


def _sums(values: tuple[Any, ...]) -> Sums:
    return Sums(*(_fen(v) for v in values))


def gather(source: Source, lake: LakeVersion | None) -> Figures:
    """Ask every question of a report. Rules without findings are kept with zeros, institutions without findings too (for rates)."""
    row = source.con.execute(queries.TOTALS).fetchone()
    assert row is not None
    institutions, known = _institutions(source, lake)
    return Figures(
        audit=source.audit,
        findings=row[0],
        once=_sums(row[1:4]),
        certain=_fen(row[4]),
        rules=_rules(source),
        institutions=institutions,
        months={
            (code, month): (count, _fen(fund)) for code, month, count, fund in source.con.execute(queries.BY_MONTH).fetchall()
        },
        groups=_groups(source),
        shadow=[(_rule(source, r), n, _fen(fund)) for r, n, fund in source.con.execute(queries.SHADOW).fetchall()],
        waiting={r.rule_id: r.title for r in source.rules.values() if r.is_waiting},
        fund_total=_fen(Decimal(str(source.audit.raw.get("fund_total") or 0)).quantize(Decimal("0.01"))),
        encounters_known=known,
        digest=_digest(source.findings),
    )


def _rule(source: Source, rule_id: str) -> Rule:
    return source.rules.get(rule_id) or Rule(rule_id, "", "", "", rule_id, "", "", "", "active", "")


def _rules(source: Source) -> list[RuleFigures]:
    found = {row[0]: row for row in source.con.execute(queries.BY_RULE).fetchall()}
    ids = [r.rule_id for r in source.rules.values() if not r.is_shadow and (not r.is_waiting or r.rule_id in found)]
    ids += [rule_id for rule_id in sorted(found) if rule_id not in source.rules]
    figures = []
    for rule_id in ids:
        rule, row = _rule(source, rule_id), found.get(rule_id)
        score = source.scores.get(rule.theme)
        own, once = (_sums(row[2:5]), _sums(row[5:8])) if row else (Sums(), Sums())
        figures.append(RuleFigures(rule, row[1] if row else 0, own, once, score, row[8] if row else 0))
    return sorted(figures, key=lambda f: (-f.own.fund, -f.own.total, -f.findings, f.rule.rule_id))


def _institutions(source: Source, lake: LakeVersion | None) -> tuple[list[InstitutionFigures], bool]:
    """Institutions with findings, most money first, then the others; and whether encounters could be counted."""
    names: dict[str, tuple[str, str | None, str | None]] = {}
    if lake_view(source.con, lake, "institution"):
        rows = source.con.execute("SELECT fixmedins_code, fixmedins_name, hosp_lv, fixmedins_type FROM institution").fetchall()
        names = {code: (name, level, kind) for code, name, level, kind in rows}
    counts: dict[str, int] = {}
    if known := lake_view(source.con, lake, "encounter"):
        counts = dict(source.con.execute(queries.ENCOUNTERS.format(start=source.audit.start, end=source.audit.end)).fetchall())
    found = {row[0]: row for row in source.con.execute(queries.BY_INSTITUTION).fetchall()}
    figures = []
    for code in [*found, *(code for code in sorted(names | counts) if code not in found)]:
        row = found.get(code, (code, 0, None, None, None, None))
        name, level, kind = names.get(code, (code or "不止一家机构", None, None))
        figures.append(
            InstitutionFigures(code, name or code, level, kind, row[1], _sums(row[2:5]), _fen(row[5]), counts.get(code, 0))
        )
    return figures, known


def _groups(source: Source) -> list[Group]:
    groups = []
    for row in source.con.execute(queries.GROUPS).fetchall():
        key, top = (row[0], row[1], row[2]), row[11]
        said = source.con.execute("SELECT message, psn_no FROM finding WHERE finding_id = ?", [top]).fetchone()
        evidence = source.con.execute(queries.EVIDENCE, list(key)).fetchone()
        assert said is not None and evidence is not None
        findings, persons, encounters, first, last = row[3:8]
        groups.append(
            Group(
                rule=_rule(source, row[0]),
                code=row[1],
                certainty=row[2],
                findings=findings,
                persons=persons,
                encounters=encounters,
                first=first,
                last=last,
                own=_sums(row[8:11]),
                message=said[0] or "",
                psn_no=said[1],
                law=row[12] or "",
                laws=row[13],
                evidence_lines=evidence[0],
            )
        )
    return groups


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def month_series(figures: Figures, code: str | None = None) -> dict[str, int]:
    """Once-counted fund by month, of one institution or all: every month of the period, and any other that findings name."""
    series = dict.fromkeys(_months(figures.audit.start, figures.audit.end), 0)
    for (institution, month), (_, fund) in figures.months.items():
        if month and code in (None, institution):
            series[month] = series.get(month, 0) + fund
    return dict(sorted(series.items()))


def _months(start: date, end: date) -> list[str]:
    first, last = start.year * 12 + start.month - 1, end.year * 12 + end.month - 1
    return [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in range(first, max(last + (end.day > 1), first + 1))]
