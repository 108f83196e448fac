"""What an arrival writes in bulk: rows of findings and clues for `apps.bulk`, and many clues changed in one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.utils import timezone

from hengjian.apps.bulk import attributes, ready
from hengjian.apps.clues.models import Clue, Finding

FINDING = attributes(Finding)
"""A finding's row, in the order `insert_rows` wants it."""


def update_clues(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write these columns of many clues; each row ends with the clue's number. `bulk_update` takes ten times as long for wide rows."""
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(Clue._meta.get_field(name).column)} = %s" for name in names)
    if rows:
        with connection.cursor() as cursor:
            sql = f"UPDATE {quote(Clue._meta.db_table)} SET {sets} WHERE {quote('id')} = %s"
            cursor.executemany(sql, [[ready(value) for value in row] for row in rows])


def civil_instants() -> Callable[[datetime | None], Any]:
    """A function from civil time of the lake to what the database keeps; each day is turned once."""
    zone = timezone.get_default_timezone()

    @cache
    def turned(value: datetime | None) -> Any:
        return None if value is None else ready(value.replace(tzinfo=zone))

    return turned
