"""The office's calendar, and the clocks a person may see."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.queries import scoped
from hengjian.apps.workdays.calendar import Calendar
from hengjian.apps.workdays.models import Clock, Day, Year


def office_calendar() -> Calendar:
    """The calendar as the office's tables have it now: two queries. Take it once and pass it on."""
    return Calendar(dict(Day.objects.values_list("day", "is_workday")), frozenset(Year.objects.values_list("year", flat=True)))


def clocks_visible_to(user: User, day: date) -> QuerySet[Clock]:
    """The clocks of the regions in which the person may read clues."""
    return scoped(Clock.objects.all(), user, "clue.read", day)


def clocks_of(subject: str) -> QuerySet[Clock]:
    """Every clock on a subject, the newest first. The asking room has decided who may see the subject."""
    return Clock.objects.filter(subject=subject).prefetch_related("stops", "extensions").order_by("-pk")
