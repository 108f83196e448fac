"""Clue numbers XS-2026-00001: per year, without gaps, because they are taken in the transaction that makes the clues."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from hengjian.apps.clues.models import Series


def lock_series(at: datetime) -> Series:
    """The row of the year, kept from others until the transaction ends: whoever makes clues takes turns here."""
    year = timezone.localdate(at).year
    with transaction.atomic():
        Series.objects.get_or_create(year=year)
        return Series.objects.select_for_update().get(year=year)


def take_numbers(series: Series, count: int) -> list[str]:
    """The next numbers of a locked series."""
    first = series.last + 1
    series.last += count
    series.save(update_fields=["last"])
    return [f"XS-{series.year}-{number:05d}" for number in range(first, first + count)]
