"""Hits as findings a doctor can read: one for each rule, act and period, with sentence, law, amounts and the lines they point to.

The same as `engine.collect` makes of the archive's hits; of acts in other institutions only what `engine.elsewhere` leaves is told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hengjian.engine.collect import LABELS, RUNTIME
from hengjian.engine.elsewhere import elsewhere
from hengjian.engine.shapes import Point
from hengjian.gate.acts import Layout, Rows
from hengjian.gate.case import Case, Line
from hengjian.gate.judge import Hit
from hengjian.gate.knowledge import Knowledge
from hengjian.kernel.dates import day_date
from hengjian.rulebook.model import Exemption, Rule

_SEPARATOR = chr(31)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MOST_ELSEWHERE = 5
_ANYWHERE = ("cap_cycle",)
"""Families that count acts wherever they were done; all others look at one institution."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of a check. Amounts in fen; `sn`: the line in question ("" = the visit), `other_sn`: a line of this message beside it."""

    finding_id: str
    rule: Rule
    certain: bool
    sn: str
    other_sn: str
    sentence: str
    law: str
    knowledge_ref: str
    amount_total: int
    amount_inscope: int
    w0: int
    w1: int


def findings_of(
    hits: Iterable[Hit],
    case: Case,
    past: Rows,
    layout: Layout,
    knowledge: Knowledge,
    diagnoses: Collection[str],
    exemptions: Collection[Exemption] = (),
) -> list[Found]:
    """The findings about what is asked: current lines, and the visit as a whole. `diagnoses`: every code the person is known with;
    `exemptions`: those of the site that may be about this person."""
    current = {line.sn: line for line in case.visit.lines if line.current}
    groups: dict[tuple[str, str, int, int], list[tuple[Hit, Point]]] = {}
    for hit in hits:
        sn = hit.cells.get("feedetl_sn")
        if sn is not None and sn not in current:
            continue
        point = knowledge.point(hit.kid)
        if any(code.startswith(point.rule.exempt_diagnoses) for code in diagnoses if point.rule.exempt_diagnoses):
            continue
        if exemptions and _is_exempt(exemptions, hit, point, case, current.get(str(sn or ""))):
            continue
        subject = _subject(hit.cells, case)
        groups.setdefault((point.rule.rule_id, subject, _int(hit, "w0"), _int(hit, "w1")), []).append((hit, point))
    return [_found(key, group, case, past, layout, knowledge) for key, group in sorted(groups.items(), key=lambda g: g[0])]


def _is_exempt(exemptions: Collection[Exemption], hit: Hit, point: Point, case: Case, line: Line | None) -> bool:
    """As `collect.exempt`: all that an exemption names agrees. A visit is named by the number its message bears: before it is uploaded that
    is the hospital's own, which an exemption that names the platform's number does not meet."""
    visit, day = case.visit, _int(hit, "w0")
    said = {
        "institution": visit.fixmedins_code,
        "doctor": str(visit.cells.get("atddr_no") or ""),
        "visit": visit.mdtrt_id,
    }
    return any(
        e.is_about(point.rule.rule_id)
        and day in e.period
        and all(getattr(e, name) in ("", value) for name, value in said.items())
        and (line.code if line else "").startswith(e.item)
        for e in exemptions
    )


def _int(hit: Hit, name: str) -> int:
    return int(hit.cells.get(name) or 0)


def _subject(cells: Mapping[str, int | str | None], case: Case) -> str:
    """As `collect.findings_sql` names it."""
    visit = case.visit.mdtrt_id
    sn = str(cells.get("feedetl_sn") or "")
    if cells.get("by_pair"):
        other = visit if cells.get("other_mdtrt_key") == case.visit.mdtrt_key else str(cells.get("other_mdtrt_key"))
        pair = sorted((f"{visit}/{sn}", f"{other}/{cells.get('other_sn')}"))
        return _SEPARATOR.join((case.patn_id, *pair))
    return _SEPARATOR.join((case.patn_id, visit, sn))


