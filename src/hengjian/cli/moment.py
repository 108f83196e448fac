"""The moment a command writes down."""

from __future__ import annotations

from datetime import datetime


def now() -> datetime:
    """Civil time here, to the second."""
    return datetime.now().replace(microsecond=0)  # noqa: DTZ005 - civil time
