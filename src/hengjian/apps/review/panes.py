"""What the workbench shows of one review: facts, countdown, decisions to pick from, what was decided of others like it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q
from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import certificate_on
from hengjian.apps.registry.models import Institution
from hengjian.apps.review.evidence import evidence_for
from hengjian.apps.review.models import BASES, GIVES_MONEY, Answer, Review, Verdict
from hengjian.apps.review.queries import timeline
from hengjian.apps.review.services.turn import standing
from hengjian.apps.review.sides import BUREAU, Facts, facts_for
from hengjian.apps.workdays.calendar import Calendar
from hengjian.apps.workdays.deadlines import workdays_left
from hengjian.apps.workdays.models import Clock
from hengjian.apps.workdays.queries import office_calendar

_YEAR = timedelta(days=365)
_MINUTES = 600
STOP_LINE = 20
"""Percent of appeals that succeed from which a rule should be stopped and looked at."""


@dataclass(frozen=True)
class Countdown:
    """A limit as a person reads it: workdays left, of how many, the hour it ends."""

    left: int | None
    total: int
    used: int
    due_at: datetime | None
    is_provisional: bool

    @property
    def tone(self) -> str:
        if self.left is None:
            return ""
        return "over" if self.left <= 0 else "soon" if self.left <= 3 else ""


def countdown(review: Review, at: datetime, calendar: Calendar | None = None) -> Countdown:
    """The clock that runs on a review."""
    clock = (
        Clock.objects.filter(subject=review.subject)
        .exclude(state="ended")
        .prefetch_related("extensions")
        .order_by("-pk")
        .first()
    )
    if clock is None or clock.due_at is None:
        return Countdown(None, 0, 0, None, False)
    left = workdays_left(calendar or office_calendar(), clock.due_at, at)
    total = clock.length + sum(e.days for e in clock.extensions.all())
    return Countdown(left, total, max(0, min(total, total - left)), clock.due_at, clock.is_provisional)


def grouped_by_due(rows: Sequence[Review], at: datetime) -> list[dict[str, Any]]:
    """The queue in groups: 已超期, 临期, 本周, 以后; each row with its workdays left and its institution's name."""
    calendar = office_calendar()
    lefts = {due: workdays_left(calendar, due, at) for due in {r.due_at for r in rows} if due is not None}
    names = institution_names(rows)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        left = lefts.get(row.due_at) if row.due_at else None
        title = (
            "没有时限" if left is None else "已超期" if left < 0 else "临期" if left <= 3 else "本周内" if left <= 5 else "以后"
        )
        groups.setdefault(title, []).append({"review": row, "left": left, "institution": names.get(row.institution_code, "")})
    return [{"title": title, "rows": items} for title, items in groups.items()]


def institution_names(rows: Iterable[Review]) -> dict[str, str]:
    """Names of the institutions of some reviews."""
    codes = {r.institution_code for r in rows}
    return dict(Institution.objects.filter(code__in=codes).values_list("code", "name"))


def bureau_pane(review: Review, user: User, at: datetime) -> dict[str, Any]:
    """Everything the bureau's workbench shows of one review."""
    facts = facts_for(BUREAU, review, evidence_for(review.finding))
    answers = list(
        review.answers.filter(undone_at__isnull=True).select_related("by").prefetch_related("attachments").order_by("-pk")
    )
    return {
        "review": review,
        "finding": review.finding,
        "facts": facts,
        "clock": countdown(review, at),
        "like": like_it(review.finding.rule_id, at),
        "proposal": standing(review, "first"),
        "decision": standing(review, "second"),
        "answers": answers,
        "sums": three_sums(review),
        "picks": picks(review, user, timezone.localdate(at)),
        "events": [{"at": e.at, "what": e.summary, "who": e.actor_name} for e in timeline(review, for_institution=False)],
    }


def three_sums(review: Review) -> list[dict[str, Any]]:
    """The three named bases with their money."""
    finding = review.finding
    amounts = {"total": finding.amount_total, "inscope": finding.amount_inscope, "fund": finding.amount_fund}
    return [{"basis": code, "title": title, "amount": amounts[code]} for code, title in BASES]


