"""`report.html`: one self-contained page without script or network, for the screen, the phone and A4."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from hengjian.lake.versions import LakeVersion
from hengjian.report import charts, quality, queries, sentences, words
from hengjian.report.duty.figures import gather_duty
from hengjian.report.duty.page import duty_context
from hengjian.report.gather import Figures, Group, InstitutionFigures, gather, month_series
from hengjian.report.source import SETUP, open_audit

TOP_INSTITUTIONS = 8
_ALL_RULES = 40
"""With more rules than this, those without findings are named in one sentence instead of a row each."""


@dataclass(frozen=True)
class Origin:
    """Where figures come from: what they are, and the SQL or file that gives them."""

    title: str
    note: str
    sql: str


def write_html(out: Path, lake: LakeVersion | None) -> Path:
    """Write `report.html` into the audit folder `out` and return its path. Raises InputError when the folder holds no audit."""
    source = open_audit(out)
    try:
        figures = gather(source, lake)
        duty = duty_context(gather_duty(source.con, lake))
    finally:
        source.con.close()
    page = _template().render(_context(figures, lake, bool(source.scores)) | duty)
    target = out / "report.html"
    target.write_text(page, encoding="utf-8")
    return target


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(
        css=Markup(_file("report.css")),
        bar=charts.bar,
        percent=words.percent,
        level=words.level_text,
        category=words.category_text,
        certainty=words.certainty_text,
        rate_of=sentences.rate_of,
        yuan=words.YUAN.text,
        group_sentence=sentences.group_sentence,
        score=_score_text,
    )
    environment.filters["n"] = lambda number: f"{number:,}"
    return environment.from_string(_file("report.html"))


def _file(name: str) -> str:
    return files("hengjian.report").joinpath(name).read_text(encoding="utf-8")


def _context(figures: Figures, lake: LakeVersion | None, scored: bool) -> dict[str, Any]:
    audit = figures.audit
    unit = words.unit_for(figures.once.fund)
    with_findings = [i for i in figures.institutions if i.findings]
    top, rest = with_findings[:TOP_INSTITUTIONS], with_findings[TOP_INSTITUTIONS:]
    quiet = [r for r in figures.rules if not r.findings] if len(figures.rules) > _ALL_RULES else []
    return {
        "f": figures,
        "audit": audit,
        "unit": unit,
        "period": words.span_text(audit.start, audit.end),
        "generated": words.instant_text(audit.generated_at),
        "number": re.sub(r"[^0-9A-Za-z-]", "", audit.number),
        "lead": sentences.lead(figures, unit),
        "figure_unit": words.unit_for(figures.once.total),
        "scored": scored,
        "rules": [r for r in figures.rules if r not in quiet],
        "quiet": words.listed([r.rule.title for r in quiet]),
        "waiting": [(title, figures.audit.waiting.get(rule_id, "")) for rule_id, title in figures.waiting.items()],
        "rule_max": max((r.own.fund for r in figures.rules), default=0),
        "institutions": top,
        "rest": _added(rest),
        "rest_count": len(rest),
        "institution_max": max((i.once.fund for i in top), default=0),
        "institution_all": _added(with_findings),
        "chart": charts.month_chart(sentences.month_bars(figures, unit), sentences.month_label(figures, unit)),
        "months": [(words.month_text(m), fen) for m, fen in month_series(figures).items()],
        "month_note": sentences.month_note(figures, unit),
        "groups": [(g, _name(figures, g), _said(g)) for g in figures.groups],
        "quality": quality.table_rows(lake),
        "quality_note": quality.note(lake),
        "versions": quality.versions(figures),
        "origins": _origins(figures),
    }


def _added(institutions: list[InstitutionFigures]) -> dict[str, int]:
    return {
        "findings": sum(i.findings for i in institutions),
        "fund": sum(i.once.fund for i in institutions),
        "certain": sum(i.certain for i in institutions),
        "encounters": sum(i.encounters for i in institutions),
    }


def _name(figures: Figures, group: Group) -> str:
    return next((i.name for i in figures.institutions if i.code == group.code), group.code)


def _said(group: Group) -> str:
    return words.hide_person(group.message, group.psn_no)


def _score_text(score: dict[str, Any] | None, name: str) -> str:
    value = (score or {}).get(name)
    return "—" if value is None else f"{float(value) * 100:.1f}"


def _origins(figures: Figures) -> list[Origin]:
    audit = figures.audit
    setup = [Origin(name, note, f"CREATE VIEW {name} AS\n{sql}") for name, (note, sql) in SETUP.items()]
    visits = queries.ENCOUNTERS.format(start=audit.start, end=audit.end).strip()
    return [
        *setup,
        Origin("四个金额、疑点条数", "首段和四格", queries.TOTALS.strip()),
        Origin("按规则", "各规则自己的合计；后三列是只计一次后的部分", queries.BY_RULE.strip()),
        Origin("按机构", "只计一次后的金额，各机构相加等于总额", queries.BY_INSTITUTION.strip()),
        Origin("按月份", "按疑点窗口开始的月份，各月相加等于总额", queries.BY_MONTH.strip()),
        Origin("每百次就诊", "按就诊开始时间落在期间内计数，在数据湖上运行", visits),
        Origin("最值得先看的五条", "先明确违规，再按基金支付", queries.GROUPS.strip()),
    ]
