"""A batch: one rule version, certain only, a sample opened, done in pieces that survive a kill, taken back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.verify import verify
from hengjian.apps.review import services
from hengjian.apps.review.models import Batch, Review, Verdict
from hengjian.apps.review.services import Stale, batch_job
from hengjian.apps.review.services.batches import draw_sample, sample_size
from hengjian.apps.runs.models import Run
from hengjian.apps.workdays.models import Clock
from hengjian.kernel.errors import InputError


def many(world, count=5, state="first", **changes):
    return [world.review(state, **changes) for _ in range(count)]


def draw(world, reviews, by="chushen", step="first", outcome="deduct", **more):
    return services.draw_batch(
        step=step,
        review_ids=[r.pk for r in reviews],
        outcome=outcome,
        reason="同一事实",
        by=world.cast[by],
        at=world.now,
        **more,
    )


def look(world, batch, by="chushen"):
    for pk in batch.sample:
        services.open_sample(batch=batch, review=Review.objects.get(pk=pk), by=world.cast[by], at=world.now)


def run(world, batch, by="chushen", at=None):
    look(world, batch, by)
    services.start_batch(batch=batch, by=world.cast[by], at=at or world.now)
    services.run_batch(batch_id=batch.pk, at=lambda: at or world.now)
    return Batch.objects.get(pk=batch.pk)


@pytest.mark.parametrize(("count", "size"), [(2, 2), (3, 3), (100, 3), (150, 3), (151, 4), (1000, 20), (10_000, 20)])
def test_the_sample_is_two_in_a_hundred_three_at_least_twenty_at_most(count, size):
    assert sample_size(count) == size


def test_anybody_draws_the_same_sample_from_the_number_of_the_batch():
    ids = list(range(500))
    assert draw_sample(7, ids) == draw_sample(7, list(reversed(ids)))
    assert draw_sample(7, ids) != draw_sample(8, ids)


def test_lines_and_money_are_stated_and_what_was_taken_out_stays(world):
    reviews = many(world)
    batch = draw(world, reviews, left_out=[reviews[0].pk])
    assert (batch.count, batch.amount, len(batch.sample), batch.left_out) == (4, Decimal("400.00"), 3, [reviews[0].pk])
    done = run(world, batch)
    assert done.state == "done" and world.fresh(reviews[0]).state == "first"
    assert Review.objects.filter(state="answer").count() == 4


def test_a_batch_leaves_each_row_as_if_it_had_been_done_alone(world):
    alone = world.review("answer")
    reviews = many(world, 2)
    run(world, draw(world, reviews))
    row = world.fresh(reviews[0])
    for name in ("state", "version", "outcome", "amount", "due_at", "first_by", "sent_at", "seen_at", "round"):
        assert getattr(row, name) == getattr(alone, name), name
    one, other = (set(Entry.objects.filter(subject=r.subject).values_list("event", flat=True)) for r in (alone, row))
    assert one == other
    assert Clock.objects.filter(subject=row.subject).exclude(state="ended").get().key == "answer"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"certainty": "suspected"}, "可疑，不能批量"),
        ({"rule_fingerprint": "0" * 64}, "同一个版本"),
        ({"rule_id": "other_rule"}, "同一个版本"),
        ({"owner": "chushen2"}, "承办"),
        ({"amount_fund": Decimal(0)}, "没有可扣的钱"),
    ],
)
def test_what_does_not_belong_in_a_batch_is_refused(world, changes, says):
    reviews = [*many(world, 2), world.review("first", **changes)]
    with pytest.raises((InputError, NotAllowed), match=says):
        draw(world, reviews)
    assert not Batch.objects.exists()


def test_a_batch_is_of_two_at_least_and_of_deductions_or_dismissals_only(world):
    reviews = many(world, 2)
    with pytest.raises(InputError, match="至少两条"):
        draw(world, reviews[:1])
    for outcome in ("part", "inspect", "case", ""):
        with pytest.raises(InputError, match="只能扣减或不扣"):
            draw(world, reviews, outcome=outcome)


def test_the_sample_must_be_opened_by_the_person_who_decides(world):
    batch = draw(world, many(world))
    with pytest.raises(InputError, match="还有 3 条样本没有看"):
        services.start_batch(batch=batch, by=world.cast["chushen"], at=world.now)
    with pytest.raises(NotAllowed, match="不是您发起"):
        look(world, batch, by="chushen2")
    outside = next(r for r in Review.objects.all() if r.pk not in batch.sample)
    services.open_sample(batch=batch, review=outside, by=world.cast["chushen"], at=world.now)
    assert Batch.objects.get().opened == []


def test_a_second_press_starts_nothing(world):
    batch = draw(world, many(world))
    run(world, batch)
    with pytest.raises(Stale, match="已决定"):
        services.start_batch(batch=batch, by=world.cast["chushen"], at=world.now)
    services.run_batch(batch_id=batch.pk, at=lambda: world.now)  # the queue delivers it twice
    assert Verdict.objects.count() == 5 and Run.objects.filter(kind="batch").count() == 1


def test_what_somebody_moved_meanwhile_is_left_and_counted(world):
    reviews = many(world)
    batch = draw(world, reviews)
    services.propose(
        review=reviews[0], version=reviews[0].version, outcome="none", reason="不成立", by=world.cast["chushen"], at=world.now
    )
    done = run(world, batch)
    assert done.run.counts == {"done": 4, "left": 1}
    assert world.fresh(reviews[0]).outcome == "none"


def test_a_job_that_is_killed_loses_nothing_and_doubles_nothing(world, monkeypatch):
    monkeypatch.setattr(batch_job, "PIECE", 2)
    batch = draw(world, many(world, 7))
    look(world, batch)
    services.start_batch(batch=batch, by=world.cast["chushen"], at=world.now)
    real, calls = batch_job._piece, []

    def dies(*args):
        calls.append(1)
        real(*args)
        if len(calls) == 2:
            raise KeyboardInterrupt  # in the middle of the second piece, after its writes, before its end

    monkeypatch.setattr(batch_job, "_piece", dies)
    with pytest.raises(KeyboardInterrupt):
        services.run_batch(batch_id=batch.pk, at=lambda: world.now)
    assert Review.objects.filter(state="answer").count() == 2  # the first piece; the second was not half done
    monkeypatch.setattr(batch_job, "_piece", real)
    with pytest.raises(Stale, match="正在办理"):
        services.start_batch(batch=batch, by=world.cast["chushen"], at=world.now + timedelta(seconds=30))
    late = world.now + timedelta(minutes=3)
    services.start_batch(batch=batch, by=world.cast["chushen"], at=late)
    services.run_batch(batch_id=batch.pk, at=lambda: late)
    assert Review.objects.filter(state="answer").count() == 7
    assert Verdict.objects.count() == 7
    assert Entry.objects.filter(event="review.proposed").count() == 7
    assert Batch.objects.get().run.counts == {"done": 7, "left": 0}
    assert verify().whole


def test_a_batch_is_taken_back_except_where_the_institution_has_seen_it(world):
    reviews = many(world)
    due = reviews[0].due_at
    batch = draw(world, reviews)
    run(world, batch)
    services.mark_seen(review=reviews[0], by=world.cast["yibao"], at=world.now)
    counts = services.undo_batch(batch=batch, by=world.cast["chushen"], at=world.now)
    assert counts == {"returned": 4, "left": 1}
    row = world.fresh(reviews[1])
    assert (row.state, row.outcome, row.sent_at, row.first_by, row.due_at) == ("first", "", None, None, due)
    assert world.fresh(reviews[0]).state == "answer"
    with pytest.raises(Stale):
        services.undo_batch(batch=batch, by=world.cast["chushen"], at=world.now)


def test_a_second_review_is_batched_by_another_hand_where_nobody_appealed(world):
    reviews = many(world, 3, "second")
    appealed = world.review("answer")
    services.answer(
        review=appealed,
        version=appealed.version,
        kind="appeal",
        ground="data",
        text="数量不符",
        by=world.cast["yibao"],
        at=world.now,
    )
    with pytest.raises(InputError, match="有申诉"):
        draw(world, [*reviews, appealed], by="fuhe", step="second")
    with pytest.raises(NotAllowed):
        draw(world, reviews, by="chushen", step="second")
    batch = draw(world, reviews, by="fuhe", step="second")
    assert run(world, batch, by="fuhe").state == "done"
    row = world.fresh(reviews[0])
    assert (row.state, row.second_by, row.amount) == ("decided", world.cast["fuhe"], Decimal("100.00"))
    services.undo_batch(batch=batch, by=world.cast["fuhe"], at=world.now)
    row = world.fresh(reviews[0])
    assert (row.state, row.second_by, row.outcome, row.amount) == ("second", None, "deduct", Decimal("100.00"))


def test_a_batch_cannot_be_taken_back_after_the_feedback(world):
    reviews = many(world, 2, "second")
    batch = draw(world, reviews, by="fuhe", step="second")
    run(world, batch, by="fuhe")
    services.send_feedback(reviews=reviews, by=world.cast["fuhe"], at=world.now)
    with pytest.raises(InputError, match="已经不能收回"):
        services.undo_batch(batch=batch, by=world.cast["fuhe"], at=world.now)
    assert Batch.objects.get().state == "done"


def test_the_tick_takes_up_a_batch_whose_job_is_gone(world):
    from hengjian.apps.review.ticking import tick

    batch = draw(world, many(world, 3))
    look(world, batch)
    services.start_batch(batch=batch, by=world.cast["chushen"], at=world.now)  # nobody queued the job
    assert tick(at=world.now + timedelta(seconds=30)) == []
    assert tick(at=world.now + timedelta(minutes=5)) == ["接着办理中断的批量 1 批"]
    assert Review.objects.filter(state="answer").count() == 3  # the job runs at once in tests
