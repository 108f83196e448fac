"""What a rulebook is made of. Plain frozen records; days are day numbers (`kernel.dates`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from hengjian.kernel.amounts import FEN, PRICE_UNITS, QTY_UNITS
from hengjian.kernel.dates import Period

CATEGORIES = {"policy": "政策", "management": "管理", "medical": "医疗", "fraud": "反欺诈"}
STATUS_LABELS = {"draft": "草稿", "shadow": "影子", "active": "启用", "retired": "停用"}
STATUSES = tuple(STATUS_LABELS)
CERTAINTIES = {"certain": "违规", "suspected": "可疑"}
GRAINS = ("line", "encounter", "institution", "group")
SCOPES = ("person", "whole")
"""What a text must see at once: one person's rows, or everybody's."""
OUTPUTS = ("finding", "indicator")
ENGINES = ("duckdb", "sqlite", "spark")
UNITS = {
    "天": 1,
    "小时": 1,
    "秒": 1,
    "次": 1,
    "人": 1,
    "行": 1,
    "倍": 1,
    "%": 1,
    "元": FEN,
    "元/单位": PRICE_UNITS,
    "单位": QTY_UNITS,
}
"""Units of a parameter and what one of them is in the integers that rules see: money in fen, prices in 1/1,000,000 yuan."""


@dataclass(frozen=True)
class Article:
    """One article of a law: own summary, quoted text (empty until a site imports it), how sure we are of it."""

    article: str
    summary: str
    text: str
    sure: str
    period: Period


@dataclass(frozen=True)
class Law:
    law: str
    title: str
    number: str
    sure: str
    period: Period
    articles: dict[str, Article]


@dataclass(frozen=True)
class Basis:
    """A rule's reference to one article, with the period in which it was in force."""

    law: str
    article: str
    title: str
    period: Period

    @property
    def text(self) -> str:
        return f"《{self.title}》{self.article}"


@dataclass(frozen=True)
class KnowledgeRow:
    """One knowledge point: its values as text, its period, and whether it is official and complete."""

    table: str
    kid: str
    values: dict[str, str]
    period: Period
    official: bool
    line: int


@dataclass(frozen=True)
class Family:
    """One SQL text over one knowledge shape that runs for all rules of the family."""

    name: str
    code: str
    title: str
    sql: str
    path: Path
    sql_line: int = 1  # line of the file on which `sql` begins
    scope: str = "person"  # one of SCOPES
    engines: tuple[str, ...] = ENGINES
    output: str = "finding"  # one of OUTPUTS


@dataclass(frozen=True)
class Param:
    """A dated parameter: value by period, as the integers rules see (`UNITS`). `official` only if a source above us fixes it."""

    name: str
    unit: str
    values: tuple[tuple[Period, int], ...]
    official: bool

    def shown(self, value: int) -> str:
        """A value as people write it: `15 天`, `0.01 元/单位`."""
        return f"{(Decimal(value) / UNITS[self.unit]).normalize():f} {self.unit}"


@dataclass(frozen=True)
class Example:
    """Small tables in lake terms and what the rule must find in them."""

    name: str
    given: dict[str, list[dict[str, str]]]
    finds: list[dict[str, str]]
    marks: dict[str, int]  # how many given rows are marked 命中 / 放过
    line: int


@dataclass(frozen=True)
class Rule:
    """One rule: a family with settings and a knowledge table, or SQL of its own."""

    rule_id: str
    title: str
    official_code: str
    r_code: str
    family: str  # family name; "" for a rule with SQL of its own
    category: str
    status: str
    certainty: str
    grain: str
    knowledge: str  # knowledge table; "" if none
    settings: dict[str, str]
    params: dict[str, Param]
    basis: tuple[Basis, ...]
    message: str
    spares: tuple[str, ...]
    exempt_diagnoses: tuple[str, ...]
    period: Period
    sql: str
    examples: tuple[Example, ...]
    path: Path
    lines: dict[str, int] = field(default_factory=dict, compare=False)
    sql_line: int = 1  # line of the file on which `sql` begins

    @property
    def theme(self) -> str:
        return self.rule_id

    def param_periods(self) -> list[tuple[Period, dict[str, int]]]:
        """The rule's validity cut where any parameter changes, with all values in each part; parts without a value are left out."""
        edges = {self.period.start, self.period.end}
        edges |= {day for p in self.params.values() for v, _ in p.values for day in (v.start, v.end) if day in self.period}
        days = sorted(edges)
        found = []
        for start, end in pairwise(days):
            values = {p.name: n for p in self.params.values() for v, n in p.values if start in v}
            if len(values) == len(self.params):
                found.append((Period(start, end), values))
        return found

    def where(self, key: str = "rule") -> str:
        """`file:line` of a header entry, for error messages."""
        return f"{self.path}:{self.lines.get(key, 1)}"


@dataclass(frozen=True)
class Rulebook:
    """Everything the engine needs to judge, read from one set of folders."""

    laws: dict[str, Law]
    knowledge: dict[str, Sequence[KnowledgeRow]]
    families: dict[str, Family]
    rules: dict[str, Rule]
    root: Path = Path()  # the folder it was read from

    def engines(self, rule: Rule) -> tuple[str, ...]:
        """The engines a rule runs on."""
        return self.families[rule.family].engines if rule.family else ENGINES

    @property
    def active(self) -> list[Rule]:
        """Rules that open findings."""
        return [r for r in self.rules.values() if r.status == "active"]

    def fingerprint(self, rule: Rule) -> str:
        """SHA-256 of what decides the rule's meaning: header, parameters, SQL. Examples and life state do not."""
        return hashlib.sha256(json.dumps(self.meaning(rule), ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def meaning(self, rule: Rule) -> dict[str, Any]:
        """What decides the rule's meaning, part by part."""
        family = self.families[rule.family].sql if rule.family else ""
        return {
            "rule": rule.rule_id,
            "title": rule.title,
            "family": family,
            "sql": rule.sql,
            "settings": rule.settings,
            "knowledge": rule.knowledge,
            "params": {p.name: [[v.start, v.end, n] for v, n in p.values] for p in rule.params.values()},
            "basis": [b.text for b in rule.basis],
            "certainty": rule.certainty,
            "grain": rule.grain,
            "exempt": rule.exempt_diagnoses,
            "message": rule.message,
            "period": [rule.period.start, rule.period.end],
        }

    def pack_fingerprint(self, rules: list[Rule]) -> str:
        """SHA-256 over the fingerprints of a set of rules."""
        return hashlib.sha256("\n".join(sorted(self.fingerprint(r) for r in rules)).encode()).hexdigest()
