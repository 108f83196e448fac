"""Pages of clues: list, one clue, registering, the live problem ledger. HTTP to one service or query call and back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengjian.apps.accounts.policies import can
from hengjian.apps.clues import policies, queries, services
from hengjian.apps.clues.forms import AssignForm, ClueFilter, ReasonForm, RegisterForm
from hengjian.apps.clues.models import Clue
from hengjian.apps.clues.states import CLOSED, CLUE, IN_HAND, NEW
from hengjian.apps.listing import page_of, sorted_by, whole_number
from hengjian.apps.registry.models import Institution
from hengjian.apps.workdays.queries import office_calendar
from hengjian.kernel.errors import HengjianError, InputError

COLUMNS = (
    {"key": "number", "title": "线索编号", "sort": "number", "css": "", "fixed": True},
    {"key": "institution", "title": "被监管机构", "sort": "institution", "css": ""},
    {"key": "rule", "title": "触发规则", "sort": "rule", "css": ""},
    {"key": "amount", "title": "整行金额（元）", "sort": "amount", "css": "r"},
    {"key": "priority", "title": "优先级", "sort": "priority", "css": ""},
    {"key": "state", "title": "状态", "sort": "state", "css": ""},
    {"key": "due", "title": "办理时限", "sort": "due", "css": ""},
    {"key": "person", "title": "承办人", "sort": "person", "css": ""},
    {"key": "ops", "title": "操作", "sort": "", "css": "ops", "fixed": True},
)
SORTS = {
    "number": "pk", "institution": "institution__name", "rule": "rule_title", "amount": "amount_total", "priority": "priority",
    "state": "state", "due": "due_at", "person": "assignee__name",
}  # fmt: skip
TABS = (("", "全部", "n_all"), (NEW, "待分派", "n_new"), (IN_HAND, "办理中", "n_in_hand"), ("overdue", "已超期", "n_overdue"),
        (CLOSED, "已办结", "n_closed"))  # fmt: skip
LEDGER_COLUMNS = (
    {"key": "number", "title": "线索编号", "sort": "", "css": "", "fixed": True},
    {"key": "source", "title": "来源", "sort": "", "css": ""},
    {"key": "what", "title": "问题", "sort": "", "css": "wrap"},
    {"key": "step", "title": "环节", "sort": "", "css": ""},
    {"key": "person", "title": "承办人", "sort": "", "css": ""},
    {"key": "due", "title": "办理时限", "sort": "", "css": ""},
    {"key": "amount", "title": "整行金额（元）", "sort": "", "css": "r"},
    {"key": "last", "title": "最近一步", "sort": "", "css": "wrap"},
)
LEDGER_TABS = (
    ("", "全部", "n_all"),
    (NEW, "待分派", "n_new"),
    (IN_HAND, "办理中", "n_in_hand"),
    ("overdue", "已超期", "n_overdue"),
)


@require_GET
def clue_list(request: HttpRequest) -> HttpResponse:
    """The queue: every clue, most urgent first."""
    at, day = timezone.now(), timezone.localdate()
    people = list(queries.handlers(day))
    narrowed = ClueFilter(request.GET, people=people)
    rows = narrowed.narrow(queries.visible_to(request.user, day), at)
    state = request.GET.get("state", "")
    counts = queries.tab_counts(rows, state, at)
    shown, sort = sorted_by(request, rows.filter(queries.state_filter(state, at)), SORTS, "-priority")
    paged = page_of(request, queries.Wide(shown, counts["n_" + (state if state in dict(CLUE) | {"overdue": ""} else "all")]))
    queries.with_days_left(paged["page"].object_list, office_calendar(), at)
    return render(
        request,
        "clues/list.html",
        {
            "title": "疑点线索",
            "purpose": "审计发现的疑点按机构、规则、月份归并；外来线索在这里登记。优先级高的排在前面。",
            "filter": narrowed,
            "filter_expanded": narrowed.is_unfolded,
            "state": state,
            "tabs": [{"state": key, "title": title, "count": counts[name]} for key, title, name in TABS],
            "total": counts["total"] or 0,
            "total_label": "合计整行金额（一行只计一次）",
            "columns": COLUMNS,
            "sort": sort,
            "row": "clues/_row.html",
            "list_key": "clues",
            "export": reverse("runs:export", args=["clues"]),
            "choosable": can(request.user, "clue.assign", day),
            "may_register": can(request.user, "clue.register", day),
            "may_take": can(request.user, policies.HANDLES, day),
            "assign": AssignForm(people=people),
            "empty": _nothing(request),
            **paged,
        },
    )


@require_GET
def problem_ledger(request: HttpRequest) -> HttpResponse:
    """问题台账: every open problem, live."""
    at, day = timezone.now(), timezone.localdate()
    narrowed = ClueFilter(request.GET, people=queries.handlers(day))
    rows = narrowed.narrow(queries.ledger(request.user, day), at)
    state = request.GET.get("state", "")
    counts = queries.ledger_counts(rows, at)
    paged = page_of(request, queries.Wide(queries.in_order_of_end(rows.filter(queries.state_filter(state, at)))))
    on_page: list[Clue] = paged["page"].object_list
    queries.with_days_left(on_page, office_calendar(), at)
    queries.with_decided(on_page)
    queries.with_last_act(on_page)
    return render(
        request,
        "clues/ledger.html",
        {
            "title": "问题台账",
            "purpose": "没有办结的问题都在这里，随办随变：从哪来、谁在办、到哪一步、何时到期。先到期的排在前面。",
            "filter": narrowed,
            "filter_expanded": narrowed.is_unfolded,
            "state": state,
            "counts": counts,
            "gone": queries.gone_after_decision(request.user, day).count(),
            "tabs": [{"state": key, "title": title, "count": counts[name]} for key, title, name in LEDGER_TABS],
            "total": counts["total"] or 0,
            "total_label": "合计整行金额（一行只计一次）",
            "columns": LEDGER_COLUMNS,
            "sort": "",
            "row": "clues/_ledger_row.html",
            "list_key": "ledger",
            "export": reverse("runs:export", args=["ledger"]),
            "empty": _nothing(request),
            **paged,
        },
    )


@require_GET
def gone(request: HttpRequest) -> HttpResponse:
    """Decided findings that no audit finds any more."""
    rows = queries.gone_after_decision(request.user, timezone.localdate())
    return render(request, "clues/gone.html", page_of(request, rows))


@require_GET
def clue(request: HttpRequest, pk: int) -> HttpResponse:
    """One clue: facts, why it is urgent, findings, who has it, what was done."""
    return _clue_page(request, _one(request, pk))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Register a clue from outside."""
    form = RegisterForm(request.POST or None, initial={"received_on": timezone.localdate()})
    alike: list[Clue] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = services.register_clue(
                report=form.report(), by=request.user, at=timezone.now(), not_alike=form.cleaned_data["not_alike"]
            )
        except services.Alike as found:
            alike = found.clues
            form.add_error("not_alike", _sentence(found))
        except InputError as error:
            form.add_error(None, _sentence(error))
        else:
            messages.success(request, f"{made.number} 已登记，核查截止 {timezone.localtime(made.due_at):%m 月 %d 日 %H:%M}。")
            return redirect("clues:clue", made.pk)
    return render(request, "clues/new.html", {"form": form, "alike": alike}, status=400 if form.errors else 200)


