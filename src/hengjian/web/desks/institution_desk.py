"""The institution's own desk: what was sent to it, why, how much, until when; accept, appeal, ask the doctor. And the doctor's one case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.models import User
from hengjian.apps.review import services
from hengjian.apps.review.attachments import ACCEPT, MOST_BYTES, MOST_FILES
from hengjian.apps.review.deadlines import step_on
from hengjian.apps.review.evidence import evidence_for
from hengjian.apps.review.models import MONEY, Answer, Review
from hengjian.apps.review.panes import countdown, grouped_by_due
from hengjian.apps.review.queries import advice_for, at_desk, doctors_at, timeline
from hengjian.apps.review.services.answering import CHANGE_OF_MIND
from hengjian.apps.review.sides import INSTITUTION, facts_for, sentence_for_institution
from hengjian.apps.review.views.common import follow, version_of
from hengjian.kernel.errors import InputError
from hengjian.report.book import Head, book_bytes

SIZE = 20
SENT_OUT = 20_000
"""Rows of the Excel file at most."""
STATE_WORDS = {
    "first": "医保局重新审核",
    "answer": "待您答复",
    "second": "医保局复核",
    "decided": "医保局复核",
    "closed": "已有结果",
    "withdrawn": "已撤下",
}
"""A state as the institution reads it: a decision is not known before the feedback."""
TABS = (("", "全部"), ("answer", "待您答复"), ("running", "医保局办理中"), ("closed", "已有结果"))
_GROUPS = {"answer": ("answer",), "running": ("first", "second", "decided"), "closed": ("closed", "withdrawn")}
GROUND_HELP = {
    "data": "收费数量、日期或项目和实际不符",
    "clinical": "属于内涵以外、必须另做的诊疗",
    "rule": "政策或价格文件另有规定",
    "other": "请写明",
}
_HEADS = (
    Head("疑点", 16), Head("规则", 28), Head("程度", 8), Head("说明", 60, "wrap"), Head("就诊", 22), Head("整行金额", 14, "money"),
    Head("范围内金额", 14, "money"), Head("基金支付", 14, "money"), Head("告知金额", 14, "money"), Head("状态", 14),
    Head("送达", 18), Head("答复截止", 18), Head("结果", 12), Head("依据", 44, "wrap"),
)  # fmt: skip


def _rows(request: HttpRequest) -> Any:
    """The person's list under its filters."""
    rights.check(request.user, "desk.read", timezone.localdate())
    rows = at_desk(request.user, timezone.localdate())
    words = request.GET.get("q", "").strip()[:60]
    if words:
        rows = rows.filter(
            Q(finding__rule_title__icontains=words)
            | Q(finding__finding_id__startswith=words.lower())
            | Q(finding__mdtrt_id=words)
        )
    return rows


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Everything that was sent to this institution, what waits for an answer on top."""
    now = timezone.now()
    rows = _rows(request)
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    state = request.GET.get("state", "")
    tabs = [
        {"state": code, "title": title, "count": sum(counts.get(s, 0) for s in _GROUPS.get(code, counts))}
        for code, title in TABS
    ]
    if state in _GROUPS:
        rows = rows.filter(state__in=_GROUPS[state])
    page = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    lefts = {row["review"].pk: row["left"] for group in grouped_by_due(list(page.object_list), now) for row in group["rows"]}
    items = [
        {"review": r, "left": lefts[r.pk] if r.state == "answer" else None, "word": STATE_WORDS[r.state]}
        for r in page.object_list
    ]
    context = {
        "page": page,
        "items": items,
        "tabs": tabs,
        "state": state,
        "q": request.GET.get("q", ""),
        "pages": page.paginator.get_elided_page_range(page.number),
        "waiting": counts.get("answer", 0),
    }
    return render(request, "desks/institution_list.html", context)


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The own list as an Excel file: the same facts as on the pages."""
    rows = []
    for r in _rows(request)[:SENT_OUT]:
        f = r.finding
        closed = r.state == "closed"
        rows.append(
            (
                f.finding_id[:12], f.rule_title, "违规" if f.certainty == "certain" else "可疑",
                sentence_for_institution(r), f.mdtrt_id,
                f.amount_total, f.amount_inscope, f.amount_fund, r.amount if r.state != "first" else None, STATE_WORDS[r.state],
                _hour(r.sent_at), _hour(r.due_at) if r.state == "answer" else "", r.get_outcome_display() if closed else "", f.law,
            )
        )  # fmt: skip
    body = book_bytes(
        "送达本机构的疑点",
        "疑点",
        _HEADS,
        rows,
        (("这是什么", "医保局送达本机构答复的疑点。疑点是待核实的金额，不是认定结果。"),),
    )
    answer = HttpResponse(body, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer["Content-Disposition"] = (
        content_disposition_header(True, f"疑点清单-{timezone.localdate():%Y%m%d}.xlsx") or "attachment"
    )
    return answer


def _hour(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


@require_GET
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding: opening it for the first time is the receipt."""
    now = timezone.now()
    user, day = request.user, timezone.localdate(now)
    rights.check(user, "desk.read", day)
    review = get_object_or_404(at_desk(user, day), pk=pk)
    services.mark_seen(review=review, by=user, at=now)
    return render(request, "desks/institution_item.html", _context(review, user, now))


def _context(review: Review, user: User, now: datetime) -> dict[str, Any]:
    day = timezone.localdate(now)
    facts = facts_for(INSTITUTION, review, evidence_for(review.finding))
    answers = list(review.answers.select_related("by").prefetch_related("attachments").order_by("-pk"))
    standing = next((a for a in answers if a.undone_at is None and a.round == review.round), None)
    step = step_on("answer", timezone.localdate(review.sent_at) if review.sent_at else day)
    drafts = review.attachments.filter(removed_at__isnull=True).filter(
        Q(answer__isnull=True) | Q(answer__undone_at__isnull=False)
    )
    return {
        "review": review,
        "finding": review.finding,
        "facts": facts,
        "clock": countdown(review, now),
        "word": STATE_WORDS[review.state],
        "may_answer": review.state == "answer" and rights.can(user, "desk.answer", day),
        "consent": step.silence_is_consent,
        "money": dict(MONEY)[step_on("feedback", day).money],
        "answers": [a for a in answers if a.undone_at is None],
        "may_withdraw": review.state == "second" and standing is not None and standing.kind != "silent"
        and now <= standing.at + CHANGE_OF_MIND and rights.can(user, "desk.answer", day),
        "withdraw_until": standing.at + CHANGE_OF_MIND if standing else None,
        "last": next((a for a in answers if a.undone_at is not None and a.round == review.round), None),
        "grounds": [(code, title, GROUND_HELP[code]) for code, title in Answer.GROUNDS],
        "files": drafts,
        "limits": {"bytes": MOST_BYTES, "files": MOST_FILES, "accept": ACCEPT},
        "advice": review.advice.select_related("doctor", "asked_by").order_by("-pk"),
        "doctors": doctors_at(review.institution_code, day),
        "treated_by": review.finding.atddr_no,
        "events": [{"at": e.at, "what": e.summary, "who": e.actor_name} for e in timeline(review, for_institution=True)],
    }  # fmt: skip


def _mine(request: HttpRequest, pk: int) -> Review:
    return get_object_or_404(at_desk(request.user, timezone.localdate()), pk=pk)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept or appeal."""
    kind = request.POST.get("kind", "")
    services.answer(
        review=_mine(request, pk),
        version=version_of(request),
        kind=kind,
        ground=request.POST.get("ground", ""),
        text=request.POST.get("text", ""),
        lines=request.POST.getlist("lines"),
        by=request.user,
        at=timezone.now(),
    )
    said = "已认可。" if kind == "accept" else "申诉已提交。"
    messages.success(request, f"{said}十分钟内可以撤回修改。")
    return follow(request, reverse("desk:item", args=[pk]))


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the answer back within ten minutes."""
    services.withdraw_answer(review=_mine(request, pk), version=None, by=request.user, at=timezone.now())
    messages.success(request, "答复已撤回，可以修改后再提交。期限不变。")
    return redirect("desk:item", pk)


@require_POST
def attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Add files to the answer that is being written."""
    review, now = _mine(request, pk), timezone.now()
    files = request.FILES.getlist("files")
    errors = [] if files else ["还没有选文件。"]
    for file in files[:MOST_FILES]:
        try:
            services.attach(review=review, name=file.name or "", chunks=file.chunks(), by=request.user, at=now)
        except InputError as error:
            errors.append("。".join(filter(None, (error.what, error.why, error.cure))) + "。")
    if len(files) > MOST_FILES:
        errors.append(f"一条疑点最多 {MOST_FILES} 份材料，其余没有收。")
    address = reverse("desk:item", args=[pk])
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"errors": errors}, status=400) if errors else JsonResponse({"next": address})
    for text in errors:
        messages.error(request, text)
    return redirect(f"{address}#files")


