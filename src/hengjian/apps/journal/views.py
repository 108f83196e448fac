"""The journal on the screen: list with filters in the address, one entry, export."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from hengjian.apps.journal.models import Entry
from hengjian.apps.journal.queries import entries, events, is_unchanged
from hengjian.apps.journal.services import record
from hengjian.apps.journal.sheet import as_xlsx
from hengjian.apps.listing import day_field, page_of
from hengjian.kernel.errors import InputError

EXPORT_LIMIT = 10_000
COLUMNS = (
    {"key": "at", "title": "时间", "sort": "", "css": "", "fixed": True},
    {"key": "actor", "title": "行为人", "sort": "", "css": ""},
    {"key": "summary", "title": "内容", "sort": "", "css": "wrap"},
    {"key": "event", "title": "事件", "sort": "", "css": ""},
    {"key": "subject", "title": "对象", "sort": "", "css": ""},
    {"key": "number", "title": "序号", "sort": "", "css": "r", "fixed": True},
)


class JournalFilter(forms.Form):
    """What the journal may be narrowed to."""

    since = day_field("从", required=False)
    until = day_field("到", required=False)
    actor = forms.CharField(label="行为人", required=False, widget=forms.TextInput(attrs={"placeholder": "姓名，或 user:12"}))
    event = forms.ChoiceField(label="事件", required=False)
    subject = forms.CharField(
        label="对象", required=False, widget=forms.TextInput(attrs={"placeholder": "review:12，或 review:"})
    )
    q = forms.CharField(label="内容", required=False, widget=forms.TextInput(attrs={"placeholder": "句子里的字"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = events()
        rooms = sorted({event.split(".")[0] + "." for event in known if "." in event})
        field = self.fields["event"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "全部"), *((r, f"{r}*") for r in rooms), *((e, e) for e in known)]


def _asked(request: HttpRequest) -> tuple[JournalFilter, dict[str, Any]]:
    form = JournalFilter(request.GET)
    form.is_valid()
    return form, form.cleaned_data


@require_GET
def journal(request: HttpRequest) -> HttpResponse:
    """Who did what when, newest first."""
    form, asked = _asked(request)
    return render(
        request,
        "journal/list.html",
        {
            "title": "操作日志",
            "purpose": "谁在什么时候做了什么，一条接一条，只增不改。办案人员看不到，也改不了。",
            "filter": form,
            "columns": COLUMNS,
            "row": "journal/_row.html",
            "list_key": "journal",
            "export": reverse("journal:export"),
            **page_of(request, entries(asked)),
        },
    )


@require_GET
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """One entry with its details and its place in the chain."""
    found = get_object_or_404(Entry, pk=number)
    detail = json.loads(found.detail)
    return render(
        request,
        "journal/entry.html",
        {
            "entry": found,
            "detail": [(key, _plain(value)) for key, value in detail.items()],
            "unchanged": is_unchanged(found),
            "before": Entry.objects.filter(number__lt=number).order_by("-number").first(),
            "after": Entry.objects.filter(number__gt=number).order_by("number").first(),
        },
    )


def _plain(value: Any) -> list[str]:
    """A detail as lines."""
    return [
        v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in (value if isinstance(value, list) else [value])
    ]


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The entries of the filter as Excel. Taking them out is journalled too. Raises InputError for more than EXPORT_LIMIT."""
    _, asked = _asked(request)
    rows = entries(asked)
    if (count := rows.count()) > EXPORT_LIMIT:
        raise InputError(f"共 {count:,} 条，一次最多导出 {EXPORT_LIMIT:,} 条", cure="把日期范围改小，分几次导出")
    book = as_xlsx(rows.iterator(chunk_size=2000))
    with transaction.atomic():
        record(
            by=request.user,
            at=timezone.now(),
            event="journal.exported",
            subject="journal",
            summary=f"导出操作日志 {count} 条",
            filter={key: f"{value}" for key, value in asked.items() if value},
        )
    answer = HttpResponse(book, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer["Content-Disposition"] = f'attachment; filename="journal-{timezone.localdate():%Y%m%d}.xlsx"'
    return answer
