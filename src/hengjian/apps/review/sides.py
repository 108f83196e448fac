"""The one place that decides what a side may see of a finding.

Both sides see the same facts of the institution's own acts, the same rule, knowledge and law. Of acts elsewhere the institution sees date,
kind and quantity, without name, place or diagnosis; never other persons of a group, never a tip or that there was one, never a priority or
a peer; and nothing before a person sent it. What cannot be told to be the institution's own act counts as done elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.clues.models import Finding
from hengjian.apps.registry.models import Institution, Person
from hengjian.apps.review.evidence import BillLine, Evidence, as_mapping
from hengjian.apps.review.grounds import Article, Point, articles_of, points_of
from hengjian.apps.review.models import Review
from hengjian.engine.elsewhere import elsewhere
from hengjian.report.lines import ASKED, NEIGHBOUR, OTHER, REFUND, Encounter, evidence_of
from hengjian.report.words import category_text, hide_person, masked, number_text

BUREAU, INSTITUTION = "bureau", "institution"
_FOLD_AFTER = 14
_NAME = re.compile(r"「([^」]*)」")
_STAY = re.compile(r"((?:就诊|住院)[ （]?)([0-9A-Za-z_-]{6,})")
"""A visit named in a sentence."""


@dataclass(frozen=True)
class BillRow:
    """A row of the bill as the template prints it. Mark: a main item, b in question, x spared, empty a neighbour. `key` names it in a form."""

    key: str
    on: str
    name: str
    code: str
    quantity: str
    unit: str
    price: Decimal | None
    amount: Decimal | None
    fund: Decimal | None
    mark: str
    note: str
    own: bool


@dataclass(frozen=True)
class Visit:
    """An encounter: when, of what kind, where; number and diagnosis only where the side may see them."""

    role: str
    begins: datetime | None
    ends: datetime | None
    kind: str
    place: str
    mdtrt_id: str
    diagnosis: str
    own: bool


@dataclass(frozen=True)
class Facts:
    """What one side sees of one finding."""

    side: str
    number: str
    sentence: str
    rule: str
    category: str
    is_certain: bool
    institution: str
    person: str
    mdtrt_id: str
    window: tuple[datetime | None, datetime | None]
    amount_total: Decimal
    amount_inscope: Decimal
    amount_fund: Decimal
    calculation: tuple[tuple[str, str, Decimal | None], ...]
    rows: tuple[BillRow, ...]
    visits: tuple[Visit, ...]
    spared: tuple[str, ...]
    articles: tuple[Article, ...]
    points: tuple[Point, ...]
    members: tuple[str, ...] = ()
    hidden: int = 0
    gone: bool = False

    @property
    def bill(self) -> dict[str, object]:
        """The rows as `office/_bill.html` takes them: the first in sight, the rest folded."""
        shown, folded = self.rows[:_FOLD_AFTER], self.rows[_FOLD_AFTER:]
        rest = len(folded) + self.hidden
        fold = f"其余 {len(folded)} 行" + (f"，另有 {self.hidden} 行太多没有列出" if self.hidden else "")
        return {"rows": shown, "folded": folded, "fold": fold, "rest": rest}

    @property
    def asked(self) -> tuple[BillRow, ...]:
        """The own rows in question, to which an institution may object."""
        return tuple(row for row in self.rows if row.mark == "b" and row.own)


def facts_for(side: str, review: Review, evidence: Evidence) -> Facts:
    """What `side` sees. Raises NotAllowed for the institution where nobody sent it the finding."""
    finding = review.finding
    whole = side == BUREAU
    if not whole and review.sent_at is None:
        raise NotAllowed("这条疑点没有送达", why="还没有人决定送贵机构答复", cure="回到疑点列表")
    own = _own_stays(finding, evidence)
    names = dict(Institution.objects.filter(code__in=_places(finding, evidence)).values_list("code", "name"))
    rows = tuple(
        _row(line, whole or line.line.mdtrt_id in own, line.line.mdtrt_id in own, evidence, names) for line in evidence.lines
    )
    spared = tuple(_spared(item) for item in evidence_of(as_mapping(finding)).get("exempt_checked") or [])
    return Facts(
        side=side,
        number=finding.finding_id[:12],
        sentence=_sentence(finding, evidence, own, whole),
        rule=finding.rule_title,
        category=category_text(finding.category),
        is_certain=finding.certainty == "certain",
        institution=names.get(finding.institution_code, finding.institution_code),
        person=_person(finding),
        mdtrt_id=finding.mdtrt_id,
        window=(finding.window_start, finding.window_end),
        amount_total=finding.amount_total,
        amount_inscope=finding.amount_inscope,
        amount_fund=finding.amount_fund,
        calculation=_calculation(finding, [r for r in rows if r.mark == "b"]),
        rows=rows,
        visits=tuple(_visit(v, whole or v.mdtrt_id in own, v.mdtrt_id in own, names) for v in evidence.encounters),
        spared=spared,
        articles=tuple(articles_of(finding.law)),
        points=tuple(points_of(finding.knowledge_ref)),
        members=_members(finding) if whole else (),
        hidden=evidence.hidden,
        gone=evidence.gone,
    )


def _own_stays(finding: Finding, evidence: Evidence) -> set[str]:
    """Encounters at the institution the finding is about."""
    code = finding.institution_code
    own = {line.line.mdtrt_id for line in evidence.lines if code and line.place == code}
    own |= {v.mdtrt_id for v in evidence.encounters if code and v.fixmedins_code == code}
    return own | ({finding.mdtrt_id} if finding.mdtrt_id else set())


def _places(finding: Finding, evidence: Evidence) -> set[str]:
    return {finding.institution_code, *(x.place for x in evidence.lines), *(v.fixmedins_code for v in evidence.encounters)}


def _row(row: BillLine, whole: bool, own: bool, evidence: Evidence, names: Mapping[str, str]) -> BillRow:
    line = row.line
    mark, note = _mark(row, evidence)
    if not whole:
        act = elsewhere(line.at.date(), line.code, line.quantity, line.unit)
        told = (f"{act.on:%m-%d}", f"外院{act.kind}", "", number_text(act.quantity), act.unit)
        return BillRow("", *told, None, None, None, mark, "外院", False)
    if not own:
        note = f"{note}（{names.get(row.place, '外院')}）"
    return BillRow(
        row.key,
        f"{line.at:%m-%d}",
        line.name or line.code,
        line.code,
        number_text(line.quantity),
        line.unit,
        line.price,
        line.amount,
        row.fund,
        mark,
        note,
        own,
    )


def _mark(row: BillLine, evidence: Evidence) -> tuple[str, str]:
    role = row.line.role
    if role == ASKED:
        return "b", "在疑"
    if role == OTHER:
        return "a", "对照"
    if role == REFUND:
        return "x", "已退费"
    codes = {other.line.code for other in evidence.lines if other.line.role == ASKED}
    if role == NEIGHBOUR and row.line.code in codes:
        return "x", "没有计入"
    return "", "无关"


def _visit(visit: Encounter, whole: bool, own: bool, names: Mapping[str, str]) -> Visit:
    kind = "药店购药" if visit.fixmedins_code.startswith("P") else "就诊"
    if not whole:
        return Visit(visit.role, visit.begins, visit.ends, kind, "外院", "", "", False)
    place = names.get(visit.fixmedins_code, visit.fixmedins_code)
    return Visit(visit.role, visit.begins, visit.ends, kind, place, visit.mdtrt_id, visit.diagnosis, own)


def _sentence(finding: Finding, evidence: Evidence, own: set[str], whole: bool) -> str:
    text = hide_person(finding.message, finding.psn_no)
    if whole:
        return text
    seen = evidence_of(as_mapping(finding))
    for number in _named_stays(seen) - own:
        text = text.replace(number, "（外院）")
    text = _STAY.sub(lambda m: m[0] if m[2] in own else f"{m[1]}（外院）", text)
    kinds = {row.line.name: row.kind for row in evidence.lines if row.line.mdtrt_id not in own}
    mine = {row.line.name for row in evidence.lines if row.line.mdtrt_id in own}
    mine.add(str((seen.get("values") or {}).get("item_name") or ""))
    if evidence.gone and _named_stays(seen) - own:
        return _NAME.sub(lambda m: m[0] if m[1] in mine else "「外院的一个项目」", text)
    for name, kind in kinds.items():
        if name and name not in mine:
            text = text.replace(name, f"外院的一种{kind}")
    return text


def sentence_for_institution(review: Review) -> str:
    """The sentence for lists, without the lake: whatever is not surely the institution's own is left out of it."""
    finding = review.finding
    blind = Evidence(gone=True)
    return _sentence(finding, blind, _own_stays(finding, blind), False)


