"""What changed between two rulebooks, in words and numbers; and what a lake's findings gain and lose by it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from hengjian.engine import collect
from hengjian.engine.backends.duckdb import connect
from hengjian.engine.run import Progress, judge_lake
from hengjian.kernel.dates import day_date
from hengjian.lake.place import one_file
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.local import row_cells
from hengjian.rulebook.model import STATUS_LABELS, KnowledgeRow, Rule, Rulebook
from hengjian.rulebook.rows import Rows

_PARTS = {
    "title": "名称", "family": "族的 SQL", "sql": "规则的 SQL", "settings": "设置", "params": "参数", "basis": "依据", "certainty": "明确程度",
    "exempt": "豁免诊断", "period": "有效期", "knowledge": "所用知识表", "grain": "粒度", "message": "说法",
}  # fmt: skip
_SHORT = ("title", "settings", "basis", "certainty", "exempt", "knowledge", "grain")


def rule_changes(then: Rulebook, now: Rulebook, rule_id: str) -> list[str]:
    """What of a rule that `then` has is different in `now`, in words; nothing of its knowledge."""
    if rule_id not in now.rules:
        return [f"规则 {rule_id} 已经没有了"]
    old, new = (book.meaning(book.rules[rule_id]) for book in (then, now))
    told = []
    for part, label in _PARTS.items():
        if old[part] != new[part]:
            more = _params(then, now, rule_id) if part == "params" else ""
            told.append(f"规则的{label}变了" + (f"：{_text(old[part])} → {_text(new[part])}" if part in _SHORT else more))
    if old.get("approved") != new.get("approved") or old["params"] != new["params"]:
        before, after = (_approved(book, rule_id) for book in (then, now))
        if before != after:
            told.append(f"站点的核准变了：{before} → {after}")
    for basis in then.rules[rule_id].basis:
        later = now.laws.get(basis.law)
        if later is None or later.articles.get(basis.article) != then.laws[basis.law].articles[basis.article]:
            told.append(f"依据的{basis.text}变了")
    return told


def _params(then: Rulebook, now: Rulebook, rule_id: str) -> str:
    """Parameters whose values differ, in words."""
    old, new = (book.rules[rule_id].params for book in (then, now))
    said = [
        f"{name} {_values(old, name)} → {_values(new, name)}"
        for name in sorted({*old, *new})
        if _values(old, name) != _values(new, name)
    ]
    return "：" + "，".join(said)


def _values(params: Mapping[str, Any], name: str) -> str:
    param = params.get(name)
    return "、".join(f"{day_date(p.start)} 起 {param.shown(v)}" for p, v in param.values) if param else "没有"


def _approved(book: Rulebook, rule_id: str) -> str:
    """What a site has approved of a rule, in words."""
    params = book.rules[rule_id].params
    told = [
        f"{a.name} {day_date(a.day)} 起 {params[a.name].shown(a.value)}（{a.by}）"
        for a in book.approvals
        if a.subject == rule_id and a.value is not None
    ]
    return "，".join(told) or "没有核准"


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "，".join(f"{k}={v}" for k, v in value.items()) or "空"
    if isinstance(value, (list, tuple)):
        return "、".join(map(str, value)) or "空"
    return str(value) or "空"


@dataclass(frozen=True)
class RuleChange:
    """One rule that differs: `kind` added, removed or changed; `details` in words; whether it may find other things than before."""

    rule_id: str
    title: str
    kind: str
    details: tuple[str, ...]
    finds_otherwise: bool


@dataclass(frozen=True)
class TableChange:
    """One knowledge table that differs: rows by number; `rules` that read it; a few of the rows in words."""

    table: str
    added: int
    removed: int
    changed: int
    rules: tuple[str, ...]
    some: tuple[str, ...]


@dataclass(frozen=True)
class Moved:
    """What one rule's findings gain and lose in a lake: numbers of findings, and fund money of these in yuan."""

    rule_id: str
    gained: int
    lost: int
    altered: int
    gained_fund: Decimal
    lost_fund: Decimal
    altered_fund: Decimal  # now less then


@dataclass(frozen=True)
class RulebookDiff:
    rules: tuple[RuleChange, ...]
    tables: tuple[TableChange, ...]
    other: tuple[str, ...]  # code map, exemptions, in words

    @property
    def is_empty(self) -> bool:
        """Whether nothing that decides a finding differs."""
        return not (self.rules or self.tables or self.other)


def compare(then: Rulebook, now: Rulebook) -> RulebookDiff:
    """What differs between two rulebooks."""
    rules = [change for rule_id in sorted({*then.rules, *now.rules}) if (change := _rule(then, now, rule_id))]
    tables = [met for table in sorted({*then.knowledge, *now.knowledge}) if (met := _table(then, now, table))]
    other = []
    if then.code_map != now.code_map:
        other.append(f"编码对照：{len(then.code_map)} 条 → {len(now.code_map)} 条")
    if then.exemptions != now.exemptions:
        gone, come = set(then.exemptions) - set(now.exemptions), set(now.exemptions) - set(then.exemptions)
        other.append(f"登记的豁免：增或改 {len(come)} 项，减或改 {len(gone)} 项")
    return RulebookDiff(tuple(rules), tuple(tables), tuple(other))


