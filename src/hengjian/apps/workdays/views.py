"""The year of workdays, the holiday notice, and the clocks by due date."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengjian.apps.accounts.policies import can
from hengjian.apps.accounts.views.answers import failed, refused_at
from hengjian.apps.listing import page_of, whole_number
from hengjian.apps.workdays import services, table
from hengjian.apps.workdays.calendar import is_carried
from hengjian.apps.workdays.deadlines import WORKDAYS, workdays_left
from hengjian.apps.workdays.forms import AnnounceForm, ClockFilter, DayForm, ExtendForm, ImportForm
from hengjian.apps.workdays.models import Clock, Day, Year
from hengjian.apps.workdays.queries import clocks_visible_to, office_calendar, who_may_ask
from hengjian.apps.workdays.year import WORDS, months
from hengjian.kernel.errors import InputError

FIRST_YEAR, LAST_YEAR = 2001, 2098
COLUMNS = (
    {"key": "title", "title": "时限", "sort": "", "css": "", "fixed": True},
    {"key": "due", "title": "截止", "sort": "", "css": ""},
    {"key": "left", "title": "剩余", "sort": "", "css": ""},
    {"key": "length", "title": "长度", "sort": "", "css": ""},
    {"key": "starts", "title": "起算日", "sort": "", "css": ""},
    {"key": "region", "title": "地区", "sort": "", "css": ""},
    {"key": "state", "title": "状态", "sort": "", "css": ""},
    {"key": "article", "title": "依据", "sort": "", "css": "wrap"},
)


@require_GET
def year(request: HttpRequest) -> HttpResponse:
    """Twelve months; `?day=` opens one day for who may set it."""
    today = timezone.localdate()
    asked = whole_number(request.GET.get("year", ""))
    shown = asked if asked is not None and FIRST_YEAR <= asked <= LAST_YEAR else today.year
    calendar = office_calendar()
    by_hand = {d.day: d for d in Day.objects.filter(day__year=shown)}
    chosen = _day_asked(request, shown)
    drawn = months(shown, calendar, by_hand)
    notice = Year.objects.filter(year=shown).first()
    may_set = can(request.user, "holiday.manage", today)
    return render(
        request,
        "workdays/year.html",
        {
            "year": shown,
            "before": shown - 1 if shown > FIRST_YEAR else None,
            "after": shown + 1 if shown < LAST_YEAR else None,
            "today_is": today,
            "months": drawn,
            "workdays": sum(works for _, works, _ in drawn),
            "provisional": not calendar.is_announced(shown),
            "notice": notice.notice if notice else "随程序的日历" if is_carried(shown) else "",
            "legend": WORDS,
            "may_set": may_set,
            "chosen": chosen,
            "chosen_by_hand": by_hand.get(chosen) if chosen else None,
            "form": _day_form(chosen, by_hand, calendar.is_workday(chosen)) if chosen and may_set else None,
            "announce": AnnounceForm(initial={"year": shown}, auto_id="announce_%s"),
            "by_hand": sorted(by_hand.values(), key=lambda d: d.day),
        },
    )


def _day_asked(request: HttpRequest, shown: int) -> date | None:
    day = _day_in(request.GET.get("day", ""))
    return day if day and day.year == shown else None


def _day_in(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _day_form(day: date, by_hand: dict[date, Day], works: bool) -> DayForm:
    told = by_hand.get(day)
    now = {"name": told.name, "source": told.source, "is_workday": "1" if told.is_workday else "0"} if told else {}
    return DayForm(initial={"day": day, "is_workday": "0" if works else "1"} | now)


def _year_page(day: date) -> HttpResponse:
    return redirect(f"{reverse('workdays:year')}?year={day.year}&day={day}")


def _say_moved(request: HttpRequest, what: str, moved: list[Clock]) -> None:
    messages.success(request, f"{what}{f'{len(moved)} 件的截止随之改了，已记入日志。' if moved else '没有时限因此变动。'}")


@require_POST
def set_day(request: HttpRequest) -> HttpResponse:
    """Set a day by hand."""
    form = DayForm(request.POST)
    if not form.is_valid():
        for error in (e for errors in form.errors.values() for e in errors):
            messages.error(request, error)
        return redirect(f"{reverse('workdays:year')}?{request.POST.get('back', '')}")
    asked = form.cleaned_data
    moved = table.set_day(by=request.user, at=timezone.now(), **asked)
    _say_moved(request, f"{asked['day']} 已定为{'上班' if asked['is_workday'] else '放假'}。", moved)
    return _year_page(asked["day"])


@require_POST
def clear_day(request: HttpRequest) -> HttpResponse:
    """Take a day out of the table."""
    day = _day_in(request.POST.get("day", ""))
    if day is None:
        raise InputError("没有这一天", cure="在日历上点一天")
    _say_moved(request, f"{day} 已按日历。", table.clear_day(day=day, by=request.user, at=timezone.now()))
    return _year_page(day)


@require_POST
def announce(request: HttpRequest) -> HttpResponse:
    """Say that a year's holidays are announced."""
    form = AnnounceForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有填文件。写明放假通知的文号或名称。")
        return redirect("workdays:year")
    asked = form.cleaned_data
    _say_moved(request, f"{asked['year']} 年不再标暂定。", table.announce_year(by=request.user, at=timezone.now(), **asked))
    return redirect(f"{reverse('workdays:year')}?year={asked['year']}")


