"""The tables of states and verbs, walked; and every verb called for every role in every state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from hengjian.apps.accounts.models import Unit, User
from hengjian.apps.accounts.policies import NotAllowed
from hengjian.apps.accounts.roles import ACTS, ROLES
from hengjian.apps.accounts.services import grant_post, open_account
from hengjian.apps.journal.models import Entry
from hengjian.apps.review import services
from hengjian.apps.review.models import Advice, Review
from hengjian.apps.review.states import ENDS, START, STATES, VERBS, follows
from hengjian.kernel.errors import InputError


def test_states_are_those_of_the_model():
    assert [(s.code, s.title) for s in STATES.values()] == list(Review.STATES)


def test_every_state_is_owned_or_ends():
    for state in STATES.values():
        assert (state.owner in ACTS) == (state.code not in ENDS), state
        assert bool(follows(state.code)) == (state.code not in ENDS), state


def test_every_state_is_reached_from_the_first_and_comes_to_an_end():
    reached, todo = set(), [START]
    while todo:
        state = todo.pop()
        if state not in reached:
            reached.add(state)
            todo += follows(state)
    assert reached == set(STATES)
    for state in STATES:
        ahead, todo = set(), [state]
        while todo:
            step = todo.pop()
            if step not in ahead:
                ahead.add(step)
                todo += follows(step)
        assert ahead & ENDS, state


def test_every_verb_begins_and_leads_somewhere_known_and_has_an_event_of_its_own():
    events = [v.event for v in VERBS.values()]
    assert len(set(events)) == len(events)
    for verb in VERBS.values():
        assert verb.before and verb.before <= set(STATES) and set(verb.to) <= set(STATES)
        assert set(verb.acts) <= set(ACTS)
        assert not verb.before & ENDS


CALLS: dict[str, Callable] = {
    "propose": lambda r, by, at: services.propose(review=r, version=r.version, outcome="deduct", reason="清楚", by=by, at=at),
    "pass_on": lambda r, by, at: services.propose(review=r, version=r.version, outcome="none", reason="不成立", by=by, at=at),
    "undo_proposal": lambda r, by, at: services.undo_proposal(review=r, version=r.version, by=by, at=at),
    "attach": lambda r, by, at: services.attach(review=r, name="a.pdf", chunks=[b"%PDF-1.7 1"], by=by, at=at),
    "ask_doctor": lambda r, by, at: services.ask_doctor(
        review=r, doctor=User.objects.get(login="yishi"), question="是否必要", by=by, at=at
    ),
    "answer": lambda r, by, at: services.answer(review=r, version=r.version, kind="accept", by=by, at=at),
    "withdraw_answer": lambda r, by, at: services.withdraw_answer(review=r, version=r.version, by=by, at=at),
    "lapse": lambda r, by, at: services.lapse(review=r, version=r.version, by=by, at=at + timedelta(days=30)),
    "decide": lambda r, by, at: services.decide(review=r, version=r.version, outcome="deduct", reason="一致", by=by, at=at),
    "return_to_first": lambda r, by, at: services.return_to_first(review=r, version=r.version, reason="再查", by=by, at=at),
    "take_back": lambda r, by, at: services.take_back(review=r, version=r.version, by=by, at=at),
    "send_feedback": lambda r, by, at: services.send_feedback(reviews=[r], by=by, at=at),
    "advise": lambda r, by, at: services.advise(advice=Advice.objects.get(review=r), text="确有需要", by=by, at=at),
    "detach": lambda r, by, at: services.detach(attachment=r.attachments.get(), by=by, at=at),
}
WHO = {
    "first": "chushen",
    "second": "fuhe",
    "head": "juzhang",
    "supervisor": "kezhang",
    "cashier": "caiwu",
    "operator": "shuju",
    "sysadmin": "guanli",
    "security": "anquan",
    "logauditor": "shenji",
    "clerk": "yibao",
    "doctor": "yishi",
}


def test_the_matrix_names_every_role_and_every_verb_of_a_person():
    assert set(WHO) == set(ROLES)
    assert set(CALLS) == {v.code for v in VERBS.values() if v.acts} - {"see"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", CALLS)
def test_role_state_verb(world, verb, state):
    """Allowed exactly where the table has verb, state and act together; else refused with nothing written."""
    outcome = "none" if verb == "undo_proposal" and state == "second" else "deduct"  # what the institution answered stays
    review = world.review(state, outcome=outcome)
    if verb in ("advise", "detach"):
        _prepare(world, review, verb)
    before = Entry.objects.count()
    for role, login in WHO.items():
        by = User.objects.get(login=login)
        holds = any(act in ROLES[role].acts for act in VERBS[verb].acts)
        # deciding within the limit is the reviewer's, taking back is the decider's
        may = holds and not (verb in ("decide", "take_back") and role in ("head", "supervisor"))
        with transaction.atomic():
            if may and state in VERBS[verb].before:
                CALLS[verb](review, by, world.now)
                now = Review.objects.get(pk=review.pk)
                assert now.state == (VERBS[verb].to[0] if VERBS[verb].to else state), (role, verb, state)
                events = Entry.objects.filter(subject=review.subject, number__gt=before).values_list("event", flat=True)
                assert VERBS[verb].event in events, (role, verb, state)
            else:
                with pytest.raises((InputError, NotAllowed) if holds else NotAllowed) as refusal:
                    CALLS[verb](review, by, world.now)
                assert refusal.value.what and refusal.value.cure, (role, verb, state)
                assert Entry.objects.count() == before, (role, verb, state)
                assert Review.objects.get(pk=review.pk).state == state
            transaction.set_rollback(True)


def _prepare(world, review, verb):
    """A question or a file that was there in time, whatever became of the review since."""
    clerk = world.cast["yibao"]
    if verb == "advise":
        Advice.objects.create(
            review=review, doctor=world.cast["yishi"], question="是否必要", asked_by=clerk, asked_at=world.now
        )
    else:
        review.attachments.create(
            name="a.pdf", path="aa/aa", media_type="application/pdf", size=1, sm3="a" * 64, by=clerk, at=world.now
        )


def test_a_first_reviewer_of_another_region_or_desk_of_another_hospital_may_do_nothing(world):
    far = _person(world, "yuan", "first", "990200")
    near = _person(world, "linyuan", "clerk", "990100", institution="H99010200002")
    review = world.review("first")
    with pytest.raises(NotAllowed):
        CALLS["propose"](review, far, world.now)
    sent = world.review("answer")
    for verb in ("answer", "attach", "ask_doctor"):
        with pytest.raises(NotAllowed, match="不是您所在机构"):
            CALLS[verb](sent, near, world.now)


def _person(world, login, role, region, institution=""):
    unit = Unit.objects.create(
        name=f"{login}单位", kind="institution" if institution else "bureau", region_code=region, institution_code=institution
    )
    user = open_account(by="测试", at=world.now, login=login, name=login, unit=unit, password="yunxi-demo-2026", is_demo=True)
    grant_post(by="测试", at=world.now, user=user, role=role, region_code=region, valid_from=world.now.date(), reason="测试")
    return user