def _found(
    key: tuple[str, str, int, int],
    group: list[tuple[Hit, Point]],
    case: Case,
    past: Rows,
    layout: Layout,
    knowledge: Knowledge,
) -> Found:
    rule_id, subject, w0, w1 = key
    hit, point = max(group, key=lambda g: (_int(g[0], "amount_total"), -g[0].kid))
    rule = point.rule
    digest = hashlib.sha256(_SEPARATOR.join((rule_id, rule.grain, subject, str(w0), str(w1))).encode()).hexdigest()
    other_here = hit.cells.get("other_mdtrt_key") == case.visit.mdtrt_key
    law = "；".join(b.text for b in rule.basis if w0 in b.period)
    return Found(
        digest,
        rule,
        rule.certainty == "certain" and any(w0 >= p.official_from for _, p in group),
        str(hit.cells.get("feedetl_sn") or ""),
        str(hit.cells.get("other_sn") or "") if other_here else "",
        _sentence(hit, point, case, knowledge) + _elsewhere(hit, point, case, past, layout, knowledge),
        law,
        "; ".join(sorted({p.reference for _, p in group})),
        max(_int(h, "amount_total") for h, _ in group),
        max(_int(h, "amount_inscope") for h, _ in group),
        w0,
        w1,
    )


def _sentence(hit: Hit, point: Point, case: Case, knowledge: Knowledge) -> str:
    labels = point.labels
    names = {line.sn: line.name for line in case.visit.lines}
    sn, other = str(hit.cells.get("feedetl_sn") or ""), str(hit.cells.get("other_sn") or "")
    observed_text = str(hit.cells.get("observed_text") or "")
    coded = LABELS.get(point.rule.settings.get("dim", ""), {})
    told = {
        "item_name": names.get(sn) or labels.get("name", ""),
        "observed": units_text(_int(hit, "observed")),
        "threshold": units_text(_int(hit, "threshold")),
        "observed_label": coded.get(observed_text, observed_text),
        "diag3": str(case.visit.cells.get("diag3") or ""),
        "other_mdtrt_id": case.visit.mdtrt_id if hit.cells.get("other_mdtrt_key") == case.visit.mdtrt_key else "另一次就诊",
        "other_item_name": names.get(other) or labels.get("b_name") or labels.get("a_name") or "已有的同类项目",
    }
    return _PLACEHOLDER.sub(lambda m: told[m[1]] if m[1] in RUNTIME else labels.get(m[1], ""), point.rule.message)


def _elsewhere(hit: Hit, point: Point, case: Case, past: Rows, layout: Layout, knowledge: Knowledge) -> str:
    """What the sentence adds of acts in other institutions that count here."""
    if point.rule.family not in _ANYWHERE:
        return ""
    place = {c: layout.place("fee_line", c) for c in ("org_key", "item_key", "fee_day", "net_cnt_e4", "net_inscp")}
    w0, w1 = _int(hit, "w0"), _int(hit, "w1")
    acts = []
    for row in past.get("fee_line", ()):
        day, cnt = int(row[place["fee_day"]] or 0), int(row[place["net_cnt_e4"]] or 0)
        if row[place["org_key"]] == case.visit.org_key or not w0 <= day < w1 or cnt <= 0 or not row[place["net_inscp"]]:
            continue
        item = int(row[place["item_key"]] or 0)
        if any(kid == hit.kid for _, kid, _ in knowledge.entries(item)):
            acts.append(elsewhere(day_date(day), knowledge.code(item), Decimal(cnt).scaleb(-4)))
    if not acts:
        return ""
    shown = "、".join(f"{act.on:%Y-%m-%d} {act.kind} {act.quantity.normalize():f}" for act in sorted(acts)[:_MOST_ELSEWHERE])
    return f"（其中外院：{shown}{'等' if len(acts) > _MOST_ELSEWHERE else ''}）"


def units_text(e4: int) -> str:
    """1/10,000 as text without needless zeros."""
    whole, rest = divmod(abs(e4), 10_000)
    return ("-" if e4 < 0 else "") + (f"{whole}.{rest:04}".rstrip("0") if rest else str(whole))