@require_POST
def detach(request: HttpRequest, pk: int, file_pk: int) -> HttpResponse:
    """Take a file away again."""
    review = _mine(request, pk)
    file = get_object_or_404(review.attachments.filter(removed_at__isnull=True), pk=file_pk)
    services.detach(attachment=file, by=request.user, at=timezone.now())
    return redirect(reverse("desk:item", args=[pk]) + "#files")


@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a doctor of this institution."""
    review = _mine(request, pk)
    wanted = request.POST.get("doctor", "")
    doctor = next((d for d in doctors_at(review.institution_code, timezone.localdate()) if str(d.pk) == wanted), None)
    if doctor is None:
        raise InputError("没有选医师", cure="从列表中选一位医师")
    services.ask_doctor(
        review=review, doctor=doctor, question=request.POST.get("question", ""), by=request.user, at=timezone.now()
    )
    messages.success(request, f"已请{doctor.name}医师说明。医师只看到这一例。")
    return follow(request, reverse("desk:item", args=[pk]))


@require_GET
def advice(request: HttpRequest) -> HttpResponse:
    """The cases this doctor was asked about."""
    day = timezone.localdate()
    rights.check(request.user, "desk.advise", day)
    return render(request, "desks/advice_list.html", {"rows": advice_for(request.user, day)})


@require_GET
def advice_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One case, for the doctor asked."""
    asked = get_object_or_404(advice_for(request.user, timezone.localdate()), pk=pk)
    facts = facts_for(INSTITUTION, asked.review, evidence_for(asked.review.finding))
    may = asked.answered_at is None and asked.review.state == "answer"
    return render(request, "desks/advice_item.html", {"asked": asked, "facts": facts, "may_advise": may})


@require_POST
def advise(request: HttpRequest, pk: int) -> HttpResponse:
    """The doctor's words."""
    asked = get_object_or_404(advice_for(request.user, timezone.localdate()), pk=pk)
    services.advise(advice=asked, text=request.POST.get("text", ""), by=request.user, at=timezone.now())
    messages.success(request, "说明已交给本机构经办人。")
    return follow(request, reverse("desk:advice"))
