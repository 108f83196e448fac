"""The duty part of the page: what was refused and flagged, by whom and why, short enough to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hengjian.report import words
from hengjian.report.duty.figures import ENDS, REFUSED, Duty, OrgDuty, ReasonDuty, Tally
from hengjian.report.duty.sheets import main_reasons

TOP_ORGS = 20
TOP_REASONS = 10


@dataclass(frozen=True)
class Figure:
    """One headline number: what it is, the number, its unit, and a note."""

    title: str
    number: str
    unit: str
    note: str


def duty_context(duty: Duty) -> dict[str, Any]:
    """What the template needs; `duty` is None when there is nothing to say."""
    if duty.is_empty:
        return {"duty": None}
    unit = words.unit_for(max(abs(t.fen) for t in (duty.refused, duty.settled, duty.flagged)))
    named = [o for o in duty.orgs if o.code]
    shown, rest = named[:TOP_ORGS], named[TOP_ORGS:]
    orgs = [*shown, *([_rest(rest)] if rest else []), *(o for o in duty.orgs if not o.code)]
    return {
        "duty": duty,
        "duty_figures": _figures(duty, unit),
        "duty_orgs": [(o, main_reasons(o)) for o in orgs],
        "duty_reasons": _reasons(duty),
        "duty_money": lambda tally: unit.text(tally.fen) if tally.fen else "—",
        "duty_unit": unit,
        "duty_ended": _ended(duty),
    }


def _figures(duty: Duty, unit: words.Unit) -> list[Figure]:
    sent = words.count_text(duty.sent) if duty.sent else "—"
    of_sent = f"，占报送的 {words.percent(duty.refused.rows, duty.sent, 2)}" if duty.sent else ""
    return [
        Figure("报送", sent, "行", f"{len(duty.loads):,} 次加载合计" if duty.loads else "没有加载记录"),
        Figure("采用", words.count_text(duty.taken) if duty.sent else "—", "行", f"占报送的 {words.percent(duty.taken, duty.sent, 2)}"),
        Figure("退回未补正", words.count_text(duty.refused.rows), "行", f"{unit.full(duty.refused.fen)}{of_sent}"),
        Figure("提示", words.count_text(duty.flagged.rows), "行", f"{unit.full(duty.flagged.fen)}，已采用并经过审计"),
    ]  # fmt: skip


def _rest(orgs: list[OrgDuty]) -> OrgDuty:
    """The institutions beyond the first, in one row."""
    refused, settled, flagged = (sum((getattr(o, n) for o in orgs), Tally()) for n in ("refused", "settled", "flagged"))
    return OrgDuty("…", f"其余 {len(orgs):,} 家机构", refused, settled, flagged)


def _reasons(duty: Duty) -> list[ReasonDuty]:
    """Reasons that still have rows; beyond the first they are added up, level by level."""
    shown: list[ReasonDuty] = []
    for level in dict.fromkeys(r.level for r in duty.reasons):
        own = [r for r in duty.reasons if r.level == level and r.tally.rows]
        shown += own[:TOP_REASONS]
        if rest := own[TOP_REASONS:]:
            tally = sum((r.tally for r in rest), Tally())
            shown.append(ReasonDuty(level, "", f"其余 {len(rest)} 种原因", "见 findings.xlsx 的“履责”", tally))
    return sorted(shown, key=lambda r: r.level != REFUSED)


def _ended(duty: Duty) -> str:
    """What was put right since, in one sentence."""
    if not duty.settled.rows:
        return "退回的行还没有补正的。" if duty.refused.rows else ""
    parts = [f"{text} {duty.ended[how].rows:,} 行" for how, text in ENDS.items() if how in duty.ended]
    whole = duty.settled.rows + duty.refused.rows
    share = words.percent(duty.settled.rows, whole)
    return f"退回过的 {whole:,} 行里，已补正 {duty.settled.rows:,} 行（{share}）：{'，'.join(parts)}。"
