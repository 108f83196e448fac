"""What each verb keeps: amounts, hearing, two hands, authority, certificates, limits, staleness."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from hengjian.apps.accounts.models import Certificate
from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.clues.models import Finding
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.apps.recovery.models import FundLine, Posting
from hengjian.apps.review import services
from hengjian.apps.review.models import Review, Verdict
from hengjian.apps.review.services import Stale
from hengjian.apps.workdays.models import Clock
from hengjian.apps.workdays.services import extend_clock
from hengjian.kernel.errors import InputError

from .conftest import OTHER


def propose(world, review, outcome="deduct", by="chushen", **more):
    return services.propose(
        review=review, version=review.version, outcome=outcome, reason=more.pop("reason", "事实清楚"), by=world.cast[by], at=world.now,
        **more,
    )  # fmt: skip


def decide(world, review, outcome="deduct", by="fuhe", **more):
    review = world.fresh(review)
    return services.decide(
        review=review,
        version=review.version,
        outcome=outcome,
        reason="一致",
        by=world.cast[by],
        at=more.pop("at", world.now),
        **more,
    )


def test_a_clue_in_hand_gets_one_review_a_finding_and_a_second_call_adds_nothing(world):
    finding = world.finding()
    world.finding()
    assert len(services.ensure_reviews(clue=finding.clue, by="测试", at=world.now)) == 2
    assert services.ensure_reviews(clue=finding.clue, by="测试", at=world.now) == []
    late = world.finding()
    services.take(by=world.cast["chushen"], at=world.now)
    review = Review.objects.get(finding=late)
    assert review.owner == world.cast["chushen"]
    assert review.due_at == Clock.objects.get(subject=review.subject).due_at
    assert Review.objects.count() == 3


def test_taking_in_pieces_says_whether_more_are_left(world):
    for _ in range(5):
        world.finding()
    assert services.take(by=world.cast["chushen"], at=world.now, most=3) is True
    assert Review.objects.count() == 3
    assert services.take(by=world.cast["chushen"], at=world.now, most=3) is False
    assert Review.objects.count() == 5
    assert services.take(by=world.cast["fuhe"], at=world.now) is False


def test_first_reviews_follow_their_clue_to_the_new_assignee(world):
    review = world.review("first")
    clue = review.finding.clue
    clue.assignee = world.cast["chushen2"]
    clue.save()
    services.take(by=world.cast["chushen2"], at=world.now)
    assert world.fresh(review).owner == world.cast["chushen2"]
    with pytest.raises(NotAllowed, match="夏知秋承办"):
        propose(world, world.fresh(review))


@pytest.mark.parametrize(
    ("outcome", "basis", "amount", "says"),
    [
        ("part", "fund", Decimal("100.00"), "须小于基金支付"),
        ("part", "fund", Decimal("0"), "要写金额"),
        ("part", "fund", None, "要写金额"),
        ("part", "fund", Decimal("NaN"), "要写金额"),
        ("part", "fund", Decimal("-1"), "要写金额"),
        ("part", "fund", Decimal("1.005"), "两位小数"),
        ("deduct", "fund", Decimal("99.00"), "部分扣减"),
        ("deduct", "nothing", None, "金额口径"),
        ("fine", "fund", None, "处理意见"),
    ],
)
def test_amounts_that_do_not_fit_their_base_are_refused(world, outcome, basis, amount, says):
    review = world.review("first")
    with pytest.raises(InputError, match=says):
        propose(world, review, outcome, basis=basis, amount=amount)
    assert world.fresh(review).state == "first"
    assert not Verdict.objects.exists()


@pytest.mark.parametrize(("basis", "amount"), [("total", "120.00"), ("inscope", "110.00"), ("fund", "100.00")])
def test_a_deduction_takes_the_named_base(world, basis, amount):
    row = propose(world, world.review("first"), basis=basis)
    assert (row.state, row.amount) == ("answer", Decimal(amount))
    verdict = row.verdicts.get()
    assert (verdict.basis, verdict.law) == (basis, row.finding.law)


def test_a_finding_for_which_the_fund_paid_nothing_cannot_be_deducted(world):
    review = world.review("first", amount_fund=Decimal(0))
    with pytest.raises(InputError, match="没有可扣的钱"):
        propose(world, review)
    assert propose(world, review, "inspect").state == "second"


def test_a_finding_that_rests_on_no_fee_line_cannot_be_deducted(world):
    review = world.review("first", feedetl_sn="", mdtrt_id="", psn_no="", grain="institution")
    with pytest.raises(InputError, match="找不到这条疑点的费用明细"):
        propose(world, review)


@pytest.mark.parametrize("reason", ["", "  \n", "字" * 2001])
def test_a_reason_is_needed_and_has_an_end(world, reason):
    with pytest.raises(InputError, match="理由"):
        propose(world, world.review("first"), reason=reason)


@pytest.mark.parametrize("outcome", ["none", "inspect", "case"])
def test_what_takes_no_money_goes_to_the_second_review_directly_and_the_institution_does_not_learn_of_it(world, outcome):
    row = propose(world, world.review("first"), outcome)
    assert (row.state, row.sent_at, row.amount) == ("second", None, 0)
    from hengjian.apps.review.queries import at_desk

    assert not at_desk(world.cast["yibao"], world.now.date()).exists()


def test_a_proposal_is_taken_back_until_the_institution_has_seen_it(world):
    due = world.review("first").due_at
    review = world.review("answer")
    row = services.undo_proposal(review=review, version=None, by=world.cast["chushen"], at=world.now)
    assert (row.state, row.first_by, row.outcome, row.sent_at, row.due_at) == ("first", None, "", None, due)
    assert row.verdicts.get().undone_by == world.cast["chushen"]
    seen = world.review("answer", seen=True)
    with pytest.raises(InputError, match="机构已经看到"):
        services.undo_proposal(review=seen, version=None, by=world.cast["chushen"], at=world.now)
    with pytest.raises(NotAllowed, match="只有提出的人"):
        services.undo_proposal(review=world.review("answer"), version=None, by=world.cast["chushen2"], at=world.now)


def test_the_first_look_is_the_receipt_and_is_journalled_once(world):
    review = world.review("answer")
    assert services.mark_seen(review=review, by=world.cast["yibao"], at=world.now) is True
    assert services.mark_seen(review=review, by=world.cast["yibao"], at=world.now + timedelta(hours=1)) is False
    assert world.fresh(review).seen_at == world.now
    assert Entry.objects.filter(subject=review.subject, event="review.seen").count() == 1


def test_an_appeal_needs_ground_and_words(world):
    review = world.review("answer")
    clerk = world.cast["yibao"]
    for ground, text in (("", "确有需要"), ("magic", "确有需要"), ("clinical", " ")):
        with pytest.raises(InputError):
            services.answer(
                review=review, version=review.version, kind="appeal", ground=ground, text=text, by=clerk, at=world.now
            )
    row = services.answer(
        review=review,
        version=review.version,
        kind="appeal",
        ground="clinical",
        text="确有需要",
        lines=["a/1"],
        by=clerk,
        at=world.now,
    )
    assert row.state == "second" and row.answers.get().lines == ["a/1"] and row.seen_at == world.now


def test_an_answer_after_the_limit_is_refused_and_an_extension_moves_the_limit(world, settings):
    review = world.review("answer")
    clock = Clock.objects.exclude(state="ended").get(subject=review.subject)
    late = clock.due_at + timedelta(minutes=1)
    answer = {"review": review, "version": review.version, "kind": "accept", "by": world.cast["yibao"]}
    with pytest.raises(InputError, match="答复期限已过"):
        services.answer(**answer, at=late)
    extend_clock(clock=clock, days=3, reason="材料多", requested_by=world.cast["fuhe"], by=world.cast["kezhang"], at=world.now)
    assert world.fresh(review).due_at > clock.due_at  # the copy follows its clock
    assert services.answer(**answer, at=late).state == "second"


def test_the_last_day_of_a_long_holiday_moves_to_the_next_workday(world):
    """Seven working days from 2025-09-24: National Day and Mid-Autumn leave 9 October as the sixth and 10 October as the seventh."""
    start = world.now.replace(year=2025, month=9, day=24)
    finding = world.finding()
    for post in world.cast["chushen"].posts.all():
        post.valid_from = start.date()
        post.save()
    services.ensure_reviews(clue=finding.clue, by="测试", at=start)
    review = Review.objects.get(finding=finding)
    by = type(world.cast["chushen"]).objects.get(login="chushen")
    row = services.propose(review=review, version=0, outcome="deduct", reason="清楚", by=by, at=start)
    local = row.due_at.astimezone(start.tzinfo)
    assert (local.month, local.day, local.hour) == (10, 10, 17)


def test_an_answer_is_withdrawn_within_ten_minutes_and_its_clock_goes_on(world):
    review = world.review("answer")
    due = review.due_at
    clerk = world.cast["yibao"]
    services.answer(review=review, version=review.version, kind="accept", by=clerk, at=world.now)
    with pytest.raises(InputError, match="已过十分钟"):
        services.withdraw_answer(review=review, version=None, by=clerk, at=world.now + timedelta(minutes=10, seconds=1))
    row = services.withdraw_answer(review=review, version=None, by=clerk, at=world.now + timedelta(minutes=10))
    assert (row.state, row.due_at) == ("answer", due)
    row = services.answer(
        review=row, version=row.version, kind="appeal", ground="data", text="数量不符", by=clerk, at=world.now
    )
    assert list(row.answers.filter(undone_at__isnull=True).values_list("kind", flat=True)) == ["appeal"]


def test_silence_is_no_consent_by_itself(world):
    review = world.review("answer", seen=True)
    with pytest.raises(InputError, match="期限还没有到"):
        services.lapse(review=review, version=None, by=world.cast["fuhe"], at=review.due_at)
    row = services.lapse(review=review, version=None, by=world.cast["fuhe"], at=review.due_at + timedelta(seconds=1))
    said = row.answers.get()
    assert (row.state, said.kind, said.by, said.is_consent) == ("second", "silent", None, False)
    assert "不视为认可" in said.text


@pytest.mark.parametrize(("seen", "consents"), [(True, True), (False, False)])
def test_silence_is_consent_where_the_step_says_so_and_receipt_is_proved(world, seen, consents):
    _set(world, code="answer", owner_role="clerk", days=7, silence_is_consent=True)
    review = world.review("answer", seen=seen)
    assert services.lapse_overdue(by="夜间", at=review.due_at + timedelta(hours=1)) == 1
    row = world.fresh(review)
    assert (row.state, row.answers.get().is_consent) == ("second", consents)
    assert decide(world, row).state == "decided"  # a named person still decides


def test_a_step_set_later_does_not_reach_back(world):
    review = world.review("answer", seen=True)
    _set(
        world,
        code="answer",
        owner_role="clerk",
        days=2,
        silence_is_consent=True,
        valid_from=world.now.date() + timedelta(days=1),
    )
    services.lapse(review=review, version=None, by="夜间", at=review.due_at + timedelta(hours=1))
    assert world.fresh(review).answers.get().is_consent is False


def _set(world, **changes):
    setting = {
        "focus": "重点", "unit": "wd", "article": "本地规定", "valid_from": world.now.date(), "by": world.cast["kezhang"], "at": world.now,
    }  # fmt: skip
    return services.set_step(**(setting | changes))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"code": "first", "owner_role": "second", "days": 5}, "不能承办"),
        ({"code": "third", "owner_role": "second", "days": 5}, "没有这个环节"),
        ({"code": "second", "owner_role": "second", "days": 0}, "1 至 365"),
        ({"code": "first", "owner_role": "first", "days": 5, "max_amount": Decimal(5)}, "只对复核"),
        ({"code": "second", "owner_role": "second", "days": 5, "silence_is_consent": True}, "只对机构答复"),
        ({"code": "second", "owner_role": "second", "days": 5, "unit": "h"}, "工作日"),
    ],
)
def test_a_step_is_set_within_its_bounds(world, changes, says):
    with pytest.raises(InputError, match=says):
        _set(world, **changes)


def test_steps_are_set_by_those_who_may_from_today_on(world):
    with pytest.raises(InputError, match="过去"):
        _set(world, code="first", owner_role="first", days=5, valid_from=world.now.date() - timedelta(days=1))
    with pytest.raises(NotAllowed):
        _set(world, code="first", owner_role="first", days=5, by=world.cast["chushen"])
    _set(world, code="first", owner_role="first", days=3)
    first = world.review("first")
    assert Clock.objects.get(subject=first.subject).length == 3


def test_a_deduction_is_never_decided_before_the_institution_was_heard(world):
    review = world.review("second", outcome="none")
    with pytest.raises(InputError, match="还没有答复"):
        decide(world, review)
    assert decide(world, review, "none").state == "decided"


def test_no_more_is_decided_than_the_institution_was_told(world):
    review = world.review("first")
    propose(world, review, "part", amount=Decimal("40.00"))
    row = world.fresh(review)
    services.answer(review=row, version=row.version, kind="accept", by=world.cast["yibao"], at=world.now)
    with pytest.raises(InputError, match="不能高于告知"):
        decide(world, review)
    assert decide(world, review, "part", amount=Decimal("40.00")).amount == Decimal("40.00")


def test_first_and_second_are_two_people(world):
    review = world.review("second")
    Review.objects.filter(pk=review.pk).update(first_by=world.cast["fuhe"])
    with pytest.raises(NotAllowed, match="另一个人"):
        decide(world, review)


def test_above_the_limit_a_higher_hand_decides_and_below_it_does_not(world):
    _set(world, code="second", owner_role="second", days=5, max_amount=Decimal("99.99"))
    from hengjian.apps.review.queries import second_queue

    day = world.now.date()
    above, below = world.review("second"), world.review("second", amount_fund=Decimal("50.00"))
    with pytest.raises(NotAllowed, match="超过复核的单笔权限"):
        decide(world, above)
    with pytest.raises(NotAllowed, match="在复核员的权限以内"):
        decide(world, below, by="kezhang")
    assert list(second_queue(world.cast["fuhe"], day)) == [below]
    assert list(second_queue(world.cast["kezhang"], day)) == [above]
    assert decide(world, above, by="kezhang").second_by == world.cast["kezhang"]
    assert decide(world, below).state == "decided"


def test_a_small_decision_on_a_large_finding_is_still_large(world):
    _set(world, code="second", owner_role="second", days=5, max_amount=Decimal("99.99"))
    with pytest.raises(NotAllowed, match="超过复核的单笔权限"):
        decide(world, world.review("second", outcome="none"), "none")


def test_turning_a_finding_into_a_case_needs_a_certificate_that_is_valid(world):
    review = world.review("second")
    Certificate.objects.filter(user=world.cast["fuhe"]).update(valid_to=world.now.date())
    with pytest.raises(NotAllowed, match="执法证件"):
        decide(world, review, "case")
    with pytest.raises(NotAllowed, match="没有登记执法证件"):
        decide(world, review, "case", by="fuhe2")
    assert world.fresh(review).state == "second"


def test_a_returned_review_begins_a_new_round_and_is_heard_anew(world):
    review = world.review("second")
    row = services.return_to_first(
        review=review, version=review.version, reason="金额要再核", by=world.cast["fuhe"], at=world.now
    )
    assert (row.state, row.round, row.first_by, row.outcome) == ("first", 2, None, "")
    row = propose(world, row)
    assert row.state == "answer"
    services.answer(review=row, version=row.version, kind="accept", by=world.cast["yibao"], at=world.now)
    assert decide(world, row).state == "decided"


def test_a_decision_is_taken_back_until_the_feedback_is_sent(world):
    review = world.review("decided")
    with pytest.raises(NotAllowed, match="只有作出决定的人"):
        services.take_back(review=review, version=None, by=world.cast["fuhe2"], at=world.now)
    row = services.take_back(review=review, version=None, by=world.cast["fuhe"], at=world.now)
    assert (row.state, row.second_by, row.outcome, row.amount) == ("second", None, "deduct", Decimal("100.00"))
    row = decide(world, row)
    services.send_feedback(reviews=[row], by=world.cast["fuhe"], at=world.now)
    with pytest.raises(Stale):
        services.take_back(review=row, version=None, by=world.cast["fuhe"], at=world.now)


def test_feedback_posts_once_and_settles_the_finding(world):
    review = world.review("decided")
    services.send_feedback(reviews=[review], by=world.cast["fuhe"], at=world.now)
    posting = Posting.objects.get()
    assert (posting.kind, posting.destination, posting.amount) == ("deduct", "settlement", Decimal("100.00"))
    assert (posting.insurance, posting.subject) == ("职工医保", review.subject)
    assert FundLine.objects.get().taken == Decimal("100.00")
    assert Finding.objects.get(pk=review.finding_id).state == "settled"
    with pytest.raises(Stale):
        services.send_feedback(reviews=[review], by=world.cast["fuhe"], at=world.now)
    assert Posting.objects.count() == 1
    assert Clock.objects.filter(subject=review.subject).exclude(state="ended").count() == 0


def test_feedback_is_all_or_nothing(world):
    one, two = world.review("decided"), world.review("second")
    with pytest.raises(Stale, match="不是待反馈"):
        services.send_feedback(reviews=[one, two], by=world.cast["fuhe"], at=world.now)
    assert not Posting.objects.exists() and world.fresh(one).state == "decided"


def test_two_findings_on_one_fee_line_take_it_once(world):
    reviews = [world.review("decided", feedetl_sn="00077") for _ in range(2)]
    sent = services.send_feedback(reviews=reviews, by=world.cast["fuhe"], at=world.now)
    assert (sent.reviews, sent.postings, sent.amount, sent.nothing_left) == (2, 1, Decimal("100.00"), 1)
    assert Entry.objects.filter(event="posting.nothing_left").count() == 1


def test_a_base_above_the_funds_part_moves_the_funds_part_only(world):
    review = world.review("first")
    propose(world, review, basis="total")
    row = world.fresh(review)
    services.answer(review=row, version=row.version, kind="accept", by=world.cast["yibao"], at=world.now)
    row = decide(world, row, basis="total")
    services.send_feedback(reviews=[row], by=world.cast["fuhe"], at=world.now)
    assert row.amount == Decimal("120.00") and Posting.objects.get().amount == Decimal("100.00")


def test_money_is_recovered_where_the_step_says_so(world):
    _set(world, code="feedback", owner_role="second", days=3, money="recover")
    services.send_feedback(reviews=[world.review("decided")], by=world.cast["fuhe"], at=world.now)
    assert (Posting.objects.get().kind, Posting.objects.get().destination) == ("recover", "fund")


def test_what_is_not_deducted_posts_nothing(world):
    services.send_feedback(reviews=[world.review("decided", outcome="none")], by=world.cast["fuhe"], at=world.now)
    assert not Posting.objects.exists()


def test_a_stale_form_is_told_and_changes_nothing(world):
    review = world.review("first")
    propose(world, review, "none")
    with pytest.raises(Stale):
        propose(world, review, "none")
    second = world.review("second")
    row = world.fresh(second)
    services.return_to_first(review=row, version=row.version, reason="再查", by=world.cast["fuhe"], at=world.now)
    propose(world, world.fresh(second), "none")  # back in the same state, but not the same thing
    with pytest.raises(Stale, match="有了变化"):
        services.decide(
            review=second, version=second.version, outcome="none", reason="一致", by=world.cast["fuhe"], at=world.now
        )


def test_a_withdrawn_finding_ends_its_review_with_its_clock(world):
    review = world.review("answer")
    Finding.objects.filter(pk=review.finding_id).update(state="withdrawn", state_reason="数据更正")
    assert services.follow_withdrawn(by="夜间", at=world.now) == 1
    assert services.follow_withdrawn(by="夜间", at=world.now) == 0
    row = world.fresh(review)
    assert (row.state, row.due_at) == ("withdrawn", None)
    assert not Clock.objects.filter(subject=review.subject).exclude(state="ended").exists()


def test_the_doctor_answers_once_and_only_what_was_asked(world):
    review = world.review("answer")
    ask = {"review": review, "doctor": world.cast["yishi"], "question": "是否必要", "by": world.cast["yibao"], "at": world.now}
    asked = services.ask_doctor(**ask)
    with pytest.raises(InputError, match="还没有回复"):
        services.ask_doctor(**ask)
    with pytest.raises(InputError, match="不在本机构"):
        services.ask_doctor(**(ask | {"doctor": world.cast["yibao"]}))
    version = world.fresh(review).version
    services.advise(advice=asked, text="插管患者，确有需要", by=world.cast["yishi"], at=world.now)
    assert world.fresh(review).version == version  # whoever is writing the appeal is not disturbed
    with pytest.raises(Stale):
        services.advise(advice=asked, text="再说一句", by=world.cast["yishi"], at=world.now)


def test_a_finding_of_another_hospital_does_not_reach_this_desk(world):
    from hengjian.apps.review.queries import at_desk

    world.review("answer", institution=OTHER)
    mine = world.review("answer")
    assert list(at_desk(world.cast["yibao"], world.now.date())) == [mine]


def test_the_journal_is_whole_after_everything(world):
    for state in ("closed", "decided", "withdrawn"):
        world.review(state)
    assert verify().whole


def test_whoever_stands_aside_from_an_institution_reviews_nothing_of_it(world):
    from hengjian.apps.clues.models import Recusal
    from hengjian.apps.registry.models import Institution
    from hengjian.apps.review.queries import second_queue

    review = world.review("second")
    Recusal.objects.create(
        user=world.cast["fuhe"],
        institution=Institution.objects.get(code=review.institution_code),
        reason="配偶在该院任职",
        declared_by=world.cast["fuhe"],
        declared_at=world.now,
    )
    assert not second_queue(world.cast["fuhe"], world.now.date()).exists()
    with pytest.raises(NotAllowed, match="应当回避"):
        decide(world, review)
    assert decide(world, review, by="fuhe2").state == "decided"


def test_the_tick_lapses_withdraws_and_says_so_once(world):
    from hengjian.apps.review.ticking import tick

    late, gone = world.review("answer"), world.review("first")
    Finding.objects.filter(pk=gone.finding_id).update(state="withdrawn", state_reason="数据更正")
    at = late.due_at + timedelta(minutes=1)
    assert tick(at=at) == ["逾期未答复 1 条，进入复核", "随疑点撤下 1 条审核"]
    assert tick(at=at) == []
    assert (world.fresh(late).state, world.fresh(gone).state) == ("second", "withdrawn")


def test_a_clue_is_closed_when_its_last_finding_is_fed_back(world):
    review = world.review("closed")
    finding = Finding.objects.select_related("clue").get(pk=review.finding_id)
    assert (finding.state, finding.upheld, finding.clue.state) == ("settled", True, "closed")