@require_GET
def institution_options(request: HttpRequest) -> HttpResponse:
    """Institutions whose name or code begins like the words typed, for the field's list."""
    words = request.GET.get("institution", "").strip()
    rows = Institution.objects.filter(name__icontains=words).order_by("name")[:20] if words else []
    return render(request, "clues/_institutions.html", {"rows": rows})


@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Give the chosen clues to a person."""
    form = AssignForm(request.POST, people=queries.handlers(timezone.localdate()))
    if not form.is_valid():
        raise InputError("没有选承办人", cure="先选承办人，再分派")
    sent = (*request.POST.getlist("sel"), *request.POST.getlist("clue"))
    chosen = [key for key in map(whole_number, sent) if key is not None]
    given = services.assign_clues(
        clue_ids=list(_visible(request).filter(pk__in=chosen).values_list("pk", flat=True)),
        to=form.cleaned_data["to"],
        by=request.user,
        at=timezone.now(),
        version=whole_number(request.POST.get("version", "")),
    )
    messages.success(request, f"{len(given)} 条线索已交给{form.cleaned_data['to'].name}。")
    return _back(request, "clues:list")


@require_POST
def next_clue(request: HttpRequest) -> HttpResponse:
    """Take the most urgent clue of the pool."""
    taken = services.take_next(by=request.user, at=timezone.now())
    if taken is None:
        messages.info(request, "待分派的线索都取完了。")
        return _back(request, "clues:list")
    messages.success(request, f"{taken.number} 归您办理。")
    return redirect("clues:clue", taken.pk)


@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the clue back into the pool."""
    held, form = _one(request, pk), ReasonForm(request.POST)
    if not form.is_valid():
        return _clue_page(request, held, giving_back=form)
    services.return_clue(clue=held, by=request.user, at=timezone.now(), **form.cleaned_data)
    messages.success(request, f"{held.number} 已退回待分派。")
    return redirect("clues:clue", pk)


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the clue."""
    held, form = _one(request, pk), ReasonForm(request.POST)
    if not form.is_valid():
        return _clue_page(request, held, closing=form)
    services.close_clue(clue=held, by=request.user, at=timezone.now(), **form.cleaned_data)
    messages.success(request, f"{held.number} 已办结。")
    return redirect("clues:clue", pk)


@require_POST
def recuse(request: HttpRequest, pk: int) -> HttpResponse:
    """The person stands aside from the clue's institution."""
    held = _one(request, pk)
    if held.institution is None:
        raise InputError("这条线索没有写明机构", cure="请监管科长改派")
    services.declare_recusal(
        user=request.user,
        institution=held.institution,
        reason=request.POST.get("reason", ""),
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"已登记您对{held.institution.name}回避，以后不会分到这家机构的线索。在手的请退回。")
    return redirect("clues:clue", pk)


