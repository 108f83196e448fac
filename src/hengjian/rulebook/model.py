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
from hengjian.kernel.dates import OPEN_DAY, Period
from hengjian.kernel.regions import region_prefix
from hengjian.lake.schema.local import TRAVELLING

CATEGORIES = {"policy": "政策", "management": "管理", "medical": "医疗", "fraud": "反欺诈"}
STATUS_LABELS = {"draft": "草稿", "shadow": "影子", "active": "启用", "retired": "停用"}
STATUSES = tuple(STATUS_LABELS)
CERTAINTIES = {"certain": "违规", "suspected": "可疑", "indicator": "统计指标"}
"""What a rule says of what it finds. An indicator finds nothing: it compares institutions."""
GRAINS = ("line", "encounter", "institution", "group")
SCOPES = ("person", "whole")
"""What a text must see at once: one person's rows, or everybody's."""
OUTPUTS = ("finding", "indicator")
STAGES = {"before": "事前", "during": "事中", "after": "事后"}
"""When a rule may be asked: while orders are written, at settlement, in the audit."""
ENGINES = ("duckdb", "sqlite", "spark")
UNITS = {
    "天": 1,
    "小时": 1,
    "秒": 1,
    "次": 1,
    "人": 1,
    "行": 1,
    "种": 1,
    "家": 1,
    "倍": 1,
    "分": 1,
    "%": 1,
    "元": FEN,
    "元/单位": PRICE_UNITS,
    "单位": QTY_UNITS,
}
"""Units of a parameter and what one of them is in the integers that rules see: money in fen, prices in 1/1,000,000 yuan."""
WINDOWS = {"month": 1, "quarter": 3, "year": 12}
"""Calendar windows a family may judge by, in months."""
ALWAYS = 0
"""The day from which what is official counts: before every act."""


@dataclass(frozen=True)
class Article:
    """One article of a law: own summary, quoted text (empty until a site imports it), how sure we are of it."""

    article: str
    summary: str
    text: str
    sure: str
    period: Period


@dataclass(frozen=True)
class Replaced:
    """A text that a later one put out of force."""

    title: str
    number: str
    sure: str


SURE = {"T": "读过全文", "E": "读过摘录或转述", "unverified": "没有核到原文"}
"""How sure we are of a text or an article."""


@dataclass(frozen=True)
class Law:
    law: str
    title: str
    number: str
    sure: str
    period: Period
    articles: dict[str, Article]
    replaces: tuple[Replaced, ...] = ()


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
    site: bool = False  # added by a site, not shipped
    approved_from: int = OPEN_DAY  # the day from which a site takes it as official

    @property
    def official_from(self) -> int:
        """The first day on which the row counts as official; OPEN_DAY: never."""
        return ALWAYS if self.official else self.approved_from


@dataclass(frozen=True)
class CodeMapping:
    """A local code that stands for a national one while the period lasts."""

    national: str
    local: str
    period: Period


@dataclass(frozen=True)
class NationalRule:
    """One of the rules of the national edition: number there, official code (empty for those it added), title, tier, family letter,
    kind of result, and what a bureau counts its knowledge under (`POINT_GROUPS`)."""

    seq: int
    official_code: str
    title: str
    tier: str
    family: str
    result: str
    group: str


POINT_GROUPS = {"drug": "药品目录依从性", "service": "诊疗项目依从性", "disease": "慢病病种监管", "other": "其他"}
"""What a bureau counts knowledge points under."""


@dataclass(frozen=True)
class Approval:
    """A value (of a parameter, in the integers rules see) or a knowledge row (value None) that a site takes as official from a day on."""

    subject: str  # rule, or knowledge table
    name: str  # parameter, or row
    value: int | None
    day: int
    by: str
    reason: str = ""


