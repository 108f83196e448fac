"""Basis and knowledge: some article is in force on every day a rule is, and knowledge never contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from hengjian.engine.lint.fault import Fault
from hengjian.engine.shapes import split_codes
from hengjian.kernel.dates import OPEN_DAY, Period, day_date
from hengjian.rulebook.model import KnowledgeRow, Rule, Rulebook

_ABOUT = frozenset({"match", "dim", "per", "measure", "subject", "win", "role", "grp", "admdvs", "hosp_lv_grp", "mode", "kind"})
"""Cells that, beside the codes, say what a row of knowledge is about; the rest is what it says of it."""


def check_basis(book: Rulebook, rule: Rule) -> Iterator[Fault]:
    """Some article in force on every day of the rule's validity; an active rule that calls an act a violation rests on an article whose
    text we have seen."""
    for day in _gaps(rule.period, [b.period for b in rule.basis]):
        yield Fault(
            rule.rule_id,
            "basis_gap",
            rule.where("basis"),
            f"从 {day_date(day).isoformat()} 起有一段没有施行的依据",
            "那一段里的行为找出来也无法可依",
            "补上当时有效的条款，或改规则的 valid_from、valid_to",
        )
    sure = [book.laws[b.law].articles[b.article].sure for b in rule.basis]
    if rule.status == "active" and rule.certainty == "certain" and all(s == "unverified" for s in sure):
        yield Fault(
            rule.rule_id,
            "basis_unverified",
            rule.where("basis"),
            "启用的“违规”规则只依据未见原文的条款",
            "依据：" + "、".join(b.text for b in rule.basis),
            "改为 certainty: suspected，或核实原文后把条款的 sure 改成 T 或 E",
        )


def _gaps(needed: Period, given: Iterable[Period]) -> Iterator[int]:
    """First days of the parts of a period that no given period covers."""
    day = needed.start
    for period in sorted(given, key=lambda p: p.start):
        if period.start > day:
            yield day
        day = max(day, period.end)
        if day >= needed.end:
            return
    if day < needed.end:
        yield day


def check_knowledge(table: str, rows: Iterable[KnowledgeRow], path: str) -> Iterator[Fault]:
    """Rows about the same thing are never in force on the same day."""
    seen: dict[tuple[tuple[str, str], ...], list[KnowledgeRow]] = {}
    for row in rows:
        told: set[str] = set()
        for key in _keys(row):
            for other in seen.setdefault(key, []):
                if other is not row and other.period.meet(row.period) and other.kid not in told:
                    told.add(other.kid)
                    end = "" if row.period.end == OPEN_DAY else day_date(row.period.end).isoformat()
                    yield Fault(
                        table,
                        "knowledge_overlap",
                        f"{path}:{row.line}",
                        f"知识点 {row.kid} 与第 {other.line} 行的 {other.kid} 说同一件事，有效期重叠",
                        f"{' '.join(str(v) for _, v in key)}，[{day_date(row.period.start).isoformat()}, {end})",
                        "旧的一行写上 valid_to（不再有效的第一天），等于新的一行的 valid_from；重复的删去",
                    )
            seen[key].append(row)


def _keys(row: KnowledgeRow) -> list[tuple[tuple[str, str], ...]]:
    """What a row is about: every code it names, with the cells of _ABOUT."""
    cells: list[list[tuple[str, str]]] = []
    for name, value in row.values.items():
        if name == "code" or name.endswith(("_code", "_codg")) or name == "diag_prefix":
            cells.append([(name, code) for code in split_codes(value)] or [(name, "")])
        elif name in _ABOUT and value:
            cells.append([(name, value)])
    return [tuple(key) for key in product(*cells)] if cells else []
