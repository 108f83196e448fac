"""A first morning's work in the demonstration: clues handed out, findings at every step of the audit by people, money posted.

Done by the people of the cast through the rooms' services, at the present hour, so that every page has something to show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from django.utils import timezone

from hengjian.apps.accounts.models import User
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.services import assign_clues
from hengjian.apps.clues.services.register import Report, register_clue
from hengjian.apps.recovery.models import Posting
from hengjian.apps.recovery.services import settle
from hengjian.apps.registry.models import Institution
from hengjian.apps.review.models import Review
from hengjian.apps.review.services import answer, ask_doctor, decide, ensure_reviews, mark_seen, propose, send_feedback
from hengjian.apps.workdays.queries import office_calendar

_CLEAR = "费用明细和知识点对得上，超出限定的部分没有例外情形。"
_APPEAL = "患者当天病情变化，医嘱和病程记录里写明了原因，请复核时看第三页。"
_HANDED = 14
"""Clues given out."""


def work(people: Mapping[str, User], code: str) -> None:
    """What the bureau and the institution `code` do."""
    _register(people, code)
    clues = _hand_out(people, code)
    reviews = Review.objects.filter(finding__clue__in=clues, owner=people["chushen"]).order_by("-finding__amount_fund", "pk")
    seen: Counter[str] = Counter()
    ours = []
    for review in reviews.select_related("finding").filter(finding__amount_fund__gt=0):
        seen[review.finding.rule_id] += 1
        if seen[review.finding.rule_id] <= 3:
            ours.append(review)
    ours = ours[:16]
    proposed = [r for r in (_propose(r, people, n) for n, r in enumerate(ours)) if r.state == "answer"]
    for n, review in enumerate(proposed[:10]):
        _answer(review, people, n)
    for n, review in enumerate(Review.objects.filter(state="second").order_by("pk")[:6]):
        _decide(review, people, n)
    decided = list(Review.objects.filter(state="decided").order_by("pk"))[:4]
    if decided:
        send_feedback(reviews=decided, by=people["fuhe"], at=timezone.now())
    if posted := list(Posting.objects.order_by("pk")[:1]):
        settle(postings=posted, note="JS-2026-11-0017", by=people["caiwu"], at=timezone.now())


def _workday_before(count: int) -> date:
    """The working day `count` working days before today."""
    day = timezone.localdate()
    while count:
        day -= timedelta(days=1)
        count -= office_calendar().is_workday(day)
    return day


def _register(people: Mapping[str, User], code: str) -> None:
    """Two clues from outside, one of them due today."""
    institution = Institution.objects.get(code=code)
    for source, number, title, back in (
        ("superior", "省医保基金监管〔2026〕118 号", "核查床位使用率异常", 15),
        ("petition", "信访 2026-0412", "反映门诊多收检查费", 13),
    ):
        report = Report(
            source=source,
            source_number=number,
            title=f"{institution.name}{title}",
            content="来文要求十五个工作日内核实并反馈。",
            institution=institution,
            received_on=_workday_before(back),
        )
        register_clue(report=report, by=people["kezhang"], at=timezone.now(), not_alike=True)


def _hand_out(people: Mapping[str, User], code: str) -> list[Clue]:
    """The institution's weightiest clue of each rule and some of other institutions, between two first reviewers."""
    pool = Clue.objects.filter(state="new", source="audit", amount_fund__gt=0).order_by("-priority", "-amount_fund", "pk")
    of_rule: dict[str, Clue] = {}
    for clue in pool.filter(institution__code=code):
        of_rule.setdefault(clue.rule_id, clue)
    first = list(of_rule.values())[: _HANDED - 4]
    others = list(pool.exclude(institution__code=code)[:4])
    for clues, to in ((first, "chushen"), (others, "chushen2")):
        if clues:
            assign_clues(clue_ids=[c.pk for c in clues], to=people[to], by=people["kezhang"], at=timezone.now())
            for clue in clues:
                ensure_reviews(clue=clue, by=people[to], at=timezone.now())
    return first


def _propose(review: Review, people: Mapping[str, User], n: int) -> Review:
    outcome = ("deduct", "deduct", "part", "deduct", "none")[n % 5]
    whole = review.finding.amount_fund
    amount = (whole / 2).quantize(whole) if outcome == "part" and whole > 1 else None
    return propose(
        review=review,
        version=review.version,
        outcome="deduct" if outcome == "part" and amount is None else outcome,
        amount=amount,
        reason=_CLEAR if outcome != "none" else "病程记录里写明了用药原因，不属于违规。",
        by=people["chushen"],
        at=timezone.now(),
    )


def _answer(review: Review, people: Mapping[str, User], n: int) -> None:
    clerk = people["yibao"]
    mark_seen(review=review, by=clerk, at=timezone.now())
    review.refresh_from_db()
    if n == 1:
        ask_doctor(review=review, doctor=people["yishi"], question="请确认当天的医嘱和执行记录。", by=clerk, at=timezone.now())
    elif n % 3 == 2:
        answer(
            review=review, version=review.version, kind="appeal", ground="clinical", text=_APPEAL, by=clerk, at=timezone.now()
        )
    else:
        answer(review=review, version=review.version, kind="accept", by=clerk, at=timezone.now())


def _decide(review: Review, people: Mapping[str, User], n: int) -> None:
    appealed = review.answers.filter(kind="appeal", undone_at__isnull=True).exists()
    outcome = "none" if appealed or review.outcome == "none" else review.outcome
    decide(
        review=review,
        version=review.version,
        outcome=outcome,
        amount=review.amount if outcome == "part" else None,
        reason="申诉理由成立，病程记录支持。" if appealed else _CLEAR,
        by=people["fuhe"],
        at=timezone.now(),
    )
