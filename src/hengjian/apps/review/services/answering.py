"""The institution is heard: it sees, accepts or appeals, asks its doctor; or its limit passes, which is no consent by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import own_institution
from hengjian.apps.review.deadlines import step_on
from hengjian.apps.review.models import Advice, Answer, Attachment, Review
from hengjian.apps.review.services.turn import Stale, day_of, hold, move, need_text, note
from hengjian.apps.review.states import ANSWER, SECOND
from hengjian.apps.workdays.models import Clock
from hengjian.kernel.errors import InputError

CHANGE_OF_MIND = timedelta(minutes=10)
"""How long an institution may take its answer back."""


@transaction.atomic
def mark_seen(*, review: Review, by: User, at: datetime) -> bool:
    """The receipt: the institution opened the finding for the first time. False where it had, or where there is nothing to receive."""
    row = Review.objects.select_for_update().get(pk=review.pk)
    if row.state != ANSWER or row.seen_at is not None:
        return False
    row = hold(review, "see", by=by, at=at, version=None)
    row.seen_at = at
    row.save(update_fields=["seen_at"])  # no new version: looking changes nothing for whoever has the page open
    note(row, "see", "机构已查看，回执登记", by=by, at=at)
    return True


@transaction.atomic
def answer(
    *,
    review: Review,
    version: int,
    kind: str,
    by: User,
    at: datetime,
    ground: str = "",
    text: str = "",
    lines: Sequence[str] = (),
) -> Review:
    """Accept, or appeal with ground, words and the fee lines that are disputed; files uploaded before go with it."""
    row = hold(review, "answer", by=by, at=at, version=version)
    _in_time(row, at)
    if kind not in ("accept", "appeal"):
        raise InputError("没有选认可还是申诉", cure="选一个再提交")
    if kind == "appeal":
        if ground not in dict(Answer.GROUNDS):
            raise InputError("没有选申诉理由", cure="在四类理由中选一类")
        text = need_text(text, "申诉说明", 4000)
    else:
        ground, text, lines = "", text.strip()[:4000], ()
    if row.seen_at is None:
        row.seen_at = at
    given = Answer.objects.create(
        review=row,
        round=row.round,
        kind=kind,
        ground=ground,
        text=text,
        lines=[str(line)[:90] for line in lines][:500],
        is_consent=kind == "accept",
        by=by,
        at=at,
    )
    free = Q(answer__isnull=True) | Q(answer__undone_at__isnull=False)
    Attachment.objects.filter(free, review=row, removed_at__isnull=True).update(answer=given)
    said = "机构认可" if kind == "accept" else f"机构申诉：{dict(Answer.GROUNDS)[ground]}"
    return move(row, "answer", SECOND, said, by=by, at=at, kind=kind, ground=ground, text=text, answer=given.pk)


def _in_time(row: Review, at: datetime) -> None:
    """Raises InputError once the limit is over, by the clock itself."""
    clock = Clock.objects.filter(subject=row.subject, key="answer").exclude(state="ended").order_by("-pk").first()
    if clock is not None and clock.due_at is not None and at > clock.due_at:
        raise InputError(
            "答复期限已过",
            why="逾期不等于认可，复核的人会先看事实再决定",
            cure="仍有话要说，请联系医保局承办人，或在复核前申请延期",
        )


@transaction.atomic
def withdraw_answer(*, review: Review, version: int | None, by: User, at: datetime) -> Review:
    """The institution takes its answer back within ten minutes, as long as nobody has decided. Its clock goes on as before."""
    row = hold(review, "withdraw_answer", by=by, at=at, version=version)
    given = row.answers.filter(round=row.round, undone_at__isnull=True).order_by("-pk").first()
    if given is None or given.kind == "silent":
        raise Stale("没有可以撤回的答复", why="没有答复，或已按逾期办理", cure="刷新页面")
    if at > given.at + CHANGE_OF_MIND:
        raise InputError("已过十分钟，不能撤回", why=f"{given.at:%H:%M} 提交", cure="要补充，请联系医保局承办人")
    given.undone_at = at
    given.save(update_fields=["undone_at"])
    return move(row, "withdraw_answer", ANSWER, "机构撤回答复", by=by, at=at, resume=True, answer=given.pk)


@transaction.atomic
def lapse(*, review: Review, version: int | None, by: User | str, at: datetime) -> Review:
    """The limit passed without an answer. It counts as consent only where the step says so on that day and the receipt is proved."""
    row = hold(review, "lapse", by=by, at=at, version=version)
    clock = Clock.objects.filter(subject=row.subject, key="answer").exclude(state="ended").order_by("-pk").first()
    due_at = clock.due_at if clock is not None else row.due_at
    if due_at is None or at <= due_at:
        raise InputError("答复期限还没有到", why=f"截止 {day_of(due_at)} 17:00" if due_at else "时限中止", cure="到期后再办")
    step = step_on("answer", day_of(row.sent_at or at))
    consents = step.silence_is_consent and row.seen_at is not None
    if consents:
        why = f"已于 {day_of(row.seen_at)} 查看，环节设置（自 {step.valid_from}）定为逾期视为认可"
    elif row.seen_at is None:
        why = "没有查看回执，不视为认可"
    else:
        why = "已查看，没有逾期视为认可的约定，不视为认可"
    Answer.objects.create(review=row, round=row.round, kind="silent", text=why, is_consent=consents, at=at)
    return move(row, "lapse", SECOND, f"逾期未答复：{why}", by=by, at=at, consent=consents)


def lapse_overdue(*, by: User | str, at: datetime) -> int:
    """Lapse every review whose answer is overdue, each in its own transaction. How many; one that somebody answers meanwhile is left."""
    count = 0
    for review in Review.objects.filter(state=ANSWER, due_at__lt=at).order_by("due_at", "pk"):
        try:
            lapse(review=review, version=None, by=by, at=at)
        except InputError:
            continue
        count += 1
    return count


@transaction.atomic
def ask_doctor(*, review: Review, doctor: User, question: str, by: User, at: datetime) -> Advice:
    """Ask a doctor of the own institution about this one case."""
    row = hold(review, "ask_doctor", by=by, at=at, version=None)
    question = need_text(question, "想请医师确认的事", 1000)
    if own_institution(doctor, "desk.advise", day_of(at)) != row.institution_code:
        raise InputError("这位医师不在本机构，或没有开通说明", cure="从列表中选一位医师")
    if Advice.objects.filter(review=row, doctor=doctor, answered_at__isnull=True).exists():
        raise InputError(f"已经请{doctor.name}说明，还没有回复", cure="等回复，或换一位医师")
    asked = Advice.objects.create(review=row, doctor=doctor, question=question, asked_by=by, asked_at=at)
    note(row, "ask_doctor", f"请{doctor.name}医师说明", by=by, at=at, advice=asked.pk)
    return asked


@transaction.atomic
def advise(*, advice: Advice, text: str, by: User, at: datetime) -> Advice:
    """The doctor's words on the case asked. They go to the own institution, which may use them."""
    asked = Advice.objects.select_for_update().select_related("review").get(pk=advice.pk)
    rights.check(by, "desk.advise", day_of(at))
    if asked.doctor_id != by.pk:
        raise rights.NotAllowed("这一例没有请您说明", why="只有被请的医师能写", cure="回到请我说明的病例")
    row = hold(asked.review, "advise", by=by, at=at, version=None)
    if asked.answered_at is not None:
        raise Stale("您已经写过说明", why="说明提交后不改", cure="要补充，请告诉本机构经办人")
    asked.text, asked.answered_at = need_text(text, "说明", 4000), at
    asked.save(update_fields=["text", "answered_at"])
    note(row, "advise", f"{by.name}医师已说明", by=by, at=at, advice=asked.pk)
    return asked
