"""Feedback lists, settings of the steps, and files of an answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengjian.apps.accounts import policies as rights
from hengjian.apps.accounts.roles import ROLES
from hengjian.apps.listing import day_field
from hengjian.apps.review import services
from hengjian.apps.review.deadlines import step_on
from hengjian.apps.review.models import MONEY, Step
from hengjian.apps.review.panes import institution_names
from hengjian.apps.review.queries import attachments_visible_to, step_history, steps_on, to_send, to_send_by_institution
from hengjian.apps.review.services.configuring import owners_of
from hengjian.apps.review.views.common import number_of
from hengjian.kernel.errors import InputError

LISTED = 200


@require_GET
def feedback(request: HttpRequest) -> HttpResponse:
    """Decisions that have not been sent, a list an institution."""
    day = timezone.localdate()
    rights.check(request.user, "review.feedback", day)
    rows = to_send(request.user, day)
    lists = to_send_by_institution(request.user, day)
    code = request.GET.get("institution", "")
    chosen = next((entry for entry in lists if entry["institution_code"] == code), lists[0] if lists else None)
    listed = list(rows.filter(institution_code=chosen["institution_code"])[:LISTED]) if chosen else []
    names = institution_names(rows)
    for entry in lists:
        entry["institution"] = names.get(entry["institution_code"], entry["institution_code"] or "不属于一家机构")
    money = dict(MONEY)[step_on("feedback", day).money]
    stated = (
        f"{sum((r.amount for r in rows.filter(institution_code=chosen['institution_code'])), Decimal(0))}" if chosen else ""
    )
    return render(
        request, "review/feedback.html", {"lists": lists, "chosen": chosen, "rows": listed, "money": money, "stated": stated}
    )


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Send one institution's list, exactly as it was shown."""
    now = timezone.now()
    rows = list(to_send(request.user, timezone.localdate(now)).filter(institution_code=request.POST.get("institution", "")))
    if len(rows) != number_of(request, "count") or f"{sum((r.amount for r in rows), Decimal(0))}" != request.POST.get("amount"):
        raise InputError("清单有变，没有发送", why="您打开之后有决定加入或收回", cure="刷新页面，看过新清单再发送")
    sent = services.send_feedback(reviews=rows, by=request.user, at=now)
    nothing = f"，{sent.nothing_left} 条的金额已在别处扣回，不再入账" if sent.nothing_left else ""
    messages.success(request, f"已反馈 {sent.reviews} 条，入账 {sent.postings} 笔共 {sent.amount:,.2f} 元{nothing}。")
    return redirect("review:feedback")


class StepForm(forms.Form):
    """One setting of one step from a day on."""

    code = forms.ChoiceField(label="环节", choices=Step.CODES)
    owner_role = forms.ChoiceField(label="承办岗位")
    focus = forms.CharField(label="重点", max_length=200)
    days = forms.IntegerField(label="时限（天）", min_value=1, max_value=365)
    unit = forms.ChoiceField(label="单位", choices=(("wd", "工作日"), ("cd", "自然日")))
    max_amount = forms.DecimalField(
        label="单笔权限（元）",
        required=False,
        min_value=Decimal("0.01"),
        max_digits=16,
        decimal_places=2,
        help_text="只对复核；留空不限",
    )
    money = forms.ChoiceField(label="扣款方式", choices=MONEY, help_text="只对反馈")
    silence_is_consent = forms.BooleanField(label="逾期视为认可（须有查看回执）", required=False, help_text="只对机构答复")
    article = forms.CharField(label="依据", max_length=120)
    valid_from = day_field("生效日期")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = dict.fromkeys(role for code, _ in Step.CODES for role in owners_of(code))
        self.fields["owner_role"].choices = [(role, ROLES[role].title) for role in roles]


@require_http_methods(["GET", "POST"])
def steps(request: HttpRequest) -> HttpResponse:
    """How each step is done now, and from which day it changes."""
    now = timezone.now()
    day = timezone.localdate(now)
    rights.check(request.user, "step.configure", day)
    code = request.GET.get("step", "first")
    present = step_on(code if code in dict(Step.CODES) else "first", day)
    names = ("code", "owner_role", "focus", "days", "unit", "max_amount", "money", "silence_is_consent", "article")
    form = StepForm(request.POST or None, initial={n: getattr(present, n) for n in names} | {"valid_from": day})
    if request.method == "POST" and form.is_valid():
        try:
            step = services.set_step(by=request.user, at=now, **form.cleaned_data)
        except InputError as error:
            form.add_error(None, "。".join(filter(None, (error.what, error.why, error.cure))))
        else:
            messages.success(request, f"{step.get_code_display()}自 {step.valid_from} 起按新设置办理。正在走的时限不变。")
            return redirect("review:steps")
    titles = {role.code: role.title for role in ROLES.values()}
    rows = [{"step": s, "owner": titles[s.owner_role]} for s in steps_on(day)]
    history = [{"step": s, "owner": titles[s.owner_role]} for s in step_history()[:100]]
    return render(request, "review/steps.html", {"rows": rows, "history": history, "form": form, "present": present})


@require_GET
def attachment(request: HttpRequest, pk: int) -> FileResponse:
    """A file of an answer, as a download: a browser never shows what somebody else sent."""
    file = get_object_or_404(attachments_visible_to(request.user, timezone.localdate()), pk=pk)
    try:
        content = (settings.ATTACHMENTS / file.path).open("rb")
    except OSError as error:
        raise Http404 from error
    answer = FileResponse(content, as_attachment=True, filename=file.name, content_type=file.media_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
