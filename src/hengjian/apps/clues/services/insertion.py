"""Many rows into the database at once, past the ORM's objects, which cost five times the insert itself; columns come from the models."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from hengjian.apps.clues.models import Clue, Finding


def attributes(model: type[Model]) -> tuple[str, ...]:
    """Attributes of a row of the model less its number, in the order `insert_rows` wants them."""
    return tuple(f.attname for f in model._meta.concrete_fields if not f.primary_key)


FINDING = attributes(Finding)
CLUE = attributes(Clue)


def insert_rows(model: type[Model], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, their values as `ready` makes them. COPY on PostgreSQL, INSERT elsewhere."""
    quote = connection.ops.quote_name
    fields = [f for f in model._meta.concrete_fields if not f.primary_key]
    names, table = ", ".join(quote(f.column) for f in fields), quote(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(fields))})", list(rows))


def update_clues(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write these columns of many clues; each row ends with the clue's number. `bulk_update` takes ten times as long for wide rows."""
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(Clue._meta.get_field(name).column)} = %s" for name in names)
    if rows:
        with connection.cursor() as cursor:
            sql = f"UPDATE {quote(Clue._meta.db_table)} SET {sets} WHERE {quote('id')} = %s"
            cursor.executemany(sql, [[ready(value) for value in row] for row in rows])


def ready(value: Any) -> Any:
    """A value as both databases take it from text: exact amounts, days, instants, JSON."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def civil_instants() -> Callable[[datetime | None], Any]:
    """A function from civil time of the lake to what the database keeps; each day is turned once."""
    zone = timezone.get_default_timezone()

    @cache
    def turned(value: datetime | None) -> Any:
        return None if value is None else ready(value.replace(tzinfo=zone))

    return turned