@require_http_methods(["GET", "POST"])
def import_notice(request: HttpRequest) -> HttpResponse:
    """Read a notice, show what it says, and take it in once that was looked at."""
    form = ImportForm(request.POST or None, request.FILES or None, initial={"year": timezone.localdate().year + 1})
    told, extra = [], []
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        with refused_at(form):
            told = form.read()
            whole = asked["year"] if asked["whole"] else None
            if request.POST.get("seen") == "1" and not asked.get("file"):
                now = timezone.now()
                moved = table.import_days(days=told, source=asked["source"], whole_year=whole, by=request.user, at=now)
                _say_moved(request, f"已导入 {len(told)} 天。", moved)
                return redirect(f"{reverse('workdays:year')}?year={asked['year']}")
            extra = table.unnamed(told, whole) if whole else []
            lines = "\n".join(f"{t.day} {'上班' if t.is_workday else '放假'} {t.name}" for t in told)
            form = ImportForm(initial=asked | {"text": lines, "file": None})
    works = sum(t.is_workday for t in told)
    context = {"form": form, "told": told, "extra": extra, "free": len(told) - works, "works": works}
    return render(request, "workdays/import.html", context, status=failed(form) if form.is_bound else 200)


@require_GET
def clocks(request: HttpRequest) -> HttpResponse:
    """The clocks of the own regions, the nearest due date first."""
    at = timezone.now()
    rows = clocks_visible_to(request.user, timezone.localdate(at))
    form = ClockFilter(request.GET)
    if form.is_valid():
        if words := form.cleaned_data["q"]:
            rows = rows.filter(Q(title__icontains=words) | Q(subject__icontains=words) | Q(article__icontains=words))
        if region := form.cleaned_data["region"]:
            rows = rows.filter(region_code__startswith=region)
    tabs: dict[str, tuple[str, Q]] = {
        "": ("在计时", Q(state="running")),
        "over": ("已超期", Q(state="running", due_at__lt=at)),
        "stopped": ("中止", Q(state="stopped")),
        "ended": ("已结束", Q(state="ended")),
    }
    state = request.GET.get("state", "") if request.GET.get("state", "") in tabs else ""
    order = ("-ended_at",) if state == "ended" else (F("due_at").asc(nulls_last=True),)
    context = page_of(request, rows.filter(tabs[state][1]).order_by(*order, "pk"))
    calendar = office_calendar()
    for clock in context["page"]:
        clock.left = workdays_left(calendar, clock.due_at, at) if clock.state == "running" else None
    return render(
        request,
        "workdays/clocks.html",
        {
            "title": "办理时限",
            "purpose": "法定和内部的时限，最先到期的排在最前。截止都是当天 17:00。",
            "filter": form,
            "tabs": [{"state": key, "title": t, "count": rows.filter(q).count()} for key, (t, q) in tabs.items()],
            "state": state,
            "columns": COLUMNS,
            "row": "workdays/_clock_row.html",
            "list_key": "clocks",
            "empty": {"title": "没有这样的时限", "text": "线索分派、初审、申诉等环节开始时，时限自动起算。"},
            **context,
        },
    )


@require_GET
def clock(request: HttpRequest, pk: int) -> HttpResponse:
    """One clock: its days, stops, extensions."""
    day = timezone.localdate()
    found = get_object_or_404(clocks_visible_to(request.user, day), pk=pk)
    return render(request, "workdays/clock.html", _clock_context(request, found))


@require_POST
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve an extension that somebody else asked for."""
    day = timezone.localdate()
    found = get_object_or_404(clocks_visible_to(request.user, day), pk=pk)
    form = ExtendForm(request.POST, people=who_may_ask(request.user, found, day))
    if form.is_valid():
        with refused_at(form):
            services.extend_clock(clock=found, by=request.user, at=timezone.now(), **form.cleaned_data)
            messages.success(request, f"已批准延长 {form.cleaned_data['days']} 天。")
            return redirect("workdays:clock", pk)
    return render(request, "workdays/clock.html", _clock_context(request, found, form), status=failed(form))


def _clock_context(request: HttpRequest, found: Clock, form: ExtendForm | None = None) -> dict[str, Any]:
    at = timezone.now()
    day = timezone.localdate(at)
    extensions = list(found.extensions.order_by("approved_at"))
    total = found.length + sum(e.days for e in extensions)
    left = workdays_left(office_calendar(), found.due_at, at) if found.due_at and found.state == "running" else None
    may_extend = found.state != "ended" and can(request.user, "clock.extend", day, found.region_code)
    return {
        "clock": found,
        "left": left,
        "total": total,
        "used": max(0, min(total, total - left)) if left is not None and found.unit == WORKDAYS else None,
        "stops": found.stops.order_by("from_on"),
        "extensions": extensions,
        "form": (form or ExtendForm(people=who_may_ask(request.user, found, day))) if may_extend else None,
    }