@dataclass(frozen=True)
class Exemption:
    """Acts of a period that a site does not hold against anybody: a filing, an expert's ruling, an approved long absence. What is filled
    must all agree; `rules` empty: every rule. `item` is a code or the beginning of one."""

    number: str
    rules: tuple[str, ...]
    institution: str
    doctor: str
    person: str
    visit: str
    item: str
    period: Period
    reason: str
    basis: str
    by: str
    approved_by: str

    def is_about(self, rule_id: str) -> bool:
        """Whether it is to be looked at in findings of a rule."""
        return not self.rules or rule_id in self.rules


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
    window: str = ""  # one of WINDOWS when it judges by whole calendar windows


@dataclass(frozen=True)
class Param:
    """A dated parameter: value by period, as the integers rules see (`UNITS`). `official` only if a source above us fixes it."""

    name: str
    unit: str
    values: tuple[tuple[Period, int], ...]
    official: bool
    bounds: tuple[int, int] | None = None  # what a site may approve, ends included; None: only our own value
    approved_from: int = OPEN_DAY  # the day from which a site has approved the value

    @property
    def official_from(self) -> int:
        """The first day on which the value counts as official; OPEN_DAY: never."""
        return ALWAYS if self.official else self.approved_from

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
    scope: str = "person"  # of SCOPES, where the rule has SQL of its own
    needs_whole: bool = False  # finds what is missing: says nothing of a visit of which the load refused rows
    point_group: str = ""  # one of POINT_GROUPS, where the national edition does not say
    stages: tuple[str, ...] = tuple(STAGES)  # the author may only narrow what its columns allow (`gate.stages`)
    national: int = 0  # number in the national edition, for rules it has given no code; 0: none, or known by the code
    local: bool = False  # a rule of the site's own
    places: tuple[str, ...] = ()  # where the site lets it open findings, codes of regions or institutions; empty: everywhere

    @property
    def theme(self) -> str:
        return self.rule_id

    def opens_at(self, institution: str, region: str) -> bool:
        """Whether it opens findings at an institution (its code, and the code of its region); elsewhere it runs in shadow."""
        return not self.places or any(p == institution or region.startswith(region_prefix(p)) for p in self.places)

    @property
    def travels(self) -> bool:
        """Whether its knowledge comes with the data."""
        return self.knowledge in TRAVELLING

    @property
    def book_table(self) -> str:
        """The table of the rulebook and the site whose rows it reads: that of its knowledge. A rule whose knowledge travels with the data reads
        beside it what official tables brought to the site under its own name."""
        return self.rule_id if self.travels else self.knowledge

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
    code_map: tuple[CodeMapping, ...] = ()
    approvals: tuple[Approval, ...] = ()  # already at work in rules and knowledge
    catalogue: tuple[NationalRule, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    beside: Path | None = None  # the folder of the site's own laws, knowledge and rules, if any

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders it was read from."""
        return (self.root,) if self.beside is None else (self.root, self.beside)

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
        approved = {p.name: p.approved_from for p in rule.params.values() if p.approved_from < OPEN_DAY}
        return (
            ({"approved": approved} if approved else {})
            | ({"needs_whole": True} if rule.needs_whole else {})
            | {
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
        )

    def pack_fingerprint(self, rules: list[Rule]) -> str:
        """SHA-256 over everything that decides what a set of rules finds in the same data: rules, where they open findings, knowledge, code map,
        exemptions."""
        digest = hashlib.sha256("\n".join(sorted(self.fingerprint(r) for r in rules)).encode())
        for table in sorted({r.book_table for r in rules if r.book_table in self.knowledge}):
            rows = self.knowledge[table]
            if frame := getattr(rows, "frame", None):  # a site's rows, as columns
                digest.update(frame.digest().encode())
            for row in getattr(rows, "plain", rows):
                known = (table, row.kid, row.period.start, row.period.end, row.official_from, *row.values.items())
                digest.update(repr(known).encode())
        for rule in rules:
            if rule.places:
                digest.update(repr((rule.rule_id, rule.places)).encode())
        for mapping in self.code_map:
            digest.update(repr(mapping).encode())
        for exemption in self.exemptions:
            digest.update(repr(exemption).encode())
        return digest.hexdigest()