def _visible(request: HttpRequest) -> QuerySet[Clue]:
    return queries.visible_to(request.user, timezone.localdate())


def _one(request: HttpRequest, pk: int) -> Clue:
    return get_object_or_404(_visible(request), pk=pk)


def _clue_page(request: HttpRequest, held: Clue, **forms: ReasonForm) -> HttpResponse:
    at, day = timezone.now(), timezone.localdate()
    (held,) = queries.with_days_left([held], office_calendar(), at)
    queries.with_decided([held])
    findings = held.findings.order_by("state", "-amount_fund", "pk")
    people = queries.handlers(day)
    user = request.user
    mine = held.assignee_id == user.pk
    leads = can(user, "clue.assign", day, held.region_code)
    start = {"version": held.version}
    return render(
        request,
        "clues/clue.html",
        {
            "clue": held,
            "timeline": queries.timeline(held),
            "may_assign": leads and held.state != CLOSED,
            "may_return": (mine or leads) and held.state == IN_HAND,
            "may_close": can(user, "clue.close", day, held.region_code) and held.state != CLOSED,
            "may_recuse": can(user, policies.HANDLES, day, held.region_code) and held.institution is not None,
            "mine": mine,
            "assign": AssignForm(people=people) if leads else None,
            "giving_back": ReasonForm(auto_id="return_%s", initial=start),
            "closing": ReasonForm(auto_id="close_%s", initial=start),
            **forms,
            **page_of(request, findings),
        },
        status=400 if forms else 200,
    )


def _nothing(request: HttpRequest) -> dict[str, Any]:
    if any(value for key, value in request.GET.items() if key not in ("page", "size", "sort")):
        return {
            "title": "没有符合条件的线索",
            "text": "去掉一两个条件再试。",
            "acts": [{"title": "看全部", "href": request.path}],
        }
    return {"title": "还没有线索", "text": "审计做完、疑点入库以后，线索会出现在这里；外来线索可以直接登记。", "acts": []}


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    back = request.POST.get("back") or request.headers.get("Referer", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else otherwise)


def _sentence(error: HengjianError) -> str:
    return "。".join(p.rstrip("。") for p in (error.what, error.why, error.cure) if p) + "。"
