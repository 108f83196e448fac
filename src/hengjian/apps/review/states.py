"""The states of a review: who owns each, which verb leads from where to where, what the journal calls it. Plain tables; the tests walk them."""

from __future__ import annotations

from dataclasses import dataclass

FIRST, ANSWER, SECOND, DECIDED, CLOSED, WITHDRAWN = "first", "answer", "second", "decided", "closed", "withdrawn"


@dataclass(frozen=True)
class State:
    """`owner`: the act its owner holds (empty: nobody, it has ended). `step`: the configured step whose limit runs in it."""

    code: str
    title: str
    owner: str
    step: str
    tone: str


STATES = {
    s.code: s
    for s in (
        State(FIRST, "待初审", "review.first", "first", "new"),
        State(ANSWER, "待机构答复", "desk.answer", "answer", "moved"),
        State(SECOND, "待复核", "review.second", "second", "check"),
        State(DECIDED, "待反馈", "review.feedback", "feedback", "check"),
        State(CLOSED, "已反馈", "", "", "done"),
        State(WITHDRAWN, "已撤下", "", "", "drop"),
    )
}
"""Every state a review may be in."""
ENDS = frozenset(s.code for s in STATES.values() if not s.owner)
OPEN = frozenset(STATES) - ENDS
START = FIRST


@dataclass(frozen=True)
class Verb:
    """What may be done to a review. `to` empty: it stays. `acts`: any of them allows it; empty: a job does it, following another room.

    `shown`: the institution reads it in its own history.
    """

    code: str
    title: str
    before: frozenset[str]
    to: tuple[str, ...]
    acts: tuple[str, ...]
    event: str
    shown: bool = False


def _verb(code: str, title: str, before: str, to: str, acts: str, event: str, shown: bool = False) -> Verb:
    return Verb(code, title, frozenset(before.split()), tuple(to.split()), tuple(acts.split()), event, shown)


VERBS = {
    v.code: v
    for v in (
        _verb("propose", "初审", FIRST, ANSWER, "review.first", "review.proposed", True),
        _verb("pass_on", "初审", FIRST, SECOND, "review.first", "review.passed_on"),
        _verb("undo_proposal", "收回初审", f"{ANSWER} {SECOND}", FIRST, "review.first", "review.proposal_undone"),
        _verb("see", "机构查看", ANSWER, "", "desk.read", "review.seen", True),
        _verb("attach", "上传材料", ANSWER, "", "desk.answer", "review.attached", True),
        _verb("detach", "移除材料", ANSWER, "", "desk.answer", "review.detached", True),
        _verb("ask_doctor", "请医师说明", ANSWER, "", "desk.answer", "review.doctor_asked", True),
        _verb("advise", "医师说明", ANSWER, "", "desk.advise", "review.advised", True),
        _verb("answer", "机构答复", ANSWER, SECOND, "desk.answer", "review.answered", True),
        _verb("withdraw_answer", "撤回答复", SECOND, ANSWER, "desk.answer", "review.answer_withdrawn", True),
        _verb("lapse", "逾期未答复", ANSWER, SECOND, "review.second", "review.lapsed", True),
        _verb("decide", "复核决定", SECOND, DECIDED, "review.second review.approve", "review.decided"),
        _verb("return_to_first", "退回初审", SECOND, FIRST, "review.second review.approve", "review.returned"),
        _verb("take_back", "收回决定", DECIDED, SECOND, "review.second review.approve", "review.decision_undone"),
        _verb("send_feedback", "反馈", DECIDED, CLOSED, "review.feedback", "review.closed", True),
        _verb("withdraw", "撤下", " ".join(sorted(OPEN)), WITHDRAWN, "", "review.withdrawn", True),
    )
}
"""Every verb on one review. Batches use the same verbs on many."""
SHOWN = frozenset(v.event for v in VERBS.values() if v.shown)
"""Events the institution reads."""


def follows(state: str) -> set[str]:
    """The states that may come next."""
    return {to for v in VERBS.values() if state in v.before for to in v.to}