def picks(review: Review, user: User, day: date) -> list[dict[str, Any]]:
    """The five decisions with their consequence; those that cannot be taken are shown with the reason."""
    no_money = "" if review.finding.amount_fund > 0 else "基金没有为它付钱"
    if review.state == "second" and not review.gives_money:
        no_money = "初审没有提出扣减，机构还没有答复"
    no_case = "" if review.state != "second" or certificate_on(user, day) else "须持有效的执法证件"
    rows = (
        ("deduct", "扣减", "按核定金额扣回", no_money),
        ("part", "部分扣减", "改金额，写原因", no_money),
        ("none", "不扣", "排除这条疑点", ""),
        ("inspect", "转检查", "需到现场核实", ""),
        ("case", "转立案", "涉嫌违法，移交执法", no_case),
    )
    wanted = review.outcome or "deduct"
    free = [code for code, _, _, why in rows if not why]
    chosen = wanted if wanted in free else free[0]
    return [
        {
            "code": code,
            "title": title,
            "text": why or text,
            "off": bool(why),
            "money": code in GIVES_MONEY,
            "on": code == chosen,
        }
        for code, title, text, why in rows
    ]


def first_reasons(facts: Facts) -> list[dict[str, str]]:
    """Three beginnings of a reason, built from the facts; the person writes on."""
    number = len(facts.asked) or 1
    fact = f"费用明细显示，{facts.sentence.rstrip('。')}。在疑 {number} 行，扣回基金支付 {facts.amount_fund:,.2f} 元。"
    return [
        {"title": "事实清楚", "text": fact},
        {"title": "例外已看", "text": f"规则列出的例外逐项看过，都不适用。在疑 {number} 行，事实与明细一致。"},
        {"title": "不成立", "text": "经核对，明细与病程相符，不属于这条规则要找的情形。"},
    ]


def second_reasons(review: Review, answers: Sequence[Answer]) -> list[dict[str, str]]:
    """The same for the second review."""
    said = answers[0] if answers else None
    heard = {"accept": "机构已认可", "appeal": "机构的申诉已看过", "silent": "机构逾期未答复，事实已另行核对"}
    text = heard[said.kind] if said else "初审未送机构答复"
    return [
        {"title": "同意初审", "text": f"{text}，同意初审意见。"},
        {"title": "采纳申诉", "text": "机构说明和材料能够证明确有需要，采纳申诉。"},
        {"title": "部分采纳", "text": "机构的部分说明有材料佐证，相应的明细不再计入。"},
    ]


def like_it(rule_id: str, at: datetime) -> dict[str, Any]:
    """What was decided of this rule's findings in a year, and how often an appeal changed it. Kept for ten minutes."""
    key = f"review.like.{rule_id}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        rows = Verdict.objects.filter(
            step="second", undone_at__isnull=True, at__gte=at - _YEAR, review__finding__rule_id=rule_id
        ).order_by()
        counts = dict(rows.values_list("outcome").annotate(n=Count("pk")))
        appeal = Q(review__answers__kind="appeal", review__answers__undone_at__isnull=True)
        appeals = rows.filter(appeal).values("review").distinct()
        changed = appeals.filter(outcome__in=("part", "none")).count()
        found = {"counts": counts, "appeals": appeals.count(), "changed": changed}
        cache.set(key, found, _MINUTES)
    counts = found["counts"]
    parts = [
        {"label": "扣减", "count": counts.get("deduct", 0), "tone": "bad"},
        {"label": "部分", "count": counts.get("part", 0), "tone": "warn"},
        {"label": "不扣", "count": counts.get("none", 0), "tone": "ok"},
    ]
    appeals = found["appeals"]
    share = Decimal(100 * found["changed"]) / appeals if appeals else None
    return {
        "parts": parts,
        "total": sum(counts.values()),
        "appeals": appeals,
        "changed": found["changed"],
        "share": f"{share:.1f}" if share is not None else "",
        "width": min(100, int(share * 100 / (STOP_LINE * 3 // 2))) if share is not None else 0,
        "is_over": share is not None and share >= STOP_LINE,
        "stop_line": STOP_LINE,
    }
