"""What the list of runs may be filtered by; all of it stands in the address."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from hengjian.apps.listing import day_field
from hengjian.apps.runs.models import Run


class RunFilter(forms.Form):
    """Kind, words, from and to. A wrong value filters nothing."""

    kind = forms.ChoiceField(label="类别", required=False, choices=(("", "全部"), *Run.KINDS))
    q = forms.CharField(label="名称", required=False, max_length=60)
    begin = day_field("自", required=False)
    end = day_field("至", required=False)

    def apply(self, rows: QuerySet[Run]) -> QuerySet[Run]:
        """The rows that fit, and the state of ?state=."""
        self.is_valid()
        asked: dict[str, Any] = self.cleaned_data if self.is_bound else {}
        if asked.get("kind"):
            rows = rows.filter(kind=asked["kind"])
        if words := asked.get("q"):
            rows = rows.filter(Q(title__icontains=words) | Q(by__name__icontains=words))
        if begin := asked.get("begin"):
            rows = rows.filter(queued_at__gte=timezone.make_aware(datetime.combine(begin, time.min)))
        if end := asked.get("end"):
            rows = rows.filter(queued_at__lte=timezone.make_aware(datetime.combine(end, time.max)))
        state = self.data.get("state", "")
        return rows.filter(state=state) if state in dict(Run.STATES) else rows