def _named_stays(seen: Mapping[str, object]) -> set[str]:
    """Encounters the evidence names, wherever they were."""
    rows: Sequence[object] = [*(seen.get("encounters") or []), *(seen.get("lines") or [])]  # type: ignore[misc]
    return {str(r.get("mdtrt_id")) if isinstance(r, dict) else str(r) for r in rows} - {"None", ""}


def _calculation(finding: Finding, asked: Sequence[BillRow]) -> tuple[tuple[str, str, Decimal | None], ...]:
    rows: list[tuple[str, str, Decimal | None]] = []
    if finding.observed is not None:
        limit = f"，界限 {number_text(finding.threshold)}" if finding.threshold is not None else ""
        rows.append(("查得", f"{number_text(finding.observed)}{limit}", None))
    charged = sum((r.amount for r in asked if r.amount is not None), Decimal(0))
    said = f"{len(asked)} 行在疑明细相加" if asked else "按整次就诊"
    if asked and finding.amount_total < charged:
        said = f"在疑明细共收 {charged:,.2f}，只计超出的部分"
    rows.append(("整行", said, finding.amount_total))
    rows.append(("范围内", "去掉自费和先行自付", finding.amount_inscope))
    rows.append(("基金支付", "本次结算的基金支付按范围内金额分到每一行", finding.amount_fund))
    return tuple(rows)


def _person(finding: Finding) -> str:
    person = Person.objects.filter(psn_no=finding.psn_no).first() if finding.psn_no else None
    if person is None:
        return masked(finding.psn_no)
    age = f"{finding.window_start.year - person.birth_year} 岁" if person.birth_year and finding.window_start else ""
    return " · ".join(filter(None, (person.masked_name or masked(finding.psn_no), person.sex, age, person.insurance)))


def _members(finding: Finding) -> tuple[str, ...]:
    """Persons of a group, masked, for the bureau."""
    if finding.grain != "group":
        return ()
    return tuple(masked(str(number)) for number in evidence_of(as_mapping(finding)).get("persons") or [])


def _spared(item: object) -> str:
    return "，".join(str(v) for v in item.values()) if isinstance(item, dict) else str(item)
