"""Pages of this room: HTTP to one query or service call and back."""

from __future__ import annotations

from datetime import date

from django.utils import timezone


def today() -> date:
    """The day of the request."""
    return timezone.localdate()