def _rule(then: Rulebook, now: Rulebook, rule_id: str) -> RuleChange | None:
    old, new = then.rules.get(rule_id), now.rules.get(rule_id)
    one = new or old
    assert one is not None
    opens = [r is not None and r.status == "active" for r in (old, new)]
    if old is None or new is None:
        kind = "added" if old is None else "removed"
        return RuleChange(rule_id, one.title, kind, (f"状态 {STATUS_LABELS[one.status]}",), any(opens))
    details = [f"状态 {STATUS_LABELS[old.status]} → {STATUS_LABELS[new.status]}"] if old.status != new.status else []
    meant = rule_changes(then, now, rule_id)
    if not details and not meant:
        return None
    return RuleChange(rule_id, new.title, "changed", (*details, *meant), opens[0] != opens[1] or (bool(meant) and any(opens)))


def _table(then: Rulebook, now: Rulebook, table: str) -> TableChange | None:
    before, after = then.knowledge.get(table, ()), now.knowledge.get(table, ())
    if before is after or _same_frame(before, after):
        return None
    old, new = (_by_kid(rows) for rows in (before, after))
    added, removed = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
    changed = sorted(kid for kid in old.keys() & new.keys() if _said(old[kid]) != _said(new[kid]))
    if not (added or removed or changed):
        return None
    rules = tuple(sorted({r.rule_id for book in (then, now) for r in book.rules.values() if r.book_table == table}))
    some = [f"增 {kid} {_name(new[kid])}" for kid in added[:3]] + [f"减 {kid} {_name(old[kid])}" for kid in removed[:3]]
    some += [f"改 {kid} {_cells(old[kid], new[kid])}" for kid in changed[:3]]
    return TableChange(table, len(added), len(removed), len(changed), rules, tuple(some))


def _same_frame(before: Sequence[KnowledgeRow], after: Sequence[KnowledgeRow]) -> bool:
    if not (isinstance(before, Rows) and isinstance(after, Rows)):
        return False
    return before.plain == after.plain and before.frame.digest() == after.frame.digest()


def _by_kid(rows: Sequence[KnowledgeRow]) -> dict[str, KnowledgeRow]:
    """Rows under their number; where one has several periods, each under number and first day."""
    found: dict[str, KnowledgeRow] = {}
    for row in rows:
        found[row.kid if row.kid not in found else f"{row.kid}@{day_date(row.period.start)}"] = row
    return found


def _said(row: KnowledgeRow) -> tuple[object, ...]:
    return (row_cells(row), row.period, row.official_from)


def _name(row: KnowledgeRow) -> str:
    return row.values.get("name") or row.values.get("a_name") or row.values.get("code", "")


def _cells(old: KnowledgeRow, new: KnowledgeRow) -> str:
    before, after = row_cells(old), row_cells(new)
    said = [
        f"{c} {before.get(c) or '空'} → {after.get(c) or '空'}" for c in {**before, **after} if before.get(c) != after.get(c)
    ]
    if old.official_from != new.official_from:
        said.append("核准变了")
    return f"{_name(new)}（{'，'.join(said)}）"


def touched(then: Rulebook, now: Rulebook, diff: RulebookDiff) -> list[str]:
    """Ids of the rules that open findings in one of the books and may find other things than in the other."""
    if diff.other:
        return sorted({r.rule_id for book in (then, now) for r in book.active})
    read = {rule_id for change in diff.tables for rule_id in change.rules}
    opening = {r.rule_id for book in (then, now) for r in book.active}
    return sorted({c.rule_id for c in diff.rules if c.finds_otherwise} | (read & opening))


def moved(
    lake: LakeVersion, then: Rulebook, now: Rulebook, rule_ids: Sequence[str], progress: Progress | None = None
) -> list[Moved]:
    """What the findings of some rules gain and lose in a lake, rule by rule; rules without a difference are left out."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        files = []
        for nth, book in enumerate((then, now)):
            rules = [r for i in rule_ids if (r := book.rules.get(i)) is not None and r.status == "active"]
            files.append(_judged(lake, book, rules, scratch / f"{nth}.parquet", scratch, _half(progress, nth)))
        con = connect()
        try:
            rows = con.execute(_MOVED.format(then=one_file(files[0]), now=one_file(files[1]))).fetchall()
        finally:
            con.close()
    return [Moved(*row) for row in rows]


def _half(progress: Progress | None, nth: int) -> Progress | None:
    return None if progress is None else lambda done, steps: progress(nth * steps + done, 2 * steps)


def _judged(
    lake: LakeVersion, book: Rulebook, rules: Sequence[Rule], path: Path, scratch: Path, progress: Progress | None
) -> Path:
    con = connect(scratch / "spill")
    try:
        judge_lake(con, lake, book, rules, scratch / "spill", progress=progress)
        collect.write_findings(con, path, lake.number)
    finally:
        con.close()
    return path


_MOVED = """
SELECT COALESCE(n.rule_id, o.rule_id) AS rule_id,
       COUNT(*) FILTER (o.finding_id IS NULL) AS gained, COUNT(*) FILTER (n.finding_id IS NULL) AS lost,
       COUNT(*) FILTER (o.amount_fund <> n.amount_fund OR o.certainty <> n.certainty) AS altered,
       COALESCE(SUM(n.amount_fund) FILTER (o.finding_id IS NULL), 0) AS gained_fund,
       COALESCE(SUM(o.amount_fund) FILTER (n.finding_id IS NULL), 0) AS lost_fund,
       COALESCE(SUM(n.amount_fund - o.amount_fund) FILTER (o.finding_id IS NOT NULL AND n.finding_id IS NOT NULL), 0) AS altered_fund
FROM read_parquet({then}) AS o
FULL JOIN read_parquet({now}) AS n ON n.finding_id = o.finding_id
GROUP BY 1
HAVING gained + lost + altered > 0
ORDER BY 1
"""
