"""Whether a finding still holds: recomputed from what it was judged by, and from what is in force now.

A finding rests on three things: the rule (text, settings, parameters, articles), the knowledge, and the data. The audit kept the
first two beside its findings and the lake keeps every version of the third. When a finding no longer holds, each of the three is
exchanged alone, and those that alone undo it are named.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from hengjian.engine import collect
from hengjian.engine.backends.duckdb import connect
from hengjian.engine.changes import rule_changes
from hengjian.engine.run import judge_lake
from hengjian.kernel.amounts import to_yuan
from hengjian.kernel.dates import OPEN_DAY, day_date
from hengjian.kernel.keys import bucket_of, key_of
from hengjian.lake.rows import rows_sql
from hengjian.lake.versions import LakeVersion
from hengjian.rulebook.local import row_cells
from hengjian.rulebook.model import Rulebook

CAUSES = {"rule": "规则", "knowledge": "知识", "data": "数据"}
HOLDS, CHANGED, GONE, LOST = "成立", "有变化", "不再成立", "无法重现"
"""Verdicts. LOST: not even what it was judged by gives it again: the evidence is damaged, and nothing may rest on it."""

COMPARED = ("observed", "threshold", "amount_total", "amount_inscope", "amount_fund", "certainty", "law")
"""Columns in which a recomputed finding must agree."""

Rows = Mapping[str, Mapping[str, Any]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Grounds:
    """What a judgement rests on."""

    rule: Rulebook
    knowledge: Rulebook
    data: LakeVersion
    travelling: LakeVersion  # the version whose travelling knowledge counts

    def with_(self, other: Grounds, cause: str) -> Grounds:
        """These grounds, with one of CAUSES taken from `other`."""
        if cause == "rule":
            return replace(self, rule=other.rule)
        if cause == "knowledge":
            return replace(self, knowledge=other.knowledge, travelling=other.travelling)
        return replace(self, data=other.data)


@dataclass(frozen=True)
class Verdict:
    """What became of one finding. `causes` of CAUSES, `details` in words; both empty when it holds."""

    finding_id: str
    rule_id: str
    verdict: str
    causes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    now: Mapping[str, Any] = field(default_factory=dict)


def verify(
    findings: Sequence[Mapping[str, Any]], then: Grounds, now: Grounds, progress: Progress | None = None
) -> list[Verdict]:
    """Verdicts on findings (rows in the shape of `finding.FINDING_SCHEMA`), in their order."""
    by_id = {str(f["finding_id"]): f for f in findings}
    again = recompute(by_id.values(), then)
    if progress:
        progress(1, 3)
    current = recompute(by_id.values(), now)
    if progress:
        progress(2, 3)
    undone = {i: f for i, f in by_id.items() if _same(f, again.get(i)) and not _same(f, current.get(i))}
    exchanged = {cause: recompute(undone.values(), then.with_(now, cause)) for cause in CAUSES} if undone else {}
    if progress:
        progress(3, 3)
    found = []
    for number, finding in by_id.items():
        rule_id = str(finding["rule_id"])
        if not _same(finding, again.get(number)):
            found.append(Verdict(number, rule_id, LOST, (), ("用审计时的规则、知识和数据重算，得不到这条疑点",)))
        elif number not in undone:
            found.append(Verdict(number, rule_id, HOLDS))
        else:
            causes = tuple(c for c in CAUSES if not _same(finding, exchanged[c].get(number)))
            causes = causes or tuple(c for c in CAUSES if _differs(c, finding, then, now))
            verdict = CHANGED if number in current else GONE
            details = tuple(d for c in causes for d in _DETAILS[c](finding, then, now))
            found.append(Verdict(number, rule_id, verdict, causes, details, dict(current.get(number, {}))))
    return found


def recompute(findings: Iterable[Mapping[str, Any]], grounds: Grounds) -> Rows:
    """Findings, by id, of the same rules about the same persons on the given grounds. A rule that is gone or not in force finds
    nothing."""
    findings = list(findings)
    wanted = {str(f["rule_id"]) for f in findings}
    rules = [r for r in grounds.rule.rules.values() if r.rule_id in wanted and r.status != "retired"]
    if not rules:
        return {}
    known = grounds.knowledge
    book = replace(grounds.rule, knowledge=known.knowledge, code_map=known.code_map, exemptions=known.exemptions)
    persons = sorted({key_of(str(f["psn_no"])) for f in findings if f["psn_no"]})
    with tempfile.TemporaryDirectory() as scratch:
        con = connect(Path(scratch))
        try:
            judge_lake(con, grounds.data, book, rules, Path(scratch), persons=persons, knowledge=grounds.travelling)
            cursor = con.execute(f"SELECT * FROM ({collect.findings_sql(grounds.data.number, collect.HELD)})")
            names = [d[0] for d in cursor.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        finally:
            con.close()
    return {str(row["finding_id"]): row for row in rows}


def _same(finding: Mapping[str, Any], other: Mapping[str, Any] | None) -> bool:
    return other is not None and all(finding[c] == other[c] for c in COMPARED)


def _differs(cause: str, finding: Mapping[str, Any], then: Grounds, now: Grounds) -> bool:
    return bool(_DETAILS[cause](finding, then, now))


# what changed, in words ----------------------------------------------------------------------------------------------------------
def _rule_details(finding: Mapping[str, Any], then: Grounds, now: Grounds) -> list[str]:
    return rule_changes(then.rule, now.rule, str(finding["rule_id"]))


def _knowledge_details(finding: Mapping[str, Any], then: Grounds, now: Grounds) -> list[str]:
    told = []
    for reference in str(finding["knowledge_ref"]).split("; "):
        table, _, rest = reference.partition(":")
        kid = rest.rsplit(" [", 1)[0]
        old, new = ({r.kid: r for r in g.knowledge.knowledge.get(table, ())} for g in (then, now))
        if kid not in old:
            continue
        name = f"{'站点知识点' if old[kid].site else '知识点'} {table}:{kid}"
        if kid not in new:
            told.append(f"{name} 已经没有了")
            continue
        before, after = row_cells(old[kid]), row_cells(new[kid])
        if cells := [f"{c} {before[c] or '空'} → {after.get(c) or '空'}" for c in before if before[c] != after.get(c)]:
            told.append(f"{name} 变了：{'，'.join(cells)}")
        days = [
            day_date(r.approved_from).isoformat() + " 起" if r.approved_from < OPEN_DAY else "没有核准"
            for r in (old[kid], new[kid])
        ]
        if days[0] != days[1]:
            told.append(f"站点对{name} 的核准变了：{days[0]} → {days[1]}")
    if not told and then.travelling.number != now.travelling.number:
        told += [f"随数据的知识由第 {then.travelling.number} 版变为第 {now.travelling.number} 版"]
    if not told and then.knowledge.code_map != now.knowledge.code_map:
        told.append("站点的编码对照变了")
    if not told and then.knowledge.exemptions != now.knowledge.exemptions:
        told.append("站点登记的豁免变了")
    table = then.rule.rules[str(finding["rule_id"])].book_table
    if not told and then.knowledge.knowledge.get(table) != now.knowledge.knowledge.get(table):
        told.append(f"知识表 {table} 变了")
    return told


def _data_details(finding: Mapping[str, Any], then: Grounds, now: Grounds) -> list[str]:
    if then.data.number == now.data.number:
        return []
    told = [f"数据由第 {then.data.number} 版变为第 {now.data.number} 版"]
    evidence = json.loads(str(finding["evidence"]))
    with duckdb.connect(":memory:") as con:
        for line in evidence["lines"]:
            old, new = (_line(con, g.data, str(finding["psn_no"]), line) for g in (then, now))
            if old != new:
                told.append(
                    f"明细 {line['mdtrt_id']}/{line['feedetl_sn']}：净数量、净金额、范围内金额 {old or '没有'} → {new or '没有'}"
                )
    return told


def _line(con: duckdb.DuckDBPyConnection, lake: LakeVersion, psn_no: str, line: Mapping[str, str]) -> str:
    lines = rows_sql(lake, "rule_fee_line", None, [bucket_of(psn_no)])
    if not lines:
        return ""
    rows = con.execute(
        f"SELECT net_cnt_e4, net_amt, net_inscp FROM {lines} WHERE mdtrt_key = ? AND feedetl_sn = ?",
        [key_of(line["mdtrt_id"]), line["feedetl_sn"]],
    ).fetchall()
    return "、".join(f"{units // 10000} {to_yuan(amount)} {to_yuan(inscope)}" for units, amount, inscope in rows)


_DETAILS: dict[str, Callable[[Mapping[str, Any], Grounds, Grounds], list[str]]] = {
    "rule": _rule_details,
    "knowledge": _knowledge_details,
    "data": _data_details,
}
