"""A small world of findings in hand: two hospitals, a clue of the first reviewer, reviews in any state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hengjian.apps.clues.models import Clue, Finding
from hengjian.apps.registry.models import Institution, Person
from hengjian.apps.review import services
from hengjian.apps.review.models import Review
from hengjian.apps.runs.models import Run
from hengjian.web.cast import Cast

HOSPITAL, OTHER = "H99010200001", "H99010200002"
LAW = "《医疗保障基金使用监督管理条例》第三十八条第六项"


@dataclass
class World:
    """Makes findings and brings their reviews as far as a test wants."""

    cast: Cast
    now: datetime
    run: Run
    clues: dict[str, Clue] = field(default_factory=dict)
    made: int = 0

    def clue(self, institution: str = HOSPITAL, owner: str = "chushen", region: str = "990100") -> Clue:
        key = f"{institution}|{owner}|{region}"
        if key not in self.clues or Clue.objects.get(pk=self.clues[key].pk).state == "closed":
            number = Clue.objects.count()
            self.clues[key] = Clue.objects.create(
                number=f"XS{number:04d}",
                source="audit",
                grouping="institution",
                group_key=f"{key}|{number}",
                title="限定频次",
                institution=Institution.objects.filter(code=institution).first(),
                region_code=region,
                found_on=self.now.date(),
                state="in_hand",
                assignee=self.cast[owner],
                assigned_at=self.now,
                registered_at=self.now,
            )
        return self.clues[key]

    def finding(
        self, *, institution: str = HOSPITAL, owner: str = "chushen", region: str = "990100", **changes: Any
    ) -> Finding:
        self.made += 1
        n = self.made
        sn = changes.get("feedetl_sn", f"{n:05d}")
        stay = changes.get("mdtrt_id", "9901200000000001")
        values = {
            "rule_id": "service_daily_limit",
            "rule_title": "医疗服务项目限定频次",
            "category": "policy",
            "grain": "line",
            "certainty": "certain",
            "rule_fingerprint": "f" * 64,
            "data_version": 1,
            "psn_no": "99010000002860240895",
            "mdtrt_id": stay,
            "feedetl_sn": sn,
            "atddr_no": "D990102000001",
            "amount_total": Decimal("120.00"),
            "amount_inscope": Decimal("110.00"),
            "amount_fund": Decimal("100.00"),
            "message": "「血气分析」每日不超过 1 次，当日在本机构累计计费 3，超出部分在疑。",
            "evidence": json.dumps({"lines": [{"mdtrt_id": stay, "feedetl_sn": sn, "role": "在疑"}] if sn else []}),
            "law": LAW,
            "knowledge_ref": "service_daily_limit:daily-03 [2026-01-01, )",
        } | changes
        return Finding.objects.create(
            finding_id=hashlib.sha256(f"{n}".encode()).hexdigest(),
            clue=self.clue(institution, owner, region),
            first_run=self.run,
            institution_code=institution,
            region_code=region,
            arrived_at=self.now,
            **values,
        )

    def review(self, state: str = "first", *, outcome: str = "deduct", seen: bool = False, **finding: Any) -> Review:
        """A review in `state`, brought there through the services by the people whose step it is."""
        row = self.finding(**finding)
        services.ensure_reviews(clue=row.clue, by="测试", at=self.now)
        review = Review.objects.get(finding=row)
        if state == "first":
            return review
        if state == "withdrawn":
            Finding.objects.filter(pk=row.pk).update(state="withdrawn", state_reason="数据更新")
            services.follow_withdrawn(by="夜间", at=self.now)
            return Review.objects.get(pk=review.pk)
        services.propose(
            review=review, version=review.version, outcome=outcome, reason="事实清楚", by=row.clue.assignee, at=self.now
        )
        review = Review.objects.get(pk=review.pk)
        if seen:
            services.mark_seen(review=review, by=self.cast["yibao"], at=self.now)
        if state == "answer":
            return Review.objects.get(pk=review.pk)
        if review.state == "answer":
            services.answer(review=review, version=review.version, kind="accept", by=self.cast["yibao"], at=self.now)
        review = Review.objects.get(pk=review.pk)
        if state == "second":
            return review
        services.decide(
            review=review, version=review.version, outcome=outcome, reason="看法一致", by=self.cast["fuhe"], at=self.now
        )
        review = Review.objects.get(pk=review.pk)
        if state == "decided":
            return review
        services.send_feedback(reviews=[review], by=self.cast["fuhe"], at=self.now)
        return Review.objects.get(pk=review.pk)

    def fresh(self, review: Review) -> Review:
        return Review.objects.select_related("finding").get(pk=review.pk)


@pytest.fixture
def world(cast: Cast, now: datetime, settings: Any, tmp_path: Any) -> World:
    settings.ATTACHMENTS = tmp_path / "attachments"
    settings.LAKE = tmp_path / "lake"
    for code, name in ((HOSPITAL, "镜川市中心医院"), (OTHER, "镜川市第二医院")):
        Institution.objects.create(code=code, name=name, kind="hospital", region_code="990102")
    Person.objects.create(psn_no="99010000002860240895", masked_name="周*兰", insurance="职工医保", region_code="990102")
    run = Run.objects.create(kind="audit", title="审计", state="done", queued_at=now, ended_at=now)
    return World(cast, now, run)


@pytest.fixture
def later(now: datetime) -> Callable[..., datetime]:
    return lambda **delta: now + timedelta(**delta)
