"""The parts of a rule's page: the law it rests on, its parameters, its examples, where it stands, the knowledge that comes with the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.conf import settings

from hengjian.apps.rules.book import OfficeBook
from hengjian.apps.rules.words import column_label, lake_table_label, param_label, period_in_words
from hengjian.kernel.dates import OPEN_DAY, day_date
from hengjian.rulebook.model import CERTAINTIES, STAGES, STATUS_LABELS, SURE, Approval, Example, Rule, Rulebook
from hengjian.site.releases import read_releases

_SURE_TONES = {"T": "ok", "E": "warn", "unverified": "bad"}


@dataclass(frozen=True)
class LawPart:
    """One article a rule rests on: what it says in our words, its own text where there is one, how sure we are of it."""

    title: str
    number: str
    article: str
    summary: str
    text: str
    sure: str
    tone: str
    period: str


def law_parts(book: Rulebook, rule: Rule) -> list[LawPart]:
    """The articles of a rule's basis."""
    found = []
    for basis in rule.basis:
        law = book.laws[basis.law]
        article = law.articles.get(basis.article)
        sure = article.sure if article else law.sure
        summary, text = (article.summary, article.text) if article else ("", "")
        period = period_in_words(basis.period)
        found.append(LawPart(law.title, law.number, basis.article, summary, text, SURE[sure], _SURE_TONES[sure], period))
    return found


@dataclass(frozen=True)
class ParamPart:
    """One parameter: its values in their periods, from where, what a site may approve, and what it approved."""

    name: str
    label: str
    values: tuple[tuple[str, str], ...]
    source: str
    tone: str
    bounds: str
    approvals: tuple[tuple[str, str, str, str], ...]


def param_parts(book: Rulebook, rule: Rule) -> list[ParamPart]:
    """The parameters of a rule."""
    found = []
    for p in rule.params.values():
        given = [a for a in book.approvals if (a.subject, a.name) == (rule.rule_id, p.name)]
        if p.official:
            source, tone = "上级文件定的", "ok"
        elif p.approved_from < OPEN_DAY:
            source, tone = f"{day_date(p.approved_from)} 起由本局核准", "ok"
        else:
            source, tone = "恒鉴的缺省值，没有经本局核准，所以疑点是“可疑”", "warn"
        bounds = "" if p.bounds is None else f"{p.shown(p.bounds[0])} 至 {p.shown(p.bounds[1])}"
        values = tuple((period_in_words(period), p.shown(value)) for period, value in p.values)
        found.append(
            ParamPart(p.name, param_label(p.name), values, source, tone, bounds, tuple(_approval(a, p.shown) for a in given))
        )
    return found


def _approval(approval: Approval, shown: object) -> tuple[str, str, str, str]:
    assert callable(shown)
    value = "" if approval.value is None else shown(approval.value)
    return day_date(approval.day).isoformat(), value, approval.by, approval.reason


@dataclass(frozen=True)
class ExampleRow:
    """A row: its cells, 命中, 放过 or nothing, and the remark beside it."""

    cells: tuple[str, ...]
    mark: str
    remark: str


@dataclass(frozen=True)
class ExampleTable:
    label: str
    columns: tuple[str, ...]
    rows: tuple[ExampleRow, ...]

    @property
    def has_marks(self) -> bool:
        return any(r.mark for r in self.rows)


@dataclass(frozen=True)
class ExamplePart:
    """One example: the table whose rows are marked, the tables around it, what must be found."""

    name: str
    hits: int
    spared: int
    marked: tuple[ExampleTable, ...]
    around: tuple[ExampleTable, ...]
    finds: ExampleTable | None


def example_parts(rule: Rule) -> list[ExamplePart]:
    """The examples of a rule as small tables."""
    return [_example(e, rule) for e in rule.examples]


def _example(example: Example, rule: Rule) -> ExamplePart:
    tables = [
        _table(lake_table_label(name), rows, rule.knowledge if name == "knowledge" else name)
        for name, rows in example.given.items()
    ]
    finds = _table("应当找出", example.finds, "fee_line") if example.finds else None
    marked = tuple(t for t in tables if t.has_marks)
    around = tuple(t for t in tables if not t.has_marks)
    return ExamplePart(example.name, example.marks["命中"], example.marks["放过"], marked, around, finds)


_FINDS = {
    "observed": "实际的数", "threshold": "上限", "amount_total": "整行金额", "amount_inscope": "范围内金额", "amount_fund": "基金支付", "other": "对照",
    "certainty": "程度", "knowledge": "知识点", "persons": "人员", "attribute": "属性", "window_start": "起", "window_end": "止", "param": "参数",
    "from": "起始日", "value": "值",
}  # fmt: skip


def _table(label: str, rows: Sequence[dict[str, str]], table: str) -> ExampleTable:
    names = [n for n in dict.fromkeys(n for row in rows for n in row) if n != "#"]
    told = []
    for row in rows:
        remark = row.get("#", "")
        mark = next((m for m in ("命中", "放过") if remark.startswith(m)), "")
        cells = tuple(CERTAINTIES.get(row.get(n, ""), row.get(n, "")) if n == "certainty" else row.get(n, "") for n in names)
        told.append(ExampleRow(cells, mark, remark.removeprefix(mark).lstrip("：")))
    return ExampleTable(label, tuple(_FINDS.get(n) or column_label(n, table) for n in names), tuple(told))


@dataclass(frozen=True)
class StagePart:
    """One stage: whether the rule is asked there, else why not."""

    title: str
    hint: str
    asked: bool
    why: str


_HINTS = {"before": "医生开单、收费时", "during": "结算时", "after": "每次审计"}


def stage_parts(office: OfficeBook, rule: Rule) -> list[StagePart]:
    """Where a rule is asked: before, during, after."""
    why = office.stages(rule) | {"after": ""}
    return [StagePart(title, _HINTS[stage], not why[stage], why[stage]) for stage, title in STAGES.items()]


@dataclass(frozen=True)
class ReleasePart:
    """One release of the site, as the page tells it."""

    title: str
    since: date
    by: str
    reason: str
    recorded_at: str
    is_on: bool


def release_parts(office: OfficeBook, rule: Rule) -> list[ReleasePart]:
    """What the site said of the rule, newest first."""
    site = Path(settings.SITE)
    rows = read_releases(site, office.book) if site.is_dir() else []
    return [
        ReleasePart(
            STATUS_LABELS[r.status] + (f"，先只在 {'、'.join(r.places)}" if r.places else ""),
            day_date(r.day),
            r.by,
            r.reason,
            r.recorded_at,
            r.status == "active",
        )
        for r in reversed(rows)
        if r.rule_id == rule.rule_id
    ]
