"""The office's calendar, and the clocks a person may see."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from hengjian.apps.accounts.models import User
from hengjian.apps.accounts.policies import can
from hengjian.apps.accounts.queries import on_day, scoped
from hengjian.apps.accounts.roles import ROLES
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


def who_may_ask(approver: User, clock: Clock, day: date) -> QuerySet[User]:
    """The people who may have asked for more time: they work on clues in the clock's region, and the approver is not among them."""
    roles = [r.code for r in ROLES.values() if "clue.read" in r.acts]
    some = User.objects.filter(on_day(day, "posts__"), posts__role__in=roles, is_active=True).exclude(pk=approver.pk).distinct()
    known = [u.pk for u in some if can(u, "clue.read", day, clock.region_code)]
    return User.objects.filter(pk__in=known).select_related("unit").order_by("name")
